"""Facts: what was imagined and why each item is in the list in, what words may name out.

Nothing else may be named. An item's facts are the parts of its score that raise it; the facts of
the whole are the imagined features, which are likelier for this person than for people in general.
Texts of items and reviews are no facts, and no writer ever sees them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from foretaste.domain.data import Feature, Recommended, Term
from foretaste.generate.features import ImaginedFeatures
from foretaste.generate.reasons import Reason, strongest_reasons
from foretaste.generate.safe import safe_name
from foretaste.generate.topics import TOPIC_COLUMN

MAX_QUERY_LENGTH = 200
"""Characters of what the person asked for that are told again."""
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
            candidate_names += [reason.event, _feature_value(reason.feature)]
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

    @property
    def names(self) -> tuple[str, ...]:
        """All that the title and the description may name."""
        candidate_names = [*self.features, *self.topics, self.query]
        for topic in self.topics:
            candidate_names += topic.split(", ")  # each word of a topic is found in its items
        return tuple(
            dict.fromkeys(candidate_name for candidate_name in candidate_names if candidate_name)
        )


def collect_facts(
    imagined_features: ImaginedFeatures,
    recommended_items: Iterable[Recommended],
    titles: Mapping[str, str],
    features: Sequence[Feature],
    index_by_id: Mapping[str, int],
    *,
    query: str | None = None,
    private: bool = False,
) -> SlateFacts:
    """What may be said. titles: of the past items, by id. index_by_id: external → internal id."""
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
    return SlateFacts(
        features=tuple(dict.fromkeys(feature_names)),
        topics=tuple(topics[:1]),
        query=None if not query else safe_name(query[:MAX_QUERY_LENGTH]),
        items=tuple(
            _item_facts(
                recommended.id,
                recommended.title,
                recommended.terms,
                titles,
                _matching_features(recommended.id, imagined_features, features, index_by_id),
            )
            for recommended in recommended_items
        ),
        private=private,
    )


def _item_facts(
    external_id: str,
    title: str,
    terms: Sequence[Term],
    titles: Mapping[str, str],
    features: tuple[str, ...],
) -> ItemFacts:
    """Reasons that name what must not be in a sentence are left out."""
    safe_titles = {
        item_id: safe_title for item_id, title in titles.items() if (safe_title := safe_name(title))
    }
    allowed_terms = [
        term
        for term in terms
        if (term.event is None or term.event in safe_titles or safe_name(term.event) is not None)
        and (term.feature is None or safe_name(term.feature) is not None)
        and not (term.event in titles and term.event not in safe_titles)
    ]
    return ItemFacts(
        external_id, safe_name(title), strongest_reasons(allowed_terms, safe_titles), features
    )


def _matching_features(
    external_id: str,
    imagined_features: ImaginedFeatures,
    features: Sequence[Feature],
    index_by_id: Mapping[str, int],
) -> tuple[str, ...]:
    """The imagined values that the item has, without topics."""
    matching_values = []
    for feature in features:
        if feature.column == TOPIC_COLUMN or external_id not in index_by_id:
            continue
        own_values = {feature.values[code] for code in feature.item_codes(index_by_id[external_id])}
        matching_values += [
            liked_value.value
            for liked_value in imagined_features.get(feature.column, ())
            if liked_value.value in own_values
        ]
    return tuple(
        value for matching_value in matching_values if (value := safe_name(matching_value))
    )[:MAX_ITEM_FEATURES]


def _feature_value(feature: str | None) -> str | None:
    """Of "genre: Drama" the value; of what is no column's nothing."""
    _, colon, value = (feature or "").partition(": ")
    return value if colon else None
