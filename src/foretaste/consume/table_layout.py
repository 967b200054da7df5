"""In: a table's address and its database. Out: its columns, by which it is ordered, and what a row
of it is as a row of events, items or users.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from foretaste.behaviour.settings import FIELDS_BY_TABLE, BehaviourSettings
from foretaste.consume.data_files import field_names, renamed
from foretaste.consume.item_feed import DELETED_FIELD
from foretaste.consume.stream_source import StreamRow
from foretaste.consume.table_address import TableAddress
from foretaste.consume.table_order import CursorPoint
from foretaste.errors import InputError


@dataclass(frozen=True, slots=True)
class TableLayout:
    """The columns of a table. They have no types here: values are as the driver gives them."""

    table: sa.TableClause
    key: tuple[str, ...]
    """What tells rows apart."""
    order: tuple[str, ...]
    """The cursor, then the key."""
    deleted: str | None
    """Says that an item is gone: yes or no, or when."""
    field_names: Mapping[str, str | None]
    """Column → the field that it is; None is left out."""
    is_nullable: bool = False
    """Whether rows may have no cursor."""

    @property
    def order_columns(self) -> list[sa.ColumnElement[Any]]:
        """By which rows are ordered."""
        return [self.table.c[name] for name in self.order]

    def cursor_point(self, row: sa.Row[Any]) -> CursorPoint:
        """Of a row in that order."""
        return CursorPoint(tuple(row._mapping[name] for name in self.order))

    def stream_row(self, row: sa.Row[Any]) -> StreamRow:
        """A row, named by its key."""
        values = {name: _plain(value) for name, value in row._mapping.items()}
        content = renamed(values, self.field_names)
        if self.deleted is not None:
            flag = values[self.deleted]
            content[DELETED_FIELD] = True if isinstance(flag, date) else flag
        return StreamRow(",".join(str(values[name]) for name in self.key), content)


def read_layout(
    engine: sa.Engine, address: TableAddress, record_type: str, settings: BehaviourSettings
) -> TableLayout:
    """Raises InputError where the table, or a column that was named, is not there."""
    inspector, names = sa.inspect(engine), (address.table_name, address.schema_name)
    try:
        nullable = {
            str(column["name"]): bool(column["nullable"])
            for column in inspector.get_columns(*names)
        }
        primary_key = inspector.get_pk_constraint(*names).get("constrained_columns")
    except sa.exc.NoSuchTableError:
        raise InputError(f"there is no table {address.table} in that database") from None
    columns = list(nullable)
    key = address.key or tuple(primary_key or ())
    if not key:
        raise InputError(
            f"{address.table} has no primary key; say which column is different in each row, e.g. "
            "&key=id"
        )
    for column in (address.cursor, *key, *filter(None, (address.deleted,))):
        if column not in columns:
            raise InputError(f"{address.table} has no column {column}; it has {', '.join(columns)}")
    order = tuple(dict.fromkeys((address.cursor, *key)))
    fields = dict(field_names(columns, record_type, settings))
    for column in order:
        if fields[column] not in FIELDS_BY_TABLE[record_type]:
            fields[column] = None  # when a row changed says nothing of an item
    if address.deleted is not None:
        fields[address.deleted] = None
    table = sa.table(address.table_name, *map(sa.column, columns), schema=address.schema_name)
    is_nullable = nullable[address.cursor]
    return TableLayout(table, key, order, address.deleted, fields, is_nullable)


def _plain(value: Any) -> Any:
    """A value as JSON and files have it."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, UUID):
        return str(value)
    return bytes(value) if isinstance(value, memoryview) else value
