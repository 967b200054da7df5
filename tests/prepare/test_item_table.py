"""Ids are found by their hashes as by a dictionary, also when hashes coincide and items come."""

import numpy as np
import pytest

from foretaste.domain import packed_rows
from foretaste.domain.data import Floats, Item
from foretaste.prepare import item_table
from foretaste.prepare.catalogue_builder import GrowingCatalogue
from foretaste.prepare.item_table import PackedIndex

IDS = ("b", "ä", "", "a b", "\ud800", *(f"i{number}" for number in range(40)))


@pytest.mark.parametrize("does_coincide", [False, True])
def test_finds_each_id_and_no_other(
    monkeypatch: pytest.MonkeyPatch, *, does_coincide: bool
) -> None:
    if does_coincide:
        monkeypatch.setattr(item_table, "_id_hash", lambda item_id: len(item_id))
    index = PackedIndex.of(IDS)
    assert [index[item_id] for item_id in IDS] == list(range(len(IDS)))
    assert list(index) == list(IDS)
    assert len(index) == len(IDS)
    assert "i40" not in index
    assert index.get("c") is None


def test_what_comes_later_is_known_to_the_later_catalogue_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(packed_rows, "MAX_UNPACKED_ROWS", 2)

    def with_items(catalogue: GrowingCatalogue, *ids: str) -> GrowingCatalogue:
        return catalogue.update([Item(item_id) for item_id in ids], vectors(len(ids)))[0]

    def vectors(count: int) -> Floats:
        return np.ones((count, 2), np.float32)

    first = GrowingCatalogue.of([Item("a"), Item("b"), Item("c")], vectors(3))
    assert isinstance(first.catalogue.index, PackedIndex)
    second = with_items(first, "d", "a")
    third, other = with_items(second, "e"), with_items(second, "f")
    for growing, ids in ((first, "abc"), (second, "abcd"), (third, "abcde"), (other, "abcdf")):
        assert list(growing.catalogue.ids) == list(ids)
        assert [growing.catalogue.index.get(item_id) for item_id in ids] == [*range(len(ids))]
        assert [item.id for item in growing.items.values()] == list(ids)
        unknown = set("abcdef") - set(ids)
        assert not any(item_id in growing.catalogue.index for item_id in unknown)
