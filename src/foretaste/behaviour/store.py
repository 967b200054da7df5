"""In: events, items, users. Out: the same again, in the order in which they were accepted.

The port `Store` over SQLAlchemy Core, for SQLite and PostgreSQL. Used by many threads at once: each
call has a connection of its own, and none is held while a caller looks at what it was given.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any, Self

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from foretaste.behaviour import schema
from foretaste.behaviour.conversations import ConversationRows
from foretaste.behaviour.copying import CopiedRows
from foretaste.behaviour.engine import (
    errors,
    opened,
    shown,
    table_revision,
    url_of,
    within,
    writing,
)
from foretaste.behaviour.entities import REVISION, ThingRows
from foretaste.behaviour.erasure import ErasureRows
from foretaste.behaviour.group_commit import Rows, Together
from foretaste.behaviour.keys import KeyTable
from foretaste.behaviour.raw_select import Quick
from foretaste.behaviour.schema import events, items, meta, users
from foretaste.behaviour.settings import BehaviourSettings
from foretaste.domain.data import Event, Item, User
from foretaste.domain.store import EventColumns
from foretaste.errors import StoreError

FILE = "behaviour.db"
CHUNK = 50_000
"""Rows fetched at once."""
SOME = 500
"""Ids asked for at once."""
ALL = 2**31 - 1  # rows of a select without a limit


def open_store(settings: BehaviourSettings, folder: Path) -> "SqlStore":
    """The store of a workspace: what the settings name, or a SQLite file in its folder."""
    url = url_of(settings.database or folder / FILE)
    if settings.database_schema is not None:
        url = within(url, settings.database_schema)
    return SqlStore(url)


class SqlStore(ErasureRows, ConversationRows, ThingRows, CopiedRows):
    """Behaviour in a SQL database. See `domain.store.Store`."""

    def __init__(self, database: str | Path | sa.URL) -> None:
        self.url = url_of(database)
        self._engine = opened(self.url)
        postgres = self._engine.dialect.name == "postgresql"
        self._quick = Quick(self._engine)
        self._together = Together(self._append)
        self._insert: Any = postgresql.insert if postgres else sqlite.insert
        self.keys = KeyTable(self._engine)
        """The API keys, used in the store of a root workspace."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"SqlStore({shown(self.url)!r})"

    def close(self) -> None:
        """Give back every connection."""
        self._engine.dispose()

    def check(self) -> None:
        """Raises StoreError unless it answers and has the tables that this version knows."""
        with errors(self.url):
            found = table_revision(self._engine)
        if found != schema.HEAD:
            raise StoreError(
                f"{shown(self.url)} has tables of revision {found} and this process knows "
                f"{schema.HEAD}; restart it with the version of Foretaste that changed them"
            )

    # Events

    def add_events(self, new: Sequence[Event]) -> int:
        """Append, with what other threads bring, in one transaction; known ids are left alone.

        → how many are new.
        """
        if not new:
            return 0
        return self._together([schema.event_row(event) for event in new])

    def _append(self, batches: Sequence[Rows]) -> list[int]:
        """In one transaction. → for each batch how many are new."""
        insert = self._insert(events).on_conflict_do_nothing()
        # what RETURNING would tell as well, at a quarter of the speed
        count = {"preserve_rowcount": True}
        with errors(self.url), writing(self._engine) as connection:

            def put(rows: Rows) -> int:
                return connection.execute(insert, rows, execution_options=count).rowcount

            if len(batches) == 1:
                return [put(batches[0])]
            every = [row for rows in batches for row in rows]
            with connection.begin_nested() as attempt:
                if put(every) == len(every):
                    return [len(rows) for rows in batches]
                attempt.rollback()  # some were there: whose?
            return [put(rows) for rows in batches]

    def events(self, after: int = 0, until: int | None = None) -> Iterator[tuple[int, Event]]:
        """(number, event) in the order they were accepted, from the first past `after`.

        An anonymous event has the user who had been identified on its session by then.
        """
        rows = self._numbered(events.c.seq, schema.EVENT, after, CHUNK, until)
        while chunk := list(islice(rows, CHUNK)):
            told = [(seq, schema.event(row)) for seq, *row in chunk]
            visits = {one.session for _, one in told if one.user is None}
            owners = self.owners({one for one in visits if one is not None})
            for seq, one in told:
                owner = owners.then(one.session, seq) if owners and one.user is None else None
                yield seq, one if owner is None else replace(one, user=owner)

    def event_columns(
        self, after: int = 0, chunk: int = CHUNK, until: int | None = None
    ) -> Iterator[EventColumns]:
        """(user, session, item, kind, value, at, text, query) in the order of acceptance.

        An anonymous event has the user whose it is, by all that is known at the number `until`.
        """
        c = events.c
        wanted = (c.user, c.session, c.item, c.kind, c.value, c.at, c.text, c.query)
        owners = self.owners(until=until)
        for number, user, session, *rest in self._numbered(c.seq, wanted, after, chunk, until):
            if owners and user is None:
                user = owners.of(session, number)[0]
            yield user, session, *rest

    def last_event(self) -> int:
        """The number of the newest event; 0 in an empty store."""
        return self._quick(_NEWEST)[0][0] or 0

    def takings(self, kinds: Sequence[str], after: int) -> int:
        """How many events of these kinds name an item, past the number `after`."""
        return self._scalar(_takings(sa.func.count(), kinds, after))

    def before_newest(self, kinds: Sequence[str], n: int, after: int) -> int:
        """The number past which there are n such events; `after` where there are fewer."""
        seq = events.c.seq
        newest = _takings(seq, kinds, after).order_by(seq.desc()).limit(1).offset(n)
        return self._scalar(newest) or after

    def history(self, user: str | None, session: str | None, n: int | None = None) -> list[Event]:
        """One person's events in time order: the user's, and those of the session; of more than n
        the newest n.

        A session on which a user was identified is that user, on every device. Of the session of a
        known user, events of other users are left out: a device may be shared.
        """
        most = ALL if n is None else n
        if user is None and session is not None:
            user = self.identified(session)
        if user is None:
            if session is None:
                return []
            newest = self._quick(_VISIT, session=session, most=most)
            return [schema.event(row) for _, *row in reversed(newest)]
        visits = self.visits(user) | ({session} if session is not None else set())
        if not visits:
            newest = self._quick(_PERSON, user=user, most=most)
            return [schema.event(row) for _, *row in reversed(newest)]
        c = events.c
        mine = sa.or_(c.user == user, sa.and_(c.user.is_(None), c.session.in_(visits)))
        owners = self.owners(visits)
        told = []
        for number, *row in reversed(self._all(_NEWEST_FIRST.where(mine).limit(most))):
            one = schema.event(row)
            owner = one.user or owners.of(one.session, number)[0]
            if owner == user or (owner is None and one.session == session):
                told.append(one)
        return told

    def pasts(
        self, people: Sequence[tuple[str | None, str | None]]
    ) -> Iterator[tuple[int, EventColumns]]:
        """(number, columns) of all that these people did, in no order. A person is a user, or a
        session, whoever was in it; columns are as in `event_columns`. What a user did before they
        were identified has the number where that was said: it is part of their past from there on.
        """
        c = events.c
        for place, column in enumerate((c.user, c.session)):
            names = sorted({person[place] or "" for person in people if person[place] is not None})
            who = (c.user, sa.null()) if place == 0 else (sa.null(), c.session)
            wanted = sa.select(c.seq, *who, c.item, c.kind, c.value, c.at, c.text, c.query)
            for start in range(0, len(names), SOME):
                for number, *row in self._all(
                    wanted.where(column.in_(names[start : start + SOME]))
                ):
                    yield number, tuple(row)
        yield from self._before_known({user for user, _ in people if user is not None})

    def _before_known(self, users: set[str]) -> Iterator[tuple[int, EventColumns]]:
        """(since which number, columns) of what these users did on sessions they are known on."""
        c = events.c
        sessions = sorted(self.sessions_of(users))
        wanted = sa.select(c.seq, c.session, c.item, c.kind, c.value, c.at, c.text, c.query)
        for start in range(0, len(sessions), SOME):
            some = sessions[start : start + SOME]
            owners = self.owners(some)
            anonymous = wanted.where(c.user.is_(None), c.session.in_(some)).order_by(c.seq)
            for number, session, *row in self._all(anonymous):
                owner, since = owners.of(session, number)
                if owner in users:
                    yield since, (owner, None, *row)

    def position(self) -> tuple[int, int]:
        """(number of the newest event, newest revision of an item); 0 where there is none."""
        number, revision = self._quick(_POSITION)[0]
        return number or 0, int(revision or 0)

    # Items

    def put_items(self, new: Sequence[Item]) -> int:
        """Create or replace. → how many are new or changed."""
        rows = {item.id: schema.item_row(item) for item in new}
        with errors(self.url), writing(self._engine) as connection:
            changed = self._changed(connection, items, rows)
            if changed:
                for number, row in enumerate(changed, self._revise(connection, len(changed))):
                    row["revision"] = number
                self._upsert(connection, items, changed)
                self._back(connection, [row["id"] for row in changed])
            return len(changed)

    def items(self, after: int = 0) -> Iterator[tuple[int, Item]]:
        """(revision, item) of all items changed past revision `after`, in order of revision."""
        for revision, *row in self._numbered(items.c.revision, schema.ITEM, after, CHUNK):
            yield revision, schema.item(row)

    def item(self, item_id: str) -> Item | None:
        """One item, if it is there."""
        found = self._quick(_ITEM, item=item_id)
        return schema.item(found[0]) if found else None

    def item_ids(self) -> frozenset[str]:
        """The ids of the whole catalogue."""
        return frozenset(row[0] for row in self._all(sa.select(items.c.id)))

    # Users

    def put_users(self, new: Sequence[User]) -> int:
        """Create or replace. → how many are new or changed."""
        rows = {user.id: schema.user_row(user) for user in new}
        with errors(self.url), writing(self._engine) as connection:
            changed = self._changed(connection, users, rows)
            if changed:
                self._upsert(connection, users, changed)
            return len(changed)

    def user(self, user_id: str) -> User | None:
        """One user, if something is known of them beside their events."""
        found = self._quick(_USER, user=user_id)
        return schema.user(found[0]) if found else None

    def users(self) -> Iterator[User]:
        """Every user that was put, in order of their ids."""
        after = ""
        while True:
            query = sa.select(users).where(users.c.id > after).order_by(users.c.id).limit(CHUNK)
            rows = self._all(query)
            yield from map(schema.user, rows)
            if len(rows) < CHUNK:
                return
            after = rows[-1][0]

    # The rest

    def fact(self, name: str) -> str | None:
        """A small text that is kept beside the data."""
        found: str | None = self._scalar(_fact(name))
        return found

    def put_fact(self, name: str, text: str) -> None:
        """Keep a small text, in place of what was kept under the name."""
        with errors(self.url), writing(self._engine) as connection:
            self._remember(connection, name, text)

    def swap_fact(self, name: str, before: str | None, after: str | None) -> bool:
        """Put `after` in the place of `before`, if that is what is there. → whether it was."""
        with errors(self.url), writing(self._engine) as connection:
            there: Any = connection.scalar(_fact(name))
            if there != before:
                return False
            if after is None:
                connection.execute(sa.delete(meta).where(meta.c.name == name))
            else:
                self._remember(connection, name, after)
            return True

    def counts(self) -> Mapping[str, int]:
        """events, items, users."""
        tables = {"events": events, "items": items, "users": users}
        return {
            name: self._scalar(sa.select(sa.func.count()).select_from(table))
            for name, table in tables.items()
        }

    def _numbered(
        self,
        number: sa.Column[int],
        wanted: Sequence[sa.Column[Any]],
        after: int,
        chunk: int,
        until: int | None = None,
    ) -> Iterator[Any]:
        """Rows past a number, in its order. Each chunk is a transaction of its own, so that a slow
        reader holds nothing open.
        """
        while True:
            query = sa.select(number, *wanted).where(number > after).order_by(number).limit(chunk)
            rows = self._all(query if until is None else query.where(number <= until))
            yield from rows
            if len(rows) < chunk:
                return
            after = rows[-1][0]

    def _all(self, query: sa.Select[Any]) -> list[Any]:
        with errors(self.url), self._engine.connect() as connection:
            cursor = connection.execute(query).cursor
            assert cursor is not None  # a select has one
            # The driver's own tuples: half the time of SQLAlchemy's rows, nothing lost
            return list(cursor.fetchall())

    def _scalar(self, query: sa.Select[Any]) -> Any:
        with errors(self.url), self._engine.connect() as connection:
            return connection.scalar(query)

    def _changed(
        self, connection: sa.Connection, table: sa.Table, rows: Mapping[str, dict[str, Any]]
    ) -> list[dict[str, Any]]:
        """Those of the rows that are not in the table as they are."""
        same = set()
        ids = list(rows)
        for start in range(0, len(ids), SOME):
            some = ids[start : start + SOME]
            for old in connection.execute(sa.select(table).where(table.c.id.in_(some))).mappings():
                if all(old[name] == value for name, value in rows[old["id"]].items()):
                    same.add(old["id"])
        return [row for item_id, row in rows.items() if item_id not in same]

    def _upsert(
        self, connection: sa.Connection, table: sa.Table, rows: Sequence[dict[str, Any]]
    ) -> None:
        insert = self._insert(table)
        keys = [column.name for column in table.primary_key]
        new = {name: insert.excluded[name] for name in rows[0] if name not in keys}
        connection.execute(insert.on_conflict_do_update(index_elements=keys, set_=new), rows)

    def _remember(self, connection: sa.Connection, name: str, text: str) -> None:
        self._upsert(connection, meta, [{"name": name, "text": text}])


def _takings(what: Any, kinds: Sequence[str], after: int) -> sa.Select[Any]:
    c = events.c
    return sa.select(what).where(c.seq > after, c.kind.in_(kinds), c.item.is_not(None))


def _fact(name: str) -> sa.Select[tuple[str]]:
    return sa.select(meta.c.text).where(meta.c.name == name)


_NEWEST_FIRST = sa.select(events.c.seq, *schema.EVENT).order_by(
    events.c.at.desc(), events.c.seq.desc()
)
_MOST = sa.bindparam("most", type_=sa.BigInteger)
_PERSON = _NEWEST_FIRST.where(events.c.user == sa.bindparam("user")).limit(_MOST)
_VISIT = _NEWEST_FIRST.where(events.c.session == sa.bindparam("session")).limit(_MOST)
_USER = sa.select(users).where(users.c.id == sa.bindparam("user"))
_ITEM = sa.select(*schema.ITEM).where(items.c.id == sa.bindparam("item"))
_NEWEST = sa.select(sa.func.max(events.c.seq))
_POSITION = sa.select(
    sa.select(sa.func.max(events.c.seq)).scalar_subquery(), _fact(REVISION).scalar_subquery()
)
