"""In: people. Out: the numbers of their purchases that came back, by the log as it is now.

A part of `SqlStore`, which has the connection. The log itself says so whenever it is asked, by what
`domain.returns` says of one person's events: so nothing has to be mended where a return comes
before its purchase, an import is undone, or somebody is erased.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from foretaste.behaviour.engine import store_errors
from foretaste.behaviour.identity import IdentityRows, SessionOwners
from foretaste.behaviour.schema import events
from foretaste.behaviour.transactions import read_surely
from foretaste.domain.event_types import RETURN_EVENT, RETURNABLE_TYPES
from foretaste.domain.returns import returned_purchases
from foretaste.domain.store import UserKey

NAMES_PER_QUERY, FEW_NAMES = 500, 5
"""Users or sessions asked for at once, and so few that each is asked for alone."""
_COLUMNS = (events.c.seq, events.c.user, events.c.session, events.c.item, events.c.kind)
_IS_RETURN = events.c.kind == sa.literal_column(f"'{RETURN_EVENT}'")
"""As the text of the indexes says it."""


class ReturnedEvents(IdentityRows):
    """Which purchases came back."""

    reads_returns = True
    """Whether a return takes a purchase back; see `domain.returns.reads_returns`."""

    def returned_numbers(
        self, people: Collection[UserKey] | None = None, since: float | None = None
    ) -> frozenset[int]:
        """The numbers of the purchases of these people that came back, by all that is known now.

        people: None is everybody. since: seconds since 1970; of what was bought later alone.
        """
        if not self.reads_returns or not self.has_returns():
            return frozenset()
        if people is None:
            people = self._people_with_returns(since)
        users = {user for user, _ in people if user is not None}
        sessions = {name for user, name in people if user is None and name is not None}
        users |= self.owners(sessions).users if sessions else frozenset()
        sessions |= self._all_sessions(users)
        sessions = self._with_returns(events.c.session, sessions)
        users = self._with_returns(events.c.user, users)
        if not users and not sessions:
            return frozenset()
        users |= self.owners(sessions).users if sessions else frozenset()
        sessions |= self._all_sessions(users)
        owners = self.owners(sessions) if sessions else SessionOwners([])
        rows_by_owner = defaultdict[UserKey, list[Any]](list)
        for row in self._purchases_and_returns(users, sessions, since):
            number, user, session, *_ = row
            owner = user or owners.owner_of(session, number)[0]
            rows_by_owner[(owner, None if owner else session)].append(row)
        return frozenset(
            rows[position][0]
            for rows in rows_by_owner.values()
            for position in _returned_positions(rows)
        )

    def has_returns(self) -> bool:
        """Whether anybody ever sent something back."""
        return bool(self._raw_select(_ANY_RETURN))

    def _people_with_returns(self, since: float | None) -> set[UserKey]:
        query = sa.select(events.c.user, events.c.session).where(_IS_RETURN).distinct()
        if since is not None:
            query = query.where(events.c.at > since)
        return {
            (user, None if user is not None else session)
            for user, session in self._returned_rows([query])
        }

    def _with_returns(self, column: sa.Column[str], names: Collection[str]) -> set[str]:
        """Of these users or sessions those by whom a return came."""
        if len(names) <= FEW_NAMES:  # as with each event
            select = _RETURN_OF_USER if column is events.c.user else _RETURN_OF_SESSION
            return {name for name in names if self._raw_select(select, name=name)}
        query = sa.select(column).where(_IS_RETURN).distinct()
        parts = (query.where(column.in_(chunk)) for chunk in _chunks(names))
        return {name for (name,) in self._returned_rows(parts)}

    def _all_sessions(self, users: Collection[str]) -> set[str]:
        """The sessions on which any of these users was ever identified."""
        if len(users) <= FEW_NAMES:
            return set().union(*map(self.sessions_of_user, users))
        return self.sessions_of(users)

    def _purchases_and_returns(
        self, users: Collection[str], sessions: Collection[str], since: float | None
    ) -> Iterator[Any]:
        """Of these users, and of nobody on these sessions, in time order; past a time, as a return
        takes back what is not so old first.
        """
        c = events.c
        kinds = c.kind.in_([RETURN_EVENT, *sorted(RETURNABLE_TYPES)])
        query = sa.select(*_COLUMNS).where(kinds, c.item.is_not(None))
        if since is not None:
            query = query.where(c.at > since)
        parts = [query.where(c.user.in_(names)) for names in _chunks(users)]
        parts += [
            query.where(c.user.is_(None), c.session.in_(names)) for names in _chunks(sessions)
        ]
        at_parts = (part.add_columns(c.at) for part in parts)
        yield from sorted(self._returned_rows(at_parts), key=lambda row: (row[-1], row[0]))

    def _returned_rows(self, queries: Iterable[sa.Select[Any]]) -> list[Any]:
        with store_errors(self.url):
            return read_surely(
                self._engine,
                lambda connection: [row for query in queries for row in _rows(connection, query)],
            )

    def not_returned(self, numbers: frozenset[int]) -> sa.ColumnElement[bool]:
        """What an event meets whose number is none of these, which may be many."""
        if self._engine.dialect.name == "sqlite":
            values = sa.func.json_each(json.dumps(sorted(numbers))).table_valued("value")
            return events.c.seq.not_in(sa.select(values.c.value))
        array = sa.cast(sorted(numbers), postgresql.ARRAY(sa.BigInteger))
        return events.c.seq.not_in(sa.select(sa.func.unnest(array)))


def _rows(connection: sa.Connection, query: sa.Select[Any]) -> list[Any]:
    """As the driver's own tuples: there may be as many as events."""
    cursor = connection.execute(query).cursor
    assert cursor is not None  # a select has one
    return list(cursor.fetchall())


def _returned_positions(rows: list[Any]) -> list[int]:
    return returned_purchases((kind, item) for _, _, _, item, kind, _ in rows)


def _chunks(names: Collection[str]) -> Iterator[list[str]]:
    ordered = sorted(names)
    return (
        ordered[start : start + NAMES_PER_QUERY]
        for start in range(0, len(ordered), NAMES_PER_QUERY)
    )


_ANY_RETURN = sa.select(events.c.seq).where(_IS_RETURN).limit(1)
_RETURN_OF_USER = (
    sa.select(events.c.seq).where(_IS_RETURN, events.c.user == sa.bindparam("name")).limit(1)
)
_RETURN_OF_SESSION = (
    sa.select(events.c.seq).where(_IS_RETURN, events.c.session == sa.bindparam("name")).limit(1)
)
