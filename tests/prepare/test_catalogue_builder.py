"""The catalogue that takes in items against the one made of all of them."""

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foretaste.domain import packed_rows
from foretaste.domain.data import Catalogue, Floats, Item
from foretaste.prepare import item_table
from foretaste.prepare.catalogue_builder import GrowingCatalogue, build_catalogue

values = st.lists(st.sampled_from("abcd"), max_size=3).map(tuple)
items = st.builds(
    Item,
    id=st.sampled_from([f"i{n}" for n in range(9)]),
    title=st.sampled_from(["tent", "lamp", ""]),
    attributes=st.dictionaries(st.sampled_from(["genre", "year"]), values, max_size=2),
)
batch = st.lists(items, max_size=5, unique_by=lambda item: item.id)


def vectors(some: list[Item]) -> Floats:
    """By title and values, so that a change shows."""
    rows = [(len(item.title), len(item.reading())) for item in some]
    return np.array(rows, np.float32).reshape(len(some), 2)


def told(one: Catalogue) -> dict[str, list[tuple[str, ...]]]:
    """Column → the values of each item."""
    return {
        feature.column: [
            tuple(feature.values[code] for code in feature.item_codes(place))
            for place in range(len(one))
        ]
        for feature in one.features
        if len(feature.codes)
    }


@pytest.fixture(params=[True, False], ids=["packed", "as objects"], autouse=True, scope="module")
def packing(request: pytest.FixtureRequest) -> Iterator[None]:
    """As of a large catalogue, and of a small one."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param:
            patch.setattr(packed_rows, "MAX_UNPACKED_ROWS", 1)
        yield


@settings(deadline=None)
@given(batch, st.lists(batch, max_size=4))
def test_is_the_catalogue_of_all(first: list[Item], later: list[list[Item]]) -> None:
    present = {item.id: item for item in first}
    growing = GrowingCatalogue.of(first, vectors(first))
    for some in later:
        before = set(present)
        growing, known = growing.update(some, vectors(some))
        assert {growing.catalogue.ids[place] for place in known} == before & {i.id for i in some}
        present |= {item.id: item for item in some}
        every = list(present.values())
        whole, grown = build_catalogue(every, vectors(every)), growing.catalogue

        assert tuple(grown.ids) == tuple(whole.ids)
        assert tuple(grown.titles) == tuple(whole.titles)
        assert tuple(grown.full_texts) == tuple(whole.full_texts)
        assert grown.index == whole.index
        np.testing.assert_array_equal(grown.vectors, whole.vectors)
        assert told(grown) == told(whole)
        assert dict(growing.items) == present


def test_what_was_given_before_stays() -> None:
    first = [Item("a", "tent", attributes={"genre": ("x",)})]
    growing = GrowingCatalogue.of(first, vectors(first))
    before = growing.catalogue
    growing, _ = growing.update([Item("b", "lamp", attributes={"genre": ("y",)})], vectors(first))

    assert len(before) == 1
    assert dict(before.index) == {"a": 0}
    assert before.vectors.shape == (1, 2)
    assert growing.catalogue.features[0].values == ("x", "y")


def test_an_index_that_is_shared_is_that_of_each_catalogue(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(item_table, "MAX_COPIED_IDS", 0)
    first = GrowingCatalogue.of([Item("a")], vectors([Item("a")]))
    second, _ = first.update([Item("b")], vectors([Item("b")]))
    third, _ = second.update([Item("c")], vectors([Item("c")]))
    aside, _ = second.update([Item("d")], vectors([Item("d")]))

    assert [dict(one.catalogue.index) for one in (first, second, third, aside)] == [
        {"a": 0},
        {"a": 0, "b": 1},
        {"a": 0, "b": 1, "c": 2},
        {"a": 0, "b": 1, "d": 2},
    ]
    assert third.catalogue.index.get("d") is None
    assert list(aside.items) == ["a", "b", "d"]
    assert "c" not in second.catalogue.index


def test_an_item_that_reads_as_before_changes_its_state_alone() -> None:
    first = GrowingCatalogue.of(
        [Item("a", "tent"), Item("b")], vectors([Item("a", "tent"), Item("b")])
    )
    hidden = Item("a", "tent", hidden=True)
    assert first.same_words(hidden)
    assert not first.same_words(Item("a", "lamp"))
    assert not first.same_words(Item("a", "tent", attributes={"genre": ("x",)}))
    assert not first.same_words(Item("c"))

    after = first.with_states([hidden])
    assert after.catalogue is first.catalogue
    assert (after.items["a"], first.items["a"]) == (hidden, Item("a", "tent"))
