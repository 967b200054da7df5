"""In: rows of events. Out: the numbers under which the same events are in the store.

An id that is made of the content tells by itself that the content is the same, from the index of
ids alone; of an event with an id of its own the content is compared.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from foretaste.behaviour.parse import content_id
from foretaste.behaviour.schema import EVENT_COLUMNS, events

IDS_PER_QUERY = 5_000
"""Ids asked for at once, in a statement that the driver takes as it is."""
_CONTENT_NAMES = (
    ("user", "session", "item", "kind", "at", "value", "text", "query"),
    ("device", "context", "recommendation_id", "position"),
)
_EventRow = dict[str, Any]


def known_event_numbers(connection: sa.Connection, event_rows: Sequence[_EventRow]) -> list[int]:
    """Of those that are there with the same content."""
    content_ids: list[str] = []
    other_rows: dict[str, tuple[Any, ...]] = {}
    has_content_ids = bool(event_rows) and _has_content_id(event_rows[0])
    length = len(event_rows[0]["event_id"]) if has_content_ids else 0
    for row in event_rows:
        if len(row["event_id"]) == length:
            content_ids.append(row["event_id"])
        else:
            other_rows[row["event_id"]] = tuple(row.values())
    numbers = [number for (number,) in _rows(connection, [events.c.seq], content_ids)]
    columns = [events.c.seq, *EVENT_COLUMNS]
    numbers += [
        number
        for number, *values in _rows(connection, columns, list(other_rows))
        if tuple(values) == other_rows[values[0]]
    ]
    return numbers


def _has_content_id(row: _EventRow) -> bool:
    """Whether an event has the id that `parse_event` makes for one without."""
    context = json.loads(row["context"]) if row["context"] else None
    context_text = json.dumps(context, sort_keys=True, default=str) if context else ""
    content = {**row, "context": context_text}
    # a value that several columns make is no part of it, see `paid_amounts` and `attention`
    return row["event_id"] in (_content_id(content), _content_id({**content, "value": None}))


def _content_id(content: Mapping[str, Any]) -> str:
    return content_id(*(tuple(content[name] for name in names) for names in _CONTENT_NAMES))


def _rows(
    connection: sa.Connection, columns: Sequence[sa.Column[Any]], event_ids: Sequence[str]
) -> Iterator[Any]:
    """These columns of the events with these ids, by the driver itself: SQLAlchemy takes several
    times as long to write so many values into a statement.
    """
    select = str(sa.select(*columns).compile(dialect=connection.dialect))
    for start in range(0, len(event_ids), IDS_PER_QUERY):
        ids = event_ids[start : start + IDS_PER_QUERY]
        if connection.dialect.name == "sqlite":
            condition, values = f"IN ({','.join('?' * len(ids))})", tuple(ids)
        else:
            condition, values = "= ANY(%s)", (list(ids),)  # type: ignore[assignment]  # one array
        cursor = connection.connection.cursor()
        cursor.execute(f"{select} WHERE event_id {condition}", values)
        yield from cursor.fetchall()
        cursor.close()
