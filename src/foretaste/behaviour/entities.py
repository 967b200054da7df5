"""In: ids of items, users, events. Out: pages of them, and each changed or deleted in one step.

A part of `SqlStore`, which has the connection. A deleted item leaves its id and a revision behind,
and nothing else: readers that go on from a revision must meet the deletion, and an event that was
under way must not bring the item back.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from foretaste.behaviour import schema
from foretaste.behaviour.engine import store_errors, write_transaction
from foretaste.behaviour.schema import deleted_items, events, item_columns, items, meta, users
from foretaste.behaviour.variant_ids import first_of_groups
from foretaste.domain.data import Event, Item, User
from foretaste.domain.store import ItemColumns

IDS_PER_QUERY = 500
"""Ids asked for at once."""
USERS_PER_PAGE = 50_000
ITEM_REVISION_KEY = "item_revision"
"""Under this name `meta` keeps the newest revision of an item."""


class EntityRows:
    """Items and users one by one, and events by what they name."""

    url: sa.URL
    _engine: sa.Engine
    _insert: Any

    def items_by_id(self, ids: Sequence[str]) -> dict[str, Item]:
        """Those of these items that are there, by their ids."""
        items_by_id: dict[str, Item] = {}
        for start in range(0, len(ids), IDS_PER_QUERY):
            id_condition = items.c.id.in_(ids[start : start + IDS_PER_QUERY])
            for row in self._fetch_rows(sa.select(*schema.ITEM_COLUMNS).where(id_condition)):
                item = schema.item_from_row(row)
                items_by_id[item.id] = item
        return items_by_id

    def item_count(self) -> int:
        """How many items there are."""
        return int(self._fetch_rows(sa.select(sa.func.count()).select_from(items))[0][0])

    def items_page(self, after_id: str, n: int) -> list[Item]:
        """The next n items in order of their ids, from the first past `after_id`."""
        query = (
            sa.select(*schema.ITEM_COLUMNS)
            .where(items.c.id > after_id)
            .order_by(items.c.id)
            .limit(n)
        )
        return [schema.item_from_row(row) for row in self._fetch_rows(query)]

    def users_page(self, after_id: str, n: int) -> list[User]:
        """The next n users in order of their ids, from the first past `after_id`."""
        query = sa.select(users).where(users.c.id > after_id).order_by(users.c.id).limit(n)
        return [schema.user_from_row(row) for row in self._fetch_rows(query)]

    def users(self) -> Iterator[User]:
        """Every user that was put, in order of their ids."""
        after_id = ""
        while page := self.users_page(after_id, USERS_PER_PAGE):
            yield from page
            after_id = page[-1].id

    def events_page(
        self,
        after_number: int,
        n: int,
        *,
        event_type: str | None = None,
        user: str | None = None,
        item: str | None = None,
    ) -> list[tuple[int, Event]]:
        """(number, event) of the next n by users with items, from the first past `after_number`."""
        c = events.c
        query = sa.select(c.seq, *schema.EVENT_COLUMNS).where(c.seq > after_number)
        query = query.where(c.user.is_not(None), c.item.is_not(None))
        for column, filter_value in ((c.kind, event_type), (c.user, user), (c.item, item)):
            if filter_value is not None:
                query = query.where(column == filter_value)
        rows = self._fetch_rows(query.order_by(c.seq).limit(n))
        return [(number, schema.event_from_row(row)) for number, *row in rows]

    def events_by_id(self, event_ids: Sequence[str]) -> dict[str, Event]:
        """Those of these events that are there, by their id, each as it was accepted."""
        events_by_id: dict[str, Event] = {}
        for start in range(0, len(event_ids), IDS_PER_QUERY):
            id_condition = events.c.event_id.in_(event_ids[start : start + IDS_PER_QUERY])
            for row in self._fetch_rows(sa.select(*schema.EVENT_COLUMNS).where(id_condition)):
                event = schema.event_from_row(row)
                events_by_id[event.event_id] = event
        return events_by_id

    def newest_items(self, now: float, n: int) -> list[Item]:
        """The n that came on offer last, the newest first; those without a time never did. Of the
        variants of one product it is the newest.
        """
        c = items.c
        query = sa.select(*schema.ITEM_COLUMNS).where(
            c.available_from <= now, c.hidden.is_(sa.false())
        )
        query = query.where(sa.or_(c.available_until.is_(None), c.available_until > now))
        query, limit = query.order_by(c.available_from.desc(), c.id), n
        while True:
            rows = self._fetch_rows(query.limit(limit))
            newest = first_of_groups(schema.item_from_row(row) for row in rows)
            if len(newest) >= n or len(rows) < limit:
                return newest[:n]
            limit *= 4

    def change_item(self, item_id: str, change: Callable[[Item], Item]) -> Item | None:
        """What `change` makes of an item, in its place, in one step; None if it is not there.

        Whoever else writes waits; what the change raises leaves the item as it was.
        """
        query = sa.select(*schema.ITEM_COLUMNS).where(items.c.id == item_id)
        with store_errors(self.url), write_transaction(self._engine) as connection:
            stored_row = connection.execute(query).first()
            if stored_row is None:
                return None
            stored_item = schema.item_from_row(stored_row)
            changed_item = change(stored_item)
            if changed_item != stored_item:
                row = schema.item_row(changed_item) | {
                    "revision": self._take_revisions(connection, 1)
                }
                connection.execute(sa.update(items).where(items.c.id == item_id).values(row))
                self._record_columns(connection, [changed_item])
            return changed_item

    def change_user(self, user_id: str, change: Callable[[User], User]) -> User | None:
        """What `change` makes of a user, in their place; None if nothing was put of them."""
        query = sa.select(users).where(users.c.id == user_id)
        with store_errors(self.url), write_transaction(self._engine) as connection:
            stored_row = connection.execute(query).first()
            if stored_row is None:
                return None
            changed_user = change(schema.user_from_row(stored_row))
            row = schema.user_row(changed_user)
            connection.execute(sa.update(users).where(users.c.id == user_id).values(row))
            return changed_user

    def delete_items(self, ids: Sequence[str]) -> int:
        """Take items out of the catalogue. → how many were in it. Their events stay."""
        with store_errors(self.url), write_transaction(self._engine) as connection:
            present_ids: list[str] = []
            for start in range(0, len(ids), IDS_PER_QUERY):
                id_condition = items.c.id.in_(ids[start : start + IDS_PER_QUERY])
                present_ids += connection.scalars(sa.select(items.c.id).where(id_condition))
                connection.execute(sa.delete(items).where(id_condition))
            if present_ids:
                first_revision = self._take_revisions(connection, len(present_ids))
                rows = [
                    {"id": item_id, "revision": number}
                    for number, item_id in enumerate(present_ids, first_revision)
                ]
                connection.execute(self._insert(deleted_items), rows)
            return len(present_ids)

    def deleted_items(self, after_revision: int = 0) -> Iterator[tuple[int, str]]:
        """(revision, id) of the items deleted past `after_revision`, in that order."""
        query = sa.select(deleted_items.c.revision, deleted_items.c.id).where(
            deleted_items.c.revision > after_revision
        )
        yield from self._fetch_rows(query.order_by(deleted_items.c.revision))

    def known_item_ids(self, ids: Collection[str]) -> set[str]:
        """Those of these items that are there, or were and have been deleted."""
        ordered = sorted(ids)
        known_ids: set[str] = set()
        for start in range(0, len(ordered), IDS_PER_QUERY):
            chunk = ordered[start : start + IDS_PER_QUERY]
            present_query = sa.select(items.c.id).where(items.c.id.in_(chunk))
            deleted_query = sa.select(deleted_items.c.id).where(deleted_items.c.id.in_(chunk))
            known_ids.update(
                row[0] for row in self._fetch_rows(sa.union(present_query, deleted_query))
            )
        return known_ids

    def item_columns(self) -> ItemColumns:
        """The columns that any item has or ever had."""
        rows = self._fetch_rows(sa.select(item_columns.c.name, item_columns.c.role))
        roles = ("attribute", "text")
        return ItemColumns(
            *(frozenset(name for name, role in rows if role == wanted) for wanted in roles)
        )

    def _record_columns(self, connection: sa.Connection, new_items: Iterable[Item]) -> None:
        """Keep which columns these items have, with the items."""
        columns = {(name, "attribute") for item in new_items for name in item.attributes}
        columns |= {(name, "text") for item in new_items for name in item.texts}
        query = sa.select(item_columns.c.name, item_columns.c.role)
        new_columns = columns - {(name, role) for name, role in connection.execute(query)}
        if new_columns:
            rows = [{"name": name, "role": role} for name, role in sorted(new_columns)]
            connection.execute(self._insert(item_columns).on_conflict_do_nothing(), rows)

    def _undelete(self, connection: sa.Connection, ids: Sequence[str]) -> None:
        """Items that are put again are no longer gone."""
        for start in range(0, len(ids), IDS_PER_QUERY):
            id_condition = deleted_items.c.id.in_(ids[start : start + IDS_PER_QUERY])
            connection.execute(sa.delete(deleted_items).where(id_condition))

    def _take_revisions(self, connection: sa.Connection, n: int) -> int:
        """Take the next n revisions. → the first of them."""
        revision_query = sa.select(meta.c.text).where(meta.c.name == ITEM_REVISION_KEY)
        last_revision = int(connection.scalar(revision_query) or 0)
        insert = self._insert(meta).values(name=ITEM_REVISION_KEY, text=str(last_revision + n))
        replacement = {"text": insert.excluded.text}
        connection.execute(insert.on_conflict_do_update(index_elements=["name"], set_=replacement))
        return last_revision + 1

    def _fetch_rows(self, query: sa.Select[Any] | sa.CompoundSelect[Any]) -> Sequence[Any]:
        with store_errors(self.url), self._engine.connect() as connection:
            return connection.execute(query).all()
