"""What came out of `benchmarks.mutants`: kept in benchmarks/results/mutants.json, and shown.

benchmarks/equivalent_mutants.json says why a survivor is no gap.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.datasets import REPOSITORY
from benchmarks.tables import RESULTS
from foretaste.evaluate.machine import describe_machine

FIGURES = RESULTS / "mutants.json"
EQUIVALENT = Path(__file__).with_name("equivalent_mutants.json")


@dataclass(frozen=True, slots=True)
class Mutant:
    """One fault: where it is, and how the line reads with it."""

    name: str
    file: str
    line: int
    original: str
    mutated: str


@dataclass
class ModuleResult:
    """What became of the mutants of a module."""

    module: str
    all_mutants: int
    mutants: int
    killed: int
    timed_out: int
    survivors: list[Mutant]


def area(module: str) -> str:
    """All of `online` is one; the others stand for themselves."""
    return module.partition("/")[0] if module.startswith("online/") else module


def rows_by_area(results: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The share that is killed, of each area and, where it has several, of each module."""
    ordered = list(results)
    rows = []
    for name in dict.fromkeys(area(result["module"]) for result in ordered):
        parts = [result for result in ordered if area(result["module"]) == name]
        rows.append(_row(name, parts))
        rows += [_row(f"  {part['module']}", [part]) for part in parts if len(parts) > 1]
    return rows


def _row(name: str, results: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    survivors = [survivor for result in results for survivor in result["survivors"]]
    all_mutants, mutants, killed, timed_out = (
        sum(result[key] for result in results)
        for key in ("all_mutants", "mutants", "killed", "timed_out")
    )
    return {
        "area": name,
        "all mutants": all_mutants,
        "mutants": mutants,
        "killed": killed,
        "timed out": timed_out,
        "equivalent": sum(reason_for(survivor) is not None for survivor in survivors),
        "share": killed / mutants if mutants else 1.0,
    }


def reason_for(survivor: Mapping[str, Any]) -> str | None:
    """Why it is no gap, where that is known."""
    reasons = json.loads(EQUIVALENT.read_text(encoding="utf-8"))
    reason: str | None = reasons.get(survivor["file"], {}).get(
        f"{survivor['original']} → {survivor['mutated']}"
    )
    return reason


def kept_results() -> dict[str, dict[str, Any]]:
    """Module → what came out of it last."""
    if not FIGURES.exists():
        return {}
    document = json.loads(FIGURES.read_text(encoding="utf-8"))
    return {result["module"]: result for result in document["modules"]}


def keep(result: ModuleResult, seconds: float, modules: Iterable[str], seed: int) -> None:
    """Into benchmarks/results/mutants.json, beside those of other modules and in their order."""
    machine = describe_machine(REPOSITORY)
    row = {**asdict(result), "seconds": round(seconds), "commit": machine["commit"]}
    results = {**kept_results(), result.module: row}
    ordered = [results[module] for module in modules if module in results]
    for kept in ordered:
        kept["survivors"] = [
            {**survivor, "why": reason_for(survivor)} for survivor in kept["survivors"]
        ]
    document = {
        "machine": machine,
        "protocol": f"mutmut {version('mutmut')}, seed {seed}, the tests of the module's own files",
        "rows": rows_by_area(ordered),
        "modules": ordered,
    }
    FIGURES.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def show(results: Sequence[Mapping[str, Any]]) -> None:
    """The shares, and the survivors by place."""
    for row in rows_by_area(results):
        counts = f"{row['killed']:>5} of {row['mutants']:<5}{row['share']:>7.1%}"
        print(f"{row['area']:<28}{counts}{row['equivalent']:>5} equivalent", flush=True)
    for survivor in (survivor for result in results for survivor in result["survivors"]):
        print(
            f"{survivor['file']}:{survivor['line']}: {survivor['original']} → {survivor['mutated']}"
        )
        print(f"    {reason_for(survivor) or 'no test sees it'}", flush=True)
