"""Items in, the `Catalogue` of the model out: features as sparse tables, texts ready to be read."""

from array import array
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from foretaste.domain.arrays import GrowingVectors, QuantizedVectors, Vectors
from foretaste.domain.data import BAND_SUFFIX, Catalogue, Feature, Floats, Item
from foretaste.domain.derived_files import DerivedFiles
from foretaste.domain.feature_types import MAX_SAMPLE_VALUES, FeatureTyping
from foretaste.domain.media import MediaSpace
from foretaste.domain.packed_rows import TextPacker, replaced_rows
from foretaste.domain.part_titles import title_of
from foretaste.domain.sharing import Lazy
from foretaste.prepare.catalogue_files import stored_catalogue, stored_origin, stored_vectors
from foretaste.prepare.item_table import ItemTable, grown_index, id_index, packed_items

NO_TYPING = FeatureTyping()


def build_catalogue(
    items: Sequence[Item],
    vectors: Vectors,
    typing: FeatureTyping = NO_TYPING,
    media: tuple[MediaSpace, ...] = (),
) -> Catalogue:
    """The items in this order; `vectors` [items, dim] is what the language model read of each.

    typing: what the settings say of the types of the columns.
    """
    columns: dict[str, _Column] = {}
    ids, titles, full_texts = list[str](), TextPacker(len(items)), TextPacker(len(items))
    for row, item in enumerate(items):  # once: those of a large catalogue are made each time
        ids.append(item.id)
        titles.add(title_of(item))
        full_texts.add(item.reading())
        for name, values in item.attributes.items():
            columns.setdefault(name, _Column()).put(row, values)
    kept_ids, index = id_index(ids)
    return Catalogue(
        ids=kept_ids,
        titles=titles.texts(),
        full_texts=full_texts.texts(),
        vectors=vectors,
        features=tuple(
            with_type(column.feature(name, len(items)), columns, typing)
            for name, column in columns.items()
        ),
        index=index,
        media=media,
    )


def with_type(feature: Feature, columns: Container[str], typing: FeatureTyping) -> Feature:
    """The same feature with its type, found from the values of the first items that have any.

    columns: of all features of the items.
    """
    cells = [feature.values[code] for code in feature.codes[:MAX_SAMPLE_VALUES]]
    feature_type = typing.find_type(
        feature.column,
        cells,
        has_several=bool((np.diff(feature.offsets) > 1).any()),
        is_priced=feature.column + BAND_SUFFIX in columns,
    )
    return replace(feature, feature_type=feature_type)


class _Column:
    """Collects what items have in one column."""

    def __init__(self) -> None:
        self._code_by_value: dict[str, int] = {}
        self._codes, self._rows = array("i"), array("q")

    def put(self, row: int, values: Sequence[str]) -> None:
        """The values of an item; rows come in order."""
        codes = self._code_by_value
        self._codes.extend(codes.setdefault(value, len(codes)) for value in values)
        self._rows.extend([row] * len(values))

    def feature(self, name: str, size: int) -> Feature:
        """The column over so many items."""
        lengths = np.bincount(np.array(self._rows, np.int64), minlength=size)
        return Feature(
            column=name,
            values=tuple(self._code_by_value),
            offsets=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
            codes=np.array(self._codes, np.int32),
        )


ReadItems = Callable[[Sequence[Item]], Floats]
"""Items → [items, dim], as the language model reads them."""
MAX_FULL_PRECISION_ITEMS = 50_000
"""Items of which the vectors are kept in 32 bits; of more in 8, a quarter of the memory."""
ITEMS_PER_READ = 20_000
MIN_TYPED_VALUES = 50
"""Values from which on the type of a column does not change when items come."""


def vectors_of(items: Sequence[Item], read: ReadItems) -> Vectors:
    """[items, dim], read some at a time and kept in 8 bits where they are many."""
    if len(items) <= MAX_FULL_PRECISION_ITEMS:
        return read(items)
    starts = range(0, len(items), ITEMS_PER_READ)
    parts = (read(items[start : start + ITEMS_PER_READ]) for start in starts)
    return QuantizedVectors.from_blocks(parts, len(items))


@dataclass(frozen=True)
class GrowingCatalogue:
    """A catalogue that takes in new and changed items, in proportion to what they are.

    It is never changed: `put` gives another, which shares what it can. Values and columns keep
    their numbers: one that no item has any more stays, without items.
    """

    catalogue: Catalogue
    items: ItemTable
    _vectors: GrowingVectors
    _codes: Mapping[str, Mapping[str, int]]
    """Column → value → its code."""
    typing: FeatureTyping = NO_TYPING
    """What the settings say of the types of the columns."""
    _media: tuple[GrowingVectors, ...] = ()

    @classmethod
    def of(
        cls,
        items: Sequence[Item],
        vectors: Vectors,
        typing: FeatureTyping = NO_TYPING,
        media: tuple[MediaSpace, ...] = (),
    ) -> Self:
        """Of these, in this order; `vectors`: [items, dim]."""
        catalogue = build_catalogue(items, vectors, typing, media)
        return cls._of(catalogue, packed_items(items), typing)

    @classmethod
    def from_files(
        cls,
        files: DerivedFiles,
        make: Callable[[], Sequence[Item]],
        read: ReadItems,
        typing: FeatureTyping,
    ) -> Self:
        """Of very many items, without media, in files that are mapped. make: makes the items."""
        items = Lazy(make)
        vectors = stored_vectors(files, lambda: vectors_of(items.get(), read))
        catalogue, rows = stored_catalogue(
            files,
            vectors,
            lambda: (build_catalogue(items.get(), vectors, typing), packed_items(items.get())),
        )
        return cls._of(catalogue, rows, typing)

    @classmethod
    def _of(cls, catalogue: Catalogue, items: Sequence[Item], typing: FeatureTyping) -> Self:
        codes = {
            feature.column: {value: code for code, value in enumerate(feature.values)}
            for feature in catalogue.features
        }
        table = ItemTable(catalogue.index, catalogue.ids, items)
        growing_media = tuple(GrowingVectors(space.vectors) for space in catalogue.media)
        vectors = GrowingVectors(catalogue.vectors)
        return cls(catalogue, table, vectors, codes, typing, growing_media)

    def same_words(self, item: Item) -> bool:
        """Whether the item is there and reads as it did, with the same title, attributes, pictures,
        clip and vectors.
        """
        old_item = self.items.get(item.id)
        if old_item is None:
            return False
        titles, attributes = (old_item.title, item.title), (old_item.attributes, item.attributes)
        fields_match = titles[0] == titles[1] and attributes[0] == attributes[1]
        fields_match = fields_match and old_item.files == item.files
        fields_match = fields_match and old_item.vectors == item.vectors
        return fields_match and old_item.reading() == item.reading()

    def with_states(self, items: Sequence[Item]) -> Self:
        """The same with items in the place of those that read alike."""
        changed = {self.catalogue.index[item.id]: item for item in items}
        rows = replaced_rows(self.items.rows, changed)
        table = ItemTable(self.catalogue.index, self.catalogue.ids, rows)
        return replace(self, items=table)

    def update(
        self, items: Sequence[Item], vectors: Floats, media: Mapping[str, Floats] | None = None
    ) -> tuple[Self, list[int]]:
        """→ (with these items, each once; the places of those that were there).

        vectors: [items, dim], what is read of each. media: of each space the same.
        """
        old_catalogue = self.catalogue
        positions = [old_catalogue.index.get(item.id) for item in items]
        known_rows = [row for row, position in enumerate(positions) if position is not None]
        new_rows = [row for row, position in enumerate(positions) if position is None]
        known_indices = [position for position in positions if position is not None]
        item_indices = dict(zip(known_rows, known_indices, strict=True))
        item_indices |= {row: len(old_catalogue) + offset for offset, row in enumerate(new_rows)}
        indexed_items = [(item_indices[row], item) for row, item in enumerate(items)]
        changed = {row: item for row, item in indexed_items if row < len(old_catalogue)}
        added = [items[row] for row in new_rows]
        ids = replaced_rows(old_catalogue.ids, {}, [item.id for item in added])
        index = grown_index(old_catalogue, ids)
        grown = self._vectors.replaced(known_indices, vectors[known_rows]).appended(
            vectors[new_rows]
        )
        grown_media = self._grown_media(media or {}, known_indices, known_rows, new_rows)
        columns = dict.fromkeys(self._codes) | dict.fromkeys(
            column for item in items for column in item.attributes
        )
        codes = {column: _coded(self._codes.get(column, {}), column, items) for column in columns}
        by_name = {feature.column: feature for feature in old_catalogue.features}
        new_catalogue = Catalogue(
            ids=ids,
            titles=replaced_rows(
                old_catalogue.titles,
                {row: title_of(item) for row, item in changed.items()},
                [title_of(item) for item in added],
            ),
            full_texts=replaced_rows(
                old_catalogue.full_texts,
                {row: item.reading() for row, item in changed.items()},
                [item.reading() for item in added],
            ),
            vectors=grown.rows,
            features=tuple(
                self._grown_feature(column, by_name.get(column), codes, indexed_items)
                for column in columns
            ),
            index=index,
            origin=stored_origin(old_catalogue),
            media=_with_vectors(old_catalogue.media, grown_media),
        )
        table = ItemTable(index, ids, replaced_rows(self.items.rows, changed, added))
        growing = type(self)(new_catalogue, table, grown, codes, self.typing, grown_media)
        return growing, known_indices

    def with_media(self, positions: Sequence[int], media: Mapping[str, Floats]) -> Self:
        """The same with other vectors of the items at these positions, by space [items, dim]."""
        grown_media = tuple(
            growing.replaced(positions, media[space.name]) if space.name in media else growing
            for space, growing in zip(self.catalogue.media, self._media, strict=True)
        )
        spaces = _with_vectors(self.catalogue.media, grown_media)
        return replace(self, catalogue=replace(self.catalogue, media=spaces), _media=grown_media)

    def _grown_media(
        self,
        media: Mapping[str, Floats],
        known_indices: Sequence[int],
        known_rows: Sequence[int],
        new_rows: Sequence[int],
    ) -> tuple[GrowingVectors, ...]:
        grown = []
        for space, growing in zip(self.catalogue.media, self._media, strict=True):
            size = len(known_rows) + len(new_rows)
            vectors = media.get(space.name)
            if vectors is None:
                vectors = space.empty_rows(size)
            replaced = growing.replaced(known_indices, vectors[list(known_rows)])
            grown.append(replaced.appended(vectors[list(new_rows)]))
        return tuple(grown)

    def _grown_feature(
        self,
        column: str,
        old_feature: Feature | None,
        codes: Mapping[str, Mapping[str, int]],
        items: Sequence[tuple[int, Item]],
    ) -> Feature:
        """A column with these items; its type stays, so that what was learnt of it holds, unless
        few values had told it.
        """
        size = len(self.catalogue)
        feature = _feature_with(column, old_feature, codes[column], items, size)
        if old_feature is not None and len(old_feature.codes) >= MIN_TYPED_VALUES:
            return replace(feature, feature_type=old_feature.feature_type)
        return with_type(feature, codes, self.typing)


def _with_vectors(
    spaces: Sequence[MediaSpace], growing: Sequence[GrowingVectors]
) -> tuple[MediaSpace, ...]:
    return tuple(
        replace(space, vectors=vectors.rows) for space, vectors in zip(spaces, growing, strict=True)
    )


def _coded(codes: Mapping[str, int], column: str, items: Sequence[Item]) -> Mapping[str, int]:
    """Value → code, with the values of these items."""
    values = dict.fromkeys(value for item in items for value in item.attributes.get(column, ()))
    new = [value for value in values if value not in codes]
    return (
        {**codes, **{value: len(codes) + offset for offset, value in enumerate(new)}}
        if new
        else codes
    )


def _feature_with(
    column: str,
    old_feature: Feature | None,
    codes: Mapping[str, int],
    items: Sequence[tuple[int, Item]],
    size: int,
) -> Feature:
    """The column with these items at their places, of which those past `size` are new."""
    rows = {
        item_index: np.array([codes[value] for value in item.attributes.get(column, ())], np.int32)
        for item_index, item in items
    }
    if old_feature is None:
        old_feature = Feature(column, (), np.zeros(size + 1, np.int64), np.zeros(0, np.int32))
    offsets, flat = old_feature.offsets, old_feature.codes
    lengths = np.diff(offsets)
    parts, last = [], 0
    for item_index in sorted(row_index for row_index in rows if row_index < size):
        parts += [flat[last : offsets[item_index]], rows[item_index]]
        last = int(offsets[item_index + 1])
        lengths[item_index] = len(rows[item_index])
    added = [rows[item_index] for item_index in sorted(rows) if item_index >= size]
    counts = np.array([len(row) for row in added], np.int64)
    return Feature(
        column=column,
        values=(*old_feature.values, *list(codes)[len(old_feature.values) :]),
        offsets=np.concatenate([[0], np.cumsum(np.concatenate([lengths, counts]))]),
        codes=np.concatenate([*parts, flat[last:], *added]),
    )
