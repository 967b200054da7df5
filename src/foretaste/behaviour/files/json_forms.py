"""In: one JSON value that is a whole file. Out: the rows in it, however they are laid.

A list under a key (`{"products": […]}`), columns of lists, and what pandas writes with each of its
orients. What is a row itself stays one.
"""

import ast
import json
from collections.abc import Mapping, Sequence
from typing import Any

from foretaste.behaviour.columns import resolve_columns

MAX_PYTHON_LENGTH = 1 << 18
"""Characters of a dict as Python writes it, which takes a hundred times as much to be read."""


def rows_of_value(value: Any) -> list[Any]:
    """The rows of the only value of a file; the value itself if it is a row."""
    if isinstance(value, list):
        return value
    if not isinstance(value, Mapping) or not value:
        return [value]
    parts = list(value.values())
    if isinstance(value.get("columns"), list) and isinstance(value.get("data"), list):
        return [
            dict(zip(value["columns"], row, strict=False)) if isinstance(row, list) else row
            for row in value["data"]
        ]
    if all(isinstance(part, Mapping) for part in parts):
        return _rows_of_mappings(value)
    if _are_columns(parts):
        return [dict(zip(value, row, strict=True)) for row in zip(*parts, strict=True)]
    lists = [part for part in parts if _is_list_of_rows(part)]
    if len(lists) == 1 and not _is_row(value):
        return list(lists[0])
    return [value]


def _are_columns(parts: Sequence[Any]) -> bool:
    """Whether these are the cells of one column each."""
    if not all(isinstance(part, list) for part in parts):
        return False
    has_cells = not all(isinstance(cell, Mapping) for part in parts for cell in part)
    return has_cells and len({len(part) for part in parts}) == 1


def _is_list_of_rows(value: Any) -> bool:
    return (
        isinstance(value, list) and bool(value) and all(isinstance(row, Mapping) for row in value)
    )


def _is_row(value: Mapping[str, Any]) -> bool:
    """Whether it says who did something itself, e.g. a session with its events."""
    names = [name for name, part in value.items() if not isinstance(part, list | Mapping)]
    return is_row_by(names)


def is_row_by(names: Sequence[str]) -> bool:
    """Whether an object with plain values of these names says who did something."""
    return bool({"user", "session", "item"} & resolve_columns("events", names, {}).keys())


def _rows_of_mappings(value: Mapping[str, Mapping[str, Any]]) -> list[Any]:
    """`{"user": {"0": …}}` has columns outside, `{"0": {"user": …}}` rows; `{"i1": {…}}` has the id
    outside.
    """
    inner_names = list(dict.fromkeys(name for part in value.values() for name in part))
    if any(resolve_columns(kind, value, {}) for kind in ("events", "items")) and all(
        name.isdigit() for name in inner_names
    ):
        return [{name: part.get(at) for name, part in value.items()} for at in inner_names]
    has_ids = not any(
        {"id", "item"} & resolve_columns(kind, inner_names, {}).keys()
        for kind in ("events", "items")
    )
    if has_ids and not all(name.isdigit() and int(name) < len(value) for name in value):
        return [{"id": name, **part} for name, part in value.items()]
    return list(value.values())


def read_line(text: str) -> Any:
    """The value of a line: JSON, or a dict as Python writes it. Raises ValueError and others."""
    try:
        return json.loads(text)
    except ValueError:
        if not text.lstrip().startswith("{'") or len(text) > MAX_PYTHON_LENGTH:
            raise
        try:
            return ast.literal_eval(text.strip())
        except (ValueError, SyntaxError, TypeError, MemoryError):
            pass
        raise


def plain_object(value: Mapping[str, Any]) -> Mapping[str, Any]:
    """The object without the types that MongoDB's exports write around values: an id for
    `{"$oid": …}`, a time for `{"$date": …}`, a number for `{"$numberLong": …}`.
    """
    if not any(isinstance(part, Mapping | list) for part in value.values()):
        return value
    return {name: _plain_value(part) for name, part in value.items()}


def _plain_value(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain_value(part) for part in value]
    if not isinstance(value, Mapping):
        return value
    if len(value) == 1:
        ((name, part),) = value.items()
        if name in _TYPE_NAMES:
            return _plain_value(part)
    return {name: _plain_value(part) for name, part in value.items()}


_TYPE_NAMES = frozenset(
    ("$oid", "$date", "$numberLong", "$numberInt", "$numberDouble", "$numberDecimal", "$uuid")
)
"""Of values in MongoDB's Extended JSON."""


def flat_columns(rows: Sequence[Mapping[str, Any]]) -> dict[tuple[str, ...], str]:
    """Path of each plain value within objects → the name of its column: `product_id` for
    `{"product": {"id": …}}`, `price` for `{"properties": {"price": …}}`.
    """
    paths: dict[tuple[str, ...], None] = {}
    for row in rows:
        for path in _paths(row, ()):
            paths.setdefault(path, None)
    names: dict[tuple[str, ...], str] = {}
    for path in sorted(paths, key=len):
        name = path[-1]
        if len(path) > 1 and (name.lower() in _GENERIC_NAMES or len(name) <= MAX_CODE_LENGTH):
            name = f"{path[-2]}_{name.lstrip('_')}"
        if name in names.values():
            name = "_".join(path)
        names[path] = name
    return names


_WORDS_OF_MANY_THINGS = (
    "id _id name title key type value text label slug code url count avg average mean min max sum "
    "total amount unit main"
)
_GENERIC_NAMES = frozenset(_WORDS_OF_MANY_THINGS.split())
MAX_CODE_LENGTH = 2
"""Letters of a name that is one of a language or a country: `{"title": {"de": …}}`."""


def _paths(value: Mapping[str, Any], path: tuple[str, ...]) -> list[tuple[str, ...]]:
    paths = []
    for name, part in value.items():
        if isinstance(part, Mapping) and part:
            paths += _paths(part, (*path, str(name)))
        else:
            paths.append((*path, str(name)))
    return paths


def flatten(row: Mapping[str, Any], columns: Mapping[tuple[str, ...], str]) -> dict[str, Any]:
    """A row with the values of its objects in columns of their own."""
    flat: dict[str, Any] = {}
    for path in _paths(row, ()):
        part: Any = row
        for name in path:
            part = part[name]
        flat[columns.get(path, "_".join(path))] = part
    return flat
