"""Items in, the `Catalogue` of the model out: features as sparse tables, texts ready to be read."""

from collections.abc import Sequence

import numpy as np

from foretaste.domain.arrays import GrowingVectors, Vectors
from foretaste.domain.data import Catalogue, Feature, Floats, Ints, Item


def catalogue(items: Sequence[Item], vectors: Vectors) -> Catalogue:
    """The items in this order; `vectors` [items, dim] is what the language model read of each."""
    columns = dict.fromkeys(column for item in items for column in item.attributes)
    return Catalogue(
        ids=tuple(item.id for item in items),
        titles=tuple(item.title for item in items),
        readings=tuple(item.reading() for item in items),
        vectors=vectors,
        features=tuple(_feature(column, items) for column in columns),
        index={item.id: place for place, item in enumerate(items)},
    )


def _feature(column: str, items: Sequence[Item]) -> Feature:
    codes: dict[str, int] = {}
    rows = [item.attributes.get(column, ()) for item in items]
    flat = [codes.setdefault(value, len(codes)) for values in rows for value in values]
    lengths = np.fromiter((len(values) for values in rows), np.int64, len(rows))
    return Feature(
        column=column,
        values=tuple(codes),
        offsets=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        codes=np.array(flat, np.int32),
    )


COPIED = 100_000
"""Items up to which the index by id is copied; that of more grows in place, also for those who hold
the catalogue before."""


class Cataloguing:
    """A catalogue that takes in new and changed items, in proportion to what they are.

    Values and columns keep their numbers: one that no item has any more stays, without items.
    """

    def __init__(self, items: Sequence[Item], vectors: Vectors) -> None:
        self._vectors = GrowingVectors(vectors)
        self.catalogue = catalogue(items, vectors)
        self._codes = {
            feature.column: {value: code for code, value in enumerate(feature.values)}
            for feature in self.catalogue.features
        }

    def put(self, items: Sequence[Item], vectors: Floats) -> list[int]:
        """Take in items, each once; `vectors` [items, dim]. → the places of those that were known.

        Afterwards `catalogue` is another one, which shares with the one before what it can.
        """
        before = self.catalogue
        index = dict(before.index) if len(before) <= COPIED else before.index
        known = [index[item.id] for item in items if item.id in index]
        old = [row for row, item in enumerate(items) if item.id in index]
        new = [row for row, item in enumerate(items) if item.id not in index]
        if old:
            self._vectors.put(known, vectors[old])
        self._vectors.append(vectors[new])
        places = dict(zip(old, known, strict=True))
        places |= {row: len(before) + more for more, row in enumerate(new)}
        assert isinstance(index, dict)
        index.update({items[row].id: places[row] for row in new})
        columns = dict.fromkeys(self._codes) | dict.fromkeys(
            column for item in items for column in item.attributes
        )
        by_name = {feature.column: feature for feature in before.features}
        at = [(places[row], item) for row, item in enumerate(items)]
        self.catalogue = Catalogue(
            ids=before.ids + tuple(items[row].id for row in new),
            titles=_put(before.titles, [(place, item.title) for place, item in at]),
            readings=_put(before.readings, [(place, item.reading()) for place, item in at]),
            vectors=self._vectors.rows,
            features=tuple(
                self._feature(column, by_name.get(column), at, len(before)) for column in columns
            ),
            index=index,
        )
        return known

    def _feature(
        self, column: str, before: Feature | None, items: Sequence[tuple[int, Item]], size: int
    ) -> Feature:
        codes = self._codes.setdefault(column, {})
        known = len(codes)
        rows: dict[int, Ints] = {}
        for place, item in items:
            values = item.attributes.get(column, ())
            coded = [codes.setdefault(value, len(codes)) for value in values]
            rows[place] = np.array(coded, np.int32)
        nothing = np.zeros(size + 1, np.int64)
        if before is None:
            before = Feature(column, (), nothing, np.zeros(0, np.int32))
        new = list(codes)[known:] if len(codes) > known else []
        offsets, flat = before.offsets, before.codes
        lengths = np.diff(offsets)
        changed = sorted(place for place in rows if place < size)
        parts, last = [], 0
        for place in changed:
            parts += [flat[last : offsets[place]], rows[place]]
            last = int(offsets[place + 1])
            lengths[place] = len(rows[place])
        added = [rows[place] for place in sorted(rows) if place >= size]
        counts = np.array([len(row) for row in added], np.int64)
        return Feature(
            column=column,
            values=before.values + tuple(new),
            offsets=np.concatenate([[0], np.cumsum(np.concatenate([lengths, counts]))]),
            codes=np.concatenate([*parts, flat[last:], *added]),
        )


def _put(texts: tuple[str, ...], new: Sequence[tuple[int, str]]) -> tuple[str, ...]:
    """The texts with these at their places, of which those past the end come in order."""
    changed = [(place, text) for place, text in new if place < len(texts)]
    more = tuple(text for place, text in new if place >= len(texts))
    if changed:
        some = list(texts)
        for place, text in changed:
            some[place] = text
        texts = tuple(some)
    return texts + more
