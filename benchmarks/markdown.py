"""Cells and rows in; Markdown out. Also how a commit is named beside a figure."""

import re
from collections.abc import Sequence

UNCOMMITTED = "with uncommitted changes"


def decimal(value: float) -> str:
    """.0717, as tables of this field have it."""
    return f"{value:.4f}".removeprefix("0")


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table; every row has as many cells as the head."""
    return "\n".join(map(_row, [head, ["---"] * len(head), *rows]))


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def with_commits(text: str) -> str:
    """The text, where a commit that git describes as changed (`1f02ab3c4d5e+`) is named as such."""
    return re.sub(r"\b([0-9a-f]{12})\+", rf"\1 {UNCOMMITTED}", text)


def commit(name: str | None) -> str:
    """The commit that a figure was measured at, in words."""
    return with_commits(f"commit {name}") if name else "commit not recorded"
