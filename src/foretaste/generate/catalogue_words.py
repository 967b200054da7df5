"""In: a catalogue and a language. Out: what reasons say of its items and values, found out once.

Every list speaks of the same genres and of much the same titles, so what depends on neither the
user nor the list is kept as long as the catalogue is: names, phrases of values, which items count
as close.
"""

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from functools import cached_property, lru_cache, partial

import numpy as np

from foretaste.domain.data import Catalogue, Feature, Floats
from foretaste.domain.feature_types import FeatureDescription, FeatureSettings, describe_feature
from foretaste.domain.text_limits import shorten
from foretaste.domain.titles import spoken_title
from foretaste.domain.words import words_of
from foretaste.generate.feature_phrases import FeaturePhrase, feature_phrase
from foretaste.generate.media_likeness import min_similarity
from foretaste.generate.messages import Messages
from foretaste.generate.safe import safe_name

MAX_CACHED_CATALOGUES = 4
"""Catalogues, each in one language, of which this is kept."""
MAX_CACHED_ITEMS, MAX_CACHED_VALUES = 20_000, 10_000
"""Items, and values of one column, of which something is kept."""
MIN_COUNTED_TITLES, MAX_COUNTED_TITLES = 1_000, 20_000
"""Titles below which no word is known to be rare; and that are counted at most."""
MAX_COMPARED_ITEMS = 500
"""Items of the catalogue, evenly drawn, that closeness is measured against."""
MIN_DEVIATIONS, MIN_CLOSE_COSINE = 2.5, 0.5
"""Above the mean likeness to an item, in standard deviations, from which another is close to it; in
a small catalogue also one that is as like as this."""
MAX_TITLE_WORD_SHARE = 0.0015
"""Of the titles that may have a word for it to set two apart from the others."""


class CatalogueWords:
    """What is said of one catalogue, in one language. Safe to share between threads."""

    def __init__(
        self, catalogue: Catalogue, settings: Mapping[str, FeatureSettings], messages: Messages
    ) -> None:
        self.catalogue, self.settings, self.messages = catalogue, settings, messages
        self.title = lru_cache(MAX_CACHED_ITEMS)(self._title)
        """An item's name as people say it, by its external id; None where it must not be in a
        sentence."""
        self.min_close_cosine = lru_cache(MAX_CACHED_ITEMS)(self._min_close_cosine)
        """The likeness to an item, by its internal id, from which another one reads like it."""
        self.min_similarity = lru_cache(MAX_CACHED_ITEMS)(partial(min_similarity, catalogue))
        """The likeness to an item, by a space's name and its internal id, from which another one
        looks like it."""
        self._columns: dict[str, ColumnWords] = {}

    def column(self, column: str) -> "ColumnWords | None":
        """What is said of the values of one column; None where there is none of this name."""
        words = self._columns.get(column)
        if words is None:
            feature = next((f for f in self.catalogue.features if f.column == column), None)
            if feature is None:
                return None
            setting = self.settings.get(column)
            words = self._columns[column] = ColumnWords(feature, setting, self.messages)
        return words

    def _title(self, item_id: str) -> str | None:
        item = self.catalogue.index.get(item_id)
        title = "" if item is None else self.catalogue.titles[item]
        name = safe_name(spoken_title(title)) if title else safe_name(item_id)
        return None if name is None else shorten(name)

    def _min_close_cosine(self, item: int) -> float:
        likeness = self._compared_vectors @ np.asarray(self.catalogue.vectors[item], np.float32)
        mean, deviation = float(likeness.mean()), float(likeness.std())
        return min(max(mean + deviation, MIN_CLOSE_COSINE), mean + MIN_DEVIATIONS * deviation)

    @cached_property
    def _compared_vectors(self) -> Floats:
        """[compared items, dim]"""
        vectors = self.catalogue.vectors
        step = max(len(vectors) // MAX_COMPARED_ITEMS, 1)
        return np.ascontiguousarray(vectors[::step], np.float32)

    @property
    def title_word_counts(self) -> tuple[Counter[str], int]:
        """See `count_title_words`."""
        return count_title_words(self.catalogue.titles)

    def rare_title_words(self, words: list[str]) -> list[str]:
        """Those of the words that few titles have; none where the titles are too few to know."""
        if not words:  # the usual case, which need not wait for the titles to be counted
            return []
        counts, size = self.title_word_counts
        if size < MIN_COUNTED_TITLES:
            return []
        return [word for word in words if counts[word] <= MAX_TITLE_WORD_SHARE * size]


class ColumnWords:
    """What is said of the values of one column."""

    def __init__(
        self, feature: Feature, setting: FeatureSettings | None, messages: Messages
    ) -> None:
        self._feature, self._messages = feature, messages
        self.description: FeatureDescription = describe_feature(
            feature.column, feature.feature_type, feature.values, setting
        )
        self.phrase = lru_cache(MAX_CACHED_VALUES)(self._phrase)
        """What can be said of a value; None where nothing tells a person anything."""
        self.buckets = lru_cache(MAX_CACHED_ITEMS)(self._buckets)
        """What can be said of an item by its internal id, each once; see `FeaturePhrase.bucket`."""

    def _phrase(self, value: str) -> FeaturePhrase | None:
        return feature_phrase(self.description, value, self._messages)

    def _buckets(self, item: int) -> tuple[Hashable, ...]:
        feature = self._feature
        phrases = [self.phrase(feature.values[code]) for code in feature.item_codes(item)]
        return tuple(dict.fromkeys(phrase.bucket for phrase in phrases if phrase is not None))


_cached_words: list[CatalogueWords] = []
_cached_counts: list[tuple[Sequence[str], Counter[str], int]] = []


def count_title_words(titles: Sequence[str]) -> tuple[Counter[str], int]:
    """(word → how many titles have it, of how many), of a draw of the titles; kept for the newest
    catalogues, in whatever language. Of 10,000 titles it takes a tenth of a second.
    """
    for cached_titles, counts, size in _cached_counts:
        if cached_titles is titles:
            return counts, size
    sample = titles[:: max(len(titles) // MAX_COUNTED_TITLES, 1)]
    counts = Counter(word for title in sample for word in set(words_of(title)))
    _cached_counts[MAX_CACHED_CATALOGUES - 1 :] = []
    _cached_counts.insert(0, (titles, counts, len(sample)))
    return counts, len(sample)


def words_of_catalogue(
    catalogue: Catalogue, settings: Mapping[str, FeatureSettings], messages: Messages
) -> CatalogueWords:
    """Those kept of the newest catalogues, which are told by their identity: to compare them would
    take long.
    """
    for words in _cached_words:
        if (
            words.catalogue is catalogue
            and words.messages is messages
            and (words.settings is settings or words.settings == settings)
        ):
            return words
    words = CatalogueWords(catalogue, settings, messages)
    _cached_words[MAX_CACHED_CATALOGUES - 1 :] = []
    _cached_words.insert(0, words)
    return words
