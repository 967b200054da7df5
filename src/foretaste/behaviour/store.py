"""In: events, items, users. Out: the same again, in the order in which they were accepted.

The port `Store` over SQLAlchemy Core, for SQLite and PostgreSQL. Used by many threads at once: each
call has a connection of its own, and none is held while a caller looks at what it was given.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any, Self

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from foretaste.behaviour import schema
from foretaste.behaviour.basket_rows import BasketRows
from foretaste.behaviour.conversations import ConversationRows
from foretaste.behaviour.copying import StoreCopier
from foretaste.behaviour.database_address import database_url, display_url, url_with_schema
from foretaste.behaviour.engine import (
    limit_cache,
    open_engine,
    store_errors,
    table_revision,
    write_transaction,
)
from foretaste.behaviour.entities import ITEM_REVISION_KEY
from foretaste.behaviour.event_appending import EventAppending
from foretaste.behaviour.group_commit import GroupCommit
from foretaste.behaviour.impression_rows import ImpressionRows
from foretaste.behaviour.keys import KeyTable
from foretaste.behaviour.operator_reads import OperatorReads
from foretaste.behaviour.placement_rows import PlacementRows
from foretaste.behaviour.presence import enter_workspace
from foretaste.behaviour.raw_select import RawSelect
from foretaste.behaviour.retention_rows import RetentionRows
from foretaste.behaviour.schema import events, items, meta, users
from foretaste.behaviour.settings import BehaviourSettings
from foretaste.behaviour.spent_events import EventBarrier
from foretaste.behaviour.transactions import joint_transaction_of, read_surely
from foretaste.behaviour.undo import UndoRows
from foretaste.domain.consent import ConsentSettings
from foretaste.domain.data import RETURN_EVENT, Event, Item, User
from foretaste.domain.store import EventColumns, StoreListener
from foretaste.errors import StoreError

STORE_FILE = "behaviour.db"
ROWS_PER_CHUNK = 50_000
"""Rows fetched at once."""
IDS_PER_QUERY = 500
"""Ids asked for at once."""


def store_url(settings: BehaviourSettings, folder: Path) -> sa.URL:
    """Where the store of a workspace is."""
    url = database_url(settings.database or folder / STORE_FILE)
    schema_name = settings.database_schema
    return url if schema_name is None else url_with_schema(url, schema_name)


class SqlStore(
    UndoRows,
    RetentionRows,
    EventAppending,
    ImpressionRows,
    ConversationRows,
    PlacementRows,
    BasketRows,
    StoreCopier,
):
    """Behaviour in a SQL database. See `domain.store.Store`."""

    has_pseudonyms = False

    def __init__(
        self,
        database: str | Path | sa.URL,
        folder: Path | None = None,
        consent: ConsentSettings | None = None,
    ) -> None:
        """folder: the workspace whose store it is; None for a store alone."""
        self.url = database_url(database)
        self._engine = open_engine(self.url, in_use=folder is not None)
        postgres = self._engine.dialect.name == "postgresql"
        self._raw_select = RawSelect(self._engine)
        self._group_commit = GroupCommit(self._append_surely)
        self.listener: StoreListener | None = None
        self._insert: Any = postgresql.insert if postgres else sqlite.insert
        self.folder = folder
        self._presence = None if folder is None else enter_workspace(folder)
        self._event_barrier = EventBarrier()
        self.consent_settings = consent or ConsentSettings()
        self._signalled = set()
        self.keys = KeyTable(self._engine, folder)
        """The API keys, used in the store of a root workspace."""
        self.operator = OperatorReads(self._engine)
        """Bounded reads for whoever runs the shop."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"SqlStore({display_url(self.url)!r})"

    def close(self) -> None:
        """Give back every connection."""
        self._engine.dispose()
        if self._presence is not None:
            self._presence.close()

    def stored_ids(self, user: str | None, session: str | None) -> tuple[str | None, str | None]:
        """What stands for this user and this session in the database: themselves."""
        return user, session

    def check(self) -> None:
        """Raises StoreError unless it answers and has the tables that this version knows."""
        with store_errors(self.url):
            revision = table_revision(self._engine)
        if revision != schema.HEAD_REVISION:
            raise StoreError(
                f"{display_url(self.url)} has tables of revision {revision} and this process knows "
                f"{schema.HEAD_REVISION}; restart it with the version of Foretaste that changed "
                "them"
            )

    # Events

    def events(
        self, after_number: int = 0, until_number: int | None = None
    ) -> Iterator[tuple[int, Event]]:
        """(number, event) in the order they were accepted, from the first past `after_number`.

        An anonymous event has the user who had been identified on its session by then.
        """
        rows = self._rows_after(
            events.c.seq, schema.EVENT_COLUMNS, after_number, ROWS_PER_CHUNK, until_number
        )
        while chunk := list(islice(rows, ROWS_PER_CHUNK)):
            yield from self._owned_events(chunk)

    def events_by_number(self, numbers: Sequence[int]) -> list[tuple[int, Event]]:
        """(number, event) of those of these events that are there, in order, as `events` does."""
        query = sa.select(events.c.seq, *schema.EVENT_COLUMNS).order_by(events.c.seq)
        return [
            numbered_event
            for start in range(0, len(numbers), IDS_PER_QUERY)
            for numbered_event in self._owned_events(
                self._fetch_all(
                    query.where(events.c.seq.in_(numbers[start : start + IDS_PER_QUERY]))
                )
            )
        ]

    def _owned_events(self, rows: Sequence[Any]) -> Iterator[tuple[int, Event]]:
        """(number, event) of these rows, each with its owner as known when it was accepted."""
        numbered_events = [(seq, schema.event_from_row(row)) for seq, *row in rows]
        sessions = {event.session for _, event in numbered_events if event.user is None}
        owners = self.owners({session for session in sessions if session is not None})
        for seq, event in numbered_events:
            owner = None
            if owners and event.user is None:
                owner = owners.owner_when_accepted(event.session, seq)
            yield seq, event if owner is None else replace(event, user=owner)

    def event_columns(
        self,
        after_number: int = 0,
        chunk_size: int = ROWS_PER_CHUNK,
        until_number: int | None = None,
        *,
        as_returned: bool = False,
    ) -> Iterator[EventColumns]:
        """(user, session, item, kind, value, at, text, query) in the order of acceptance.

        An anonymous event has the user whose it is, by all that is known at the number
        `until_number`. as_returned: without what came back, past that number too, and returns.
        """
        returned = self.returned_numbers() if as_returned else frozenset()
        c = events.c
        columns = (c.user, c.session, c.item, c.kind, c.value, c.at, c.text, c.query)
        owners = self.owners(until=until_number)
        for number, user, session, *other_columns in self._rows_after(
            c.seq, columns, after_number, chunk_size, until_number
        ):
            if returned and (number in returned or other_columns[1] == RETURN_EVENT):
                continue
            if owners and user is None:
                user = owners.owner_of(session, number)[0]
            yield user, session, *other_columns

    def last_event_number(self) -> int:
        """The number of the newest event; 0 in an empty store."""
        return self._raw_select(_LAST_EVENT_NUMBER)[0][0] or 0

    def count_interactions(self, event_types: Sequence[str], after_number: int) -> int:
        """How many events of these kinds name an item, past the number `after_number`."""
        return self._scalar(_select_interactions(sa.func.count(), event_types, after_number))

    def number_before_newest(self, event_types: Sequence[str], n: int, after_number: int) -> int:
        """The number past which there are n such events; `after_number` where there are fewer."""
        seq = events.c.seq
        number_query = (
            _select_interactions(seq, event_types, after_number)
            .order_by(seq.desc())
            .limit(1)
            .offset(n)
        )
        return self._scalar(number_query) or after_number

    def limit_cache(self, kibibytes: int) -> None:
        """Keep at most so much of the database in the memory of each connection. Where the system
        keeps the file in its own memory anyway, as a service's, what is beyond is there twice.
        """
        limit_cache(self._engine, kibibytes)

    def reading(self) -> AbstractContextManager[None]:
        """Within it reads of this thread share a connection."""
        return self._raw_select.one_connection()

    def log_position(self) -> tuple[int, int]:
        """(number of the newest event, newest revision of an item); 0 where there is none."""
        number, revision = self._raw_select(_LOG_POSITION)[0]
        return number or 0, int(revision or 0)

    # Items

    def items(self, after_revision: int = 0) -> Iterator[tuple[int, Item]]:
        """(revision, item) of all items changed past `after_revision`, in order of revision."""
        for revision, *row in self._rows_after(
            items.c.revision, schema.ITEM_COLUMNS, after_revision, ROWS_PER_CHUNK
        ):
            yield revision, schema.item_from_row(row)

    def item(self, item_id: str) -> Item | None:
        """One item, if it is there."""
        rows = self._raw_select(_ITEM_BY_ID, item=item_id)
        return schema.item_from_row(rows[0]) if rows else None

    def item_ids(self) -> frozenset[str]:
        """The ids of the whole catalogue."""
        return frozenset(row[0] for row in self._fetch_all(sa.select(items.c.id)))

    # Users

    def user(self, user_id: str) -> User | None:
        """One user, if something is known of them beside their events."""
        rows = self._raw_select(_USER_BY_ID, user=user_id)
        return schema.user_from_row(rows[0]) if rows else None

    # The rest

    def meta_text(self, name: str) -> str | None:
        """A small text that is kept beside the data."""
        rows = self._raw_select(_META_TEXT, name=name)
        return rows[0][0] if rows else None

    def put_meta_text(self, name: str, text: str) -> None:
        """Keep a small text, in place of what was kept under the name."""
        with store_errors(self.url), write_transaction(self._engine) as connection:
            joint = joint_transaction_of(self._engine)
            if joint is not None and joint.put_listener is not None:
                old_text: str | None = connection.scalar(_meta_text_query(name))  # type: ignore[assignment]  # one column
                joint.put_listener.note_fact(name, old_text, text)
            self._store_meta_text(connection, name, text)

    def swap_meta_text(self, name: str, expected: str | None, replacement: str | None) -> bool:
        """Put `replacement` in the place of `expected`, if that is there. → whether it was."""
        with store_errors(self.url), write_transaction(self._engine) as connection:
            current_text: Any = connection.scalar(_meta_text_query(name))
            if current_text != expected:
                return False
            if replacement is None:
                connection.execute(sa.delete(meta).where(meta.c.name == name))
            else:
                self._store_meta_text(connection, name, replacement)
            return True

    def counts(self) -> Mapping[str, int]:
        """events, items, users. Charges of orders are no items."""
        event_count, user_count = (
            self._scalar(sa.select(sa.func.count()).select_from(table)) for table in (events, users)
        )
        return {"events": event_count, "items": self.item_count(), "users": user_count}

    def _rows_after(
        self,
        number: sa.Column[int],
        columns: Sequence[sa.Column[Any]],
        after_number: int,
        chunk_size: int,
        until: int | None = None,
    ) -> Iterator[Any]:
        """Rows past a number, in its order. Each chunk is a transaction of its own, so that a slow
        reader holds nothing open.
        """
        while True:
            query = (
                sa.select(number, *columns)
                .where(number > after_number)
                .order_by(number)
                .limit(chunk_size)
            )
            rows = self._fetch_all(query if until is None else query.where(number <= until))
            yield from rows
            if len(rows) < chunk_size:
                return
            after_number = rows[-1][0]

    def _scalar(self, query: sa.Select[Any]) -> Any:
        with store_errors(self.url):
            return read_surely(self._engine, lambda connection: connection.scalar(query))

    def _store_meta_text(self, connection: sa.Connection, name: str, text: str) -> None:
        self._upsert(connection, meta, [{"name": name, "text": text}])


def _select_interactions(
    selection: Any, event_types: Sequence[str], after_number: int
) -> sa.Select[Any]:
    c = events.c
    return sa.select(selection).where(
        c.seq > after_number, c.kind.in_(event_types), c.item.is_not(None)
    )


def _meta_text_query(name: str) -> sa.Select[tuple[str]]:
    return sa.select(meta.c.text).where(meta.c.name == name)


_USER_BY_ID = sa.select(*schema.USER_COLUMNS).where(users.c.id == sa.bindparam("user"))
_META_TEXT = sa.select(meta.c.text).where(meta.c.name == sa.bindparam("name"))
_ITEM_BY_ID = sa.select(*schema.ITEM_COLUMNS).where(items.c.id == sa.bindparam("item"))
_LAST_EVENT_NUMBER = sa.select(sa.func.max(events.c.seq))
_LOG_POSITION = sa.select(
    sa.select(sa.func.max(events.c.seq)).scalar_subquery(),
    _meta_text_query(ITEM_REVISION_KEY).scalar_subquery(),
)
