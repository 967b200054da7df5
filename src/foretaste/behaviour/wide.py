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

from foretaste.behaviour.columns import normalise_column, resolve_columns
from foretaste.behaviour.forms import EventForm, service_event_form
from foretaste.behaviour.parse import OLD_EVENT_TYPE_FIELD
from foretaste.behaviour.reading.moments import MomentParser, zone_of
from foretaste.behaviour.settings import BehaviourSettings
from foretaste.behaviour.stream import Row
from foretaste.behaviour.values import CellError, display_text, is_missing, split_values

_LIST_COLUMNS: Mapping[str, tuple[str, str]] = {
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
"""Column → (event type, what an element of the list is), in the order in which they happen."""


def is_wide(columns: Iterable[str]) -> bool:
    """Whether a table has a row a user and not a row an event."""
    return "searchhistory" in map(normalise_column, columns)


def wide_columns(columns: Iterable[str], settings: BehaviourSettings) -> dict[str, str]:
    """The user and each list → its column."""
    columns = list(columns)
    by_name = {normalise_column(column): column for column in columns}
    list_columns = {name: by_name[name] for name in _LIST_COLUMNS if name in by_name}
    columns_by_field = resolve_columns("events", columns, settings.columns.events)
    return {
        **{
            name: columns_by_field[name] for name in ("user", "session") if name in columns_by_field
        },
        **list_columns,
    }


def wide_event_form(settings: BehaviourSettings) -> EventForm:
    """The form for the rows that `expand_row` gives. A comment without an item is accepted, and a
    place in a row is a time.
    """
    form = service_event_form(settings)
    return replace(
        form,
        parsers=replace(form.parsers, at=MomentParser("at", zone=zone_of(settings.timezone))),
        itemless_event_types=frozenset({"search", "review"}),
    )


def expand_row(row: Row, columns: Mapping[str, str], separator: str) -> Iterator[Row | CellError]:
    """The events of one user, or why a cell gives none."""
    user_fields = {name: row.get(columns[name]) for name in ("user", "session") if name in columns}
    position = 0
    for name, (event_type, event_field) in _LIST_COLUMNS.items():
        if name not in columns:
            continue
        column = columns[name]
        cell = row.get(column)
        try:
            elements = list(_elements(cell, event_field, separator))
        except (ValueError, TypeError, AttributeError, IndexError):
            yield CellError(
                column,
                cell,
                f"{column} '{display_text(cell)}' cannot be read",
                _remedy(column, event_field),
            )
            position += 1
            continue
        for element in elements:
            position += 1
            named_type = {} if OLD_EVENT_TYPE_FIELD in element else {"event_type": event_type}
            yield {**user_fields, **named_type, "at": position, **element}
    if position == 0:
        yield CellError("", None, "a user without any event", "leave the row out or fill in a list")


def _remedy(column: str, event_field: str) -> str:
    if event_field == "value":
        return f'write {column} like {{"item": 4.5}}'
    return f'write {column} as a JSON list, e.g. ["a", "b"]'


def _elements(cell: Any, event_field: str, separator: str) -> Iterator[dict[str, Any]]:
    if is_missing(cell):
        return
    if isinstance(cell, str) and cell.lstrip()[0] == "{":
        cell = json.loads(cell)
    if isinstance(cell, Mapping):
        if event_field in ("item", "query"):
            raise TypeError("a list is needed")
        for item, value in cell.items():
            if value is not None:  # Arrow gives every row the keys of all rows
                yield {"item": item, event_field: value}
        return
    parts = split_values(cell, separator)
    if isinstance(cell, str) and cell.lstrip()[0] == "[" and parts[:1] == [cell.strip()]:
        raise ValueError(cell)  # a list that was cut off
    for element in parts:
        yield _element(element, event_field)


def _element(element: Any, event_field: str) -> dict[str, Any]:
    if isinstance(element, Mapping):
        return {key: value for key, value in element.items() if value is not None}
    if hasattr(element, "tolist"):
        element = element.tolist()
    if isinstance(element, list | tuple) and event_field in ("value", "text"):
        item, value = element
        return {"item": item, event_field: value}
    if event_field == "value":
        item, mark, value = str(element).rpartition(":")
        if not mark:
            raise ValueError(element)
        return {"item": item, event_field: value}
    return {event_field: element}
