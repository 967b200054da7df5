"""The measured figures in README.md: in: results/quality.json, out: the table between two markers.

    python -m benchmarks.readme [--check]

With --check nothing is written; the exit code says whether the table is what it should be.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import mean
from typing import Any

from benchmarks.datasets import REPOSITORY

README = REPOSITORY / "README.md"
RESULTS = REPOSITORY / "benchmarks" / "results" / "quality.json"
BEGIN = "<!-- figures: written by `make readme` from benchmarks/results/quality.json -->"
END = "<!-- end of figures -->"
ABSENT = "Not measured yet: `make bench-quality` measures, `make readme` writes the table here."
TITLES = {
    "beauty": "Amazon Beauty, 5-core",
    "sports": "Amazon Sports, 5-core",
    "ml-1m": "MovieLens-1M",
    "ml-small": "MovieLens small",
    "movietweetings": "MovieTweetings, 100,000",
}
COLUMNS = (
    "data",
    "protocol",
    "people, items",
    "N@10 masked",
    "95 %",
    "R@10 masked",
    "N@10 / R@10 unmasked",
    "N@10 masked, as in service",
    "best expert alone, N@10 masked",
    "CPU s",
)

Runs = Mapping[str, Mapping[str, Any]]
"""Seed → {"machine": …, "figures": …}, as benchmarks/quality.py writes them."""


def figures(results: Mapping[str, Runs]) -> str:
    """The table, the machines and the commits, as Markdown."""
    if not results:
        return ABSENT
    lines = [_line(COLUMNS), _line(["---"] * len(COLUMNS))]
    lines += [_line(_row(name, runs)) for name, runs in results.items()]
    return "\n".join([*lines, "", *_machines(results)])


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _row(name: str, runs: Runs) -> list[str]:
    told = [run["figures"] for run in runs.values()]
    first = told[0]
    low, high = first["interval"]
    alone = {
        expert: mean(one["experts"][expert]["masked"]["ndcg@10"] for one in told)
        for expert in first["experts"]
        if all(expert in one["experts"] for one in told)
    }
    best = max(alone, key=lambda expert: alone[expert])
    seeds = "" if len(told) == 1 else f", mean of {len(told)} seeds"
    return [
        TITLES.get(name, name),
        first["protocol"] + seeds,
        f"{first['users']:,}, {first['items']:,}",
        f"**{_mean(told, 'masked', 'ndcg@10')}**",
        f"{_short(low)} to {_short(high)}",
        _mean(told, "masked", "recall@10"),
        f"{_mean(told, 'unmasked', 'ndcg@10')} / {_mean(told, 'unmasked', 'recall@10')}",
        _short(mean(one["as_in_service"]["masked"]["ndcg@10"] for one in told)),
        f"{best} {_short(alone[best])}",
        f"{mean(one['cpu_seconds'] for one in told):.0f}",
    ]


def _mean(told: Sequence[Mapping[str, Any]], variant: str, metric: str) -> str:
    return _short(mean(one[variant][metric] for one in told))


def _short(figure: float) -> str:
    """.0717, as tables of this field have it."""
    return f"{figure:.4f}".removeprefix("0")


def _machines(results: Mapping[str, Runs]) -> list[str]:
    """One line for each machine and commit: what was measured there."""
    names: dict[str, list[str]] = {}
    for name, runs in results.items():
        for run in runs.values():
            told = names.setdefault(_told(run["machine"]), [])
            if TITLES.get(name, name) not in told:
                told.append(TITLES.get(name, name))
    return [f"{', '.join(sets)}: {told}." for told, sets in names.items()]


def _told(machine: Mapping[str, Any]) -> str:
    libraries = machine["libraries"]
    return (
        f"{machine['cpu']}, {machine['cores']} cores, {machine['memory_gb']} GB, "
        f"Python {machine['python']}, torch {libraries.get('torch', 'unknown')}, "
        f"commit {machine['commit'] or 'unknown'}"
    )


def written(text: str, table: str) -> str:
    """README.md with the table between the markers. Raises ValueError where they are missing."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"README.md lacks the markers; put '{BEGIN}' and '{END}' where it belongs")
    return f"{before}{BEGIN}\n\n{table}\n\n{END}{after}"


def results(path: Path = RESULTS) -> dict[str, Runs]:
    """What was measured; empty where nothing was."""
    if not path.exists():
        return {}
    found: dict[str, Runs] = json.loads(path.read_text(encoding="utf-8"))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; 1 where it differs")
    asked = parser.parse_args()
    before = README.read_text(encoding="utf-8")
    after = written(before, figures(results()))
    if asked.check:
        sys.exit(before != after)
    README.write_text(after, encoding="utf-8")
    print("README.md is as it was" if before == after else "wrote the figures into README.md")


if __name__ == "__main__":
    main()
