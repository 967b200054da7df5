"""The order in which a table is read: by its cursor, and among rows of one cursor by their key. In:
a place in that order. Out: the SQL condition of the rows past it, and the place as text.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from foretaste.errors import InputError

_DECODERS: Mapping[str, Callable[[str], Any]] = {
    "datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
    "Decimal": Decimal,
    "UUID": UUID,
    "bytes": bytes.fromhex,
}
"""Type of a value that JSON has not → how it is read again."""


@dataclass(frozen=True, slots=True)
class CursorPoint:
    """Between two rows."""

    values: tuple[Any, ...]
    """Of the order's columns, of the row before it."""
    has_equals: bool = False
    """Whether rows with the same first value lie past it; the other values are none then."""

    @property
    def with_equals(self) -> "CursorPoint":
        """Before all rows with the same first value."""
        return CursorPoint(self.values[:1], has_equals=True)

    @property
    def fields(self) -> dict[str, Any]:
        """As JSON."""
        return {"values": list(map(_encoded, self.values)), "has_equals": self.has_equals}

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> "CursorPoint":
        """As it was kept."""
        return cls(tuple(map(_decoded, fields["values"])), fields["has_equals"])


@dataclass(frozen=True, slots=True)
class ReadMark:
    """Up to where a table was read at a time."""

    at: float
    """Seconds since 1970."""
    point: CursorPoint | None
    transaction: int | None = None
    """The number that PostgreSQL was to give next; None where the database does not tell."""

    @property
    def fields(self) -> list[Any]:
        """As JSON."""
        return [self.at, _fields_of(self.point), self.transaction]

    @classmethod
    def of(cls, fields: Sequence[Any]) -> "ReadMark":
        """As it was kept."""
        at, point, *transactions = fields
        return cls(at, _point_of(point), *transactions)


@dataclass(frozen=True, slots=True)
class TablePosition:
    """Up to where a table is read."""

    settled: CursorPoint | None = None
    """Up to here no row can become visible any more; None is the beginning."""
    last: CursorPoint | None = None
    """Of the last row that was read."""
    at: float = 0.0
    """When it was read, seconds since 1970."""
    marks: tuple[ReadMark, ...] = ()
    """Of the time that is not settled."""
    reread: ReadMark | None = None
    """When it was begun to read again what is not settled, up to where that has come, and which
    transaction was the oldest then; None where it is not under way.
    """

    @property
    def text(self) -> str:
        """As it is kept."""
        marks = [mark.fields for mark in self.marks]
        points = {"settled": _fields_of(self.settled), "last": _fields_of(self.last)}
        reread = self.reread and self.reread.fields
        return json.dumps({**points, "at": self.at, "marks": marks, "reread": reread})

    @classmethod
    def of(cls, text: str) -> "TablePosition":
        """As it was kept."""
        fields = json.loads(text)
        settled, last = (_point_of(fields[name]) for name in ("settled", "last"))
        marks = tuple(map(ReadMark.of, fields["marks"]))
        reread = ReadMark.of(fields["reread"]) if fields.get("reread") else None
        return cls(settled, last, fields["at"], marks, reread)


def rows_past(
    columns: Sequence[sa.ColumnElement[Any]], point: CursorPoint | None
) -> sa.ColumnElement[bool]:
    """The condition of the rows past a place, without row values, which not all databases have."""
    if point is None:
        return columns[0].is_not(None)
    if point.has_equals:
        return columns[0] >= point.values[0]
    return _beyond(columns, point.values)


def rows_up_to(
    columns: Sequence[sa.ColumnElement[Any]], point: CursorPoint
) -> sa.ColumnElement[bool]:
    """The condition of all others, with the row before the place."""
    return sa.not_(rows_past(columns, point))


def point_from(start: str, sample: Any) -> CursorPoint:
    """What `--from` means. sample: a value of the cursor; None where the table has no row.

    Raises InputError where the text is no value of its type.
    """
    try:
        return CursorPoint((_value(start, sample),), has_equals=True)
    except ValueError:
        raise InputError(
            f"--from '{start}' is no value of the cursor, which is like {sample}; write one, or "
            "'beginning'"
        ) from None


def _beyond(
    columns: Sequence[sa.ColumnElement[Any]], values: Sequence[Any]
) -> sa.ColumnElement[bool]:
    (column, *other_columns), (value, *other_values) = columns, values
    if not other_columns:
        return column > value
    # the first half is what an index on the cursor answers
    return sa.and_(column >= value, sa.or_(column > value, _beyond(other_columns, other_values)))


def _value(text: str, sample: Any) -> Any:
    if isinstance(sample, datetime):
        moment = datetime.fromisoformat(text)
        if sample.tzinfo is not None and moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return moment
    if isinstance(sample, date):
        return date.fromisoformat(text)
    if isinstance(sample, int):
        return int(text)
    if isinstance(sample, float):
        return float(text)
    if isinstance(sample, Decimal):
        return Decimal(int(text))
    return UUID(text) if isinstance(sample, UUID) else text


def _fields_of(point: CursorPoint | None) -> dict[str, Any] | None:
    return None if point is None else point.fields


def _point_of(fields: Mapping[str, Any] | None) -> CursorPoint | None:
    return None if fields is None else CursorPoint.of(fields)


def _encoded(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return {type(value).__name__: value.isoformat()}
    if isinstance(value, Decimal | UUID):
        return {type(value).__name__: str(value)}
    if isinstance(value, bytes | memoryview):
        return {"bytes": bytes(value).hex()}
    return value


def _decoded(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    ((type_name, text),) = value.items()
    return _DECODERS[type_name](text)
