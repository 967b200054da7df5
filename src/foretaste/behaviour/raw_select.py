"""In: a select, written once, and its values. Out: its rows, without what SQLAlchemy does anew at
each execution, which is ten times what SQLite does: for the few reads that every request makes.
"""

import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from foretaste.behaviour.connection_pool import note_broken
from foretaste.behaviour.engine import store_errors
from foretaste.behaviour.reconnect import until_reached
from foretaste.behaviour.transactions import JointTransaction, joint_transaction_of

_CompiledSelect = tuple[str, dict[str, Any], tuple[str, ...] | None]
"""(text, the values that it brings along, the order of values; None where they go by name)"""
SELECTS_PER_STATEMENT = 50
"""Selects put together into one statement; SQLite takes 500."""
_NAMED_PARAMETER = re.compile(r"%\((\w+)\)")


class _KeptConnection(threading.local):
    """What one thread reads with."""

    is_wanted = False
    connection: sa.PoolProxiedConnection | None = None


class RawSelect:
    """Runs selects with the driver alone, on connections of the engine's pool.

    Each statement is put into SQL once and kept, so there must be few. One read is one statement,
    so it has no transaction: to begin and end one would be two more questions to a server.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self._engine, self._is_postgres = engine, engine.dialect.name == "postgresql"
        self._compiled_selects: dict[sa.Select[Any], _CompiledSelect] = {}
        self._kept = _KeptConnection()

    @contextmanager
    def one_connection(self) -> Iterator[None]:
        """What this thread reads within it is read by one connection: to get one from the pool and
        to give it back takes as long as a read.
        """
        kept = self._kept
        if kept.is_wanted:
            yield
            return
        kept.is_wanted = True
        try:
            yield
        finally:
            kept.is_wanted, connection = False, kept.connection
            kept.connection = None
            if connection is not None:
                self._give_back(connection)

    def __call__(self, select: sa.Select[Any], **values: object) -> list[Any]:
        """Its rows, as the driver's own tuples. Raises StoreError."""
        sql, constants, names = self._compile(select)
        named_values = {**constants, **values}
        return self._fetch(
            sql, named_values if names is None else [named_values[name] for name in names]
        )

    def for_each(
        self, select: sa.Select[Any], values: Sequence[Mapping[str, object]]
    ) -> Iterator[Any]:
        """The rows of the same select with each of these values, some in one statement."""
        sql, constants, names = self._compile(select)
        for start in range(0, len(values), SELECTS_PER_STATEMENT):
            chunk = [
                {**constants, **named_values}
                for named_values in values[start:][:SELECTS_PER_STATEMENT]
            ]
            if names is None:
                texts = [_NAMED_PARAMETER.sub(rf"%(\1_{part})", sql) for part in range(len(chunk))]
                parameters: Any = {
                    f"{name}_{part}": value
                    for part, named_values in enumerate(chunk)
                    for name, value in named_values.items()
                }
            else:
                texts = [sql] * len(chunk)
                parameters = [named_values[name] for named_values in chunk for name in names]
            parts = (f"SELECT * FROM ({text}) AS part_{part}" for part, text in enumerate(texts))
            yield from self._fetch(" UNION ALL ".join(parts), parameters)

    def _fetch(self, sql: str, parameters: Any) -> list[Any]:
        joint = joint_transaction_of(self._engine)
        with store_errors(self._engine.url):
            if joint is not None:
                return self._fetch_once(sql, parameters, joint)
            return until_reached(self._engine, lambda: self._fetch_once(sql, parameters, None))

    def _fetch_once(self, sql: str, parameters: Any, joint: JointTransaction | None) -> list[Any]:
        try:  # the pool lets the driver's own errors through
            if joint is not None:
                return _rows(joint.connection.connection, sql, parameters)
            connection = self._kept.connection or self._take()
        except self._engine.dialect.loaded_dbapi.Error as error:
            raise sa.exc.DBAPIError(sql, parameters, error) from error
        is_kept = self._kept.is_wanted
        try:
            rows = _rows(connection, sql, parameters)
        except self._engine.dialect.loaded_dbapi.Error as error:
            is_kept, driver_connection = False, connection.driver_connection
            if self._is_postgres and driver_connection is not None and driver_connection.closed:
                note_broken(self._engine)
            connection.invalidate()  # it may be lost; the next read has another
            raise sa.exc.DBAPIError(sql, parameters, error) from error
        except BaseException:
            is_kept = False
            raise
        finally:
            self._kept.connection = connection if is_kept else None
            if not is_kept:
                self._give_back(connection)
        return rows

    def _take(self) -> sa.PoolProxiedConnection:
        connection = self._engine.raw_connection()
        if self._is_postgres:
            driver_connection: Any = connection.driver_connection
            driver_connection.autocommit = True
        return connection

    def _give_back(self, connection: sa.PoolProxiedConnection) -> None:
        """As the pool has it."""
        if self._is_postgres and connection.is_valid:
            driver_connection: Any = connection.driver_connection
            try:
                driver_connection.autocommit = False
            except self._engine.dialect.loaded_dbapi.Error:  # it was broken off
                connection.invalidate()
        connection.close()

    def _compile(self, select: sa.Select[Any]) -> _CompiledSelect:
        compiled_select = self._compiled_selects.get(select)
        if compiled_select is None:
            compiled: Any = select.compile(self._engine)
            names = tuple(compiled.positiontup) if compiled.positional else None
            compiled_select = self._compiled_selects[select] = (
                str(compiled),
                dict(compiled.params),
                names,
            )
        return compiled_select


def _rows(connection: sa.PoolProxiedConnection, sql: str, parameters: Any) -> list[Any]:
    cursor = connection.cursor()
    cursor.execute(sql, parameters)
    rows = list(cursor.fetchall())
    cursor.close()
    return rows
