"""In: spans of time, ids, words. Out: counts and rows for whoever runs the shop, never too many.

Every read looks at no more than so many rows, whatever the store holds: a page of the console may
be late, a list may not.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

import sqlalchemy as sa

from foretaste.behaviour import schema
from foretaste.behaviour.engine import store_errors
from foretaste.behaviour.recommendations import recommendation_from_row
from foretaste.behaviour.schema import (
    consents,
    events,
    items,
    meta,
    metadata,
    recommendations,
    users,
)
from foretaste.domain.data import Item, LoggedRecommendation

MAX_DAY_EVENTS = 50_000
"""Events of a day that are looked at."""
MAX_ITEM_EVENTS = 50_000
"""Events of an item that are counted by their types."""
MAX_RECENT_EVENTS = 2_000
"""The newest events, among which people are looked for."""
SHOWN_STATES = ("all", "shown", "hidden", "upcoming", "ended")
"""Of items: any; on offer; hidden by hand; not on offer yet; not any more."""


class AttributedEvent(NamedTuple):
    """What somebody did with an item of a list."""

    recommendation_id: str
    kind: str
    item: str | None
    value: float | None
    at: float
    user: str | None
    session: str | None


@dataclass(frozen=True, slots=True)
class DayHealth:
    """The events of a day, and what is wrong with them."""

    start: float
    """Seconds since 1970; a day begins at midnight UTC."""
    events: int
    """At most `MAX_DAY_EVENTS`, as are those below."""
    without_item: int
    """Searches, and events that name no item."""
    unknown_item: int
    """They name an item that is not in the catalogue."""
    nobody: int
    """They name neither a user nor a session."""
    attributed: int
    """They name the list that they came from."""


class OperatorReads:
    """Bounded reads of a SQL database. Safe to share between threads."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    # What was shown, and what came of it ------------------------------------------------------

    def answers_between(self, since: float, until: float, n: int) -> list[LoggedRecommendation]:
        """The newest n answers given in since <= at < until, newest first."""
        c = recommendations.c
        query = (
            sa.select(recommendations)
            .where(c.at >= since, c.at < until)
            .order_by(c.at.desc())
            .limit(n)
        )
        return [recommendation_from_row(row) for row in self._rows(query)]

    def attributed_events(self, since: float, until: float, n: int) -> list[AttributedEvent]:
        """Those of the newest n events in since <= at < until that name a list."""
        c = events.c
        newest = (
            sa.select(c.recommendation_id, c.kind, c.item, c.value, c.at, c.user, c.session)
            .where(c.at >= since, c.at < until)
            .order_by(c.at.desc())
            .limit(n)
            .subquery()
        )
        query = sa.select(newest).where(newest.c.recommendation_id.is_not(None))
        return [AttributedEvent(*row) for row in self._rows(query)]

    def oldest_of_newest(self, since: float, until: float, n: int) -> float | None:
        """The time of the nth newest event of the span; None where there are fewer."""
        c = events.c
        query = (
            sa.select(c.at)
            .where(c.at >= since, c.at < until)
            .order_by(c.at.desc())
            .limit(1)
            .offset(n)
        )
        rows = self._rows(query)
        return float(rows[0][0]) if rows else None

    def newest_event_time(self) -> float | None:
        """Seconds since 1970; None in an empty store."""
        rows = self._rows(sa.select(sa.func.max(events.c.at)))
        return None if rows[0][0] is None else float(rows[0][0])

    def day_health(self, starts: Sequence[float], seconds: float) -> list[DayHealth]:
        """A row a day, each of at most `MAX_DAY_EVENTS` events."""
        c = events.c
        days = []
        for start in starts:
            day = (
                sa.select(c.item, c.user, c.session, c.recommendation_id)
                .where(c.at >= start, c.at < start + seconds)
                .limit(MAX_DAY_EVENTS)
                .subquery()
            )
            query = sa.select(
                sa.func.count(),
                _count(day.c.item.is_(None)),
                _count(sa.and_(day.c.item.is_not(None), items.c.id.is_(None))),
                _count(sa.and_(day.c.user.is_(None), day.c.session.is_(None))),
                _count(day.c.recommendation_id.is_not(None)),
            ).select_from(day.outerjoin(items, items.c.id == day.c.item))
            (counts,) = self._rows(query)
            days.append(DayHealth(start, *(int(count or 0) for count in counts)))
        return days

    # Items ------------------------------------------------------------------------------------

    def find_items(
        self, text: str, state: str, now: float, *, after_id: str = "", n: int = 50
    ) -> list[Item]:
        """The next n items in order of their ids whose id or title contains the text."""
        c = items.c
        query = sa.select(*schema.ITEM_COLUMNS).where(c.id > after_id).order_by(c.id).limit(n)
        if text:
            pattern = f"%{_escaped(text.lower())}%"
            query = query.where(
                sa.or_(
                    sa.func.lower(c.title).like(pattern, escape="\\"),
                    sa.func.lower(c.id).like(pattern, escape="\\"),
                )
            )
        for condition in _state_conditions(state, now):
            query = query.where(condition)
        return [schema.item_from_row(row) for row in self._rows(query)]

    def item_event_counts(self, item_id: str) -> dict[str, int]:
        """Event type → how many of at most `MAX_ITEM_EVENTS` events of an item."""
        c = events.c
        kinds = sa.select(c.kind).where(c.item == item_id).limit(MAX_ITEM_EVENTS).subquery()
        query = sa.select(kinds.c.kind, sa.func.count()).group_by(kinds.c.kind)
        return {kind: int(count) for kind, count in self._rows(query)}

    def newest_item_events(self, item_id: str, n: int) -> list[AttributedEvent]:
        """The newest n events of an item, the newest first; one that names no list has "" there."""
        c = events.c
        columns = (c.recommendation_id, c.kind, c.item, c.value, c.at, c.user, c.session)
        query = sa.select(*columns).where(c.item == item_id).order_by(c.seq.desc()).limit(n)
        return [AttributedEvent(row[0] or "", *row[1:]) for row in self._rows(query)]

    # People -----------------------------------------------------------------------------------

    def find_people(self, prefix: str, n: int) -> list[str]:
        """At most n users whose id begins so, in order: of those with events or attributes."""
        c = events.c
        own_ids = sa.select(users.c.id).where(self._begins(users.c.id, prefix))
        user_ids = {user for (user,) in self._rows(own_ids.order_by(users.c.id).limit(n))}
        with self._connection() as connection:
            last: str | None = None
            for _ in range(n):  # a step along the index each, however many events they have
                query = sa.select(sa.func.min(c.user)).where(self._begins(c.user, prefix))
                if last is not None:
                    query = query.where(c.user > last)
                last = connection.scalar(query)
                if last is None:
                    break
                user_ids.add(last)
        return sorted(user_ids)[:n]

    def newest_answers_to(self, user: str, n: int) -> list[LoggedRecommendation]:
        """The newest n answers given to a user, the newest first."""
        c = recommendations.c
        query = sa.select(recommendations).where(c.owner == user).order_by(c.at.desc()).limit(n)
        return [recommendation_from_row(row) for row in self._rows(query)]

    def recent_people(self, n: int) -> list[tuple[str, float]]:
        """(user, time of the newest event) of those who did something last, the newest first."""
        c = events.c
        newest = sa.select(c.user, c.at).order_by(c.seq.desc()).limit(MAX_RECENT_EVENTS).subquery()
        latest = sa.func.max(newest.c.at)
        query = (
            sa.select(newest.c.user, latest)
            .where(newest.c.user.is_not(None))
            .group_by(newest.c.user)
            .order_by(latest.desc(), newest.c.user)
            .limit(n)
        )
        return [(user, float(at)) for user, at in self._rows(query)]

    def row_counts(self) -> dict[str, int]:
        """How many rows each table has, by its name."""
        return {
            table.name: int(self._rows(sa.select(sa.func.count()).select_from(table))[0][0])
            for table in metadata.sorted_tables
        }

    def event_type_counts(self) -> dict[str, int]:
        """How many events there are of each type that there are any of, by its name."""
        query = sa.select(events.c.kind, sa.func.count()).group_by(events.c.kind)
        return {row[0]: int(row[1]) for row in self._rows(query.order_by(events.c.kind))}

    def consent_counts(self) -> dict[tuple[str, bool], int]:
        """(purpose, whether it is allowed) → how many people and visits said so."""
        c = consents.c
        query = sa.select(c.purpose, c.allowed, sa.func.count()).group_by(c.purpose, c.allowed)
        return {(row[0], bool(row[1])): int(row[2]) for row in self._rows(query)}

    def fact_names(self) -> list[str]:
        """The names of what `meta` keeps."""
        return [row[0] for row in self._rows(sa.select(meta.c.name).order_by(meta.c.name))]

    def _begins(self, column: sa.Column[Any], prefix: str) -> sa.ColumnElement[bool]:
        """From an index as far as the order of the database's texts allows."""
        if not prefix:
            return column.is_not(None)
        condition = (column >= prefix) & (sa.func.substr(column, 1, len(prefix)) == prefix)
        if self._engine.dialect.name == "sqlite":  # it orders texts by their characters
            condition &= column < prefix + "\U0010ffff"
        return condition

    @contextmanager
    def _connection(self) -> Iterator[sa.Connection]:
        with store_errors(self._engine.url), self._engine.connect() as connection:
            yield connection

    def _rows(self, query: sa.Select[Any]) -> Sequence[Any]:
        with self._connection() as connection:
            return connection.execute(query).all()


def _count(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[Any]:
    return sa.func.sum(sa.case((condition, 1), else_=0))


def _escaped(text: str) -> str:
    """Without the meaning that LIKE gives to its signs."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _state_conditions(state: str, now: float) -> list[sa.ColumnElement[bool]]:
    c = items.c
    is_hidden = c.hidden.is_(sa.true())
    is_upcoming = sa.and_(c.available_from.is_not(None), c.available_from > now)
    is_ended = sa.and_(c.available_until.is_not(None), c.available_until <= now)
    conditions: dict[str, list[sa.ColumnElement[bool]]] = {
        "hidden": [is_hidden],
        "upcoming": [is_upcoming],
        "ended": [is_ended],
        "shown": [
            c.hidden.is_(sa.false()),
            sa.or_(c.available_from.is_(None), c.available_from <= now),
            sa.or_(c.available_until.is_(None), c.available_until > now),
        ],
    }
    return conditions.get(state, [])
