"""In: a user. Out: all that is kept of them, for themselves; or nothing of it any more.

A part of `SqlStore`, which has the connection. What is a user's: their events, the anonymous events
of the sessions they were identified on (those that are theirs and not another's on a shared
device), the facts of identity, their attributes, what they changed about their lists, the answers
they were given, and the conversations with them.
"""

from collections.abc import Collection, Iterable
from typing import Any

import sqlalchemy as sa

from foretaste.behaviour.conversations import conversation
from foretaste.behaviour.engine import errors, writing
from foretaste.behaviour.preferences import SteeringRows, held
from foretaste.behaviour.recommendations import ServedRows, served
from foretaste.behaviour.schema import (
    conversations,
    events,
    meta,
    recommendations,
    steering,
    users,
)
from foretaste.domain.data import Erased, Served
from foretaste.domain.preference import Conversation

SOME = 500
"""Numbers or names in one statement."""
ERASURES = "erasures"
"""Under this name `meta` keeps how many erasures there have been."""


class ErasureRows(ServedRows, SteeringRows):
    """What is kept of one person."""

    def erase(self, user: str) -> Erased:
        """Delete all that is kept of a user, in one transaction. → how much that was.

        Numbers of events are never given again, so a reader that goes on from one misses nothing.
        """
        with errors(self.url), writing(self._engine) as connection:
            # Read within the writer's lock: nobody is identified meanwhile
            sessions = self.sessions_of({user})
            mine, holders = self._anonymous(user, sessions), self._holders(user, None)
            count = sum(
                connection.execute(sa.delete(events).where(events.c.seq.in_(some))).rowcount
                for some in _some(mine)
            )
            count += connection.execute(sa.delete(events).where(events.c.user == user)).rowcount
            found = Erased(
                events=count,
                sessions=len(sessions),
                recommendations=self._forget(connection, user, sessions),
                attributes=connection.execute(sa.delete(users).where(users.c.id == user)).rowcount,
                changes=connection.execute(sa.delete(steering).where(held(holders))).rowcount,
                conversations=self._hush(connection, user, sessions),
            )
            if found.anything:
                self._count(connection)
        if self._engine.dialect.name == "sqlite":
            with errors(self.url), self._engine.connect() as connection:
                # What was overwritten in the file must not live on in its log
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").all()
        return found

    def delete_events(self, user: str, item: str, kind: str | None = None) -> int:
        """Take back what a user did with an item, of one kind or of all. → how many events."""
        c = events.c
        these = sa.delete(events).where(c.user == user, c.item == item)
        if kind is not None:
            these = these.where(c.kind == kind)
        with errors(self.url), writing(self._engine) as connection:
            count = connection.execute(these).rowcount
            if count:  # models are to count anew without them
                self._count(connection)
            return count

    def erasures(self) -> int:
        """How many erasures there have been, of people and of single events."""
        with errors(self.url), self._engine.connect() as connection:
            return int(connection.scalar(_erasures()) or 0)

    def served_to(self, user: str) -> list[Served]:
        """The answers that were given to a user and are kept, oldest first."""
        r = recommendations
        sessions = self.sessions_of({user})
        found: dict[str, Any] = {}
        with errors(self.url), self._engine.connect() as connection:
            for mine in (r.c.user == user, *_anonymous_answers(sessions)):
                for row in connection.execute(sa.select(r).where(mine)):
                    found[row.id] = row
        return sorted(map(served, found.values()), key=lambda one: (one.at, one.id))

    def _anonymous(self, user: str, sessions: Collection[str]) -> list[int]:
        """Numbers of the events without a user that are this user's."""
        c, owners = events.c, self.owners(sessions)
        mine = []
        with errors(self.url), self._engine.connect() as connection:
            for some in _some(sessions):
                query = sa.select(c.seq, c.session).where(c.user.is_(None), c.session.in_(some))
                for number, session in connection.execute(query):
                    if owners.of(session, number)[0] == user:
                        mine.append(number)
        return mine

    def _forget(self, connection: sa.Connection, user: str, sessions: Collection[str]) -> int:
        """Delete the answers to a user. On a shared device those to nobody known go as well:
        they have no number in the log by which they could be told apart.
        """
        these = (recommendations.c.user == user, *_anonymous_answers(sessions))
        return sum(
            connection.execute(sa.delete(recommendations).where(one)).rowcount for one in these
        )

    def _hush(self, connection: sa.Connection, user: str, sessions: Collection[str]) -> int:
        """Delete the conversations with a user, as the answers to them."""
        these = (conversations.c.user == user, *_anonymous_talks(sessions))
        return sum(
            connection.execute(sa.delete(conversations).where(one)).rowcount for one in these
        )

    def conversations_with(self, user: str) -> list[Conversation]:
        """The conversations with a user that are kept, oldest first."""
        found: dict[str, Any] = {}
        with errors(self.url), self._engine.connect() as connection:
            these = (conversations.c.user == user, *_anonymous_talks(self.sessions_of({user})))
            for mine in these:
                for row in connection.execute(sa.select(conversations).where(mine)):
                    found[row.id] = row
        return sorted(map(conversation, found.values()), key=lambda one: (one.at, one.id))

    def _count(self, connection: sa.Connection) -> None:
        text = str(int(connection.scalar(_erasures()) or 0) + 1)
        insert = self._insert(meta).values(name=ERASURES, text=text)
        newer = {"text": insert.excluded.text}
        connection.execute(insert.on_conflict_do_update(index_elements=["name"], set_=newer))


def _erasures() -> sa.Select[tuple[str]]:
    return sa.select(meta.c.text).where(meta.c.name == ERASURES)


def _anonymous_answers(sessions: Collection[str]) -> Iterable[sa.ColumnElement[bool]]:
    c = recommendations.c
    return [sa.and_(c.user.is_(None), c.session.in_(some)) for some in _some(sessions)]


def _anonymous_talks(sessions: Collection[str]) -> Iterable[sa.ColumnElement[bool]]:
    c = conversations.c
    return [sa.and_(c.user.is_(None), c.session.in_(some)) for some in _some(sessions)]


def _some(values: Collection[Any]) -> Iterable[list[Any]]:
    ordered = sorted(values)
    return [ordered[start : start + SOME] for start in range(0, len(ordered), SOME)]
