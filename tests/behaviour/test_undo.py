"""Imports that are undone, in each kind of store: it is as if they had never been."""

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from faults.nursery import Nursery
from foretaste.behaviour import importer, schema
from foretaste.behaviour.import_log import forget_imports, last_imports
from foretaste.behaviour.importer import import_all
from foretaste.behaviour.inspection.sources import sources_of
from foretaste.behaviour.settings import BehaviourSettings
from foretaste.behaviour.store import SqlStore
from foretaste.domain.data import Event, ImportResult, Item, User
from foretaste.domain.imports import UndoCounts
from foretaste.errors import InputError, StoreError

NOW = 1_770_000_000.0
CREATE = BehaviourSettings(unknown_items="create")
ITEMS, EVENTS = "id,title,genre", "user,item,kind,at"


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlStore]:
    postgres = request.param == "postgresql"
    url = request.getfixturevalue("empty_postgres") if postgres else tmp_path / "store.db"
    with SqlStore(url) as opened:
        yield opened


class Files:
    """Writes files and imports them."""

    def __init__(self, folder: Path, store: SqlStore, settings: BehaviourSettings) -> None:
        self.folder, self.store, self.settings = folder, store, settings

    def write(self, name: str, *lines: str) -> Path:
        path = self.folder / name
        path.write_text("\n".join(lines) + "\n")
        return path

    def take(self, *paths: Path, replace: bool = False) -> list[ImportResult]:
        return import_all(
            self.store,
            sources_of(paths),
            self.settings,
            rejects_dir=self.folder / "rejects",
            clock=lambda: NOW,
            replace_earlier=replace,
        )

    def undo(self, *numbers: int) -> UndoCounts:
        return self.store.undo_imports(numbers, NOW + 1)[1]


@pytest.fixture
def files(store: SqlStore, tmp_path: Path) -> Files:
    return Files(tmp_path, store, BehaviourSettings())


def state(store: SqlStore) -> tuple[Any, ...]:
    """All that imports bring."""
    return (
        Counter(str(event) for _, event in store.events()),
        {item.id: item for _, item in store.items()},
        {user.id: user for user in store.users()},
    )


def facts(store: SqlStore) -> Mapping[str, str]:
    with store._engine.connect() as connection:
        rows = connection.execute(sa.select(schema.meta.c.name, schema.meta.c.text)).all()
    passing = {"item_revision", "user_revision", "last_imports"}
    passing |= {"erasures", "erasure:log_due", "erased_numbers"}
    passing.add(
        "erasure:pages_due"
    )  # pages of the file may have what was undone until it is rewritten
    return {name: text for name, text in rows if name not in passing}


def test_a_wrong_first_import_leaves_nothing(store: SqlStore, files: Files) -> None:
    untouched = facts(store)
    items = files.write("items.csv", ITEMS, "a,Alien,sf", "b,Brazil,sf")
    users = files.write("users.csv", "user,plan", "u1,free")
    events = files.write("events.csv", EVENTS, "u1,a,click,1700000000", "u2,b,purchase,1700000001")
    results = files.take(items, users, events)
    assert {result.number for result in results} == {1}
    assert files.undo(1) == UndoCounts(events=2, items=2, users=1)
    assert dict(store.counts()) == {"events": 0, "items": 0, "users": 0}
    assert facts(store) == untouched, "what was decided of columns is forgotten as well"
    assert {item for _, item in store.deleted_items()} == {"a", "b"}, "readers meet it"
    assert not store.known_item_ids(["a", "b"]), "nobody has deleted them"
    again = files.take(items, users, events)
    assert [(result.added, result.known) for result in again] == [(2, 0), (1, 0), (2, 0)]
    assert again[0].number == 2, "no number is given twice"
    assert [record.state for record in store.imports()] == ["undone", "done"]


def test_what_was_there_before_stays(store: SqlStore, files: Files) -> None:
    told = Event("order-1", "purchase", 1_700_000_000.0, user="u1", item="a")
    store.put_items([Item("a", "Alien")])
    store.put_users([User("u1", {"plan": ("free",)})])
    store.add_events([told])
    before = state(store)
    files.take(
        files.write("events.csv", f"event_id,{EVENTS}", "order-1,u1,a,purchase,1700000000"),
        files.write("items.csv", "id,title", "a,Alien"),
        files.write("users.csv", "user,plan", "u1,free"),
    )
    assert files.undo(1) == UndoCounts()
    assert state(store) == before


def test_an_item_reads_again_as_the_import_before_had_it(store: SqlStore, files: Files) -> None:
    first = files.write("items.csv", ITEMS, "a,Alien,sf", "b,Brazil,sf")
    files.take(first, files.write("users.csv", "user,plan", "u1,free"))
    before = state(store)
    files.take(files.write("items.csv", ITEMS, "a,ALIEN,horror", "c,Cube,sf"))
    files.take(files.write("users.csv", "user,plan", "u1,paid"))
    assert files.undo(2, 3) == UndoCounts(items=1, restored_items=1, restored_users=1)
    assert state(store) == before
    assert [item.id for _, item in store.items(after_revision=4)] == ["a"], "readers meet it"
    assert files.undo(1) == UndoCounts(items=2, users=1)
    assert state(store) == (Counter(), {}, {})


def test_the_lower_of_two_imports_is_undone_first(store: SqlStore, files: Files) -> None:
    store.put_items([Item("a", "of the shop")])
    for title in ("first", "second", "third"):
        files.take(files.write("items.csv", "id,title", f"a,{title}", "b,same"))
    assert files.undo(2).restored_items == 0
    assert [item.title for _, item in store.items()] == ["same", "third"]
    assert files.undo(3) == UndoCounts(restored_items=1)
    assert {item.id: item.title for _, item in store.items()} == {"a": "first", "b": "same"}
    assert files.undo(1) == UndoCounts(items=1, restored_items=1)
    assert {item.id: item.title for _, item in store.items()} == {"a": "of the shop"}


def test_what_was_changed_since_stays_and_is_said(store: SqlStore, files: Files) -> None:
    files.take(files.write("items.csv", "id,title", "a,A", "b,B", "c,C"))
    store.put_items([Item("a", "of the shop")])
    store.change_item("b", lambda item: Item("b", "changed"))
    store.delete_items(["c"])
    assert files.undo(1) == UndoCounts(left_items=3)
    assert {item.id: item.title for _, item in store.items()} == {
        "a": "of the shop",
        "b": "changed",
    }


def test_an_item_that_people_had_deleted_is_deleted_again(store: SqlStore, files: Files) -> None:
    store.put_items([Item("a", "A")])
    store.delete_items(["a"])
    files.take(files.write("items.csv", "id,title", "a,A"))
    assert store.item("a") is not None
    assert files.undo(1) == UndoCounts(items=1)
    assert store.item("a") is None
    assert store.known_item_ids(["a"]) == {"a"}


def test_what_two_imports_have_goes_with_the_second(store: SqlStore, files: Files) -> None:
    rows = [f"u{n},i{n % 5},click,{1_700_000_000 + n}" for n in range(40)]
    files.settings = CREATE
    files.take(files.write("january.csv", EVENTS, *rows[:30]))
    files.take(files.write("february.csv", EVENTS, *rows[20:]))
    counts = files.undo(1)
    assert (counts.events, counts.shared) == (20, 10 + 5), "ten events and five items they name"
    assert dict(store.counts()) == {"events": 20, "items": 5, "users": 0}
    files.undo(2)
    assert dict(store.counts()) == {"events": 0, "items": 0, "users": 0}


def test_an_event_id_of_before_is_not_remembered(store: SqlStore, files: Files) -> None:
    """The mapping is mended: the same ids, other content."""
    store.put_items([Item("a"), Item("b")])
    files.take(files.write("orders.csv", f"event_id,{EVENTS}", "o1,WRONG,a,purchase,1700000000"))
    files.undo(1)
    mended = files.write("orders.csv", f"event_id,{EVENTS}", "o1,ann,b,purchase,1700000000")
    assert [(result.added, result.known) for result in files.take(mended)] == [(1, 0)]
    assert [(event.user, event.item) for _, event in store.events()] == [("ann", "b")]


def test_items_that_events_create_can_be_created_again(store: SqlStore, files: Files) -> None:
    events = files.write("events.csv", EVENTS, "u1,a,click,1700000000")
    files.take(events)
    files.undo(1)
    assert store.item_count() == 0
    files.take(events)
    assert store.item_ids() == {"a"}


def test_an_event_over_http_keeps_the_item_that_it_names(store: SqlStore, files: Files) -> None:
    files.take(files.write("events.csv", EVENTS, "u1,a,click,1700000000", "u1,b,click,1700000001"))
    store.add_events([Event("live", "click", NOW, user="u2", item="a")])
    assert files.undo(1) == UndoCounts(events=2, items=1, shared=1)
    assert store.item_ids() == {"a"}


def test_replace_is_whole_with_the_new_import(store: SqlStore, files: Files) -> None:
    items = files.write("items.csv", ITEMS, "a,Alien,sf", "b,Brazil,sf")
    events = files.write("events.csv", EVENTS, "u1,a,click,1700000000", "u2,b,click,1700000001")
    files.take(items, events)
    files.write("events.csv", EVENTS, "ann,a,click,1700000000", "bob,b,click,1700000001")
    (result,) = files.take(events, replace=True)
    assert (result.number, result.replaced_imports) == (2, (1,))
    assert {event.user for _, event in store.events()} == {"ann", "bob"}
    assert store.item_count() == 2, "the other file of import 1 is still there"
    one, two = store.imports()
    assert [file.replaced_by for file in one.files] == [None, 2]
    assert [file.is_undone for file in two.files] == [False]
    assert files.undo(1).items == 2
    assert dict(store.counts()) == {"events": 2, "items": 0, "users": 0}


def test_replace_knows_a_file_by_its_content(store: SqlStore, files: Files) -> None:
    files.take(files.write("items.csv", ITEMS, "a,Alien,sf"))
    (result,) = files.take(files.write("copy.csv", ITEMS, "a,Alien,sf"), replace=True)
    assert result.replaced_imports == (1,)


def test_replace_that_fails_changes_nothing(store: SqlStore, files: Files) -> None:
    path = files.write("items.csv", ITEMS, "a,Alien,sf")
    files.take(path)
    before, receipts = state(store), store.imports()
    files.write("items.csv", ITEMS, "a,", "b,Brazil,sf,what,is,this")
    files.write("other.csv", ITEMS, f"{'x' * 600},Alien,sf")
    other = files.folder / "elsewhere"
    other.mkdir()
    namesake = other / "items.csv"
    namesake.write_text(f"{ITEMS}\nz,Zardoz,sf\n")
    with pytest.raises(InputError, match="imports undo 1"):
        files.take(namesake, replace=True)
    files.write("items.csv", ITEMS, f"{'x' * 600},Alien,sf")
    with pytest.raises(InputError, match="nothing was replaced and nothing stored"):
        files.take(path, replace=True)
    with pytest.raises(InputError, match="by its number"):
        import_all(
            store,
            sources_of([], {"items": [{"id": "q", "title": "Q"}]}),
            files.settings,
            rejects_dir=files.folder,
            clock=lambda: NOW,
            replace_earlier=True,
        )
    assert state(store) == before
    assert store.imports() == receipts


def test_replace_sees_items_as_they_are_without_the_earlier_import(
    store: SqlStore, files: Files
) -> None:
    """Items that only the replaced events named are created again for the new ones."""
    path = files.write("events.csv", EVENTS, "u1,a,click,1700000000", "u1,u1,click,1700000001")
    files.take(path)
    files.write("events.csv", EVENTS, "u1,a,click,1700000000", "u2,b,click,1700000001")
    files.take(path, replace=True)
    assert store.item_ids() == {"a", "b"}
    assert store.counts()["events"] == 2


def test_an_erased_person_is_not_brought_back(store: SqlStore, files: Files) -> None:
    store.put_users([User("ann", {"plan": ("free",)}), User("bob", {"plan": ("free",)})])
    files.take(files.write("users.csv", "user,plan", "ann,paid", "bob,paid"))
    store.erase("ann")
    with store._engine.connect() as connection:
        rows = connection.execute(sa.select(schema.replaced_rows)).mappings().all()
    assert [row["id"] for row in rows] == ["bob"]
    assert files.undo(1) == UndoCounts(restored_users=1, left_users=1)
    assert [user.id for user in store.users()] == ["bob"]


def test_models_count_anew_after_events_went(store: SqlStore, files: Files) -> None:
    files.settings = CREATE
    files.take(files.write("events.csv", EVENTS, "u1,a,click,1700000000"))
    erasures = store.erasure_count()
    files.undo(1)
    assert store.erasure_count() == erasures + 1


def test_what_cannot_be_undone(store: SqlStore, files: Files) -> None:
    files.settings = BehaviourSettings(undoable_imports=1)
    for title in ("A", "AA"):
        files.take(files.write("items.csv", "id,title", f"a,{title}"))
    with pytest.raises(InputError, match="there is no import 7"):
        files.undo(7)
    with pytest.raises(InputError, match="import 1 is too old to be undone"):
        files.undo(1, 2)
    assert [item.title for _, item in store.items()] == ["AA"], "none of them"
    assert files.undo(2) == UndoCounts(restored_items=1)
    assert store.undo_imports([2], NOW) == ([], UndoCounts()), "again it does nothing"


def test_an_import_that_is_undone_while_it_runs_ends(
    store: SqlStore, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importer, "ROWS_PER_BATCH", 2)

    def undo_first(*_: object) -> None:
        if store.imports()[0].undone is None:
            files.undo(1)

    with pytest.raises(InputError, match="import 1 was undone while it ran"):
        import_all(
            store,
            sources_of([files.write("items.csv", "id,title", "a,A", "b,B", "c,C")]),
            files.settings,
            rejects_dir=files.folder,
            clock=lambda: NOW,
            progress=undo_first,
        )
    assert store.item_count() == 0


def test_an_import_that_broke_off_can_be_undone(
    store: SqlStore, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importer, "ROWS_PER_BATCH", 2)
    rows = [f"i{n},title {n}" for n in range(6)]
    path = files.write("items.csv", "id,title", *rows)

    def break_off(_label: str, _done: int, _total: int, _note: str) -> None:
        raise StoreError("the disk is full")

    with pytest.raises(StoreError):
        import_all(
            store,
            sources_of([path]),
            files.settings,
            rejects_dir=files.folder,
            clock=lambda: NOW,
            progress=break_off,
        )
    assert [record.state for record in store.imports()] == ["not finished"]
    files.take(path)
    assert files.undo(1) == UndoCounts(shared=2)
    assert store.item_count() == 6
    assert files.undo(2) == UndoCounts(items=6)


def test_the_report_no_longer_speaks_of_it(store: SqlStore, files: Files) -> None:
    files.take(files.write("items.csv", ITEMS, "a,Alien,sf"))
    files.take(files.write("more.csv", ITEMS, "b,Brazil,sf"))
    assert [(result.file, result.number) for result in last_imports(store)] == [
        ("items.csv", 1),
        ("more.csv", 2),
    ]
    forget_imports(store, [1])
    assert [result.file for result in last_imports(store)] == ["more.csv"]


def random_files(rng: random.Random, files: Files, number: int) -> list[Path]:
    """One to three files whose rows are partly those of others."""
    genres = ("sf", "drama")
    item_lines = [f"i{n},title {rng.randrange(3)},{rng.choice(genres)}" for n in range(12)]
    user_lines = [f"u{n},{rng.choice(('free', 'paid'))}" for n in range(8)]
    event_lines = [f"u{n % 8},base{n % 3},click,{1_700_000_000 + n}" for n in range(60)]
    start = rng.randrange(40)
    paths = [
        files.write(f"items{number}.csv", ITEMS, *rng.sample(item_lines, rng.randrange(1, 12))),
        files.write(
            f"users{number}.csv", "user,plan", *rng.sample(user_lines, rng.randrange(1, 8))
        ),
        files.write(f"events{number}.csv", EVENTS, *event_lines[start:][:20]),
    ]
    return rng.sample(paths, rng.randrange(1, 4))


@pytest.mark.parametrize("seed", range(6))
def test_it_is_as_if_it_had_never_been(tmp_path: Path, seed: int) -> None:
    """Any imports, of which any are undone in any order, against a store without those."""
    rng = random.Random(seed)
    with SqlStore(tmp_path / "all.db") as store, SqlStore(tmp_path / "some.db") as other:
        files, others = (Files(tmp_path, each, BehaviourSettings()) for each in (store, other))
        for each in (store, other):
            each.put_items([Item(f"base{n}", "of the shop") for n in range(3)])
        undone = rng.sample(range(1, 7), rng.randrange(1, 6))
        early = set(undone[:1])
        for number in range(1, 7):
            paths = random_files(rng, files, number)
            files.take(*paths)
            if number not in undone:
                others.take(*paths)
            if number in early and rng.random() < 0.5:
                files.undo(number)
        for number in undone:
            files.undo(number)
        assert state(store) == state(other)
        kept = [number for number in range(1, 7) if number not in undone]
        counts = files.undo(*kept)
        assert (counts.left_items, counts.left_users) == (0, 0)
        assert dict(store.counts()) == {"events": 0, "items": 3, "users": 0}
        with store._engine.connect() as connection:
            for table in (schema.replaced_rows, schema.imported_numbers):
                assert connection.execute(sa.select(table)).all() == []


KILLED = """
import os, signal, sys
import sqlalchemy as sa
from foretaste.behaviour.store import SqlStore
url, step = sys.argv[1], int(sys.argv[2])
store = SqlStore(url)
calls = 0

def die(_connection, _cursor, statement, *_):
    global calls
    if statement.startswith(("DELETE", "UPDATE", "INSERT")):
        calls += 1
        if calls == step:
            os.kill(os.getpid(), signal.SIGKILL)

sa.event.listen(store._engine, "after_cursor_execute", die)
store.undo_imports([2], 1_770_000_001.0)
"""


@pytest.mark.parametrize("step", [1, 4, 9])
def test_killed_in_the_middle_of_an_undo(
    nursery: Nursery, store: SqlStore, files: Files, step: int
) -> None:
    """Killed with SIGKILL after one of its statements: nothing has changed. Again it is whole."""
    files.take(files.write("items.csv", ITEMS, "a,Alien,sf", "b,Brazil,sf"))
    before = state(store)
    files.take(
        files.write("more.csv", ITEMS, "a,ALIEN,horror", "c,Cube,sf"),
        files.write("events.csv", EVENTS, "u1,a,click,1700000000", "u2,c,click,1700000001"),
        files.write("users.csv", "user,plan", "u1,free"),
    )
    imported = state(store)
    url = store.url.render_as_string(hide_password=False)
    with nursery.start_script(KILLED, url, step) as process:
        process.wait()
    assert process.log == ""
    assert state(store) == imported
    assert [record.state for record in store.imports()] == ["done", "done"]
    files.undo(2)
    assert state(store) == before


def test_a_transaction_is_whole(store: SqlStore) -> None:
    def put_all() -> Sequence[Event]:
        store.put_items([Item("a", "A")])
        store.add_events([Event("e", "click", NOW, user="u", item="a")])
        store.put_meta_text("fact", "text")
        assert store.item("a") == Item("a", "A"), "it sees what it has written"
        assert store.meta_text("fact") == "text"
        return store.history("u", None)

    def fail() -> None:
        with store.transaction():
            assert len(put_all()) == 1
            raise InputError("and then this")

    with pytest.raises(InputError):
        fail()
    assert (store.item("a"), store.last_event_number(), store.meta_text("fact")) == (None, 0, None)
    with store.transaction():
        put_all()
    assert store.counts()["events"] == store.counts()["items"] == 1
