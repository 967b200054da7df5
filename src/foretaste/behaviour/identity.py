"""In: who signed in on which session, and when. Out: whose an anonymous event is.

That a session is a user is a fact in the log, an event of the type `identify` with both names. No
event is rewritten: an anonymous event belongs to the last who had been identified on its session
when it was accepted; what came before the first of them belongs to the first. So a visitor keeps
what they did before they signed in, and on a shared device each has what came after they did.

Answers and conversations are rows that say their owner; one without an owner is of a time when
nobody was known on its session, so it is the first's who was identified there.
"""

import uuid
from bisect import bisect_left
from collections.abc import Collection, Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from foretaste.behaviour import schema
from foretaste.behaviour.checks import check_ids
from foretaste.behaviour.engine import store_errors, write_transaction
from foretaste.behaviour.raw_select import RawSelect
from foretaste.behaviour.schema import events
from foretaste.behaviour.transactions import read_connection
from foretaste.domain.data import IDENTIFY_EVENT, Event
from foretaste.domain.store import StoreListener

IDS_PER_QUERY = 500
"""Names asked for at once."""

Identification = tuple[str, int, str]
"""(session, number in the log, user)"""


class SessionOwners:
    """Whose the anonymous events of some sessions are."""

    def __init__(self, identifications: Iterable[Identification]) -> None:
        self._users_by_session: dict[str, list[tuple[int, str]]] = {}
        for session, number, user in sorted(identifications):
            self._users_by_session.setdefault(session, []).append((number, user))

    def __bool__(self) -> bool:
        return bool(self._users_by_session)

    @property
    def users(self) -> frozenset[str]:
        """All who were identified on these sessions."""
        return frozenset(
            user for numbered in self._users_by_session.values() for _, user in numbered
        )

    def owner_of(self, session: str | None, number: int) -> tuple[str | None, int]:
        """(the owner of an anonymous event, None while nobody is known; since which number)."""
        numbered_users = self._users_by_session.get(session or "", ())
        if session is None or not numbered_users:
            return None, number
        earlier_count = bisect_left(numbered_users, (number, ""))
        if earlier_count:
            return numbered_users[earlier_count - 1][1], number
        return numbered_users[0][1], numbered_users[0][0]

    def owner_when_accepted(self, session: str | None, number: int) -> str | None:
        """The owner as it was known when the event was accepted."""
        owner, since = self.owner_of(session, number)
        return owner if since <= number else None


class IdentityRows:
    """The facts in the log. A part of `SqlStore`, which has the connection."""

    url: sa.URL
    _engine: sa.Engine
    _raw_select: RawSelect
    listener: StoreListener | None

    def identify(self, session: str, user: str, at: float) -> bool:
        """From now on a session is a user's, and so is what it did while nobody was known.

        → whether that is new; once more changes nothing. Raises InputError for an id too long.
        """
        check_ids(session=session, user=user)
        with store_errors(self.url), write_transaction(self._engine) as connection:
            if connection.scalar(_OWNER_OF_SESSION, {"session": session}) == user:
                return False
            event = Event(
                f"identify-{uuid.uuid4().hex}", IDENTIFY_EVENT, at, user=user, session=session
            )
            connection.execute(sa.insert(events).values(schema.event_row(event)))
        if self.listener is not None:
            self.listener.events_added([event])
        return True

    def user_of_session(self, session: str) -> str | None:
        """The user of a session now; None while nobody was identified on it."""
        rows = self._raw_select(_OWNER_OF_SESSION, session=session)
        return rows[0][0] if rows else None

    def first_user_of_session(self, session: str) -> str | None:
        """Whose it is what was asked and said on a session while nobody was known on it."""
        return self.owners({session}).owner_of(session, 0)[0]

    def sessions_first_of(self, user: str) -> list[str]:
        """The sessions on which this user was the first: what is without an owner is theirs."""
        sessions = sorted(self.sessions_of_user(user))
        owners = self.owners(sessions) if sessions else SessionOwners([])
        return [session for session in sessions if owners.owner_of(session, 0)[0] == user]

    def owners(
        self, sessions: Collection[str] | None = None, until: int | None = None
    ) -> SessionOwners:
        """Whose events of these sessions, or of all, are, as known at event number `until`."""
        c = events.c
        query = sa.select(c.session, c.seq, c.user).where(c.kind == IDENTIFY_EVENT)
        if until is not None:
            query = query.where(c.seq <= until)
        query = query.where(c.session.is_not(None), c.user.is_not(None))
        if sessions is None or len(sessions) > 20 * IDS_PER_QUERY:
            return SessionOwners(self._identifications([query]))
        return SessionOwners(
            self._identifications(
                query.where(c.session.in_(chunk)) for chunk in _id_chunks(sessions)
            )
        )

    def sessions_of(self, users: Collection[str]) -> set[str]:
        """The sessions on which any of these users was ever identified."""
        c = events.c
        identifications = sa.select(c.session, c.seq, c.user).where(
            c.kind == IDENTIFY_EVENT, c.session.is_not(None)
        )
        queries = (identifications.where(c.user.in_(chunk)) for chunk in _id_chunks(users))
        return {session for session, _, _ in self._identifications(queries)}

    def sessions_of_user(self, user: str) -> set[str]:
        """The same of one user."""
        return {session for (session,) in self._raw_select(_SESSIONS_OF_USER, user=user)}

    def _identifications(self, queries: Iterable[sa.Select[Any]]) -> list[Identification]:
        with store_errors(self.url), read_connection(self._engine) as connection:
            return [
                (session, number, user)
                for query in queries
                for session, number, user in connection.execute(query)
            ]


def _id_chunks(names: Collection[str]) -> Iterable[Sequence[str]]:
    ordered = sorted(names)
    return (
        ordered[start : start + IDS_PER_QUERY] for start in range(0, len(ordered), IDS_PER_QUERY)
    )


_SESSIONS_OF_USER = sa.select(events.c.session).where(
    events.c.kind == IDENTIFY_EVENT,
    events.c.session.is_not(None),
    events.c.user == sa.bindparam("user"),
)
_OWNER_OF_SESSION = (
    sa.select(events.c.user)
    .where(
        events.c.kind == IDENTIFY_EVENT,
        events.c.session == sa.bindparam("session"),
        events.c.user.is_not(None),
    )
    .order_by(events.c.seq.desc())
    .limit(1)
)
