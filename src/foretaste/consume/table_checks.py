"""In: a table that is read by a cursor, and its database. Out: what that database can tell of rows
that such a reader would miss: transactions that are open, numbers that are given out ahead,
cursors that are NULL.
"""

import logging
from dataclasses import dataclass

import sqlalchemy as sa

from foretaste.consume.table_address import TableAddress
from foretaste.consume.table_layout import TableLayout
from foretaste.errors import InputError

log = logging.getLogger("foretaste.consume")

_HORIZON = sa.text(
    "SELECT txid_snapshot_xmin(s) AS oldest_open, txid_snapshot_xmax(s) AS next_number"
    " FROM txid_current_snapshot() s"
)  # by its old names, which every version has
_SEQUENCE = sa.text(
    "SELECT seqrelid::regclass::text AS name, seqcache AS cache FROM pg_sequence"
    " WHERE seqrelid = pg_get_serial_sequence(:table, :column)::regclass"
)


@dataclass(frozen=True, slots=True)
class TransactionHorizon:
    """Of the transactions of a PostgreSQL that have written something, by their numbers."""

    oldest_open: int
    """All below it have ended, and what they wrote is visible."""
    next_number: int


def read_horizon(engine: sa.Engine) -> TransactionHorizon | None:
    """None where the database does not tell."""
    if engine.dialect.name != "postgresql":
        return None
    with engine.connect() as connection:
        try:
            row = connection.execute(_HORIZON).one()
        except (sa.exc.ProgrammingError, sa.exc.NotSupportedError):
            return None  # it speaks the protocol of PostgreSQL, and is another
    return TransactionHorizon(int(row.oldest_open), int(row.next_number))


def check_sequence(engine: sa.Engine, address: TableAddress) -> None:
    """Raises InputError where the numbers of the cursor are given out ahead, so that a session may
    use a small one at any time, and the address does not say how long that may be.
    """
    if engine.dialect.name != "postgresql" or address.has_overlap:
        return
    quoted = engine.dialect.identifier_preparer.quote
    table_name = ".".join(map(quoted, filter(None, (address.schema_name, address.table_name))))
    with engine.connect() as connection:
        try:
            row = connection.execute(
                _SEQUENCE, {"table": table_name, "column": address.cursor}
            ).one_or_none()
        except (sa.exc.ProgrammingError, sa.exc.NotSupportedError):
            return
    if row is not None and row.cache > 1:
        raise InputError(
            f"{address.table}.{address.cursor} takes its numbers from {row.name}, which gives each "
            f"connection {row.cache} of them ahead: rows with small numbers may come at any time, "
            f"and be missed. ALTER SEQUENCE {row.name} CACHE 1; or read by a time, "
            "&cursor=created_at; or write &overlap= and the seconds that a connection lives"
        )


def warn_of_nulls(engine: sa.Engine, layout: TableLayout, address: TableAddress) -> None:
    """Say in the log where rows have no cursor."""
    if not layout.is_nullable:
        return
    cursor = layout.order_columns[0]
    query = sa.select(sa.literal(1)).select_from(layout.table).where(cursor.is_(None)).limit(1)
    with engine.connect() as connection:
        has_nulls = connection.execute(query).first() is not None
    if has_nulls:
        log.warning(
            "%s has rows whose %s is NULL, which are never read; read a view in which it never is, "
            "e.g. coalesce(%s, created_at)",
            *(address.table, address.cursor, address.cursor),
        )
