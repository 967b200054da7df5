"""A large catalogue is read once a version: the next load finds it in files, and what changed since
in the store.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from foretaste.domain import packed_rows
from foretaste.domain.arrays import QuantizedVectors, is_mapped
from foretaste.domain.data import Event, Item, Request
from foretaste.loop import Foretaste
from foretaste.model import version_files
from foretaste.model.experts.sequence import SequenceExpert
from foretaste.model.index import base
from foretaste.online import loading
from foretaste.online.snapshot import Snapshot
from foretaste.prepare import catalogue_builder
from foretaste.prepare.item_table import items_in_order

NEW = Item("nebula", "The nebula [space]", attributes={"genre": ("space",)})


@pytest.fixture
def is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if some ten items were very many."""
    monkeypatch.setattr(packed_rows, "MAX_UNPACKED_ROWS", 10)
    monkeypatch.setattr(loading, "MAX_UNPACKED_ROWS", 10)
    monkeypatch.setattr(catalogue_builder, "MAX_FULL_PRECISION_ITEMS", 10)
    monkeypatch.setattr(base, "EXHAUSTIVE_LIMIT", 10)
    monkeypatch.setattr(version_files, "MIN_MAPPED_BYTES", 0)


@contextmanager
def opened(folder: Path) -> Iterator[Foretaste]:
    workspace = Foretaste.open(folder)
    try:
        yield workspace
    finally:
        workspace.close()


def loaded_folder(workspace: Foretaste) -> Path:
    return workspace.models.derived_folder(str(workspace.models.live_name()))


def forbidden(*_: object) -> None:
    raise AssertionError("all items are read again")


def lists(workspace: Foretaste) -> list[list[tuple[str, Any]]]:
    requests = [Request(user=f"u{n}", n=8) for n in range(4)]
    requests += [Request(items=("space-1",), n=8), Request(query="a comet", n=8)]
    return [
        [(item.id, pytest.approx(item.score, abs=0.02)) for item in workspace.recommend(request)]
        for request in requests
    ]


def sequence(snapshot: Snapshot) -> SequenceExpert:
    return next(own for own in snapshot.product.experts if isinstance(own, SequenceExpert))


@pytest.mark.usefixtures("is_large")
class TestKept:
    def test_the_next_load_maps_what_the_first_one_made(
        self, trained: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with opened(trained) as first:
            first.catch_up()
            expected, folder = lists(first), loaded_folder(first)
        assert (folder / "complete.json").exists()
        monkeypatch.setattr("foretaste.online.version_items.items_in_order", forbidden)
        with opened(trained) as second:
            snapshot = second.catch_up()
            assert lists(second) == expected
            vectors, identities = snapshot.catalogue.vectors, sequence(snapshot)._identity.rows
            for kept in (vectors, identities):
                assert isinstance(kept, QuantizedVectors)
                assert is_mapped(kept.codes)
            assert len(snapshot.items) == len(snapshot.catalogue.ids)

    def test_what_changed_since_is_met_as_by_whoever_reads_all(self, trained: Path) -> None:
        with opened(trained) as first:
            items = first.catch_up().items
            changed = replace(items["space-1"], title="Another nebula [space]")
            hidden, back = replace(items["space-2"], hidden=True), items["space-4"]
        with opened(trained) as other:  # a file of now, and changes past it
            other.store.put_items([NEW, changed, hidden])
            other.store.delete_items(["space-3", "space-4"])
            other.store.put_items([back])
            other.record([Event("e1", "click", 1_750_000_000.0, user="u1", item=NEW.id)])
        with opened(trained) as second:
            found = [second.catch_up(), lists(second)]
            folder = loaded_folder(second)
        for path in folder.iterdir():
            path.unlink()
        with opened(trained) as third:
            whole = [third.catch_up(), lists(third)]
        (one, its_lists), (other_one, other_lists) = found, whole
        assert its_lists == other_lists
        assert isinstance(one, Snapshot)
        assert isinstance(other_one, Snapshot)
        assert list(one.catalogue.ids) == list(other_one.catalogue.ids)
        assert dict(one.items) == dict(other_one.items)
        assert one.deleted_mask().tolist() == other_one.deleted_mask().tolist()
        assert (one.event, one.revision) == (other_one.event, other_one.revision)
        np.testing.assert_array_equal(one.shelf.hidden, other_one.shelf.hidden)

    def test_who_loads_it_meanwhile_waits_for_the_files(
        self, trained: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made: list[int] = []
        in_order = items_in_order

        def counted(*arguments: Any) -> Any:
            made.append(1)
            return in_order(*arguments)

        monkeypatch.setattr("foretaste.online.version_items.items_in_order", counted)
        with opened(trained) as one, opened(trained) as other, ThreadPoolExecutor(2) as threads:
            snapshots = list(threads.map(lambda own: own.catch_up(), (one, other)))
        assert len(made) == 1
        assert len({tuple(snapshot.catalogue.ids) for snapshot in snapshots}) == 1

    def test_what_is_typed_and_searched_is_indexed_once_too(self, trained: Path) -> None:
        with opened(trained) as first:
            whole = [first.suggest("come"), lists(first)]
            kept = {path.name for path in loaded_folder(first).iterdir()}
        assert {"suggested-titles.safetensors", "bm25.safetensors"} <= kept
        with opened(trained) as second:
            assert [second.suggest("come"), lists(second)] == whole
            second.store.put_items([replace(NEW, title="The comet is back")])
        with opened(trained) as third:
            found = third.suggest("comet is").suggestions
            assert [own.text for own in found] == ["The comet is back"]
            assert third.catch_up().catalogue.origin is not None

    def test_a_new_item_of_the_first_load_is_there_at_the_next(self, trained: Path) -> None:
        """The files hold the items that the version knows."""
        with opened(trained) as first:
            first.store.put_items([NEW])
            ids = list(first.catch_up().catalogue.ids)
        with opened(trained) as second:
            assert list(second.catch_up().catalogue.ids) == ids
            assert ids[-1] == NEW.id
            second.store.delete_items([NEW.id])
        with opened(trained) as third:
            assert list(third.catch_up().catalogue.ids) == ids[:-1]

    def test_is_made_again_once_much_has_changed(
        self, trained: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with opened(trained) as first:
            items = list(first.catch_up().items.values())
        with opened(trained) as second:
            second.store.put_items([replace(item, hidden=True) for item in items[:12]])
            snapshot = second.catch_up()
            assert snapshot.shelf.hidden.sum() == 12
        monkeypatch.setattr("foretaste.online.version_items.items_in_order", forbidden)
        with opened(trained) as third:
            assert third.catch_up().shelf.hidden.sum() == 12

    def test_goes_with_its_version_and_is_kept_under_its_new_name(self, trained: Path) -> None:
        with opened(trained) as workspace:
            workspace.catch_up()
            before = loaded_folder(workspace)
            workspace.models.amend(before.name, {"checked": 1})
            after = loaded_folder(workspace)
            assert after != before
            assert (after / "complete.json").exists()
            assert not before.exists()
            workspace.models.delete_older(2e9)
            workspace.models._delete(after.name)
            assert not after.exists()

    @pytest.mark.parametrize("refuse", ["reviews", "media"])
    def test_what_depends_on_reviews_or_media_is_not_kept(self, trained: Path, refuse: str) -> None:
        with opened(trained) as workspace:
            if refuse == "media":
                vector = np.ones(3, np.float32).tobytes()
                items = list(workspace.catch_up().items.values())
                workspace.store.put_items(
                    [replace(item, vectors={"own": vector}) for item in items]
                )
            else:
                text = "I could watch it again and again"
                review = Event("r1", "review", 1.75e9, user="u1", item="space-1", text=text)
                workspace.record([review])
            folder = loaded_folder(workspace)
            for path in folder.iterdir() if folder.exists() else ():
                path.unlink()
        with opened(trained) as workspace:
            kinds = workspace.models.version(folder.name).data["kinds"]
            workspace.catch_up()
            assert (folder / "complete.json").exists() == (
                refuse == "reviews" and "review" not in kinds
            )


def test_a_small_catalogue_is_not_kept(trained: Path) -> None:
    with opened(trained) as workspace:
        workspace.catch_up()
        assert not loaded_folder(workspace).exists()
        assert not isinstance(sequence(workspace.catch_up())._identity.rows, QuantizedVectors)


def test_a_version_of_before_opens_and_gives_the_same_lists(
    trained: Path, request: pytest.FixtureRequest
) -> None:
    """It has identities of 32 bits, and nothing beside it."""
    with opened(trained) as small:
        small.catch_up()
        expected = [[item for item, _ in own] for own in lists(small)]
    request.getfixturevalue("is_large")
    with opened(trained) as large:
        large.catch_up()
        found = [[item for item, _ in own] for own in lists(large)]
    shared = [len({*mine} & {*theirs}) for mine, theirs in zip(found, expected, strict=True)]
    assert min(shared) >= 7  # of eight: vectors in 8 bits may swap neighbours
