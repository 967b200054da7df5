"""In: what a person changed about their lists. Out: the same again, also on their other devices.

A part of `SqlStore`, which has the connection. A change made on a session that nobody was known on
belongs to the first who is identified on it, as its events do; nothing is rewritten for that.
"""

import json
from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa

from foretaste.behaviour.engine import errors, writing
from foretaste.behaviour.identity import IdentityRows, Owners
from foretaste.behaviour.schema import steering
from foretaste.domain.preference import Change

Holder = tuple[str, bool]
"""(a user or a session, whether it is a session)"""
FEW = 8
"""Holders that are asked for one by one."""


class SteeringRows(IdentityRows):
    """The table of changes."""

    _insert: Any
    _all: Callable[[sa.Select[Any]], list[Any]]

    def changes(self, user: str | None, session: str | None) -> tuple[Change, ...]:
        """What this person changed, oldest first: as the user, and on sessions that became theirs.

        As `history`: a session on which a user was identified is that user.
        """
        if user is None and session is None:
            return ()
        holders = self._holders(user, session)
        if len(holders) > FEW:
            rows = self._all(_CHANGES.where(held(holders)))
        else:
            each = (self._quick(_OF_ONE, who=who, visit=visit) for who, visit in holders)
            rows = [row for found in each for row in found]
        rows.sort(key=lambda row: (row[-1], row[0]))
        found = {row[0]: _change(row) for row in rows}  # of one name, the last
        return tuple(sorted(found.values(), key=lambda one: (one.at, one.name)))

    def put_changes(
        self,
        user: str | None,
        session: str | None,
        put: Sequence[Change],
        remove: Sequence[str] | None = (),
    ) -> None:
        """Take out the changes of the names `remove`, None for all; then put, in one transaction.

        One of the same name is replaced.
        """
        holders = self._holders(user, session)
        who, visit = holders[0]
        c = steering.c
        gone = sa.delete(steering).where(held(holders))
        if remove is not None:
            gone = gone.where(c.name.in_([*remove, *(one.name for one in put)]))
        rows = [
            {
                "who": who,
                "session": visit,
                "name": one.name,
                "what": json.dumps(one.what, ensure_ascii=False),
                "act": one.act,
                "nats": one.nats,
                "said": one.said,
                "at": one.at,
            }
            for one in put
        ]
        with errors(self.url), writing(self._engine) as connection:
            connection.execute(gone)
            if rows:
                connection.execute(sa.insert(steering), rows)

    def _holders(self, user: str | None, session: str | None) -> list[Holder]:
        """Whose rows a person's are; the first is where new ones go."""
        if user is None and session is not None:
            user = self.identified(session)
        if user is None:
            return [(session or "", True)]
        visits = sorted(self.visits(user))
        owners = self.owners(visits) if visits else Owners([])
        mine = [visit for visit in visits if owners.of(visit, 0)[0] == user]
        if session is not None and session not in mine and self.identified(session) is None:
            mine.append(session)
        return [(user, False), *((visit, True) for visit in mine)]


def held(holders: Sequence[Holder]) -> sa.ColumnElement[bool]:
    """Whether a row is one of theirs."""
    c = steering.c
    users = [who for who, visit in holders if not visit]
    visits = [who for who, visit in holders if visit]
    return sa.or_(
        sa.and_(c.session.is_(sa.false()), c.who.in_(users)),
        sa.and_(c.session.is_(sa.true()), c.who.in_(visits)),
    )


def _change(row: Any) -> Change:
    name, what, act, nats, said, at = row
    return Change(name, json.loads(what), act, nats, said, at)


_CHANGES = sa.select(*(steering.c[name] for name in ("name", "what", "act", "nats", "said", "at")))
_OF_ONE = _CHANGES.where(
    steering.c.who == sa.bindparam("who"), steering.c.session == sa.bindparam("visit")
)
