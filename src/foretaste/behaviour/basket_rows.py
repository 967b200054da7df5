"""In: items. Out: what people took together with them, from the log as it is now.

A part of `SqlStore`, which has the connection. Together is: in one order, where the context of an
event names one; else in one session; else by one user within a short time. An index leads from an
item to its newest events, and from those to what their people did, so the log is not read through.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any, Literal

import sqlalchemy as sa

from foretaste.behaviour.returned_events import ReturnedEvents
from foretaste.behaviour.schema import events
from foretaste.domain.consent import Purpose, RefusalSource
from foretaste.domain.shop_store import BasketRow

ORDER_KEYS = ("order_id", "order", "orderId", "transaction_id", "basket_id", "cart_id")
"""What the context of an event calls its order."""
MAX_NEAR_ITEMS, MAX_ROWS_LOOKED_AT = 25, 300
"""Before and after an item, how many of the nearest in time are together with it, and how many
events are looked at for them: of a basket of hundreds each says little of the others."""
FOR_EVER = 1e15
"""Seconds."""
_COLUMNS = (
    events.c.item,
    events.c.user,
    events.c.session,
    events.c.at,
    events.c.context,
    events.c.seq,
)
Person = tuple[str | None, str | None]
"""(user, session)"""
_Row = tuple[str, str | None, str | None, float, str | None, int]
"""(item, user, session, at, context, number)"""


class BasketRows(ReturnedEvents):
    """What is taken together."""

    _fetch_all: Callable[[sa.Select[Any]], list[Any]]
    consent_refusals: Callable[[Purpose, Sequence[Person]], dict[int, RefusalSource]]

    def baskets_with(
        self, items: Sequence[str], event_types: Sequence[str], window: float, max_events: int
    ) -> list[BasketRow]:
        """What was taken in one order, session or short time with these items, and kept."""
        c = events.c
        seeds_query = (
            sa.select(*_COLUMNS)
            .where(c.item.in_(list(items)), c.kind.in_(list(event_types)))
            .order_by(c.seq.desc())
            .limit(max_events)
        )
        seed_rows: list[_Row] = [tuple(row) for row in self._fetch_all(seeds_query)]
        people: list[Person] = [(row[1], row[2]) for row in seed_rows]
        refusals = self.consent_refusals("train", people)
        returned = self.returned_numbers({(row[1], row[2]) for row in seed_rows})
        seed_rows = [
            row
            for index, row in enumerate(seed_rows)
            if index not in refusals and row[-1] not in returned
        ]
        if not seed_rows:
            return []
        sessions = [(row[2], row[3]) for row in seed_rows if row[2] is not None]
        users = [(row[1], row[3]) for row in seed_rows if row[2] is None and row[1] is not None]
        by_session, by_user = defaultdict[str, list[_Row]](list), defaultdict[str, list[_Row]](list)
        for row in self._rows_near("session", sessions, event_types, FOR_EVER):
            if row[-1] not in returned:
                by_session[row[2] or ""].append(row)
        for row in self._rows_near("user", users, event_types, window):
            if row[-1] not in returned:
                by_user[row[1] or ""].append(row)
        rows = set[BasketRow]()
        for seed_row in seed_rows:
            seed, user, session, *_ = seed_row
            person = f"s{session}" if user is None else f"u{user}"
            others = by_user[user or ""] if session is None else by_session[session]
            for other in others:
                if other[0] != seed and _is_together(
                    seed_row, other, window if session is None else None
                ):
                    rows.add(BasketRow(seed, other[0], person))
        return sorted(rows)

    def _rows_near(
        self,
        holder: Literal["user", "session"],
        moments: Sequence[tuple[str, float]],
        event_types: Sequence[str],
        seconds: float,
    ) -> Iterator[_Row]:
        """What these users or sessions took just before and after these moments."""
        for after in (False, True):
            select = _rows_near_select(holder, tuple(event_types), after=after)
            values = [
                {"name": name, "at": at, "end": at + seconds if after else at - seconds}
                for name, at in dict.fromkeys(moments)
            ]
            for row in self._raw_select.for_each(select, values):
                yield tuple(row)


@lru_cache(maxsize=64)
def _rows_near_select(
    holder: Literal["user", "session"], event_types: tuple[str, ...], *, after: bool
) -> sa.Select[Any]:
    """The events of `name` from `at` to `end` that take an item, the nearest in time first."""
    c = events.c
    at, end = (sa.bindparam(name, type_=sa.Double) for name in ("at", "end"))
    near = (
        sa.select(*_COLUMNS, c.kind)
        .where((c.user if holder == "user" else c.session) == sa.bindparam("name"))
        .where(c.at >= at if after else c.at < at, c.at <= end if after else c.at >= end)
        .order_by(c.at if after else c.at.desc(), c.seq if after else c.seq.desc())
        .limit(MAX_ROWS_LOOKED_AT)
        .subquery()
    )
    own = near.c
    return (
        sa.select(own.item, own.user, own.session, own.at, own.context, own.seq)
        .where(sa.or_(sa.false(), *(own.kind == name for name in event_types)))
        .where(own.item.is_not(None))
        .order_by(own.at if after else own.at.desc(), own.seq if after else own.seq.desc())
        .limit(MAX_NEAR_ITEMS)
    )


def _is_together(row: _Row, other: _Row, window: float | None) -> bool:
    """Whether two events of one session or user are of one order. window: None within a session."""
    order, other_order = _order_of(row), _order_of(other)
    if order is not None or other_order is not None:
        return order == other_order
    if row[1] is not None and other[1] is not None and row[1] != other[1]:
        return False  # a device may be shared
    return window is None or abs(row[3] - other[3]) <= window


def _order_of(row: _Row) -> str | None:
    context = row[4]
    if not context or "{" not in context:
        return None
    values = json.loads(context)
    return next((str(values[key]) for key in ORDER_KEYS if values.get(key) is not None), None)
