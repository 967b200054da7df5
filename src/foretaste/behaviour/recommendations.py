"""In: answers that were served. Out: the same again by their ids; and what is taken often lately.

A part of `SqlStore`, which has the connection.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from foretaste.behaviour.engine import errors, writing
from foretaste.behaviour.schema import events, recommendations
from foretaste.domain.data import Served

SOME = 500
"""Ids asked for at once."""
_PERSON = ("user", "session")
"""Kept in columns of their own, so that an erasure finds them."""


class ServedRows:
    """The table of answers."""

    url: sa.URL
    _engine: sa.Engine
    _insert: Any

    def add_served(self, new: Sequence[Served]) -> None:
        """Append in one transaction; an id already there is left alone."""
        if new:
            insert = self._insert(recommendations).on_conflict_do_nothing()
            with errors(self.url), writing(self._engine) as connection:
                connection.execute(insert, [_row(one) for one in new])

    def served(self, ids: Sequence[str]) -> dict[str, Served]:
        """Those of the answers that are there, by id."""
        found: dict[str, Served] = {}
        table = recommendations
        with errors(self.url), self._engine.connect() as connection:
            for start in range(0, len(ids), SOME):
                some = ids[start : start + SOME]
                for row in connection.execute(sa.select(table).where(table.c.id.in_(some))):
                    found[row.id] = served(row)
        return found

    def forget_served(self, before: float) -> int:
        """Delete the answers given before a time. → how many."""
        old = sa.delete(recommendations).where(recommendations.c.at < before)
        with errors(self.url), writing(self._engine) as connection:
            return connection.execute(old).rowcount

    def takers(self, since: float, until: float, kinds: Sequence[str]) -> list[tuple[str, int]]:
        """(item, how many people took it by events of these kinds in since < at <= until)."""
        c = events.c
        person = sa.func.coalesce(sa.literal("u") + c.user, sa.literal("s") + c.session)
        query = (
            sa.select(c.item, sa.func.count(sa.distinct(person)))
            .where(c.at > since, c.at <= until, c.kind.in_(kinds), c.item.is_not(None))
            .group_by(c.item)
        )
        with errors(self.url), self._engine.connect() as connection:
            return [(item, int(count)) for item, count in connection.execute(query)]


def _row(one: Served) -> dict[str, Any]:
    asked = {name: value for name, value in one.request.items() if name not in _PERSON}
    return {
        "id": one.id,
        "at": one.at,
        "user": one.user,
        "session": one.session,
        "model": one.model,
        "request": json.dumps(asked, default=str),
        "items": json.dumps(one.items),
    }


def served(row: Any) -> Served:
    """A row of `recommendations` as an answer."""
    asked: Mapping[str, Any] = json.loads(row.request)
    person = {name: getattr(row, name) for name in _PERSON if getattr(row, name) is not None}
    return Served(
        id=row.id,
        at=row.at,
        user=row.user,
        session=row.session,
        model=row.model,
        request={**person, **asked},
        items=[tuple(one) for one in json.loads(row.items)],
    )
