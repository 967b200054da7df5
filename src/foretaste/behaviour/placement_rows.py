"""In: placements as they are put and deleted. Out: those there are, and every change of them.

A part of `SqlStore`, which has the connection.
"""

import json
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from foretaste.behaviour.engine import store_errors, write_transaction
from foretaste.behaviour.raw_select import RawSelect
from foretaste.behaviour.schema import json_text, placement_changes, placements
from foretaste.domain.placement import PlacementChange, PlacementRecord

MAX_CHANGES_READ = 100
"""Changes of a placement that are told of, the newest."""


class PlacementRows:
    """The tables of placements."""

    url: sa.URL
    _engine: sa.Engine
    _raw_select: RawSelect

    def placement(self, name: str) -> PlacementRecord | None:
        """One that was put, if it is there."""
        rows = self._raw_select(_PLACEMENT_BY_NAME, name=name)
        return _record(rows[0]) if rows else None

    def placements(self) -> list[PlacementRecord]:
        """All that were put, by name."""
        query = sa.select(*_RECORD_COLUMNS).order_by(placements.c.name)
        with store_errors(self.url), self._engine.connect() as connection:
            return [_record(row) for row in connection.execute(query)]

    def put_placement(self, record: PlacementRecord) -> None:
        """Create or replace one, and note the change."""
        with store_errors(self.url), write_transaction(self._engine) as connection:
            _put(connection, record)

    def delete_placement(self, name: str, at: float, author: str | None = None) -> bool:
        """Delete one, and note the change. → whether it was there."""
        with store_errors(self.url), write_transaction(self._engine) as connection:
            return _delete(connection, name, at, author)

    def placement_changes(self, name: str) -> list[PlacementChange]:
        """What became of one, the newest first."""
        query = _changes_of(name, MAX_CHANGES_READ)
        with store_errors(self.url), self._engine.connect() as connection:
            return [_change(row) for row in connection.execute(query)]

    def undo_placement(self, name: str, at: float, author: str | None = None) -> bool:
        """Make it what it was before the newest change, which is a change of its own, so that it
        can be undone too. → whether there was anything to undo.
        """
        with store_errors(self.url), write_transaction(self._engine) as connection:
            changes = [_change(row) for row in connection.execute(_changes_of(name, 2))]
            if not changes:
                return False
            old_placement = changes[1].placement if len(changes) > 1 else None
            if old_placement is None:
                return _delete(connection, name, at, author)
            _put(connection, PlacementRecord(name, old_placement, at, author))
            return True


def _put(connection: sa.Connection, record: PlacementRecord) -> None:
    row = {
        "name": record.name,
        "placement": json_text(record.placement),
        "at": record.at,
        "author": record.author,
    }
    connection.execute(sa.delete(placements).where(placements.c.name == record.name))
    connection.execute(sa.insert(placements).values(row))
    _note(connection, row)


def _delete(connection: sa.Connection, name: str, at: float, author: str | None) -> bool:
    deletion = sa.delete(placements).where(placements.c.name == name)
    if not connection.execute(deletion).rowcount:
        return False
    _note(connection, {"name": name, "placement": None, "at": at, "author": author})
    return True


def _note(connection: sa.Connection, row: Mapping[str, Any]) -> None:
    newest = connection.scalar(sa.select(sa.func.max(placement_changes.c.number))) or 0
    connection.execute(sa.insert(placement_changes).values({**row, "number": newest + 1}))


def _changes_of(name: str, n: int) -> sa.Select[Any]:
    c = placement_changes.c
    columns = (c.number, c.name, c.placement, c.at, c.author)
    return sa.select(*columns).where(c.name == name).order_by(c.number.desc()).limit(n)


def _record(row: Any) -> PlacementRecord:
    name, placement, at, author = row
    return PlacementRecord(name, json.loads(placement), at, author)


def _change(row: Any) -> PlacementChange:
    number, name, placement, at, author = row
    return PlacementChange(
        number, name, None if placement is None else json.loads(placement), at, author
    )


_RECORD_COLUMNS = (
    placements.c.name,
    placements.c.placement,
    placements.c.at,
    placements.c.author,
)
_PLACEMENT_BY_NAME = sa.select(*_RECORD_COLUMNS).where(placements.c.name == sa.bindparam("name"))
