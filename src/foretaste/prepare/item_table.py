"""The items of a catalogue by their ids. In: items; out: mappings that grow with the catalogue."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from typing import Self

import numpy as np
import numpy.typing as npt

from foretaste.domain.data import Catalogue, Ints, Item
from foretaste.domain.packed_rows import (
    PackedRows,
    RowPacker,
    TextPacker,
    is_packed,
    pack_item,
    unpack_item,
)

MAX_COPIED_IDS = 100_000
"""Items up to which the index by id is copied when there are more; beyond, one is shared."""


class PackedIndex(Mapping[str, int]):
    """External id → internal id by a sorted array of the hashes of the ids: 12 bytes an item, where
    a dictionary takes 59 beside the ids.
    """

    def __init__(self, ids: Sequence[str], hashes: npt.NDArray[np.uint64], positions: Ints) -> None:
        """hashes: [items], ascending. positions: [items], of the item with each hash."""
        self._ids, self.hashes, self.positions = ids, hashes, positions

    @classmethod
    def of(cls, ids: Sequence[str]) -> Self:
        """Of ids in the order of the catalogue, each once."""
        hashes = np.fromiter(map(_id_hash, ids), np.uint64, len(ids))
        order = np.argsort(hashes, kind="stable").astype(np.int32)
        return cls(ids, hashes[order], order)

    def __getitem__(self, item: str) -> int:
        item_hash = np.uint64(_id_hash(item))
        hash_index = int(self.hashes.searchsorted(item_hash))
        while (
            hash_index < len(self.hashes) and self.hashes[hash_index] == item_hash
        ):  # hashes may coincide
            position = int(self.positions[hash_index])
            if self._ids[position] == item:
                return position
            hash_index += 1
        raise KeyError(item)

    def __iter__(self) -> Iterator[str]:
        return iter(self._ids)

    def __len__(self) -> int:
        return len(self._ids)


def _id_hash(item_id: str) -> int:
    content = item_id.encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(content, digest_size=8).digest(), "little")


class PrefixIndex(Mapping[str, int]):
    """External id → internal id of the first `size` items of an index that goes on growing."""

    def __init__(
        self, ids: Sequence[str], positions: dict[str, int], packed: Mapping[str, int]
    ) -> None:
        """positions: of those that came after the packed ones."""
        self.ids, self.positions, self.packed = ids, positions, packed

    def __getitem__(self, item: str) -> int:
        position = self.positions.get(item)
        if position is None:
            return self.packed[item]
        if position >= len(self.ids):
            raise KeyError(item)
        return position

    def __iter__(self) -> Iterator[str]:
        return iter(self.ids)

    def __len__(self) -> int:
        return len(self.ids)


class ItemTable(Mapping[str, Item]):
    """The items of a catalogue by their ids, as they are at one moment."""

    def __init__(self, index: Mapping[str, int], ids: Sequence[str], items: Sequence[Item]) -> None:
        self._index, self._ids, self.rows = index, ids, items

    def __getitem__(self, item: str) -> Item:
        return self.rows[self._index[item]]

    def at(self, positions: Sequence[int]) -> list[Item]:
        """Those at these positions in the catalogue."""
        return [self.rows[position] for position in positions]

    def __iter__(self) -> Iterator[str]:
        return iter(self._ids)

    def __len__(self) -> int:
        return len(self._ids)


def id_index(ids: Sequence[str]) -> tuple[Sequence[str], Mapping[str, int]]:
    """(the ids, external id → internal id), both packed where they are many."""
    if not is_packed(len(ids)):
        return tuple(ids), {item_id: row for row, item_id in enumerate(ids)}
    packer = TextPacker(len(ids))
    for item_id in ids:
        packer.add(item_id)
    packed_ids = packer.texts()
    return packed_ids, PackedIndex.of(packed_ids)


def grown_index(old_catalogue: Catalogue, ids: Sequence[str]) -> Mapping[str, int]:
    """The index of a catalogue that has these ids, of which the first are those before."""
    size, index = len(old_catalogue), old_catalogue.index
    if len(ids) == size:
        return index
    new = {item: size + offset for offset, item in enumerate(ids[size:])}
    if isinstance(index, dict) and size <= MAX_COPIED_IDS:
        return {**index, **new}
    shared, packed = dict[str, int](), index
    if isinstance(index, PrefixIndex):
        shared, packed = index.positions, index.packed
    if len(packed) + len(shared) > size:  # another catalogue went on from here before
        shared = {item: position for item, position in shared.items() if position < size}
    shared.update(new)
    return PrefixIndex(ids, shared, packed)


def packed_items(items: Sequence[Item]) -> Sequence[Item]:
    """The same, packed where they are many."""
    if not is_packed(len(items)):
        return tuple(items)
    if isinstance(items, PackedRows):
        return items
    packer = RowPacker(pack_item, len(items))
    for row, item in enumerate(items):
        packer.put(row, item)
    return packer.rows(unpack_item)


def items_in_order(
    ids: Sequence[str], items: Iterable[Item], missing: Callable[[str], Item]
) -> tuple[Sequence[Item], list[Item]]:
    """(the items of these ids, in their order; the others). missing: makes what stands in the place
    of one that is not there. Of very many no more than one is an object at a time.
    """
    positions = {item_id: position for position, item_id in enumerate(ids)}
    new_items: dict[str, Item] = {}
    if not is_packed(len(ids)):
        by_id = {item.id: item for item in items}
        new_items = {item_id: item for item_id, item in by_id.items() if item_id not in positions}
        return [by_id.get(item_id) or missing(item_id) for item_id in ids], list(new_items.values())
    packer = RowPacker(pack_item, len(ids))
    for item in items:
        if item.id in positions:
            packer.put(positions[item.id], item)
        else:
            new_items[item.id] = item
    for row in packer.empty_rows():
        packer.put(row, missing(ids[row]))
    return packer.rows(unpack_item), list(new_items.values())


def absent(item_id: str) -> Item:
    """What stands in the place of an item that is gone: models count positions."""
    return Item(id=item_id, title=item_id, hidden=True)
