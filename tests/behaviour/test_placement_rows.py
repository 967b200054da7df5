"""Placements as they are put, deleted and undone: one contract, for SQLite and PostgreSQL."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from foretaste.behaviour.store import SqlStore
from foretaste.domain.placement import PlacementChange, PlacementRecord

HOME = PlacementRecord("home", {"n": 12, "filter": {"genre": "Drama é"}}, 1.5, "console")
SHORT = PlacementRecord("home", {"n": 3}, 2.5, None)


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlStore]:
    sqlite = request.param == "sqlite"
    url = tmp_path / "b.db" if sqlite else request.getfixturevalue("empty_postgres")
    with SqlStore(url) as store:
        yield store


def test_as_it_was_put(store: SqlStore) -> None:
    assert store.placement("home") is None
    store.put_placement(HOME)
    store.put_placement(PlacementRecord("cart", {}, 2.0))
    assert store.placement("home") == HOME
    assert [record.name for record in store.placements()] == ["cart", "home"]
    store.put_placement(SHORT)
    assert store.placement("home") == SHORT


def test_every_change_is_kept_with_who_and_when(store: SqlStore) -> None:
    store.put_placement(HOME)
    store.put_placement(SHORT)
    assert store.delete_placement("home", 3.5, "ann")
    assert not store.delete_placement("home", 4.5, "ann")
    assert store.placement("home") is None
    assert store.placement_changes("home") == [
        PlacementChange(3, "home", None, 3.5, "ann"),
        PlacementChange(2, "home", {"n": 3}, 2.5, None),
        PlacementChange(1, "home", HOME.placement, 1.5, "console"),
    ]
    assert store.placement_changes("other") == []


def test_a_change_is_undone_and_so_is_its_undoing(store: SqlStore) -> None:
    assert not store.undo_placement("home", 0.0)
    store.put_placement(HOME)
    store.put_placement(SHORT)
    assert store.undo_placement("home", 5.0, "ann")
    assert store.placement("home") == PlacementRecord("home", HOME.placement, 5.0, "ann")
    assert store.undo_placement("home", 6.0, "ann")
    assert store.placement("home") == PlacementRecord("home", SHORT.placement, 6.0, "ann")


def test_undoing_what_made_it_deletes_it_and_undoing_a_deletion_brings_it_back(
    store: SqlStore,
) -> None:
    store.put_placement(HOME)
    assert store.undo_placement("home", 5.0)
    assert store.placement("home") is None
    assert store.undo_placement("home", 6.0)
    restored = store.placement("home")
    assert restored is not None
    assert restored.placement == HOME.placement


def test_writers_at_once_get_numbers_of_their_own(store: SqlStore) -> None:
    failures: list[BaseException] = []

    def put(writer: int) -> None:
        try:
            for n in range(10):
                store.put_placement(PlacementRecord("home", {"n": writer + n}, float(n)))
        except BaseException as error:
            failures.append(error)

    writers = [threading.Thread(target=put, args=(n,)) for n in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert failures == []
    numbers = [change.number for change in store.placement_changes("home")]
    assert numbers == list(range(30, 0, -1))
