"""In: people, by their user or session. Out: what each of them did.

A part of `SqlStore`, which has the connection.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from foretaste.behaviour import schema
from foretaste.behaviour.engine import store_errors
from foretaste.behaviour.identity import IdentityRows
from foretaste.behaviour.schema import events
from foretaste.domain.data import Event
from foretaste.domain.store import EventColumns

IDS_PER_QUERY = 500
"""Ids asked for at once."""
NO_ROW_LIMIT = 2**31 - 1  # rows of a select without a limit


class HistoryRows(IdentityRows):
    """The events of one person, or of some."""

    def history(self, user: str | None, session: str | None, n: int | None = None) -> list[Event]:
        """One person's events in time order: the user's, and those of the session; of more than n
        the newest n.

        A session on which a user was identified is that user, on every device. Of the session of a
        known user, events of other users are left out: a device may be shared.
        """
        row_limit = NO_ROW_LIMIT if n is None else n
        if user is None and session is not None:
            user = self.user_of_session(session)
        if user is None:
            if session is None:
                return []
            rows = self._raw_select(_SESSION_EVENTS, session=session, most=row_limit)
            return [schema.event_from_row(row) for _, *row in reversed(rows)]
        sessions = self.sessions_of_user(user) | ({session} if session is not None else set())
        if not sessions:
            rows = self._raw_select(_USER_EVENTS, user=user, most=row_limit)
            return [schema.event_from_row(row) for _, *row in reversed(rows)]
        c = events.c
        owner_condition = sa.or_(c.user == user, sa.and_(c.user.is_(None), c.session.in_(sessions)))
        owners = self.owners(sessions)
        user_events = []
        for number, *row in reversed(
            self._fetch_all(_EVENTS_NEWEST_FIRST.where(owner_condition).limit(row_limit))
        ):
            event = schema.event_from_row(row)
            owner = event.user or owners.owner_of(event.session, number)[0]
            if owner == user or (owner is None and event.session == session):
                user_events.append(event)
        return user_events

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

    def user_event_columns(
        self, user_keys: Sequence[tuple[str | None, str | None]]
    ) -> Iterator[tuple[int, EventColumns]]:
        """(number, columns) of all that these people did, in no order. A person is a user, or a
        session, whoever was in it; columns are as in `event_columns`. What a user did before they
        were identified has the number where that was said: it is part of their past from there on.
        """
        c = events.c
        for key_part, column in enumerate((c.user, c.session)):
            key_values = sorted(
                {
                    user_key[key_part] or ""
                    for user_key in user_keys
                    if user_key[key_part] is not None
                }
            )
            key_columns = (c.user, sa.null()) if key_part == 0 else (sa.null(), c.session)
            query = sa.select(c.seq, *key_columns, c.item, c.kind, c.value, c.at, c.text, c.query)
            for start in range(0, len(key_values), IDS_PER_QUERY):
                for number, *row in self._fetch_all(
                    query.where(column.in_(key_values[start : start + IDS_PER_QUERY]))
                ):
                    yield number, tuple(row)
        yield from self._events_before_identified(
            {user for user, _ in user_keys if user is not None}
        )

    def _events_before_identified(self, users: set[str]) -> Iterator[tuple[int, EventColumns]]:
        """(since which number, columns) of what these users did on sessions they are known on."""
        c = events.c
        sessions = sorted(self.sessions_of(users))
        query = sa.select(c.seq, c.session, c.item, c.kind, c.value, c.at, c.text, c.query)
        for start in range(0, len(sessions), IDS_PER_QUERY):
            chunk = sessions[start : start + IDS_PER_QUERY]
            owners = self.owners(chunk)
            anonymous_query = query.where(c.user.is_(None), c.session.in_(chunk)).order_by(c.seq)
            for number, session, *row in self._fetch_all(anonymous_query):
                owner, since = owners.owner_of(session, number)
                if owner in users:
                    yield since, (owner, None, *row)

    def _fetch_all(self, query: sa.Select[Any]) -> list[Any]:
        with store_errors(self.url), self._engine.connect() as connection:
            cursor = connection.execute(query).cursor
            assert cursor is not None  # a select has one
            # The driver's own tuples: half the time of SQLAlchemy's rows, nothing lost
            return list(cursor.fetchall())


_EVENTS_NEWEST_FIRST = sa.select(events.c.seq, *schema.EVENT_COLUMNS).order_by(
    events.c.at.desc(), events.c.seq.desc()
)
_ROW_LIMIT = sa.bindparam("most", type_=sa.BigInteger)
_USER_EVENTS = _EVENTS_NEWEST_FIRST.where(events.c.user == sa.bindparam("user")).limit(_ROW_LIMIT)
_SESSION_EVENTS = _EVENTS_NEWEST_FIRST.where(events.c.session == sa.bindparam("session")).limit(
    _ROW_LIMIT
)
