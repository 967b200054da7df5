"""In: ids of items, users, events. Out: pages of them, and each changed or deleted in one step.

A part of `SqlStore`, which has the connection. A deleted item leaves its id and a revision behind,
and nothing else: readers that go on from a revision must meet the deletion, and an event that was
under way must not bring the item back.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from foretaste.behaviour import schema
from foretaste.behaviour.bulk_insert import copy_rows, is_copied
from foretaste.behaviour.engine import store_errors, write_transaction
from foretaste.behaviour.schema import deleted_items, events, item_columns, items, meta, users
from foretaste.behaviour.transactions import (
    EntityPuts,
    joint_transaction_of,
    read_surely,
)
from foretaste.behaviour.variant_ids import first_of_groups
from foretaste.domain.data import Event, Item, User
from foretaste.domain.order_charges import CHARGE_COLUMN
from foretaste.domain.store import ItemColumns

IDS_PER_QUERY = 500
"""Ids asked for at once."""
USERS_PER_PAGE = 50_000
ITEM_REVISION_KEY = "item_revision"
"""Under this name `meta` keeps the newest revision of an item."""
USER_REVISION_KEY = "user_revision"
"""And under this that of a user, by which an import that is undone knows what it put."""
REVISION_KEYS = {"items": ITEM_REVISION_KEY, "users": USER_REVISION_KEY}
"""By the name of the table."""


class EntityRows:
    """Items and users one by one, and events by what they name."""

    url: sa.URL
    _engine: sa.Engine
    _insert: Any

    def put_items(self, new_items: Sequence[Item]) -> int:
        """Create or replace. → how many are new or changed."""
        with store_errors(self.url), write_transaction(self._engine) as connection:
            rows = [schema.item_row(item) for item in new_items]
            count = self._put_entities(connection, items, rows)
            if count:
                self._record_columns(connection, new_items)
            return count

    def put_users(self, new_users: Sequence[User]) -> int:
        """Create or replace. → how many are new or changed."""
        with store_errors(self.url), write_transaction(self._engine) as connection:
            return self._put_entities(
                connection, users, [schema.user_row(user) for user in new_users]
            )

    def _put_entities(
        self, connection: sa.Connection, table: sa.Table, new_rows: Sequence[dict[str, Any]]
    ) -> int:
        rows = {row["id"]: row for row in new_rows}
        stored_rows = self._stored_rows(connection, table, list(rows))
        changed_rows = [
            row for row_id, row in rows.items() if not _has_values(stored_rows.get(row_id), row)
        ]
        self._put_rows(connection, table, changed_rows, stored_rows)
        return len(changed_rows)

    def _put_rows(
        self,
        connection: sa.Connection,
        table: sa.Table,
        rows: list[dict[str, Any]],
        stored_rows: dict[str, Mapping[str, Any]],
    ) -> None:
        """Put rows, each with a new revision; whoever notes what an import changes is told."""
        deletion_revisions: dict[str, int] = {}
        if rows:
            first_revision = self._take_revisions(connection, len(rows), REVISION_KEYS[table.name])
            for number, row in enumerate(rows, first_revision):
                row["revision"] = number
            self._upsert(connection, table, rows)
            if table is items:
                deletion_revisions = self._undelete(connection, [row["id"] for row in rows])
        joint = joint_transaction_of(self._engine)
        if joint is not None and joint.put_listener is not None:
            joint.put_listener.note_puts(table, EntityPuts(rows, stored_rows, deletion_revisions))

    @staticmethod
    def _stored_rows(
        connection: sa.Connection, table: sa.Table, ids: Sequence[str]
    ) -> dict[str, Mapping[str, Any]]:
        """Those of these rows that are there, by their ids."""
        rows: dict[str, Any] = {}
        for start in range(0, len(ids), IDS_PER_QUERY):
            query = sa.select(table).where(table.c.id.in_(ids[start : start + IDS_PER_QUERY]))
            rows.update((row["id"], row) for row in connection.execute(query).mappings())
        return rows

    def _upsert(
        self, connection: sa.Connection, table: sa.Table, rows: Sequence[dict[str, Any]]
    ) -> None:
        if is_copied(connection, rows):
            copy_rows(connection, table, rows, is_replacement=True)
            return
        insert = self._insert(table)
        keys = [column.name for column in table.primary_key]
        new = {name: insert.excluded[name] for name in rows[0] if name not in keys}
        connection.execute(insert.on_conflict_do_update(index_elements=keys, set_=new), rows)

    def items_by_id(self, ids: Sequence[str]) -> dict[str, Item]:
        """Those of these items that are there, by their ids."""
        rows = self._rows_with_ids(schema.ITEM_COLUMNS, items.c.id, ids)
        return {item.id: item for item in map(schema.item_from_row, rows)}

    def _rows_with_ids(
        self, columns: Sequence[sa.Column[Any]], id_column: sa.Column[Any], ids: Sequence[str]
    ) -> Iterator[Sequence[Any]]:
        for start in range(0, len(ids), IDS_PER_QUERY):
            id_condition = id_column.in_(ids[start : start + IDS_PER_QUERY])
            yield from self._fetch_rows(sa.select(*columns).where(id_condition))

    def item_count(self) -> int:
        """How many items there are. Charges of orders are none."""
        count = sa.select(sa.func.count()).select_from(items)
        item_count = int(self._fetch_rows(count)[0][0])
        if CHARGE_COLUMN in self.item_columns().attributes:
            mark = items.c.attributes.contains(f'"{CHARGE_COLUMN}"')
            item_count -= int(self._fetch_rows(count.where(mark))[0][0])
        return item_count

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
        query = (
            sa.select(*schema.USER_COLUMNS)
            .where(users.c.id > after_id)
            .order_by(users.c.id)
            .limit(n)
        )
        return [schema.user_from_row(row) for row in self._fetch_rows(query)]

    def people_page(self, after_id: str, n: int) -> list[str]:
        """The ids of the next n users with events or attributes, in order of their ids, from the
        first past `after_id`.
        """
        user = events.c.user
        active = sa.select(user).where(user > after_id).distinct().order_by(user).limit(n)
        known = sa.select(users.c.id).where(users.c.id > after_id).order_by(users.c.id).limit(n)
        both = sa.union(sa.select(active.subquery().c.user), sa.select(known.subquery().c.id))
        ids = both.subquery()
        query = sa.select(ids.c.user).order_by(ids.c.user).limit(n)
        return [user_id for (user_id,) in self._fetch_rows(query)]

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
        rows = self._rows_with_ids(schema.EVENT_COLUMNS, events.c.event_id, event_ids)
        return {event.event_id: event for event in map(schema.event_from_row, rows)}

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
        query = sa.select(*schema.USER_COLUMNS).where(users.c.id == user_id)
        with store_errors(self.url), write_transaction(self._engine) as connection:
            stored_row = connection.execute(query).first()
            if stored_row is None:
                return None
            changed_user = change(schema.user_from_row(stored_row))
            row = schema.user_row(changed_user) | {
                "revision": self._take_revisions(connection, 1, USER_REVISION_KEY)
            }
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
                self._put_deletions(connection, present_ids)
            return len(present_ids)

    def _put_deletions(
        self, connection: sa.Connection, ids: Sequence[str], *, is_undone: bool = False
    ) -> None:
        """Have every reader meet that these items are gone."""
        first_revision = self._take_revisions(connection, len(ids))
        rows = [
            {"id": item_id, "revision": number, "is_undone": is_undone}
            for number, item_id in enumerate(ids, first_revision)
        ]
        if rows:
            connection.execute(self._insert(deleted_items), rows)

    def deleted_items(
        self, after_revision: int = 0, *, by_people: bool = False
    ) -> Iterator[tuple[int, str]]:
        """(revision, id) of the items deleted past `after_revision`, in that order; with
        `by_people` without those that went as their import was undone.
        """
        query = sa.select(deleted_items.c.revision, deleted_items.c.id).where(
            deleted_items.c.revision > after_revision
        )
        if by_people:
            query = query.where(deleted_items.c.is_undone.is_(sa.false()))
        yield from self._fetch_rows(query.order_by(deleted_items.c.revision))

    def known_item_ids(self, ids: Collection[str]) -> set[str]:
        """Those of these items that are there, or were and people have deleted them."""
        ordered = sorted(ids)
        known_ids: set[str] = set()
        for start in range(0, len(ordered), IDS_PER_QUERY):
            chunk = ordered[start : start + IDS_PER_QUERY]
            present_query = sa.select(items.c.id).where(items.c.id.in_(chunk))
            deleted_query = sa.select(deleted_items.c.id).where(
                deleted_items.c.id.in_(chunk), deleted_items.c.is_undone.is_(sa.false())
            )
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

    def _undelete(self, connection: sa.Connection, ids: Sequence[str]) -> dict[str, int]:
        """Items that are put again are no longer gone. → those that people had deleted, with the
        revisions of that.
        """
        revisions: dict[str, int] = {}
        c = deleted_items.c
        for start in range(0, len(ids), IDS_PER_QUERY):
            id_condition = c.id.in_(ids[start : start + IDS_PER_QUERY])
            query = sa.select(c.id, c.revision, c.is_undone).where(id_condition)
            rows = connection.execute(query).all()
            if rows:
                connection.execute(sa.delete(deleted_items).where(id_condition))
            revisions.update(
                (row_id, number) for row_id, number, is_undone in rows if not is_undone
            )
        return revisions

    def _take_revisions(
        self, connection: sa.Connection, n: int, key: str = ITEM_REVISION_KEY
    ) -> int:
        """Take the next n revisions. → the first of them."""
        revision_query = sa.select(meta.c.text).where(meta.c.name == key)
        last_revision = int(connection.scalar(revision_query) or 0)
        insert = self._insert(meta).values(name=key, text=str(last_revision + n))
        replacement = {"text": insert.excluded.text}
        connection.execute(insert.on_conflict_do_update(index_elements=["name"], set_=replacement))
        return last_revision + 1

    def _fetch_rows(self, query: sa.Select[Any] | sa.CompoundSelect[Any]) -> Sequence[Any]:
        with store_errors(self.url):
            return read_surely(self._engine, lambda connection: connection.execute(query).all())


def _has_values(stored_row: Mapping[str, Any] | None, row: dict[str, Any]) -> bool:
    return stored_row is not None and all(stored_row[name] == value for name, value in row.items())
