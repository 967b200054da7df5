"""In: one wide row a user, with `search_history` and perhaps clicks, ratings and comments as lists.
Out: the same as rows of events, in their order.

A list is a list, a JSON list, or 'a|b|c'. Ratings are {item: value}, pairs, or 'item:value|…';
comments are texts or {item: text}. An element may also be an object with the fields of an event,
such as {"item": "i1", "at": "2026-01-31"}; without a time the place in the row is the time.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from foretaste.behaviour.columns import resolved, squeezed
from foretaste.behaviour.parse import EventForm, service_form
from foretaste.behaviour.settings import BehaviourSettings
from foretaste.behaviour.stream import Row
from foretaste.behaviour.values import Fault, listed, missing, shown

_LISTS: Mapping[str, tuple[str, str]] = {
    "searchhistory": ("search", "query"),
    "searches": ("search", "query"),
    "clicks": ("click", "item"),
    "views": ("view", "item"),
    "purchases": ("purchase", "item"),
    "likes": ("like", "item"),
    "dislikes": ("dislike", "item"),
    "hides": ("hide", "item"),
    "ratings": ("rating", "value"),
    "comments": ("review", "text"),
    "reviews": ("review", "text"),
}
"""Column → (kind of event, what an element of the list is), in the order in which they happen."""


def is_wide(columns: Iterable[str]) -> bool:
    """Whether a table has a row a user and not a row an event."""
    return "searchhistory" in map(squeezed, columns)


def wide_columns(columns: Iterable[str], settings: BehaviourSettings) -> dict[str, str]:
    """The user and each list → its column."""
    columns = list(columns)
    by_name = {squeezed(column): column for column in columns}
    found = {name: by_name[name] for name in _LISTS if name in by_name}
    who = resolved("events", columns, settings.columns.events)
    return {**{name: who[name] for name in ("user", "session") if name in who}, **found}


def wide_form(settings: BehaviourSettings) -> EventForm:
    """The form for the rows that `expanded` gives. A comment on nothing in particular is taken."""
    return replace(service_form(settings), itemless=frozenset({"search", "review"}))


def expanded(row: Row, columns: Mapping[str, str], separator: str) -> Iterator[Row | Fault]:
    """The events of one user, or why a cell gives none."""
    who = {name: row.get(columns[name]) for name in ("user", "session") if name in columns}
    place = 0
    for name, (kind, what) in _LISTS.items():
        if name not in columns:
            continue
        column = columns[name]
        cell = row.get(column)
        try:
            elements = list(_elements(cell, what, separator))
        except (ValueError, TypeError, AttributeError, IndexError):
            yield Fault(
                column, cell, f"{column} '{shown(cell)}' cannot be read", _remedy(column, what)
            )
            place += 1
            continue
        for element in elements:
            place += 1
            yield {**who, "kind": kind, "at": place, **element}
    if place == 0:
        yield Fault("", None, "a user without any event", "leave the row out or fill in a list")


def _remedy(column: str, what: str) -> str:
    if what == "value":
        return f'write {column} like {{"item": 4.5}}'
    return f'write {column} as a JSON list, e.g. ["a", "b"]'


def _elements(cell: Any, what: str, separator: str) -> Iterator[dict[str, Any]]:
    if missing(cell):
        return
    if isinstance(cell, str) and cell.lstrip()[0] == "{":
        cell = json.loads(cell)
    if isinstance(cell, Mapping):
        if what in ("item", "query"):
            raise TypeError("a list is needed")
        for item, value in cell.items():
            if value is not None:  # Arrow gives every row the keys of all rows
                yield {"item": item, what: value}
        return
    parts = listed(cell, separator)
    if isinstance(cell, str) and cell.lstrip()[0] == "[" and parts[:1] == [cell.strip()]:
        raise ValueError(cell)  # a list that was cut off
    for element in parts:
        yield _element(element, what)


def _element(element: Any, what: str) -> dict[str, Any]:
    if isinstance(element, Mapping):
        return {key: value for key, value in element.items() if value is not None}
    if hasattr(element, "tolist"):
        element = element.tolist()
    if isinstance(element, list | tuple) and what in ("value", "text"):
        item, value = element
        return {"item": item, what: value}
    if what == "value":
        item, mark, value = str(element).rpartition(":")
        if not mark:
            raise ValueError(element)
        return {"item": item, what: value}
    return {what: element}
