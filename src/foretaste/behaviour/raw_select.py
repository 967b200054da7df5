"""In: a select, written once, and its values. Out: its rows, without what SQLAlchemy does anew at
each execution, which is ten times what SQLite does: for the few reads that every request makes.
"""

from typing import Any

import sqlalchemy as sa

from foretaste.behaviour.engine import store_errors

_CompiledSelect = tuple[str, dict[str, Any], tuple[str, ...] | None]
"""(text, the values that it brings along, the order of values; None where they go by name)"""


class RawSelect:
    """Runs selects with the driver alone, on connections of the engine's pool.

    The statements must be kept by who gives them, as constants: each is put into SQL once. One read
    is one statement, so it needs no transaction.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._compiled_selects: dict[int, _CompiledSelect] = {}

    def __call__(self, select: sa.Select[Any], **values: object) -> list[Any]:
        """Its rows, as the driver's own tuples. Raises StoreError."""
        sql, constants, names = self._compile(select)
        named_values = {**constants, **values}
        parameters = named_values if names is None else [named_values[name] for name in names]
        with store_errors(self._engine.url):
            try:  # the pool lets the driver's own errors through
                connection = self._engine.raw_connection()
            except self._engine.dialect.loaded_dbapi.Error as error:
                raise sa.exc.DBAPIError(sql, parameters, error) from error
            try:
                cursor = connection.cursor()
                cursor.execute(sql, parameters)
                rows = list(cursor.fetchall())
                cursor.close()
            except self._engine.dialect.loaded_dbapi.Error as error:
                connection.invalidate()  # it may be lost; the next read has another
                raise sa.exc.DBAPIError(sql, parameters, error) from error
            finally:
                connection.close()
            return rows

    def _compile(self, select: sa.Select[Any]) -> _CompiledSelect:
        compiled_select = self._compiled_selects.get(id(select))
        if compiled_select is None:
            compiled: Any = select.compile(self._engine)
            names = tuple(compiled.positiontup) if compiled.positional else None
            compiled_select = self._compiled_selects[id(select)] = (
                str(compiled),
                dict(compiled.params),
                names,
            )
        return compiled_select
