"""A table of a real database in, its rows in the store out."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from foretaste.behaviour.settings import BehaviourSettings
from foretaste.behaviour.store import SqlStore
from foretaste.consume.consumer_status import ConsumerStatus
from foretaste.consume.polled_table import PolledTable
from foretaste.consume.source_table import open_source
from foretaste.consume.stream_source import SourceError
from foretaste.consume.table_order import CursorPoint, ReadMark, TablePosition
from foretaste.errors import InputError

from .consumed import NOW, consumed, counts, event_ids, rejects


class Shop:
    """A database of a shop."""

    def __init__(self, url: str) -> None:
        self.url, self.engine = url, sa.create_engine(url)
        self.now = NOW
        self.sources = list[PolledTable]()

    def run(self, *statements: str) -> None:
        with self.engine.begin() as connection:
            for statement in statements:
                connection.execute(sa.text(statement))

    def source(self, options: str, records: str = "events") -> PolledTable:
        separator = "&" if "?" in self.url else "?"
        source = PolledTable(
            f"{self.url}{separator}{options}",
            records,
            BehaviourSettings(),
            clock=lambda: self.now,
            wait=lambda _: None,
        )
        self.sources.append(source)
        return source

    def close(self) -> None:
        for source in self.sources:
            source.close()
        self.engine.dispose()

    def add_clicks(self, *names: str) -> None:
        self.run(
            *(
                f"INSERT INTO clicks (event_id, user_id, item_id) VALUES ('{name}', 'u', 'i')"
                for name in names
            )
        )


@pytest.fixture(params=["sqlite", "postgresql"])
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shop]:
    """With a table of clicks, numbered in the order of their insertion."""
    if request.param == "sqlite":
        opened = Shop(f"sqlite:///{tmp_path / 'shop.db'}")
        numbered = "id INTEGER PRIMARY KEY"
    else:
        opened = Shop(request.getfixturevalue("empty_postgres"))
        numbered = "id BIGSERIAL PRIMARY KEY"
    opened.run(f"CREATE TABLE clicks ({numbered}, event_id TEXT, user_id TEXT, item_id TEXT)")
    yield opened
    opened.close()


@pytest.fixture
def postgres_shop(empty_postgres: str) -> Iterator[Shop]:
    opened = Shop(empty_postgres)
    yield opened
    opened.close()


def read(
    store: SqlStore, folder: Path, source: PolledTable, records: str = "events", **settings: Any
) -> ConsumerStatus:
    return consumed(store, source, folder, records, **settings)


CLICKS = "table=clicks&cursor=id"


def test_each_row_once_and_a_replay_adds_nothing(
    shop: Shop, store: SqlStore, tmp_path: Path
) -> None:
    shop.add_clicks(*"abcdefg")
    assert counts(read(store, tmp_path, shop.source(CLICKS))) == (7, 0, 0)
    shop.add_clicks("h", "a")  # one of them again
    shop.now += 60.0  # what was read is read again once, and then never more
    assert counts(read(store, tmp_path, shop.source(CLICKS))) == (8, 8, 0)
    shop.now += 60.0
    assert counts(read(store, tmp_path, shop.source(CLICKS))) == (8, 10, 0)
    shop.now += 60.0
    assert counts(read(store, tmp_path, shop.source(CLICKS))) == (8, 10, 0)
    assert event_ids(store) == list("abcdefgh")

    assert counts(read(store, tmp_path, shop.source(CLICKS), start="beginning")) == (8, 19, 0)
    assert counts(read(store, tmp_path, shop.source(CLICKS), start="8")) == (8, 21, 0)
    with pytest.raises(InputError, match="'yesterday' is no value of the cursor"):
        read(store, tmp_path, shop.source(CLICKS), start="yesterday")


def test_rows_without_an_event_id_are_known_by_their_key(
    shop: Shop, store: SqlStore, tmp_path: Path
) -> None:
    shop.run(*3 * ["INSERT INTO clicks (user_id, item_id) VALUES ('u', 'i')"])
    for _ in range(2):
        read(store, tmp_path, shop.source(CLICKS), start="beginning")
    assert event_ids(store) == [f"table/clicks/{number}" for number in (1, 2, 3)]


def test_a_row_that_becomes_visible_late_is_read(
    postgres_shop: Shop, store: SqlStore, tmp_path: Path
) -> None:
    """A transaction takes the numbers 2 and 3 and commits when 4 and 5 were read long since."""
    shop = postgres_shop
    shop.run(
        "CREATE TABLE clicks (id BIGSERIAL PRIMARY KEY, event_id TEXT, user_id TEXT, item_id TEXT)"
    )
    insert = "INSERT INTO clicks (event_id, user_id, item_id) VALUES ('{}', 'u', 'i')"
    with shop.engine.connect() as open_transaction:
        shop.run(insert.format("1"))
        for name in "23":
            open_transaction.execute(sa.text(insert.format(name)))
        shop.run(insert.format("4"), insert.format("5"))
        source = shop.source(f"{CLICKS}&overlap=60")
        source.resume(lambda _: None, None)
        assert batches(source) == [["1", "4", "5"]]
        shop.now += 59.0
        open_transaction.commit()
        assert batches(source) == [["2", "3"]]
        shop.now += 60.0
        batch = source.read(10, 0.0)
    assert batch is not None
    settled = TablePosition.of(batch.position).settled
    assert (batch.rows, settled and settled.values) == ([], (5,))
    assert batches(source) == []


@pytest.mark.parametrize("restarted", [False, True])
def test_a_transaction_that_is_open_for_longer_than_the_overlap_loses_nothing(
    postgres_shop: Shop, caplog: pytest.LogCaptureFixture, *, restarted: bool
) -> None:
    """PostgreSQL says that it is open, so nothing past its beginning is settled."""
    shop = postgres_shop
    shop.run(
        "CREATE TABLE clicks (id BIGSERIAL PRIMARY KEY, event_id TEXT, user_id TEXT, item_id TEXT)"
    )
    insert = "INSERT INTO clicks (event_id, user_id, item_id) VALUES ('{}', 'u', 'i')"
    position: str | None = None
    with shop.engine.connect() as open_transaction:
        shop.add_clicks("a")
        open_transaction.execute(sa.text(insert.format("late")))
        source = shop.source(f"{CLICKS}&overlap=60")
        source.resume(lambda _: None, None)
        for name in "bcd":  # each a day later
            shop.add_clicks(name)
            while batch := source.read(10, 0.0):
                position = batch.position
            shop.now += 86_400.0
        assert caplog.text.count("has been open for longer than the overlap of 60 s") == 1
        if restarted:
            source.resume(lambda _: position, None)
        open_transaction.commit()
    entries = [entry for batch in batches(source) for entry in batch]
    assert entries == (["1", "2", "3", "4", "5"] if restarted else ["2"])
    shop.now += 86_400.0
    batches(source)
    source.resume(lambda _: position, None)


def test_a_position_of_another_server_settles_nothing_too_early(postgres_shop: Shop) -> None:
    """The numbers of its transactions may be larger than any of this one."""
    shop = postgres_shop
    shop.run(
        "CREATE TABLE clicks (id BIGSERIAL PRIMARY KEY, event_id TEXT, user_id TEXT, item_id TEXT)"
    )
    shop.add_clicks(*"abc")
    point = CursorPoint((3,))
    for number in (None, 2**40):
        source = shop.source(CLICKS)
        kept = TablePosition(None, point, shop.now, (ReadMark(shop.now - 90.0, point, number),))
        source.resume(lambda _, text=kept.text: text, None)  # type: ignore[misc]
        batch = source.read(10, 0.0)
        assert batch is not None
        assert [row.entry for row in batch.rows] == ["1", "2", "3"]
        settled = TablePosition.of(batch.position).settled
        assert settled == point, "nobody was at work when it was resumed"


def test_rows_of_one_day_come_in_any_order(shop: Shop) -> None:
    """A cursor that stays the same for longer than the overlap."""
    shop.run(
        "CREATE TABLE visits (code TEXT PRIMARY KEY, event_id TEXT, user_id TEXT, day TEXT)",
        "INSERT INTO visits VALUES ('m', 'm', 'u', '2026-11-28'), ('n', 'n', 'u', '2026-11-29')",
    )
    source = shop.source("table=visits&cursor=day&overlap=60")
    source.resume(lambda _: None, None)
    assert batches(source) == [["m", "n"]]
    for name in ("c", "x", "b"):
        shop.now += 3600.0
        assert batches(source) == []
        shop.now += 3600.0
        shop.run(f"INSERT INTO visits VALUES ('{name}', '{name}', 'u', '2026-11-29')")
        assert batches(source) == [[name]]


def test_numbers_that_are_given_out_ahead_are_refused(postgres_shop: Shop) -> None:
    shop = postgres_shop
    shop.run(
        'CREATE TABLE "Clicks" (id BIGINT GENERATED BY DEFAULT AS IDENTITY (CACHE 20)'
        " PRIMARY KEY, event_id TEXT, user_id TEXT)",
    )
    options = "table=public.Clicks&cursor=id"
    with pytest.raises(InputError, match=r"gives each connection 20 of them ahead.*CACHE 1"):
        shop.source(options).resume(lambda _: None, None)
    shop.source(f"{options}&overlap=900").resume(lambda _: None, None)


def test_rows_that_are_never_read_are_said(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    shop.run(
        "CREATE TABLE films (id INTEGER PRIMARY KEY, title TEXT, changed INTEGER)",
        "INSERT INTO films VALUES (1, 'One', 7), (2, 'Two', NULL)",
    )
    source = shop.source("table=films&cursor=changed", "items")
    source.resume(lambda _: None, None)
    assert batches(source) == [["1"]]
    assert "films has rows whose changed is NULL" in caplog.text
    assert "filled anew" not in caplog.text
    shop.run("DELETE FROM films", "INSERT INTO films VALUES (1, 'Other', 1)")
    for _ in range(2):
        assert source.lag() == 0
    assert caplog.text.count("was read up to changed = 7, and ends at 1 now") == 1


def test_what_is_not_settled_is_read_again_after_a_restart(shop: Shop) -> None:
    shop.add_clicks(*"abc")
    source = shop.source(f"{CLICKS}&overlap=60")
    source.resume(lambda _: None, None)
    (batch,) = iter(lambda: source.read(10, 0.0), None)
    assert batch is not None
    shop.run("UPDATE clicks SET id = 10 WHERE event_id = 'c'")  # 3 comes late
    shop.now += 3600.0
    source.resume(lambda _: batch.position, None)
    shop.run("INSERT INTO clicks (id, event_id, user_id, item_id) VALUES (3, 'late', 'u', 'i')")
    assert batches(source) == [["1", "2", "3"], ["10"]]


def test_a_reading_again_goes_on_in_the_next_run(shop: Shop) -> None:
    """Else none would end where each run is shorter, and nothing would ever settle."""
    shop.add_clicks(*"abcdef")
    source = shop.source(f"{CLICKS}&overlap=60")
    source.resume(lambda _: None, None)
    (batch,) = iter(lambda: source.read(10, 0.0), None)
    assert batch is not None
    shop.now += 60.0
    position, entries = batch.position, list[str]()
    for _ in range(4):  # runs that are ended after two rows
        source = shop.source(f"{CLICKS}&overlap=60")
        source.resume(lambda _, text=position: text, None)  # type: ignore[misc]
        again = source.read(2, 0.0)
        assert again is not None
        position = again.position
        entries += [row.entry for row in again.rows]
    assert entries == ["1", "2", "3", "4", "5", "6"]
    settled = TablePosition.of(position).settled
    assert settled is not None
    assert settled.values == (6,)


def test_what_is_old_is_settled_also_where_no_run_lasts_as_long(shop: Shop) -> None:
    positions: list[str | None] = [None]
    for number in range(9):
        shop.add_clicks(f"e{number}")
        source = shop.source(f"{CLICKS}&overlap=60")
        source.resume(lambda _: positions[-1], None)
        while batch := source.read(10, 0.0):
            positions.append(batch.position)
        shop.now += 10.0
    settled = TablePosition.of(positions[-1] or "").settled
    assert settled is not None
    assert settled.values == (3,), "what was read 60 s before the last run"


def test_without_an_overlap_nothing_is_read_again(shop: Shop) -> None:
    shop.add_clicks(*"abcd")
    source = shop.source(f"{CLICKS}&overlap=0")
    source.resume(lambda _: None, None)
    assert batches(source, 2) == [["1", "2"], ["3", "4"]]
    assert source.lag() == 0
    shop.add_clicks(*"ef")
    assert source.lag() == 2
    assert batches(source) == [["5", "6"]]


def batches(source: PolledTable, max_rows: int = 10) -> list[list[str]]:
    """The entries of what there is now."""
    read_batches = iter(lambda: source.read(max_rows, 0.0), None)
    return [[row.entry for row in batch.rows] for batch in read_batches if batch and batch.rows]


def test_items_by_when_they_changed_with_deletions(
    postgres_shop: Shop, store: SqlStore, tmp_path: Path
) -> None:
    shop = postgres_shop
    shop.run(
        "CREATE SCHEMA shop",
        "CREATE TABLE shop.products (id INT PRIMARY KEY, title TEXT, weight NUMERIC(8, 2),"
        " tags JSONB, updated_at TIMESTAMPTZ, removed_at TIMESTAMPTZ)",
        "INSERT INTO shop.products VALUES"
        " (1, 'First', 9.50, '[\"red\"]', '2026-11-01 10:00Z', NULL),"
        " (2, 'Second', 3, NULL, '2026-11-01 10:00Z', NULL),"
        " (3, 'Third', 4, NULL, '2026-11-01 10:00Z', NULL),"
        " (4, 'Fourth', 4, NULL, '2026-11-01 10:00Z', NULL)",
        "CREATE VIEW offers AS SELECT * FROM shop.products",
    )
    options = "table=shop.products&cursor=updated_at&deleted=removed_at"
    status = read(store, tmp_path, shop.source(options, "items"), "items", batch_rows=2)
    assert counts(status) == (4, 0, 0)
    first = next(item for _, item in store.items() if item.id == "1")
    assert (first.title, first.attributes) == ("First", {"weight": ("9.5",), "tags": ("red",)})

    shop.run(
        "UPDATE shop.products SET removed_at = now(), updated_at = '2026-11-01 11:00Z'"
        " WHERE id IN (2, 3)",
        "UPDATE shop.products SET title = 'Fourth!', updated_at = '2026-11-01 11:00Z' WHERE id = 4",
    )
    read(store, tmp_path, shop.source(options, "items"), "items", batch_rows=2)
    assert {item.id: item.title for _, item in store.items()} == {"1": "First", "4": "Fourth!"}

    view = shop.source("table=offers&cursor=updated_at&deleted=removed_at&key=id", "items")
    start = "2026-11-01T10:30"
    status = read(store, tmp_path, view, "items", start=start)
    assert counts(status) == (0, 3, 0)
    with pytest.raises(InputError, match="offers has no primary key; say which column"):
        shop.source("table=offers&cursor=updated_at", "items").resume(lambda _: None, None)


def test_a_row_that_changes_within_one_value_of_the_cursor(shop: Shop) -> None:
    """Clocks of databases may have whole seconds."""
    shop.run(
        "CREATE TABLE films (id INTEGER PRIMARY KEY, title TEXT, changed TEXT)",
        "INSERT INTO films VALUES (1, 'One', '10:00'), (2, 'Two', '10:00')",
    )
    source = shop.source("table=films&cursor=changed", "items")
    source.resume(lambda _: None, None)
    assert batches(source) == [["1", "2"]]
    shop.run("UPDATE films SET title = 'One!' WHERE id = 1")
    shop.now += 10.0
    assert batches(source) == [["1"]]
    shop.now += 10.0
    assert batches(source) == []


def test_bad_rows_are_written_down_once(shop: Shop, store: SqlStore, tmp_path: Path) -> None:
    shop.add_clicks("a", "b")
    shop.run(*2 * ["INSERT INTO clicks (event_id, item_id) VALUES ('nobody', 'i')"])
    assert counts(read(store, tmp_path, shop.source(CLICKS))) == (2, 0, 2)
    shop.now += 60.0
    assert counts(read(store, tmp_path, shop.source(CLICKS))) == (2, 2, 4)
    assert [row["entry"] for row in rejects(tmp_path)] == ["3", "4"]


def test_a_database_that_is_away(postgres_shop: Shop) -> None:
    source = PolledTable(
        "postgresql://reader@127.0.0.1:1/shop?table=t&cursor=id", "events", BehaviourSettings()
    )
    with pytest.raises(SourceError, match="t cannot be read: connection failed"):
        source.resume(lambda _: None, None)
    shop = postgres_shop
    shop.run("CREATE TABLE clicks (id BIGSERIAL PRIMARY KEY, event_id TEXT)")
    source = shop.source(CLICKS)
    source.resume(lambda _: None, None)
    shop.run("DROP TABLE clicks")
    with pytest.raises(SourceError, match='relation "clicks" does not exist'):
        source.read(1, 0.0)


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        ("postgresql://host/shop", "say which table, e.g. postgresql://"),
        ("postgresql://host/shop?table=t", "say which cursor"),
        ("postgresql://host:port/shop?table=t", "is not a URL of a database"),
        ("sqlite:///nowhere.db?table=t&cursor=id", "there is no file nowhere.db"),
        ("postgresql://host/shop?table=t&cursor=id&overlap=long", "is no number of seconds"),
        ("drill://host/shop?table=t&cursor=id", "nothing here reads drill; install its dialect"),
        ("mysql://host/shop?table=t&cursor=id", "MySQLdb is not installed, which mysql needs"),
        ("gopher://host/shop", "gopher:// is not known"),
    ],
)
def test_what_cannot_be_a_table(address: str, problem: str) -> None:
    with pytest.raises(InputError, match=problem):
        open_source(address, "events", BehaviourSettings())


def test_tables_and_columns_that_are_not_there(shop: Shop) -> None:
    for options, problem in (
        ("table=orders&cursor=id", "there is no table orders"),
        ("table=clicks&cursor=at", "clicks has no column at; it has id, event_id"),
        ("table=clicks&cursor=id&deleted=gone", "clicks has no column gone"),
    ):
        with pytest.raises(InputError, match=problem):
            shop.source(options).resume(lambda _: None, None)
