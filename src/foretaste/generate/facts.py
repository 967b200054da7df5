"""Facts: what was imagined and why each item is in the list in, what words may name out.

Nothing else may be named. An item's facts are its reasons; the facts of
the whole are the imagined features, which are likelier for this person than for people in general.
Texts of items and reviews are no facts, and no writer ever sees them.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from foretaste.domain.data import Feature, Recommended
from foretaste.domain.feature_types import FeatureSettings, describe_feature
from foretaste.domain.reason import Reason
from foretaste.domain.titles import natural_title
from foretaste.generate.feature_phrases import feature_phrase
from foretaste.generate.features import ImaginedFeatures
from foretaste.generate.messages import Messages, messages_in
from foretaste.generate.safe import safe_name
from foretaste.generate.topics import TOPIC_COLUMN

MAX_QUERY_LENGTH = 200
"""Characters of what the person asked for that are told again."""
MAX_VALUES_PER_COLUMN = 2
MAX_LEADING_ITEMS = 3
"""Items that the description names."""
MAX_ITEM_FEATURES = 2
"""Imagined features that are told of an item, at most."""


@dataclass(frozen=True)
class ItemFacts:
    """What may be said of one item."""

    id: str
    title: str | None
    """None where it must not be in a sentence."""
    reasons: tuple[Reason, ...] = ()
    """With names that may be told; strongest first."""
    features: tuple[str, ...] = ()
    """The imagined features that it has."""

    @property
    def names(self) -> tuple[str, ...]:
        """All that a sentence on it may name."""
        candidate_names = [self.title, *self.features]
        for reason in self.reasons:
            candidate_names += reason.names
        return tuple(
            dict.fromkeys(candidate_name for candidate_name in candidate_names if candidate_name)
        )


@dataclass(frozen=True)
class SlateFacts:
    """What may be said of a list, and of what is imagined."""

    features: tuple[str, ...]
    """Values that set this person apart, the strongest first."""
    topics: tuple[str, ...]
    query: str | None
    """The person's own words: the query, and what they say of where they are."""
    items: tuple[ItemFacts, ...]
    private: bool = False
    phrases: tuple[str, ...] = ()
    """The features that are no kinds, as people say them: "directed by Jim Henson"."""
    kinds: tuple[str, ...] = ()
    """The others: genres and the like."""
    messages: Messages = field(default_factory=lambda: messages_in("en"))
    """The language that it is said in."""

    @property
    def names(self) -> tuple[str, ...]:
        """All that the title and the description may name."""
        candidate_names = [*self.features, *self.topics, self.query]
        candidate_names += [*self.phrases, *self.kinds]
        candidate_names += [item.title for item in self.items[:MAX_LEADING_ITEMS]]
        return tuple(
            dict.fromkeys(candidate_name for candidate_name in candidate_names if candidate_name)
        )


def collect_facts(
    imagined_features: ImaginedFeatures,
    recommended_items: Iterable[Recommended],
    features: Sequence[Feature],
    index_by_id: Mapping[str, int],
    *,
    query: str | None = None,
    private: bool = False,
    messages: Messages | None = None,
    feature_settings: Mapping[str, FeatureSettings] | None = None,
) -> SlateFacts:
    """What may be said. index_by_id: external → internal id. messages: of the language."""
    messages = messages or messages_in("en")
    # a column of few values says most in one word: genres before years before people
    columns = sorted(features, key=lambda feature: len(feature.values))
    feature_names = [
        value
        for feature in columns
        if feature.column != TOPIC_COLUMN
        for liked_value in imagined_features.get(feature.column, ())[:1]
        if (value := safe_name(liked_value.value))
    ]
    topics = [
        value
        for liked_value in imagined_features.get(TOPIC_COLUMN, ())
        if (value := safe_name(liked_value.value))
    ]
    kinds, phrases = _spoken_features(imagined_features, columns, messages, feature_settings or {})
    return SlateFacts(
        phrases=phrases,
        kinds=kinds,
        messages=messages,
        features=tuple(dict.fromkeys(feature_names)),
        topics=tuple(topics[:1]),
        query=None if not query else safe_name(query[:MAX_QUERY_LENGTH]),
        items=tuple(
            ItemFacts(
                recommended.id,
                safe_name(natural_title(recommended.title)),
                recommended.reasons,
                _matching_features(
                    recommended.id,
                    imagined_features,
                    features,
                    index_by_id,
                    lambda feature, value: _spoken_value(
                        feature, value, messages, feature_settings or {}
                    ),
                ),
            )
            for recommended in recommended_items
        ),
        private=private,
    )


def _spoken_features(
    imagined_features: ImaginedFeatures,
    features: Sequence[Feature],
    messages: Messages,
    feature_settings: Mapping[str, FeatureSettings],
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(kinds, phrases): the strongest values as people say them."""
    kinds: list[str] = []
    phrases: list[str] = []
    for feature in features:
        if feature.column == TOPIC_COLUMN or feature.feature_type == "price":
            continue
        setting = feature_settings.get(feature.column)
        description = describe_feature(
            feature.column, feature.feature_type, feature.values, setting
        )
        for liked_value in imagined_features.get(feature.column, ())[:MAX_VALUES_PER_COLUMN]:
            phrase = feature_phrase(description, liked_value.value, messages)
            if phrase is None or not all(safe_name(name) for name in phrase.names):
                continue
            if description.type == "duration" and not kinds:
                break  # “under ten minutes” alone is no taste
            if phrase.names == (phrase.text,):
                kinds.append(phrase.text)
            elif ":" not in phrase.text:
                phrases.append(phrase.text[:1].lower() + phrase.text[1:])
                break
    return tuple(dict.fromkeys(kinds)), tuple(dict.fromkeys(phrases))


def _spoken_value(
    feature: Feature,
    value: str,
    messages: Messages,
    feature_settings: Mapping[str, FeatureSettings],
) -> str | None:
    """A value within a sentence: from the mid-1990s; None where nothing can be said of it."""
    setting = feature_settings.get(feature.column)
    description = describe_feature(feature.column, feature.feature_type, feature.values, setting)
    phrase = feature_phrase(description, value, messages)
    if phrase is None or phrase.names == (phrase.text,):
        return None if phrase is None else phrase.text
    return phrase.text[:1].lower() + phrase.text[1:]


def _matching_features(
    external_id: str,
    imagined_features: ImaginedFeatures,
    features: Sequence[Feature],
    index_by_id: Mapping[str, int],
    spoken_value: Callable[[Feature, str], str | None],
) -> tuple[str, ...]:
    """The imagined values that the item has, as people say them and without topics."""
    matching_values = []
    for feature in features:
        if feature.column == TOPIC_COLUMN or external_id not in index_by_id:
            continue
        own_values = {feature.values[code] for code in feature.item_codes(index_by_id[external_id])}
        matching_values += [
            text
            for liked_value in imagined_features.get(feature.column, ())
            if liked_value.value in own_values
            and (text := spoken_value(feature, liked_value.value))
        ]
    return tuple(
        value for matching_value in matching_values if (value := safe_name(matching_value))
    )[:MAX_ITEM_FEATURES]
