"""In: ids of items, users, events. Out: pages of them, and each changed or deleted in one step.

A part of `SqlStore`, which has the connection. A deleted item leaves its id and a revision behind,
and nothing else: readers that go on from a revision must meet the deletion, and an event that was
under way must not bring the item back.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from foretaste.behaviour import schema
from foretaste.behaviour.engine import errors, writing
from foretaste.behaviour.schema import events, gone, items, meta, users
from foretaste.domain.data import Event, Item, User

SOME = 500
"""Ids asked for at once."""
REVISION = "item_revision"
"""Under this name `meta` keeps the newest revision of an item."""


class ThingRows:
    """Items and users one by one, and events by what they name."""

    url: sa.URL
    _engine: sa.Engine
    _insert: Any

    def items_by_id(self, ids: Sequence[str]) -> dict[str, Item]:
        """Those of these items that are there, by their ids."""
        items_by_id: dict[str, Item] = {}
        for start in range(0, len(ids), SOME):
            wanted = items.c.id.in_(ids[start : start + SOME])
            for row in self._rows(sa.select(*schema.ITEM).where(wanted)):
                item = schema.item(row)
                items_by_id[item.id] = item
        return items_by_id

    def item_count(self) -> int:
        """How many items there are."""
        return int(self._rows(sa.select(sa.func.count()).select_from(items))[0][0])

    def items_page(self, after: str, n: int) -> list[Item]:
        """The next n items in order of their ids, from the first past `after`."""
        query = sa.select(*schema.ITEM).where(items.c.id > after).order_by(items.c.id).limit(n)
        return [schema.item(row) for row in self._rows(query)]

    def users_page(self, after: str, n: int) -> list[User]:
        """The next n users in order of their ids, from the first past `after`."""
        query = sa.select(users).where(users.c.id > after).order_by(users.c.id).limit(n)
        return [schema.user(row) for row in self._rows(query)]

    def events_page(
        self,
        after: int,
        n: int,
        *,
        kind: str | None = None,
        user: str | None = None,
        item: str | None = None,
    ) -> list[tuple[int, Event]]:
        """(number, event) of the next n that users did with items, from the first past `after`."""
        c = events.c
        query = sa.select(c.seq, *schema.EVENT).where(c.seq > after)
        query = query.where(c.user.is_not(None), c.item.is_not(None))
        for column, wanted in ((c.kind, kind), (c.user, user), (c.item, item)):
            if wanted is not None:
                query = query.where(column == wanted)
        rows = self._rows(query.order_by(c.seq).limit(n))
        return [(number, schema.event(row)) for number, *row in rows]

    def newest_items(self, now: float, n: int) -> list[Item]:
        """The n that came on offer last, the newest first; those without a time never did."""
        c = items.c
        query = sa.select(*schema.ITEM).where(c.available_from <= now, c.hidden.is_(sa.false()))
        query = query.where(sa.or_(c.available_until.is_(None), c.available_until > now))
        rows = self._rows(query.order_by(c.available_from.desc(), c.id).limit(n))
        return [schema.item(row) for row in rows]

    def change_item(self, item_id: str, change: Callable[[Item], Item]) -> Item | None:
        """What `change` makes of an item, in its place, in one step; None if it is not there.

        Whoever else writes waits; what the change raises leaves the item as it was.
        """
        query = sa.select(*schema.ITEM).where(items.c.id == item_id)
        with errors(self.url), writing(self._engine) as connection:
            found = connection.execute(query).first()
            if found is None:
                return None
            before = schema.item(found)
            after = change(before)
            if after != before:
                row = schema.item_row(after) | {"revision": self._revise(connection, 1)}
                connection.execute(sa.update(items).where(items.c.id == item_id).values(row))
            return after

    def change_user(self, user_id: str, change: Callable[[User], User]) -> User | None:
        """What `change` makes of a user, in their place; None if nothing was put of them."""
        query = sa.select(users).where(users.c.id == user_id)
        with errors(self.url), writing(self._engine) as connection:
            found = connection.execute(query).first()
            if found is None:
                return None
            after = change(schema.user(found))
            row = schema.user_row(after)
            connection.execute(sa.update(users).where(users.c.id == user_id).values(row))
            return after

    def delete_items(self, ids: Sequence[str]) -> int:
        """Take items out of the catalogue. → how many were in it. Their events stay."""
        with errors(self.url), writing(self._engine) as connection:
            there: list[str] = []
            for start in range(0, len(ids), SOME):
                these = items.c.id.in_(ids[start : start + SOME])
                there += connection.scalars(sa.select(items.c.id).where(these))
                connection.execute(sa.delete(items).where(these))
            if there:
                first = self._revise(connection, len(there))
                rows = [{"id": one, "revision": number} for number, one in enumerate(there, first)]
                connection.execute(self._insert(gone), rows)
            return len(there)

    def gone(self, after: int = 0) -> Iterator[tuple[int, str]]:
        """(revision, id) of the items that were deleted past revision `after`, in that order."""
        query = sa.select(gone.c.revision, gone.c.id).where(gone.c.revision > after)
        yield from self._rows(query.order_by(gone.c.revision))

    def ever(self, ids: Collection[str]) -> set[str]:
        """Those of these items that are there, or were and have been deleted."""
        ordered = sorted(ids)
        found: set[str] = set()
        for start in range(0, len(ordered), SOME):
            some = ordered[start : start + SOME]
            there = sa.select(items.c.id).where(items.c.id.in_(some))
            once = sa.select(gone.c.id).where(gone.c.id.in_(some))
            found.update(row[0] for row in self._rows(sa.union(there, once)))
        return found

    def _back(self, connection: sa.Connection, ids: Sequence[str]) -> None:
        """Items that are put again are no longer gone."""
        for start in range(0, len(ids), SOME):
            these = gone.c.id.in_(ids[start : start + SOME])
            connection.execute(sa.delete(gone).where(these))

    def _revise(self, connection: sa.Connection, n: int) -> int:
        """Take the next n revisions. → the first of them."""
        kept = sa.select(meta.c.text).where(meta.c.name == REVISION)
        last = int(connection.scalar(kept) or 0)
        insert = self._insert(meta).values(name=REVISION, text=str(last + n))
        newer = {"text": insert.excluded.text}
        connection.execute(insert.on_conflict_do_update(index_elements=["name"], set_=newer))
        return last + 1

    def _rows(self, query: sa.Select[Any] | sa.CompoundSelect[Any]) -> Sequence[Any]:
        with errors(self.url), self._engine.connect() as connection:
            return connection.execute(query).all()
