"""In: people, by their user or session. Out: what each of them did.

A part of `SqlStore`, which has the connection. What is read of one person has a limit, whatever
they did: an index leads to their newest events, and what lies behind those is not looked at.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from math import inf
from operator import itemgetter
from typing import Any, Literal, Self

import sqlalchemy as sa

from foretaste.behaviour import schema
from foretaste.behaviour.engine import store_errors
from foretaste.behaviour.identity import SessionOwners
from foretaste.behaviour.returned_events import ReturnedEvents
from foretaste.behaviour.schema import events
from foretaste.behaviour.transactions import read_surely
from foretaste.domain.bare_event import BareEvent
from foretaste.domain.data import IDENTIFY_EVENT, Event
from foretaste.domain.store import EventColumns, Past, UserKey

MAX_SESSIONS = 50
"""Of a user with more sessions the newest: those they were identified on last."""
ROWS_LOOKED_AT = 10
"""For each event asked for, how many rows are looked at for one of the types asked for."""
UNLIMITED = 2**63 - 1

Holder = Literal["user", "session", "anonymous"]
"""Whose rows: a user's; a session's, whoever was in it; a session's that name no user."""


class HistoryRows(ReturnedEvents):
    """The events of one person, or of some."""

    def history(
        self,
        user: str | None,
        session: str | None,
        n: int | None = None,
        event_types: Sequence[str] | None = None,
    ) -> list[Event]:
        """One person's events in time order: the user's, and those of the session; of more than n
        the newest n.

        A session on which a user was identified is that user, on every device. Of the session of a
        known user, events of other users are left out: a device may be shared.
        """
        rows = self._history_rows(user, session, n, event_types, WHOLE)
        return [schema.event_from_row(row[1:]) for row in rows]

    def bare_history(
        self,
        user: str | None,
        session: str | None,
        n: int | None = None,
        event_types: Sequence[str] | None = None,
    ) -> list[BareEvent]:
        """The same of each event that lists are made from."""
        rows = self._history_rows(user, session, n, event_types, BARE)
        return [BareEvent._make(row[FIRST_FIELD:]) for row in rows]

    def _history_rows(
        self,
        user: str | None,
        session: str | None,
        n: int | None,
        event_types: Sequence[str] | None,
        shape: "RowShape",
    ) -> list[Any]:
        if user is None and session is not None:
            user = self.user_of_session(session)
        past = Past(inf, UNLIMITED, UNLIMITED if n is None else n)
        newest_rows = partial(self._newest_rows, event_types=event_types, shape=shape)
        if user is None:
            rows = newest_rows("session", [(session, past)] if session else [])
        else:
            rows = newest_rows("user", [(user, past)])
            if n is None:
                sessions = self.sessions_of_user(user)
            else:
                sessions = {name for _, name in self._newest_sessions([user])}
            if session is not None:
                sessions.add(session)
            owners = self.owners(sessions) if sessions else SessionOwners([])
            for row in newest_rows("anonymous", [(s, past) for s in sessions]):
                owner = owners.owner_of(row[shape.session], row[0])[0]
                if owner == user or (owner is None and row[shape.session] == session):
                    rows.append(row)
        rows.sort(key=itemgetter(shape.at, 0))
        return rows[-past.n :]

    def events_of_types(
        self, event_types: Sequence[str], after_number: int, until_number: int
    ) -> list[Event]:
        """The events of these types past a number and up to another, in the order they were
        accepted; an anonymous one without a user.
        """
        c = events.c
        query = (
            sa.select(*schema.EVENT_COLUMNS)
            .where(c.seq > after_number, c.seq <= until_number, c.kind.in_(event_types))
            .order_by(c.seq)
        )
        return [schema.event_from_row(row) for row in self._fetch_all(query)]

    def event_columns_before(
        self, pasts: Mapping[UserKey, Past], event_types: Sequence[str]
    ) -> Iterator[tuple[UserKey, int, EventColumns]]:
        """(whose, number, columns) of events of these types, in no order: of each of these people
        the newest, as their `Past` says. A session is everybody who was in it.

        What a user did before they were identified has the number of the event that identified
        them: it is part of their past from there on. What came back since is left out.
        """
        returned = self.returned_numbers(pasts.keys())
        if returned:  # so that as many are left as are asked for
            pasts = {key: past._replace(n=past.n + len(returned)) for key, past in pasts.items()}
        users = {user: past for (user, _), past in pasts.items() if user is not None}
        sessions = {
            session: past
            for (user, session), past in pasts.items()
            if user is None and session is not None
        }
        for row in self._newest_rows("user", users.items(), event_types):
            user = row[BARE.user]
            if row[0] not in returned:
                yield (user, None), row[0], (user, None, *row[FIRST_FIELD:])
        for row in self._newest_rows("session", sessions.items(), event_types):
            session = row[BARE.session]
            if row[0] not in returned:
                yield (None, session), row[0], (None, session, *row[FIRST_FIELD:])
        yield from self._events_before_identified(users, event_types, returned)

    def _events_before_identified(
        self, users: Mapping[str, Past], event_types: Sequence[str], returned: Collection[int]
    ) -> Iterator[tuple[UserKey, int, EventColumns]]:
        """(whose, since which number, columns) of what these users did on sessions they are known
        on, where it names nobody.
        """
        pairs = self._newest_sessions(list(users))
        if not pairs:
            return
        owners = self.owners({session for _, session in pairs})
        session_pasts = [(session, users[user]) for user, session in pairs]
        rows = self._newest_rows("anonymous", session_pasts, event_types)
        for number, row in {row[0]: row for row in rows}.items():  # several may share a session
            owner, since = owners.owner_of(row[BARE.session], number)
            if owner in users and number not in returned:
                yield (owner, None), since, (owner, None, *row[FIRST_FIELD:])

    def newest_event_number(self, user: str | None, session: str | None) -> int:
        """The number of the event with the newest time of a user or in a session; 0 if none."""
        past = Past(inf, UNLIMITED, 1)
        rows = self._newest_rows("user", [(user, past)] if user is not None else [])
        rows += self._newest_rows("session", [(session, past)] if session is not None else [])
        return max((row[0] for row in rows), default=0)

    def _newest_rows(
        self,
        holder: Holder,
        pasts: Iterable[tuple[str, Past]],
        event_types: Sequence[str] | None = None,
        shape: "RowShape | None" = None,
    ) -> list[Any]:
        """Rows of the newest events of each, the newest first; bare ones where no shape is said."""
        kinds = None if event_types is None else tuple(event_types)
        select = _newest_rows_select(holder, kinds, shape or BARE)
        values = [
            {
                "name": name,
                "at": past.at,
                "number": past.number,
                "most": past.n,
                "looked_at": min(past.n * ROWS_LOOKED_AT, UNLIMITED),
            }
            for name, past in pasts
        ]
        if len(values) == 1:  # the usual one: not a statement of another text
            return self._raw_select(select, **values[0])
        return list(self._raw_select.for_each(select, values))

    def _newest_sessions(self, users: Sequence[str]) -> list[tuple[str, str]]:
        """(user, session) of the sessions on which these users were identified last."""
        values = [{"user": user} for user in users]
        rows = self._raw_select.for_each(_NEWEST_SESSIONS_OF_USER, values)
        return list(dict.fromkeys((user, session) for user, session in rows))

    def _fetch_all(self, query: sa.Select[Any]) -> list[Any]:
        def rows(connection: sa.Connection) -> list[Any]:
            cursor = connection.execute(query).cursor
            assert cursor is not None  # a select has one
            # The driver's own tuples: half the time of SQLAlchemy's rows, nothing lost
            return list(cursor.fetchall())

        with store_errors(self.url):
            return read_surely(self._engine, rows)


@dataclass(frozen=True, eq=False)
class RowShape:
    """The columns of a row, after the number of its event, and where some of them are."""

    columns: Sequence[sa.ColumnElement[Any]]
    at: int
    user: int
    session: int

    @classmethod
    def of(cls, columns: Sequence[sa.Column[Any]]) -> Self:
        """Rows of these columns."""
        names = ["seq", *(column.name for column in columns)]
        return cls(columns, *map(names.index, ("at", "user", "session")))


WHOLE = RowShape.of(schema.EVENT_COLUMNS)
BARE = RowShape.of([events.c[name] for name in ("user", "session", *BareEvent._fields)])
FIRST_FIELD = 3
"""Of a bare row, where the fields of `BareEvent` begin."""


@lru_cache(maxsize=64)
def _newest_rows_select(
    holder: Holder, event_types: tuple[str, ...] | None, shape: RowShape
) -> sa.Select[Any]:
    """The newest events of whoever is called `name`, up to a moment.

    What is picked among the rows is picked among those that are looked at: behind them may be any
    number.
    """
    c = events.c
    moment = sa.tuple_(
        sa.bindparam("at", type_=sa.Double), sa.bindparam("number", type_=sa.BigInteger)
    )
    newest = (
        sa.select(c.seq, *shape.columns)
        .where((c.user if holder == "user" else c.session) == sa.bindparam("name"))
        .where(sa.tuple_(c.at, c.seq) <= moment)
        .order_by(c.at.desc(), c.seq.desc())
    )
    limit = sa.bindparam("most", type_=sa.BigInteger)
    if holder != "anonymous" and event_types is None:
        return newest.limit(limit)
    rows = newest.limit(sa.bindparam("looked_at", type_=sa.BigInteger)).subquery()
    newest_rows = sa.select(rows).order_by(rows.c.at.desc(), rows.c.seq.desc()).limit(limit)
    if holder == "anonymous":
        newest_rows = newest_rows.where(rows.c.user.is_(None))
    if event_types is not None:
        newest_rows = newest_rows.where(
            sa.or_(sa.false(), *(rows.c.kind == name for name in event_types))
        )
    return newest_rows


_NEWEST_SESSIONS_OF_USER = (
    sa.select(events.c.user, events.c.session)
    .where(
        events.c.kind == IDENTIFY_EVENT,
        events.c.session.is_not(None),
        events.c.user == sa.bindparam("user"),
    )
    .order_by(events.c.seq.desc())
    .limit(MAX_SESSIONS)
)
