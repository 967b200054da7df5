"""What reasons may stand on besides the terms of a score: the items and what somebody did.

A sentence such as “like much of what you watched” is a claim of its own; here it is counted.
"""

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

import numpy as np

from foretaste.domain.data import Catalogue, Feature, UserContext
from foretaste.domain.feature_types import (
    FeatureDescription,
    FeatureSettings,
    describe_feature,
)
from foretaste.domain.text_limits import shorten
from foretaste.domain.titles import spoken_title
from foretaste.domain.words import words_of
from foretaste.generate.activity import activity_of, participle, past_tense
from foretaste.generate.checker import PLAIN_WORDS
from foretaste.generate.feature_phrases import FeaturePhrase, feature_phrase
from foretaste.generate.messages import Messages
from foretaste.generate.safe import safe_name
from foretaste.generate.settings import Activity

MAX_PAST_ITEMS = 100
"""Items of somebody's past, the newest, that are looked at."""
MAX_CACHED_CATALOGUES = 4
MAX_KEPT_PHRASES, MAX_KEPT_COLUMNS = 10_000, 200
"""Values of a column whose phrases are kept, and columns: every list speaks of the same genres."""
MIN_COUNTED_TITLES, MAX_COUNTED_TITLES = 1_000, 20_000
"""Titles below which no word is known to be rare; and that are counted at most."""
MAX_LOOKED_AT_EVENTS = 4
"""As many as a sequence network looks behind where only reasons are told."""
MAX_COMPARED_ITEMS = 500
"""Items of the catalogue, evenly drawn, that closeness is measured against."""
MIN_DEVIATIONS, MIN_CLOSE_COSINE = 2.5, 0.5
"""Above the mean likeness to an item, in standard deviations, from which another is close to it; in
a small catalogue also one that is as like as this."""
MIN_TITLE_WORD_LETTERS = 4
MIN_QUERY_WORD_LETTERS = 3
MAX_QUERY_WORD_SHARE = 0.03
_NAMES_OF_ITEMS = (
    "film films movie movies book books article articles news und oder mit ohne der die das ein "
    "eine über für les des une sur avec pour los las una con por para sobre"
)
NOUNS_OF_ITEMS = frozenset(_NAMES_OF_ITEMS.split())
"""Words of a question that say nothing of what is wanted."""
MAX_TITLE_WORD_SHARE = 0.0015
"""Of the titles that may have a word for it to set two apart from the others."""


@dataclass(frozen=True)
class ListEvidence:
    """What is known for the reasons of one list."""

    catalogue: Catalogue
    context: UserContext
    """Without what the policy keeps out of reasons."""
    event_types: tuple[str, ...]
    """What `context.kind` counts in."""
    messages: Messages
    feature_settings: Mapping[str, FeatureSettings] = field(default_factory=dict)
    activity_setting: Activity | None = None
    seeds: frozenset[str] = frozenset()
    """The ids of items that the list is to go with: nobody said that they were taken."""

    @cached_property
    def past_items(self) -> list[int]:
        """What was taken, the newest first, each once."""
        recent_items = self.context.consumed_items[: -MAX_PAST_ITEMS - 1 : -1].tolist()
        return list(dict.fromkeys(recent_items))

    def is_seed(self, item: int) -> bool:
        """Whether the list is to go with the item."""
        return self.catalogue.ids[item] in self.seeds

    @cached_property
    def activity(self) -> Activity:
        """What this person did with most of them."""
        kinds = Counter(
            self.event_types[kind]
            for kind, weight, item in zip(
                self.context.kind.tolist(),
                self.context.weight.tolist(),
                self.context.item.tolist(),
                strict=True,
            )
            if item >= 0 and weight > 0 and 0 <= kind < len(self.event_types)
        )
        event_types = [event_type for event_type, _ in kinds.most_common()]
        return activity_of(event_types, self.catalogue.features, self.activity_setting)

    @cached_property
    def verb(self) -> str:
        """The same as a verb, in the past."""
        return past_tense(self.activity, self.messages)

    @cached_property
    def verb_of_others(self) -> str:
        """What people do, as in "watched by ten people"."""
        return participle(self.activity, self.messages)

    def title(self, item_id: str) -> str | None:
        """An item's name as people say it; None where it must not be in a sentence."""
        if item_id not in self._titles:
            item = self.catalogue.index.get(item_id)
            title = "" if item is None else self.catalogue.titles[item]
            name = safe_name(spoken_title(title)) if title else safe_name(item_id)
            self._titles[item_id] = None if name is None else shorten(name)
        return self._titles[item_id]

    @cached_property
    def _titles(self) -> dict[str, str | None]:
        return {}

    @cached_property
    def _columns(self) -> dict[str, "ColumnEvidence"]:
        return {}

    @cached_property
    def newest_events(self) -> frozenset[str]:
        """The ids of the newest past items, and the words of the newest searches, among which a
        reason looks for those that the networks leaned on.
        """
        ids, context = self.catalogue.ids, self.context
        rows = range(max(len(context) - MAX_LOOKED_AT_EVENTS, 0), len(context))
        return frozenset(
            ids[context.item[row]] if context.item[row] >= 0 else shorten(context.text[row])
            for row in rows
            if context.item[row] >= 0 or context.text
        )

    def column(self, column: str) -> "ColumnEvidence | None":
        """What is known of one column; None where there is none of this name."""
        if column not in self._columns:
            feature = next((f for f in self.catalogue.features if f.column == column), None)
            if feature is None:
                return None
            description = describe_feature(
                column, feature.feature_type, feature.values, self.feature_settings.get(column)
            )
            self._columns[column] = ColumnEvidence(feature, description, self)
        return self._columns[column]

    def values_of(self, item: int) -> list[tuple[str, str]]:
        """(column, value) of all that an item is said to be."""
        return [
            (feature.column, feature.values[code])
            for feature in self.catalogue.descriptive_features
            for code in feature.item_codes(item)
        ]

    def is_close(self, item: int, other: int) -> bool:
        """Whether two items read alike, more than nearly all others do."""
        vectors = self.catalogue.vectors
        step = max(len(vectors) // MAX_COMPARED_ITEMS, 1)
        if other not in self._likeness:
            likeness = np.asarray(vectors[::step] @ vectors[other])
            mean, deviation = float(likeness.mean()), float(likeness.std())
            near = max(mean + deviation, MIN_CLOSE_COSINE)
            self._likeness[other] = min(near, mean + MIN_DEVIATIONS * deviation)
        is_near = float(vectors[item] @ vectors[other]) >= self._likeness[other]
        return is_near and self._may_be_alike(item, other)

    def _may_be_alike(self, item: int, other: int) -> bool:
        """Not where they are said to be of different kinds in every column that has kinds: words of
        a title alone make no theme.
        """
        shares = [
            bool(set(feature.item_codes(item)) & set(feature.item_codes(other)))
            for feature in self.catalogue.descriptive_features
            if feature.feature_type in ("category", "list")
            and len(feature.item_codes(item))
            and len(feature.item_codes(other))
        ]
        return not shares or any(shares)

    @cached_property
    def _likeness(self) -> dict[int, float]:
        return {}

    def telling_words(self, text: str) -> list[str]:
        """The words of a question that tell something: those that few titles have."""
        counts, size = _title_word_counts(self.catalogue.titles)
        return [
            word
            for word in dict.fromkeys(words_of(text))
            if len(word) >= MIN_QUERY_WORD_LETTERS
            and word not in PLAIN_WORDS
            and word not in NOUNS_OF_ITEMS
            and counts[word] <= max(MAX_QUERY_WORD_SHARE * size, 5)
        ]

    def shared_title_words(self, item: int, other: int) -> list[str]:
        """Rare words that are in both titles, in the order of the first."""
        other_words = set(words_of(self.catalogue.titles[other]))
        shared_words = [
            word
            for word in dict.fromkeys(words_of(self.catalogue.titles[item]))
            if word in other_words and len(word) >= MIN_TITLE_WORD_LETTERS and word.isalpha()
        ]
        counts, size = _title_word_counts(self.catalogue.titles)
        rare_words = [word for word in shared_words if counts[word] <= MAX_TITLE_WORD_SHARE * size]
        return rare_words if size >= MIN_COUNTED_TITLES else []


_cached_counts: list[tuple[tuple[str, ...], Counter[str], int]] = []


def _title_word_counts(titles: tuple[str, ...]) -> tuple[Counter[str], int]:
    """(word → how many titles have it, of how many), of a draw of the titles; kept for the newest
    catalogues, which are told by their identity: to compare them would take long.
    """
    for cached_titles, counts, size in _cached_counts:
        if cached_titles is titles:
            return counts, size
    sample = titles[:: max(len(titles) // MAX_COUNTED_TITLES, 1)]
    counts = Counter(word for title in sample for word in set(words_of(title)))
    _cached_counts[MAX_CACHED_CATALOGUES - 1 :] = []
    _cached_counts.insert(0, (titles, counts, len(sample)))
    return counts, len(sample)


@lru_cache(maxsize=MAX_KEPT_COLUMNS)
def _kept_phrases(
    description: FeatureDescription, language: str
) -> dict[str, FeaturePhrase | None]:
    """What was said of the values of a column; filled as they come."""
    return {}


@dataclass(frozen=True)
class ColumnEvidence:
    """One column, and the values of what somebody took."""

    feature: Feature
    description: FeatureDescription
    evidence: ListEvidence

    def values(self, item: int) -> list[str]:
        """An item's."""
        return [self.feature.values[code] for code in self.feature.item_codes(item)]

    def phrase(self, value: str) -> FeaturePhrase | None:
        """What can be said of a value."""
        phrases = self._phrases
        if value not in phrases:
            if len(phrases) > MAX_KEPT_PHRASES:
                phrases.clear()
            phrases[value] = feature_phrase(self.description, value, self.evidence.messages)
        return phrases[value]

    @cached_property
    def _phrases(self) -> dict[str, FeaturePhrase | None]:
        description = self.description
        if description.phrases is not None:
            return {}
        return _kept_phrases(description, self.evidence.messages.language)

    @cached_property
    def _items_by_bucket(self) -> dict[Hashable, list[int]]:
        """What is said of a value → the past items of which it can be said, the newest first."""
        items: dict[Hashable, list[int]] = {}
        for item in self.evidence.past_items:
            phrases = map(self.phrase, self.values(item))
            for bucket in dict.fromkeys(phrase.bucket for phrase in phrases if phrase):
                items.setdefault(bucket, []).append(item)
        return items

    def past_items_like(self, bucket: Hashable) -> list[int]:
        """The past items of which the same can be said, the newest first."""
        return self._items_by_bucket.get(bucket, [])

    def much_count(self, bucket: Hashable) -> int:
        """How many of what was taken."""
        items = self.past_items_like(bucket)
        if not self.evidence.seeds:
            return len(items)
        return sum(not self.evidence.is_seed(item) for item in items)

    @cached_property
    def past_count(self) -> int:
        """Past items with any value."""
        return len({item for items in self._items_by_bucket.values() for item in items})


def event_ids(items: Sequence[int], catalogue: Catalogue) -> tuple[str, ...]:
    """External ids."""
    return tuple(catalogue.ids[item] for item in items)
