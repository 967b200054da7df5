"""In: the files of rejected rows, and what names a person. Out: the same files without their rows.

A row that was rejected is kept as it came, for whoever mends it: it may name a person in any of its
cells, under whatever name the column has.
"""

import json
import logging
import os
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

from foretaste.domain.imports import RejectedRow

log = logging.getLogger(__name__)

REJECTS_FOLDER = "rejects"
_SEPARATORS = re.compile(r"[\s,;|\"'\[\]{}]+")


def erase_rejected_rows(folder: Path, names: Collection[str]) -> int:
    """Take the rows that name somebody out of all files of a workspace. → how many.

    names: their ids, their sessions and the ids of their events.
    """
    erased_count = 0
    for path in sorted((folder / REJECTS_FOLDER).glob("*.jsonl")):
        erased_count += _erase_in_file(path, frozenset(names))
    return erased_count


def forget_rejected_cells(folder: Path) -> int:
    """Leave of every rejected row where it is, and nothing of what it says. → how many."""
    return sum(
        _rewrite(path, _without_cells) for path in sorted((folder / REJECTS_FOLDER).glob("*.jsonl"))
    )


def without_cells(reject: RejectedRow) -> RejectedRow:
    """Where a row is and what is wrong with it, without what it says."""
    cells = {text.strip() for text in (reject.value, *_texts(dict(reject.row)))} - {""}
    problem, remedy = reject.problem, reject.remedy
    for cell in sorted(cells, key=len, reverse=True):
        problem, remedy = problem.replace(cell, "…"), remedy.replace(cell, "…")
    return replace(reject, value="", problem=problem, remedy=remedy, row={})


def _without_cells(line: str) -> str:
    try:
        reject = without_cells(RejectedRow(**json.loads(line)))
    except (ValueError, TypeError):  # a line that was cut off, or the one that says "full"
        return "" if "row" in line else line
    return json.dumps(asdict(reject), ensure_ascii=False) + "\n"


def _erase_in_file(path: Path, names: frozenset[str]) -> int:
    return _rewrite(path, lambda line: "" if _names_somebody(line, names) else line)


def _rewrite(path: Path, changed: Callable[[str], str]) -> int:
    """Put another line, or none, in the place of each. → how many are others."""
    aside = path.with_name(f".{path.name}.{uuid4().hex}.partial")
    changed_count = 0
    try:
        with (
            path.open(encoding="utf-8", errors="surrogateescape") as source,
            os.fdopen(os.open(aside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w",
                      encoding="utf-8", errors="surrogateescape") as target,
        ):  # fmt: skip
            for line in source:
                changed_line = changed(line)
                changed_count += changed_line != line
                target.write(changed_line)
        if changed_count:
            os.replace(aside, path)
    finally:
        aside.unlink(missing_ok=True)
    return changed_count


def _names_somebody(line: str, names: frozenset[str]) -> bool:
    try:
        texts = _texts(json.loads(line))
    except ValueError:  # a line that was cut off
        texts = iter([line])
    return any(
        text in names or text.strip() in names or not names.isdisjoint(_SEPARATORS.split(text))
        for text in texts
    )


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for part in value.values():
            yield from _texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part)
    elif value is not None and not isinstance(value, bool):
        yield str(value)
