"""In: the files of rejected rows, and what names a person. Out: the same files without their rows.

A row that was rejected is kept as it came, for whoever mends it: it may name a person in any of its
cells, under whatever name the column has.
"""

import json
import logging
import os
import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

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


def _erase_in_file(path: Path, names: frozenset[str]) -> int:
    aside = path.with_name(f".{path.name}.{uuid4().hex}.partial")
    erased_count = 0
    try:
        with (
            path.open(encoding="utf-8", errors="surrogateescape") as source,
            os.fdopen(os.open(aside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w",
                      encoding="utf-8", errors="surrogateescape") as target,
        ):  # fmt: skip
            for line in source:
                if _names_somebody(line, names):
                    erased_count += 1
                else:
                    target.write(line)
        if erased_count:
            os.replace(aside, path)
    finally:
        aside.unlink(missing_ok=True)
    return erased_count


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
