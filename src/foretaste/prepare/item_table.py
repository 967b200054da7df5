"""The items of a catalogue by their ids. In: items; out: mappings that grow with the catalogue."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from foretaste.domain.data import Catalogue, Item
from foretaste.domain.packed_rows import (
    PackedRows,
    RowPacker,
    is_packed,
    pack_item,
    unpack_item,
)

MAX_COPIED_IDS = 100_000
"""Items up to which the index by id is copied when there are more; beyond, one is shared."""


class PrefixIndex(Mapping[str, int]):
    """External id → internal id of the first `size` items of an index that goes on growing."""

    def __init__(self, ids: tuple[str, ...], positions: dict[str, int]) -> None:
        self.ids, self.positions = ids, positions

    def __getitem__(self, item: str) -> int:
        position = self.positions[item]
        if position >= len(self.ids):
            raise KeyError(item)
        return position

    def __iter__(self) -> Iterator[str]:
        return iter(self.ids)

    def __len__(self) -> int:
        return len(self.ids)


class ItemTable(Mapping[str, Item]):
    """The items of a catalogue by their ids, as they are at one moment."""

    def __init__(
        self, index: Mapping[str, int], ids: tuple[str, ...], items: Sequence[Item]
    ) -> None:
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


def grown_index(old_catalogue: Catalogue, ids: tuple[str, ...]) -> Mapping[str, int]:
    """The index of a catalogue that has these ids, of which the first are those before."""
    size, index = len(old_catalogue), old_catalogue.index
    if len(ids) == size:
        return index
    new = {item: size + offset for offset, item in enumerate(ids[size:])}
    if size <= MAX_COPIED_IDS:
        return {**index, **new}
    shared = index.positions if isinstance(index, PrefixIndex) else dict(index)
    if len(shared) > size:  # another catalogue went on from here before
        shared = dict(index)
    shared.update(new)
    return PrefixIndex(ids, shared)


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
