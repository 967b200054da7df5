"""In: a column of categories. Out: what stands between the levels of a path, and a value's levels.

`Home > Kitchen > Mugs` is three values: `Home`, `Home > Kitchen` and the whole. A filter, a count
or a reason then works at each of them. A path is written as its column has it, cut at its marks.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from foretaste.behaviour.values import split_values
from foretaste.domain.words import LEVEL_MARKS

SLASH = "/"
MIN_PATH_SHARE = 0.2
"""Of the values, those with a mark from which on a column has paths…"""
MIN_SLASH_SHARE = 0.5
"""…and those with a slash, which is also between what is alike."""
MIN_TREE_SHARE = 0.8
"""Of the parts below the first, those that are always at the same level."""
AUTO_MARK = " > "
"""What is a path whatever its column: in an item that is sent alone."""
_NAMES_OF_CATEGORIES = (
    "category categories path paths breadcrumb breadcrumbs taxonomy hierarchy department "
    "departments cat section sections"
)
_CATEGORY_WORDS = frozenset(_NAMES_OF_CATEGORIES.split())
_CATEGORY_PHRASES = ("product type", "google product category")
_CAMEL_CASE = re.compile(r"(?<=[a-z])(?=[A-Z])")
_WORD = re.compile(r"[^\W\d_]+")
_LABELS = {"": "no levels"}


def find_level_mark(column: str, values: Sequence[Any], separator: str) -> str:
    """What stands between the levels of the column's paths; "" where it has none.

    separator: between several values in a cell.
    """
    parts = {str(part) for value in values for part in split_values(value, separator)}
    if not parts:
        return ""
    for mark in LEVEL_MARKS:
        if mark == SLASH and not _is_category(column):
            continue
        paths = [levels for part in parts if len(levels := _levels(part, mark)) > 1]
        least = MIN_SLASH_SHARE if mark == SLASH else MIN_PATH_SHARE
        if len(paths) < least * len(parts) or not paths:
            continue
        if not any(_is_number(level) for path in paths for level in path) and (
            mark != SLASH or _is_tree(paths)
        ):
            return mark
    return ""


def _levels(part: str, mark: str) -> list[str]:
    """The names of the levels; none where one is empty or the mark is a part of an address."""
    names = [name.strip() for name in part.strip().split(mark)]
    return [] if "://" in part or not all(names) else names


def _is_category(column: str) -> bool:
    words = [word.lower() for word in _WORD.findall(_CAMEL_CASE.sub(" ", column).replace("_", " "))]
    phrase = " ".join(words)
    return bool(_CATEGORY_WORDS & set(words)) or any(name in phrase for name in _CATEGORY_PHRASES)


def _is_number(name: str) -> bool:
    return name.replace(".", "", 1).isdigit() and len(name) <= 2


def _is_tree(paths: Sequence[Sequence[str]]) -> bool:
    """Whether a part is always at the same level, and paths have a common beginning. The parts of a
    list come at any place.
    """
    depths: defaultdict[str, set[int]] = defaultdict(set)
    for path in paths:
        for depth, name in enumerate(path):
            depths[name].add(depth)
    lower = [at for at in depths.values() if max(at) > 0]
    roots = {path[0] for path in paths}
    return len(roots) < len(paths) and sum(len(at) == 1 for at in lower) >= (
        MIN_TREE_SHARE * len(lower)
    )


def level_values(text: str, mark: str | None) -> tuple[str, ...]:
    """The beginnings of a path, the widest first, then the path itself.

    mark: None where nothing was decided, "" where there are no levels.
    """
    mark = AUTO_MARK if mark is None else mark
    if not mark or mark not in text or len(_levels(text, mark)) < 2:
        return (text,)
    cuts = [at for at in range(len(text)) if text.startswith(mark, at)]
    return (*(text[:at].rstrip() for at in cuts), text)


def level_label(mark: str) -> str:
    """In words: "levels with '>' between them"."""
    return _LABELS.get(mark, f"levels with '{mark}' between them")


def comma_parts_paths(values: Sequence[Any], mark: str) -> bool:
    """Whether a comma stands between paths, and not within a name: `Food, Drinks > Tea`."""
    cells = [str(value) for value in values if isinstance(value, str) and "," in value]
    parts = [part for cell in cells for part in cell.split(",")]
    return sum(mark in part for part in parts) >= MIN_TREE_SHARE * len(parts)
