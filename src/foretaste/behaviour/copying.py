"""In: a store that is in use. Out: all of it in one SQLite file; and such a file into a store.

A part of `SqlStore`, which has the connection. The file has the same tables, whichever database
they came from, so what was kept in PostgreSQL can go on in SQLite and the other way round.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from foretaste.behaviour import schema
from foretaste.behaviour.database_address import database_url, display_url
from foretaste.behaviour.engine import (
    TAKE_SCHEMA_LOCK,
    open_engine,
    store_errors,
    write_transaction,
)
from foretaste.behaviour.postgres import HAVE_SCHEMA_ALONE
from foretaste.domain.patience import UNLIMITED, patience
from foretaste.errors import InputError, StoreError

ROWS_PER_CHUNK = 10_000
"""Rows copied at once."""
LOCK_PREFIX = "lock:"
"""Begins the names of facts that are of the moment and not copied: who holds which lock."""


class StoreCopier:
    """The whole store at one moment."""

    url: sa.URL
    _engine: sa.Engine

    def copy_to(self, path: Path) -> None:
        """Write all of it, as it is at one moment, to a new SQLite file. Writers go on."""
        with store_errors(self.url), patience(UNLIMITED):
            if self._engine.dialect.name == "sqlite":
                self._copy_file(path)
            else:
                self._copy_rows(path)
        with closing(sqlite3.connect(path, isolation_level=None)) as copy:
            copy.execute(f"DELETE FROM meta WHERE name LIKE '{LOCK_PREFIX}%'")
            copy.execute("PRAGMA journal_mode = DELETE")  # one file, without one for its log

    def fill_from(self, path: Path, *, replace: bool = False) -> None:
        """Take in all of such a file in one transaction: all of it or nothing.

        Raises StoreError where something is in the store already, unless that is to be replaced.
        """
        fill_stores([(self, path)], replace=replace)

    def row_counts(self) -> dict[str, int]:
        """Rows by the name of their table."""
        with store_errors(self.url), self._engine.connect() as connection:
            return _row_counts(connection)

    def database_identity(self) -> tuple[str, str]:
        """(database, schema) that tell it from any other, however its URL is written."""
        if self._engine.dialect.name == "sqlite":
            return str(Path(str(self.url.database)).resolve()), ""
        query = "SELECT pg_postmaster_start_time()::text, current_database(), current_schema()"
        with store_errors(self.url), self._engine.connect() as connection:
            server, database, schema_name = connection.execute(sa.text(query)).one()
        return f"{server} {database}", schema_name

    def _copy_file(self, path: Path) -> None:
        """By SQLite's own backup: in one step, from a state that no writer changes. Then without
        what its pages still have of rows that were deleted.
        """
        with self._engine.connect() as connection, closing(sqlite3.connect(path)) as copy:
            source: Any = connection.connection.driver_connection
            source.backup(copy)
            copy.execute("VACUUM")

    def _copy_rows(self, path: Path) -> None:
        """In one transaction that sees one state of all tables."""
        target = open_engine(database_url(path))
        try:
            snapshot = self._engine.connect().execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
            with snapshot as source_connection, write_transaction(target) as connection:
                connection.execute(sa.delete(schema.meta))
                for table in schema.metadata.sorted_tables:
                    for rows in _row_chunks(source_connection, table):
                        connection.execute(sa.insert(table), rows)
                _set_last_event_number(connection, _last_event_number(source_connection))
        finally:
            target.dispose()


def fill_stores(
    copies: Sequence[tuple[StoreCopier, Path]], *, replace: bool = False
) -> list[dict[str, int]]:
    """Take a file into each store: all of them or nothing. → the rows of each table, counted in
    each store before it is committed.

    One transaction a database, whatever its schemas. Raises StoreError where two stores are the
    same, where something is in one already, unless that is to be replaced, or where the rows
    counted are not those of its file; InputError where another process has one in use, see
    `postgres`.
    """
    identities = [store.database_identity() for store, _ in copies]
    for (store, _), identity in zip(copies, identities, strict=True):
        if identities.count(identity) > 1:
            raise StoreError(
                f"two workspaces have the same store, {display_url(store.url)}; give each one of "
                "its own, with behaviour.database_schema in its settings"
            )
    with ExitStack() as stack:
        stack.enter_context(patience(UNLIMITED))
        connections: dict[str, sa.Connection] = {}
        counts = []
        for (store, path), (database, _) in zip(copies, identities, strict=True):
            stack.enter_context(store_errors(store.url))
            if database not in connections:
                transaction = write_transaction(store._engine)
                connections[database] = stack.enter_context(transaction)
            counts.append(_fill(connections[database], store, path, replace=replace))
        return counts


def _row_counts(connection: sa.Connection) -> dict[str, int]:
    return {
        table.name: connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0
        for table in schema.metadata.sorted_tables
    }


def _fill(
    connection: sa.Connection, store: StoreCopier, path: Path, *, replace: bool
) -> dict[str, int]:
    """Take a file into a store by a connection to its database. → the rows of each table."""
    tables = schema.metadata.sorted_tables
    if connection.dialect.name == "postgresql":
        _enter_schema(connection, store)
        if not connection.scalar(sa.text(HAVE_SCHEMA_ALONE)):
            raise InputError(
                f"{display_url(store.url)} is in use, here or on another machine; stop every "
                "service, worker and command of Foretaste that has this database, then do the same "
                "again"
            )
    for table in tables:
        if replace:
            connection.execute(sa.delete(table))
        elif table is not schema.meta and _has_rows(connection, table):
            raise StoreError(
                f"{display_url(store.url)} has {table.name} in it; "
                "name an empty database, or add --force to replace what it has"
            )
    connection.execute(sa.delete(schema.meta))
    source = open_engine(database_url(path))
    try:
        with source.connect() as source_connection:
            for table in tables:
                for rows in _row_chunks(source_connection, table):
                    connection.execute(sa.insert(table), rows)
            _set_last_event_number(connection, _last_event_number(source_connection))
            expected, counts = _row_counts(source_connection), _row_counts(connection)
    finally:
        source.dispose()
    if counts != expected:
        raise StoreError(
            f"{display_url(store.url)} has {counts} rows after taking in {expected}; nothing was "
            "stored: does something else write to it?"
        )
    return counts


def _enter_schema(connection: sa.Connection, store: StoreCopier) -> None:
    """Have the rest of the transaction see the schema of this store, which nobody else writes to,
    for as long as it takes.
    """
    with store._engine.connect() as own_connection:
        search_path = own_connection.scalar(sa.text("SHOW search_path"))
    settings = {"search_path": search_path, "idle_in_transaction_session_timeout": "0"}
    for name, value in settings.items():
        query = sa.text("SELECT set_config(:name, :value, true)")
        connection.execute(query, {"name": name, "value": value})
    connection.execute(sa.text(TAKE_SCHEMA_LOCK))


def _row_chunks(connection: sa.Connection, table: sa.Table) -> Iterator[Sequence[dict[str, Any]]]:
    """All rows, in the order of their keys."""
    query = sa.select(table).order_by(*table.primary_key)
    cursor = connection.execution_options(stream_results=True).execute(query)
    for rows in cursor.mappings().partitions(ROWS_PER_CHUNK):
        yield [dict(row) for row in rows]


def _has_rows(connection: sa.Connection, table: sa.Table) -> bool:
    return connection.scalar(sa.select(sa.literal(1)).select_from(table).limit(1)) is not None


_EVENT_SEQUENCE = "pg_get_serial_sequence('events', 'seq')"


def _last_event_number(connection: sa.Connection) -> int:
    """The last number an event was given, also if that event is gone."""
    newest_number = connection.scalar(sa.select(sa.func.max(schema.events.c.seq))) or 0
    if connection.dialect.name == "sqlite":
        query = "SELECT seq FROM sqlite_sequence WHERE name = 'events'"
        return max(newest_number, connection.scalar(sa.text(query)) or 0)
    name = connection.scalar(sa.text(f"SELECT {_EVENT_SEQUENCE}"))
    sequence_value = connection.scalar(sa.text(f"SELECT last_value FROM {name} WHERE is_called"))
    return max(newest_number, sequence_value or 0)


def _set_last_event_number(connection: sa.Connection, number: int) -> None:
    """No number is ever given twice, not even after what had it was erased."""
    if number == 0:
        return
    if connection.dialect.name != "sqlite":
        connection.execute(sa.text(f"SELECT setval({_EVENT_SEQUENCE}, {number})"))
        return
    connection.execute(sa.text("DELETE FROM sqlite_sequence WHERE name = 'events'"))
    connection.execute(
        sa.text("INSERT INTO sqlite_sequence (name, seq) VALUES ('events', :n)"), {"n": number}
    )
