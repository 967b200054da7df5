"""A catalogue in, its titles and values by the beginnings of their words out: made once, and
brought up to date with the items that have come or changed since.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from foretaste.domain.data import Catalogue, Feature
from foretaste.domain.derived_files import DerivedFiles
from foretaste.domain.packed_rows import differing_rows
from foretaste.domain.titles import natural_title
from foretaste.prepare.catalogue_files import stored_origin
from foretaste.rank.facets import facet_columns
from foretaste.rank.prefix_index import Positions, TypedTextIndex

MAX_LATER_ITEMS, MAX_LATER_PART = 2_000, 64
"""Items that came or changed after the index was made, from which on it is made anew; a 64th of a
large catalogue."""
MAX_VALUES_PER_COLUMN = 50_000


@dataclass(frozen=True)
class TypedTitleIndex:
    """Titles by their words. Those of later items have an index of their own beside the first."""

    titles: Sequence[str]
    """As they are in the catalogue."""
    first: TypedTextIndex
    stale: Positions
    """Items of the first index that are called otherwise now."""
    later: TypedTextIndex
    later_items: Positions
    """The items of the index of later ones, in its order."""

    @classmethod
    def of(cls, titles: Sequence[str], files: DerivedFiles | None = None) -> "TypedTitleIndex":
        """Of all titles. files: where the index stays."""
        none, natural_titles = np.empty(0, np.int32), map(natural_title, titles)
        if files is None:
            first = TypedTextIndex.of(natural_titles)
        else:
            first = TypedTextIndex.from_files(files, "suggested-titles", natural_titles)
        return cls(titles, first, none, TypedTextIndex.of([]), none)

    def updated(self, titles: Sequence[str]) -> "TypedTitleIndex":
        """Of these titles: the same items in the same places, and more."""
        if titles is self.titles:
            return self
        size = self.first.size
        changed = [*differing_rows(titles, self.titles), *range(len(self.titles), len(titles))]
        rows = np.unique(np.array([*self.later_items.tolist(), *changed], np.int32))
        if len(rows) > max(MAX_LATER_ITEMS, size // MAX_LATER_PART) or len(titles) < len(
            self.titles
        ):
            return type(self).of(titles)
        later = TypedTextIndex.of([natural_title(titles[row]) for row in rows.tolist()])
        return replace(self, titles=titles, stale=rows[rows < size], later=later, later_items=rows)

    def matching(self, words: Sequence[str]) -> Positions:
        """The items whose titles have these words, the last one as far as it was typed."""
        return self._joined(self.first.matching(words), self.later.matching(words))

    def beginning(self, words: Sequence[str]) -> Positions:
        """The items whose titles begin so."""
        return self._joined(self.first.beginning(words), self.later.beginning(words))

    def _joined(self, first: Positions, later: Positions) -> Positions:
        if len(self.stale):
            first = first[~np.isin(first, self.stale)]
        return np.concatenate([first, self.later_items[later]]) if len(later) else first


@dataclass(frozen=True)
class ValueIndex:
    """The values of one column."""

    feature: Feature
    index: TypedTextIndex

    @classmethod
    def of(cls, feature: Feature) -> "ValueIndex":
        """Of all of them."""
        return cls(feature, TypedTextIndex.of(feature.values[:MAX_VALUES_PER_COLUMN]))


@dataclass(frozen=True)
class SuggestIndex:
    """All that is suggested of a catalogue."""

    catalogue: Catalogue
    titles: TypedTitleIndex
    values: tuple[ValueIndex, ...]

    @classmethod
    def of(cls, catalogue: Catalogue, earlier: "SuggestIndex | None" = None) -> "SuggestIndex":
        """earlier: of the same items before others came and some changed."""
        if earlier is not None:
            titles = earlier.titles.updated(catalogue.titles)
        elif (origin := stored_origin(catalogue)) is not None:
            titles = TypedTitleIndex.of(origin.titles, origin.derived).updated(catalogue.titles)
        else:
            titles = TypedTitleIndex.of(catalogue.titles)
        known = {} if earlier is None else {own.feature.column: own for own in earlier.values}
        values = []
        for feature in facet_columns(catalogue):
            if feature.feature_type not in ("list", "category"):
                continue
            own = known.get(feature.column)
            is_same = own is not None and own.feature.values == feature.values
            values.append(
                replace(own, feature=feature) if own and is_same else ValueIndex.of(feature)
            )
        return cls(catalogue, titles, tuple(values))

    @property
    def indexes(self) -> list[TypedTextIndex]:
        """All that a word may be in."""
        own = [self.titles.first, self.titles.later]
        return own + [values.index for values in self.values]


shared_indexes: list[SuggestIndex] = []
"""What several processes have in memory once, see `online.loading.share_snapshot`."""


class SuggestIndexCache:
    """The index of the newest catalogue. Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._index: SuggestIndex | None = None
        self._version: str | None = None

    def get(self, catalogue: Catalogue, version: str) -> SuggestIndex:
        """Of this catalogue. version: of the model, which decides where an item is."""
        index = self._index
        if index is not None and index.catalogue is catalogue:
            return index
        with self._lock:
            index = self._index
            if index is None or index.catalogue is not catalogue:
                earlier = index if self._version == version else None
                shared = next((own for own in shared_indexes if own.catalogue is catalogue), None)
                index = self._index = shared or SuggestIndex.of(catalogue, earlier)
                self._version = version
            return index
