"""In: who signed in on which session, and when. Out: whose an anonymous event is.

That a session is a user is a fact in the log, an event of the kind `identify` with both names. No
event is rewritten: an anonymous event belongs to the last who had been identified on its session
when it was accepted; what came before the first of them belongs to the first. So a visitor keeps
what they did before they signed in, and on a shared device each has what came after they did.
"""

import uuid
from bisect import bisect_left
from collections.abc import Collection, Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from foretaste.behaviour import schema
from foretaste.behaviour.engine import errors, writing
from foretaste.behaviour.raw_select import Quick
from foretaste.behaviour.schema import events
from foretaste.domain.data import IDENTIFY, Event

SOME = 500
"""Names asked for at once."""

Fact = tuple[str, int, str]
"""(session, number in the log, user)"""


class Owners:
    """Whose the anonymous events of some sessions are."""

    def __init__(self, facts: Iterable[Fact]) -> None:
        self._facts: dict[str, list[tuple[int, str]]] = {}
        for session, number, user in sorted(facts):
            self._facts.setdefault(session, []).append((number, user))

    def __bool__(self) -> bool:
        return bool(self._facts)

    def of(self, session: str | None, number: int) -> tuple[str | None, int]:
        """(the owner of an anonymous event, None while nobody is known; since which number)."""
        facts = self._facts.get(session or "", ())
        if session is None or not facts:
            return None, number
        before = bisect_left(facts, (number, ""))
        if before:
            return facts[before - 1][1], number
        return facts[0][1], facts[0][0]

    def then(self, session: str | None, number: int) -> str | None:
        """The owner as it was known when the event was accepted."""
        owner, since = self.of(session, number)
        return owner if since <= number else None


class IdentityRows:
    """The facts in the log. A part of `SqlStore`, which has the connection."""

    url: sa.URL
    _engine: sa.Engine
    _quick: Quick

    def identify(self, session: str, user: str, at: float) -> bool:
        """From now on a session is a user's, and so is what it did while nobody was known.

        → whether that is new; once more changes nothing.
        """
        with errors(self.url), writing(self._engine) as connection:
            if connection.scalar(_OWNER, {"session": session}) == user:
                return False
            fact = Event(f"identify-{uuid.uuid4().hex}", IDENTIFY, at, user=user, session=session)
            connection.execute(sa.insert(events).values(schema.event_row(fact)))
            return True

    def identified(self, session: str) -> str | None:
        """Whose a session is now; None while nobody was identified on it."""
        found = self._quick(_OWNER, session=session)
        return found[0][0] if found else None

    def owners(self, sessions: Collection[str] | None = None, until: int | None = None) -> Owners:
        """Whose events of these sessions are, or of all; as was known at the number `until`."""
        c = events.c
        query = sa.select(c.session, c.seq, c.user).where(c.kind == IDENTIFY)
        if until is not None:
            query = query.where(c.seq <= until)
        query = query.where(c.session.is_not(None), c.user.is_not(None))
        if sessions is None or len(sessions) > 20 * SOME:
            return Owners(self._facts([query]))
        return Owners(self._facts(query.where(c.session.in_(some)) for some in _some(sessions)))

    def sessions_of(self, users: Collection[str]) -> set[str]:
        """The sessions on which any of these users was ever identified."""
        c = events.c
        facts = sa.select(c.session, c.seq, c.user).where(
            c.kind == IDENTIFY, c.session.is_not(None)
        )
        queries = (facts.where(c.user.in_(some)) for some in _some(users))
        return {session for session, _, _ in self._facts(queries)}

    def visits(self, user: str) -> set[str]:
        """The same of one user."""
        return {session for (session,) in self._quick(_VISITS, user=user)}

    def _facts(self, queries: Iterable[sa.Select[Any]]) -> list[Fact]:
        with errors(self.url), self._engine.connect() as connection:
            return [
                (session, number, user)
                for query in queries
                for session, number, user in connection.execute(query)
            ]


def _some(names: Collection[str]) -> Iterable[Sequence[str]]:
    ordered = sorted(names)
    return (ordered[start : start + SOME] for start in range(0, len(ordered), SOME))


_VISITS = sa.select(events.c.session).where(
    events.c.kind == IDENTIFY, events.c.session.is_not(None), events.c.user == sa.bindparam("user")
)
_OWNER = (
    sa.select(events.c.user)
    .where(
        events.c.kind == IDENTIFY,
        events.c.session == sa.bindparam("session"),
        events.c.user.is_not(None),
    )
    .order_by(events.c.seq.desc())
    .limit(1)
)
