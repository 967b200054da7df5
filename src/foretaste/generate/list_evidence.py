"""What reasons may stand on besides the terms of a score: the items and what somebody did.

A sentence such as “like much of what you watched” is a claim of its own; here it is counted.
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import isfinite
from statistics import median

from foretaste.domain.data import Catalogue, UserContext
from foretaste.domain.feature_types import FeatureDescription, FeatureSettings
from foretaste.domain.text_limits import shorten
from foretaste.domain.words import words_of
from foretaste.generate.activity import LOOK_EVENT_TYPES, activity_of, participle, past_tense
from foretaste.generate.candidate import Sentence, Words
from foretaste.generate.catalogue_words import CatalogueWords, ColumnWords, words_of_catalogue
from foretaste.generate.checker import PLAIN_WORDS
from foretaste.generate.feature_phrases import FeaturePhrase
from foretaste.generate.media_likeness import media_space
from foretaste.generate.messages import Messages
from foretaste.generate.settings import Activity

MAX_PAST_ITEMS = 100
"""Items of somebody's past, the newest, that are looked at."""
MAX_LOOKED_AT_EVENTS = 4
"""As many as a sequence network looks behind where only reasons are told."""
RATING_EVENT_TYPES = ("rating", "review")
LOOKED_AT_EVENT_TYPES = ("view", "click", "impression")
"""That say nothing against a dislike of the same item."""
LIKED_SHARE_OF_TOP = 0.6
"""Of the highest rating; `behaviour.reading.ratings` has the same."""
MIN_TITLE_WORD_LETTERS = 4
MIN_QUERY_WORD_LETTERS = 3
MAX_QUERY_WORD_SHARE = 0.03
_NAMES_OF_ITEMS = (
    "film films movie movies book books article articles news und oder mit ohne der die das ein "
    "eine über für les des une sur avec pour los las una con por para sobre"
)
NOUNS_OF_ITEMS = frozenset(_NAMES_OF_ITEMS.split())
"""Words of a question that say nothing of what is wanted."""


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
        """What was taken and neither rated low nor refused, the newest first, each once."""
        recent_items = self.context.consumed_items[: -MAX_PAST_ITEMS - 1 : -1].tolist()
        return [item for item in dict.fromkeys(recent_items) if item not in self._unliked_items]

    @cached_property
    def past_ids(self) -> frozenset[str]:
        """The external ids of these."""
        return frozenset(self.catalogue.ids[item] for item in self.past_items)

    @cached_property
    def _texts(self) -> dict[Sentence, str]:
        return {}

    def written(self, sentence: Words) -> str:
        """The sentence in words; written once, as many items have the same."""
        if isinstance(sentence, str):
            return sentence
        text = self._texts.get(sentence)
        if text is None:
            messages = self.messages
            values = {
                place: messages.names(value) if isinstance(value, tuple) else value
                for place, value in sentence.values
            }
            text = self._texts[sentence] = messages.text(sentence.message, **values)
        return text

    @cached_property
    def _unliked_items(self) -> frozenset[int]:
        """Items that this person rated low or refused: nothing is there because of them."""
        return self._low_rated_items | self._refused_items

    @cached_property
    def _refused_items(self) -> frozenset[int]:
        """Items with a dislike or the like, also where they were looked at or played before and
        after it; not if they were liked or bought since.
        """
        refused: set[int] = set()
        for item, kind, weight in zip(
            *(column.tolist() for column in (self.context.item, self.context.kind)),
            self.context.weight.tolist(),
            strict=True,
        ):
            event_type = self.event_types[kind] if 0 <= kind < len(self.event_types) else "view"
            if weight < 0:
                refused.add(item)
            elif weight > 0 and event_type not in LOOKED_AT_EVENT_TYPES:
                refused.discard(item)
        return frozenset(refused)

    @cached_property
    def _low_rated_items(self) -> frozenset[int]:
        """Items that this person rated lower than what they like.

        What they like begins at a share of their highest rating, or at their median where that is
        lower.
        """
        context, ratings = self.context, dict[int, float]()
        for item, kind, value in zip(
            context.item.tolist(), context.kind.tolist(), context.value.tolist(), strict=True
        ):
            is_known = item >= 0 and 0 <= kind < len(self.event_types) and isfinite(value)
            if is_known and self.event_types[kind] in RATING_EVENT_TYPES:
                ratings[item] = value
        if not ratings:
            return frozenset()
        values = list(ratings.values())
        liked_from = min(LIKED_SHARE_OF_TOP * max(values), median(values))
        return frozenset(item for item, value in ratings.items() if value < liked_from)

    def may_name(self, item_id: str) -> bool:
        """Whether something may be said to be there because of the item, or of a search."""
        item = self.catalogue.index.get(item_id)
        return item is None or item_id in self.seeds or item not in self._unliked_items

    @cached_property
    def are_goods(self) -> bool:
        """Whether items are bought: of a shirt nobody says that its theme is close to another's."""
        return any(feature.feature_type == "price" for feature in self.catalogue.features)

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

    def verb_for(self, item_ids: Iterable[str]) -> str:
        """The same of some past items: nobody bought what they only looked at."""
        if self.activity == "buy" and not self._only_looked_at.isdisjoint(item_ids):
            return past_tense("view", self.messages)
        return self.verb

    @cached_property
    def _only_looked_at(self) -> frozenset[str]:
        """The ids of past items that nothing else was done with."""
        context, looked_at, chosen_items = self.context, set[int](), set[int]()
        for kind, weight, item in zip(
            context.kind.tolist(), context.weight.tolist(), context.item.tolist(), strict=True
        ):
            if item >= 0 and weight > 0 and 0 <= kind < len(self.event_types):
                (looked_at if self.event_types[kind] in LOOK_EVENT_TYPES else chosen_items).add(
                    item
                )
        return frozenset(self.catalogue.ids[item] for item in looked_at - chosen_items)

    @cached_property
    def verb_of_others(self) -> str:
        """What people do, as in "watched by ten people"."""
        return participle(self.activity, self.messages)

    @cached_property
    def words(self) -> CatalogueWords:
        """What is said of the catalogue, whoever asks."""
        return words_of_catalogue(self.catalogue, self.feature_settings, self.messages)

    def title(self, item_id: str) -> str | None:
        """An item's name as people say it; None where it must not be in a sentence."""
        return self.words.title(item_id)

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
            words = self.words.column(column)
            if words is None:
                return None
            self._columns[column] = ColumnEvidence(words, self)
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
        is_near = float(vectors[item] @ vectors[other]) >= self.words.min_close_cosine(other)
        return is_near and self._may_be_alike(item, other)

    def looks_alike(self, space_name: str, item: int, other: int) -> bool:
        """Whether two items are alike in a space of pictures or vectors, more than most are."""
        space = media_space(self.catalogue, space_name)
        if space is None:
            return False
        cosine = float(space.vectors[item] @ space.vectors[other])
        return cosine > self.words.min_similarity(space_name, other)

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

    def telling_words(self, text: str) -> list[str]:
        """The words of a question that tell something: those that few titles have."""
        counts, size = self.words.title_word_counts
        return [
            word
            for word in self.asked_words(text)
            if counts[word] <= max(MAX_QUERY_WORD_SHARE * size, 5)
        ]

    @staticmethod
    def asked_words(text: str) -> list[str]:
        """The words of a question that say what is wanted, each once."""
        return [
            word
            for word in dict.fromkeys(words_of(text))
            if len(word) >= MIN_QUERY_WORD_LETTERS
            and word not in PLAIN_WORDS
            and word not in NOUNS_OF_ITEMS
        ]

    def shared_title_words(self, item: int, other: int) -> list[str]:
        """Rare words that are in both titles, in the order of the first."""
        other_words = set(words_of(self.catalogue.titles[other]))
        shared_words = [
            word
            for word in dict.fromkeys(words_of(self.catalogue.titles[item]))
            if word in other_words and len(word) >= MIN_TITLE_WORD_LETTERS and word.isalpha()
        ]
        return self.words.rare_title_words(shared_words)


@dataclass(frozen=True)
class ColumnEvidence:
    """One column, and the values of what somebody took."""

    words: ColumnWords
    evidence: ListEvidence

    @property
    def description(self) -> FeatureDescription:
        """How the column is spoken of."""
        return self.words.description

    def phrase(self, value: str) -> FeaturePhrase | None:
        """What can be said of a value."""
        return self.words.phrase(value)

    @cached_property
    def _items_by_bucket(self) -> dict[Hashable, list[int]]:
        """What is said of a value → the past items of which it can be said, the newest first."""
        items: dict[Hashable, list[int]] = {}
        for item in self.evidence.past_items:
            for bucket in self.words.buckets(item):
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
