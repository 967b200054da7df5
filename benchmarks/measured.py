"""The page of measured figures: in: results/*.json of the small benches, out: docs/measured.md.

`make readme` writes it. A bench that keeps its rows by `benchmarks.tables.keep_result` is a line
here.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.tables import RESULTS

BENCHES = {
    "queries": "Queries: is what somebody asks for found?",
    "features": "Named features of the next film",
    "cold": "New items, new people, a new domain",
    "calibration": "Are the probabilities what happens?",
    "control": "Control by people",
    "wishes": "Stated wishes",
    "refusals": "What a hide does",
    "explanations": "Are the explanations true?",
    "words": "What a small language model writes",
    "tuning": "A tuned encoder",
    "scale": "Cost against size",
    "serve": "The service under load",
}
LEFT_OUT = frozenset({"bins"})
HEAD = """# Measured

Written by `make readme` from benchmarks/results; not by hand. Each table is printed by the command
above it, whose protocol stands in the head of the file named. How good the lists are on whole data
sets is in the [README](../README.md), what peers reach in [peers.md](peers.md).
"""


def page(results: Path = RESULTS) -> str:
    """The whole page."""
    parts = [HEAD]
    for bench, title in BENCHES.items():
        path = results / f"{bench}.json"
        if path.exists():
            parts.append(section(bench, title, json.loads(path.read_text(encoding="utf-8"))))
    return "\n".join(parts)


def section(bench: str, title: str, told: Mapping[str, Any]) -> str:
    """What one bench measured."""
    lines = [f"## {title}", "", f"`make bench-{bench}`, benchmarks/{bench}.py", ""]
    for one in told.values():
        lines += [f"{one['protocol']}. Commit {one['machine']['commit'] or 'unknown'}.", ""]
        lines += [*table(one["rows"]), ""]
    return "\n".join(lines)


def table(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Markdown; a column that some rows lack is empty there."""
    columns = list(dict.fromkeys(name for row in rows for name in row if name not in LEFT_OUT))
    lines = [_line(columns), _line(["---"] * len(columns))]
    return lines + [_line([shown(row.get(name, "")) for name in columns]) for row in rows]


def shown(value: object) -> str:
    """Four significant places for a fraction; a list as its parts."""
    if isinstance(value, float) and 0 < abs(value) < 1e-4:
        return f"{value:.1e}"
    if isinstance(value, float):
        return f"{value:.4f}" if abs(value) < 10 else f"{value:,.1f}"
    if isinstance(value, list):
        return " to ".join(shown(part) for part in value)
    return str(value)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
