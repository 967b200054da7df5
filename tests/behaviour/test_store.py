"""One contract, run for SQLite and for a real PostgreSQL; then what is special to each."""

import sqlite3
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from hypothesis import given, settings
from hypothesis import strategies as st

from foretaste.behaviour import new_store, schema
from foretaste.behaviour.database_address import database_url, url_with_schema
from foretaste.behaviour.engine import (
    _tune,
    migrate,
    open_engine,
    table_revision,
    write_transaction,
)
from foretaste.behaviour.opening import open_store
from foretaste.behaviour.settings import BehaviourSettings
from foretaste.behaviour.store import STORE_FILE, SqlStore
from foretaste.domain.data import Event, Item, User
from foretaste.domain.files import FILE_MODE
from foretaste.domain.store import ItemColumns, Store
from foretaste.errors import StoreError

FULL = Event(
    event_id="e1",
    kind="purchase",
    at=12.5,
    user="u",
    session="s",
    item="i",
    value=3.25,
    text="schön, 很好",
    query="red shoes",
    device="phone",
    context={"page": "home", "slot": 3, "deep": [1, {"a": None}]},
    recommendation_id="r",
    position=2,
)
ITEM = Item(
    "i",
    title="Élan",
    texts={"plot": "long", "about": "more"},
    attributes={"genre": ("Drama", "War"), "year": ("1995",)},
    image="a.jpg",
    audio="a.ogg",
    available_from=1.0,
    available_until=2.5,
    hidden=True,
)

MIGRATIONS = Path(schema.__file__).parent / "migrations" / "versions"
OLDER = sorted(file.name[:4] for file in MIGRATIONS.glob("0*.py"))[:-1]
"""Every form that tables ever had but the newest."""

few = settings(max_examples=15, deadline=None)

_text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
_number = st.floats(allow_nan=False, allow_infinity=False)
_events = st.builds(
    Event,
    event_id=_text.filter(bool),
    kind=st.sampled_from(["view", "click"]),
    at=_number,
    user=st.none() | _text,
    session=st.none() | _text,
    item=st.none() | _text,
    value=st.none() | _number,
    text=st.none() | _text,
    query=st.none() | _text,
    device=st.none() | _text,
    context=st.dictionaries(_text, _text | _number | st.booleans(), max_size=3),
    recommendation_id=st.none() | _text,
    position=st.none() | st.integers(1, 2**31 - 1),
)
_items = st.builds(
    Item,
    id=_text,
    title=_text,
    texts=st.dictionaries(_text, _text, max_size=3),
    attributes=st.dictionaries(_text, st.lists(_text, max_size=3).map(tuple), max_size=3),
    available_from=st.none() | _number,
    hidden=st.booleans(),
)


def click(event_id: str, at: float, user: str | None = None, session: str | None = None) -> Event:
    return Event(event_id, "click", at, user=user, session=session, item="i")


class StoreContract:
    """What every store does. A class for each database says how to open an empty one."""

    @pytest.fixture
    def url(self) -> str | Path:
        raise NotImplementedError

    @pytest.fixture
    def store(self, url: str | Path) -> Iterator[SqlStore]:
        with SqlStore(url) as store:
            yield store

    def test_an_empty_store(self, store: Store) -> None:
        assert store.counts() == {"events": 0, "items": 0, "users": 0}
        assert store.last_event_number() == 0
        assert [*store.events(), *store.items(), *store.users()] == []
        assert store.item("i") is None
        assert store.user("u") is None
        assert store.item_ids() == frozenset()
        assert store.history(None, None) == []
        assert store.add_events([]) == store.put_items([]) == store.put_users([]) == 0

    def test_an_event_comes_back_as_it_was(self, store: Store) -> None:
        bare = Event("e2", "view", 0.0, session="s")
        assert store.add_events([FULL, bare]) == 2
        assert [event for _, event in store.events()] == [FULL, bare]

    def test_any_events_come_back_as_they_were(self, store: Store) -> None:
        @few
        @given(st.lists(_events, max_size=8, unique_by=lambda event: event.event_id))
        def check(batch: list[Event]) -> None:
            before = store.last_event_number()
            old = {event.event_id for _, event in store.events()}
            fresh = [event for event in batch if event.event_id not in old]
            assert store.add_events(batch) == len(fresh)
            assert [event for _, event in store.events(before)] == fresh

        check()

    def test_any_item_comes_back_as_it_was(self, store: Store) -> None:
        @few
        @given(_items)
        def check(item: Item) -> None:
            store.put_items([item])
            found = store.item(item.id)
            assert found == item
            assert list(found.texts) == list(item.texts), "in the same order"
            assert store.put_items([item]) == 0

        check()

    def test_each_of_many_threads_is_told_how_many_of_its_own_were_new(self, store: Store) -> None:
        """They are written together, and two bring the same event at once."""

        def one(number: int) -> Event:
            return Event(event_id=f"e{number}", user="u", kind="view", item="a", at=float(number))

        brought = [[one(place % 40), one(1000 + place)] for place in range(120)]
        with ThreadPoolExecutor(16) as pool:
            new = list(pool.map(store.add_events, brought))
        assert sum(new) == store.counts()["events"] == 160
        assert all(1 <= count <= 2 for count in new)

    def test_an_event_id_is_taken_once(self, store: Store) -> None:
        assert store.add_events([click("a", 1), click("b", 2)]) == 2
        assert store.add_events([click("b", 9), click("c", 3), click("c", 4)]) == 1
        assert [(event.event_id, event.at) for _, event in store.events()] == [
            ("a", 1),
            ("b", 2),
            ("c", 3),
        ]

    def test_numbers_grow_and_readers_continue(self, store: Store) -> None:
        store.add_events([click("a", 5), click("b", 1)])
        store.add_events([click("b", 1), click("c", 3)])
        numbers = [number for number, _ in store.events()]
        assert numbers == sorted(set(numbers))
        assert store.last_event_number() == numbers[-1]
        assert [event.event_id for _, event in store.events(after_number=numbers[0])] == ["b", "c"]
        assert list(store.events(after_number=numbers[-1])) == []

    def test_columns_are_those_of_the_events(self, store: Store) -> None:
        store.add_events([FULL, *(click(f"c{n}", n, "u") for n in range(7))])
        expected = [
            (e.user, e.session, e.item, e.kind, e.value, e.at, e.text, e.query)
            for _, e in store.events()
        ]
        assert [tuple(row) for row in store.event_columns(chunk_size=3)] == expected
        assert [
            tuple(row) for row in store.event_columns(store.last_event_number() - 2)
        ] == expected[-2:]

    def test_the_position_is_the_newest_of_both(self, store: Store) -> None:
        assert store.log_position() == (0, 0)
        store.add_events([click("a", 1.0, user="u"), click("b", 1.0, user="u")])
        store.put_items([ITEM, replace(ITEM, id="j")])
        event, revision = store.log_position()

        assert event == store.last_event_number()
        assert revision == max(number for number, _ in store.items())
        assert not list(store.events(after_number=event))
        assert not list(store.items(after_revision=revision))

    def test_an_item_that_changes_gets_a_new_revision(self, store: Store) -> None:
        assert store.put_items([ITEM, Item("j"), Item("k")]) == 3
        first = {item.id: revision for revision, item in store.items()}
        assert store.put_items([ITEM, Item("j", title="new"), Item("l")]) == 2
        seen = max(first.values())
        assert [item.id for _, item in store.items(seen)] == ["j", "l"]
        assert store.item("j") == Item("j", title="new")
        assert store.item("i") == ITEM
        assert store.item_ids() == {"i", "j", "k", "l"}
        revisions = [revision for revision, _ in store.items()]
        assert revisions == sorted(set(revisions))

    def test_identical_items_change_nothing(self, store: Store) -> None:
        store.put_items([ITEM])
        before = list(store.items())
        assert store.put_items([ITEM, ITEM]) == 0
        assert list(store.items()) == before

    def test_of_two_items_with_one_id_the_last_stays(self, store: Store) -> None:
        assert store.put_items([Item("i", title="old"), Item("i", title="new")]) == 1
        assert store.item("i") == Item("i", title="new")

    def test_users(self, store: Store) -> None:
        ann = User("ann", {"genre": ("Drama", "War")})
        assert store.put_users([User("bob"), ann]) == 2
        assert store.put_users([ann, User("bob", {"age": ("30",)})]) == 1
        assert list(store.users()) == [ann, User("bob", {"age": ("30",)})]
        assert store.user("ann") == ann
        assert store.counts()["users"] == 2

    def test_facts(self, store: Store) -> None:
        assert store.meta_text("x") is None
        store.put_meta_text("x", "one")
        store.put_meta_text("x", "two")
        assert store.meta_text("x") == "two"

    def test_it_is_still_there_when_opened_again(self, url: str | Path) -> None:
        with SqlStore(url) as store:
            store.add_events([FULL])
            number = store.last_event_number()
        with SqlStore(url) as store:
            assert list(store.events()) == [(number, FULL)]

    def test_many_threads(self, store: Store) -> None:
        """Numbers become visible in order: a reader that goes on from the last misses nothing."""
        batches = 12
        seen: list[str] = []
        failures: list[BaseException] = []

        def write(writer: int) -> None:
            try:
                for batch in range(batches):
                    store.add_events([click(f"{writer}.{batch}.{n}", n, "u") for n in range(10)])
            except BaseException as error:
                failures.append(error)

        writers = [threading.Thread(target=write, args=(n,)) for n in range(3)]
        for writer in writers:
            writer.start()
        after = 0
        while len(seen) < 3 * batches * 10 and not failures:
            for number, event in store.events(after):
                seen.append(event.event_id)
                after = number
            if (
                not any(writer.is_alive() for writer in writers)
                and store.last_event_number() == after
            ):
                break
        for writer in writers:
            writer.join()
        assert failures == []
        assert len(seen) == len(set(seen)) == 3 * batches * 10
        assert sorted(seen) == sorted(event.event_id for _, event in store.events())

    def test_many_threads_that_read_before_they_write(self, store: Store) -> None:
        failures: list[BaseException] = []

        def write(writer: int) -> None:
            try:
                for n in range(15):
                    store.put_items([Item(f"{writer}.{n}"), Item("same", title=f"{writer}.{n}")])
            except BaseException as error:
                failures.append(error)

        writers = [threading.Thread(target=write, args=(n,)) for n in range(3)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        assert failures == []
        revisions = [revision for revision, _ in store.items()]
        assert len(revisions) == len(set(revisions)) == 46
        assert max(revisions) == 90, "each change has a number of its own"

    def test_columns_of_items_are_known_for_good(self, store: SqlStore) -> None:
        assert store.item_columns() == ItemColumns(frozenset(), frozenset())
        store.put_items([Item("a", attributes={"colour": ("red",)}), ITEM])
        store.change_item("a", lambda item: Item("a", texts={"blurb": "New"}))
        store.delete_items(["a", ITEM.id])
        assert store.item_columns() == ItemColumns(
            frozenset({"genre", "year", "colour"}), frozenset({"plot", "about", "blurb"})
        )

    def test_a_new_store_is_as_the_migrations_make_one(self, url: str | Path) -> None:
        by_steps = sa.create_engine(database_url(url))
        _tune(by_steps) if by_steps.dialect.name == "sqlite" else None
        migrate(by_steps, "0001")
        migrate(by_steps)
        with by_steps.connect() as connection:
            context = MigrationContext.configure(connection)
            assert compare_metadata(context, schema.metadata) == []
            assert context.get_current_revision() == schema.HEAD_REVISION
        migrated = _reflected(by_steps)
        with write_transaction(by_steps) as connection:
            for name in sa.inspect(connection).get_table_names():
                connection.execute(sa.text(f"DROP TABLE {name}"))
        by_steps.dispose()
        at_once = open_engine(database_url(url))
        assert _reflected(at_once) == migrated
        assert len(migrated) == len(schema.metadata.tables) + 1
        assert table_revision(at_once) == schema.HEAD_REVISION
        at_once.dispose()

    @pytest.mark.parametrize("old", OLDER)
    def test_an_older_store_keeps_its_data(self, url: str | Path, old: str) -> None:
        engine = sa.create_engine(database_url(url))
        _tune(engine) if engine.dialect.name == "sqlite" else None
        migrate(engine, old)
        rows = [schema.event_row(FULL) | {"at": float(n), "event_id": f"e{n}"} for n in range(3)]
        with write_transaction(engine) as connection:
            for table, row in (
                (schema.events, rows),
                (schema.items, schema.item_row(ITEM) | {"revision": 7}),
                (schema.users, schema.user_row(User("ann", {"genre": ("Drama",)}))),
                (schema.meta, {"name": "item_revision", "text": "7"}),
            ):
                connection.execute(_as_then(connection, table), row)
            kept = [
                (table, row)
                for table, row in LATER.items()
                if sa.inspect(connection).has_table(table.name)
            ]
            for table, row in kept:
                insert = _as_then(connection, table)
                then = {name: row[name] for name in row if name in insert.table.columns}
                connection.execute(insert, then)
        engine.dispose()
        with SqlStore(url) as store:
            assert [event.event_id for _, event in store.events()] == ["e0", "e1", "e2"]
            columns = ItemColumns(frozenset({"genre", "year"}), frozenset({"plot", "about"}))
            if old < "0011":  # from then on they are written with the items
                assert store.item_columns() == columns
            assert list(store.items()) == [(7, ITEM)]
            assert list(store.users()) == [User("ann", {"genre": ("Drama",)})]
            assert store.put_items([Item("new")]) == 1
            assert [revision for revision, _ in store.items(7)] == [8]
            with store._engine.connect() as connection:
                for table, row in kept:
                    stored = dict(connection.execute(sa.select(table)).mappings().one())
                    assert stored == row
            assert len(kept) == {"0001": 0, "0002": 1}.get(old, 2)

    def test_older_answers_are_given_to_the_owner_of_their_session_then(
        self, url: str | Path
    ) -> None:
        engine = sa.create_engine(database_url(url))
        _tune(engine) if engine.dialect.name == "sqlite" else None
        migrate(engine, "0007")
        facts = [
            Event(f"f{at}", "identify", at, user=user, session="tv")
            for at, user in ((10.0, "ann"), (20.0, "bob"))
        ]
        answers = [
            {"id": f"at {at}", "at": at, "session": "tv", "model": "m", "request": "{}"}
            | {"items": "[]", "state": "{}"}
            for at in (5.0, 15.0, 25.0)
        ]
        with write_transaction(engine) as connection:
            connection.execute(
                _as_then(connection, schema.events), [schema.event_row(fact) for fact in facts]
            )
            for table in (schema.recommendations, schema.conversations):
                insert = _as_then(connection, table)
                names = insert.table.columns.keys()
                connection.execute(insert, [{n: r[n] for n in r if n in names} for r in answers])
        engine.dispose()
        with SqlStore(url) as store:
            for user, times in (("ann", ["at 15.0", "at 5.0"]), ("bob", ["at 25.0"])):
                assert sorted(one.id for one in store.recommendations_to(user)) == times
                assert sorted(one.id for one in store.conversations_with(user)) == times

    def test_a_newer_store_is_refused(self, url: str | Path) -> None:
        SqlStore(url).close()
        engine = open_engine(database_url(url))
        with write_transaction(engine) as connection:
            connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
        engine.dispose()
        with pytest.raises(StoreError, match=r"newer Foretaste \(revision 9999\).*pip install"):
            SqlStore(url)


LATER: dict[sa.Table, dict[str, Any]] = {
    schema.api_keys: {
        "id": "k",
        "hash": "h",
        "name": "front",
        "tenant": "default",
        "scopes": "read events",
        "created": 1.0,
        "expires": None,
        "revoked": 2.0,
        "used": None,
        "user_access": None,  # as before there was a choice
        "signing_secret": None,
    },
    schema.recommendations: {
        "id": "r",
        "at": 1.0,
        "user": "ann",
        "session": None,
        "model": "m",
        "request": "{}",
        "items": "[]",
        "owner": "ann",
        "placement": None,
        "shelf": None,
    },
}
"""Tables that came with a later revision than the first, and a row of each."""


def _reflected(engine: sa.Engine) -> dict[str, object]:
    """All that the database says of each table."""
    inspector = sa.inspect(engine)
    return {
        name: [  # as texts: types and conditions are objects that equal only themselves
            inspector.get_pk_constraint(name),
            *(
                f"{column | {'type': repr(column['type'])}}"
                for column in inspector.get_columns(name)
            ),
            *sorted(map(_index_text, inspector.get_indexes(name))),
            *sorted(map(str, inspector.get_unique_constraints(name))),
        ]
        for name in inspector.get_table_names()
    }


def _index_text(index: Any) -> str:
    options = {name: str(value) for name, value in index["dialect_options"].items()}
    return str(index | {"dialect_options": options})


def _as_then(connection: sa.Connection, table: sa.Table) -> sa.Insert:
    """An insert into a table as it was at an older revision, with the columns it had."""
    return sa.insert(sa.Table(table.name, sa.MetaData(), autoload_with=connection))


class TestSQLite(StoreContract):
    @pytest.fixture
    def url(self, tmp_path: Path) -> Path:
        return tmp_path / "behaviour.db"


class TestPostgreSQL(StoreContract):
    @pytest.fixture
    def url(self, empty_postgres: str) -> str:
        return empty_postgres


def test_two_schemas_of_one_database_know_nothing_of_each_other(empty_postgres: str) -> None:
    ours, theirs = (
        url_with_schema(database_url(empty_postgres), name) for name in ("ours", "theirs")
    )
    with SqlStore(ours) as one, SqlStore(theirs) as other, SqlStore(empty_postgres) as usual:
        one.add_events([FULL])
        one.put_items([ITEM])
        assert other.counts() == usual.counts() == {"events": 0, "items": 0, "users": 0}
        assert other.add_events([FULL]) == 1
        assert other.last_event_number() == 1
    with SqlStore(ours) as again:
        assert [event for _, event in again.events()] == [FULL]
        assert again.last_event_number() == 1


def test_a_schema_is_for_postgresql(tmp_path: Path) -> None:
    settings = BehaviourSettings(database_schema="acme")
    with pytest.raises(StoreError, match="database_schema is for PostgreSQL"):
        open_store(settings, tmp_path)


def test_the_workspace_has_a_store_of_its_own(tmp_path: Path) -> None:
    open_store(BehaviourSettings(), tmp_path).close()
    assert (tmp_path / STORE_FILE).exists()


def test_the_settings_name_another_store(tmp_path: Path) -> None:
    open_store(BehaviourSettings(database=f"sqlite:///{tmp_path}/x.db"), tmp_path).close()
    assert (tmp_path / "x.db").exists()


def test_sqlite_survives_a_power_cut(tmp_path: Path) -> None:
    engine = open_engine(database_url(tmp_path / "behaviour.db"))
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2, "FULL"
    engine.dispose()


def test_a_reader_is_not_in_the_way_of_a_writer(store: SqlStore) -> None:
    store.add_events([click("a", 1), click("b", 2)])
    reading = store.events()
    next(reading)
    assert store.add_events([click("c", 3)]) == 1


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"no folder .*/nowhere for the store; make it"):
        SqlStore(tmp_path / "nowhere" / "behaviour.db")


def test_a_folder_in_place_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="is a folder; name a file in it"):
        SqlStore(tmp_path)


def test_not_a_database(tmp_path: Path) -> None:
    path = tmp_path / "behaviour.db"
    path.write_bytes(b"user,item,kind\n" * 100)
    with pytest.raises(
        StoreError, match=r"behaviour.db: file is not a database; this file is some"
    ):
        SqlStore(path)


def test_a_file_that_may_only_be_read(tmp_path: Path) -> None:
    path = tmp_path / "behaviour.db"
    SqlStore(path).close()
    with (
        SqlStore(f"sqlite:///file:{path}?mode=ro&uri=true") as store,
        pytest.raises(StoreError, match="readonly database; make the file and its folder writable"),
    ):
        store.add_events([FULL])


def test_a_full_disk_stores_nothing_of_the_batch(store: SqlStore) -> None:
    """SQLite itself raises the error here, at the size it is given."""

    @sa.event.listens_for(store._engine, "connect")
    def small(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA max_page_count = 30")

    store._engine.dispose()
    store.add_events([FULL])
    long = "x" * 1_000
    many = [Event(f"many{n}", "review", 1.0, user="u", item="i", text=long) for n in range(1_000)]
    with pytest.raises(StoreError, match="disk is full; make room; nothing of this batch"):
        store.add_events(many)
    assert [event for _, event in store.events()] == [FULL]


@pytest.mark.parametrize("url", ["mysql://x/y", "nonsense://", "postgresql+psycopg2://x/y"])
def test_another_kind_of_database(url: str) -> None:
    with pytest.raises(StoreError, match=r"expected sqlite:///path or postgresql://|is not a URL"):
        SqlStore(url)


def test_no_postgresql_there_and_no_password_in_the_message() -> None:
    with pytest.raises(StoreError, match="is PostgreSQL running there") as raised:
        SqlStore("postgresql://ann:secret@127.0.0.1:1/db")
    assert "secret" not in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_store_without_a_byte_is_a_lost_one(tmp_path: Path) -> None:
    path = tmp_path / "behaviour.db"
    path.touch()
    with pytest.raises(StoreError, match=r"behaviour.db is empty, 0 bytes.*restore it from a back"):
        SqlStore(path)
    assert path.stat().st_size == 0


def test_a_new_store_needs_no_folder_for_what_is_temporary(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A container may have none; the store is made by us all the same, and private."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    new_store._new_store.cache_clear()
    path = tmp_path / "behaviour.db"
    new_store.make_store_file(path)
    assert path.stat().st_mode & 0o777 == FILE_MODE
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_new_store_is_never_seen_empty_nor_read_by_others(tmp_path: Path) -> None:
    """Many make one at once, each with an engine of its own: all have the same one."""
    failures: list[Exception] = []
    barrier = threading.Barrier(8)

    def make(number: int) -> None:
        try:
            barrier.wait()
            with SqlStore(tmp_path / "behaviour.db") as store:
                store.add_events([Event(f"e{number}", "click", 1.0, user="u", item="i")])
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=make, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with SqlStore(tmp_path / "behaviour.db") as store:
        assert store.counts()["events"] == 8
        modes = {file.name: file.stat().st_mode & 0o777 for file in tmp_path.iterdir()}
    assert all(mode in (0o600, 0o640) for mode in modes.values()), modes
    assert set(modes) == {"behaviour.db", "behaviour.db-wal", "behaviour.db-shm"}
