"""In: many rows for a table of PostgreSQL. Out: the same rows in it, by COPY instead of one insert
each: twice as fast, with a tenth of our own work.

COPY knows nothing of rows that are there, so they go into a table of the connection first, and from
there, in one statement and in their order, into the table itself.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

MIN_COPIED_ROWS = 100
"""Fewer are put as fast one by one."""


def is_copied(connection: sa.Connection, rows: Sequence[Any]) -> bool:
    """Whether so many rows are better copied."""
    return connection.dialect.name == "postgresql" and len(rows) >= MIN_COPIED_ROWS


def copy_rows(
    connection: sa.Connection,
    table: sa.Table,
    rows: Sequence[dict[str, Any]],
    *,
    is_replacement: bool = False,
) -> int:
    """Put rows, all with the same columns, in the open transaction. → how many were put.

    Of those whose key is there, the row that is there stays, or goes with `is_replacement`; then no
    two rows may have one key. Raises what `Connection.execute` does.
    """
    names = tuple(rows[0])
    statements = _statements(table, names, is_replacement)
    dialect = connection.dialect
    driver_connection: Any = connection.connection
    try:
        with driver_connection.cursor() as cursor:
            cursor.execute(statements[0])
            with cursor.copy(statements[1]) as copy:
                for row in rows:
                    copy.write_row([row[name] for name in names])
            cursor.execute(statements[2])
            count: int = cursor.rowcount
    except dialect.loaded_dbapi.Error as error:
        is_lost = dialect.is_disconnect(error, None, None)
        if is_lost:
            connection.invalidate(error)
        raise sa.exc.DBAPIError.instance(
            statements[2], None, error, dialect.loaded_dbapi.Error, connection_invalidated=is_lost
        ) from error
    return count


@cache
def _statements(
    table: sa.Table, names: tuple[str, ...], is_replacement: bool
) -> tuple[str, str, str]:
    """(makes the table of the connection, copies into it, puts its rows into the table)."""
    quote = postgresql.dialect().identifier_preparer.quote  # type: ignore[no-untyped-call]
    columns = ", ".join(map(quote, names))
    target, incoming = quote(table.name), quote(f"incoming_{table.name}")
    keys = [column.name for column in table.primary_key]
    conflict, order = "DO NOTHING", ""
    if is_replacement:
        changes = (f"{quote(name)} = excluded.{quote(name)}" for name in names if name not in keys)
        conflict = f"({', '.join(map(quote, keys))}) DO UPDATE SET {', '.join(changes)}"
    if not set(keys) <= set(names):  # the database numbers them, in their order
        order = f" ORDER BY {', '.join(map(quote, keys))}"
    return (
        f"CREATE TEMPORARY TABLE IF NOT EXISTS {incoming} (LIKE {target} INCLUDING IDENTITY)"
        " ON COMMIT DELETE ROWS",
        f"COPY {incoming} ({columns}) FROM STDIN",
        f"INSERT INTO {target} ({columns}) SELECT {columns} FROM {incoming}{order}"
        f" ON CONFLICT {conflict}",
    )
