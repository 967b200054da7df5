"""Figures that others report: in: published.json, out: tables in Markdown, ours among them.

Read from papers and public repositories, not run by us. Protocol of all: leave-one-out, every item
of the catalogue ranked. A figure is [NDCG@10, recall@10]; `front` marks those shown in README.md.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.markdown import decimal, table

PUBLISHED = Path(__file__).parent / "published.json"
SETS = {"beauty": "Amazon Beauty", "sports": "Amazon Sports", "ml-1m": "MovieLens-1M"}
NONE = "–"

Published = Mapping[str, Mapping[str, Any]]
"""Model → {set: [NDCG@10, recall@10], "masked": …, "source": …, "note": …}."""


def published(path: Path = PUBLISHED) -> Published:
    """What others report, the highest on Beauty first."""
    reports: Published = json.loads(path.read_text(encoding="utf-8"))
    return reports


def front_table(reports: Published, ours: Mapping[str, str]) -> str:
    """The strongest of others first, ours last; `ours` is set → cell."""
    strongest = {name: report for name, report in reports.items() if report.get("front")}
    head = ["N@10 / R@10", *SETS.values()]
    rows = [[_linked(name, report), *_cells(report)] for name, report in strongest.items()]
    own_row = ["**Foretaste**", *(ours.get(name, NONE) for name in SETS)]
    return table(head, [*rows, own_row])


def full_table(reports: Published) -> str:
    """Every figure with what is known of its protocol."""
    head = ["N@10 / R@10", *SETS.values(), "masked", "note"]
    rows = [
        [_linked(name, report), *_cells(report), report["masked"], report.get("note", "")]
        for name, report in reports.items()
    ]
    return table(head, rows)


def _linked(name: str, report: Mapping[str, Any]) -> str:
    return f"[{name}]({report['source']})" if "source" in report else name


def _cells(report: Mapping[str, Any]) -> list[str]:
    return [
        " / ".join(NONE if value is None else decimal(value) for value in report[name])
        if name in report
        else NONE
        for name in SETS
    ]
