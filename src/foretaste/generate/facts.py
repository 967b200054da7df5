"""Facts: what was imagined and why each item is in the list in, what words may name out.

Nothing else may be named. An item's facts are the parts of its score that raise it; the facts of
the whole are the imagined features, which are likelier for this person than for people in general.
Texts of items and reviews are no facts, and no writer ever sees them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from foretaste.domain.data import Feature, Recommended, Term
from foretaste.generate.features import Imagined
from foretaste.generate.reasons import Reason, why
from foretaste.generate.safe import name
from foretaste.generate.topics import COLUMN

ASKED = 200
"""Characters of what the person asked for that are told again."""
MATCHED = 2
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
        told = [self.title, *self.features]
        for reason in self.reasons:
            told += [reason.event, _value(reason.feature)]
        return tuple(dict.fromkeys(one for one in told if one))


@dataclass(frozen=True)
class Facts:
    """What may be said of a list, and of what is imagined."""

    features: tuple[str, ...]
    """Values that set this person apart, the strongest first."""
    topics: tuple[str, ...]
    asked: str | None
    """The person's own words: the query, and what they say of where they are."""
    items: tuple[ItemFacts, ...]
    private: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """All that the title and the description may name."""
        told = [*self.features, *self.topics, self.asked]
        for topic in self.topics:
            told += topic.split(", ")  # each word of a topic is found in its items
        return tuple(dict.fromkeys(one for one in told if one))


def facts(
    imagined: Imagined,
    found: Iterable[Recommended],
    titles: Mapping[str, str],
    features: Sequence[Feature],
    index: Mapping[str, int],
    *,
    asked: str | None = None,
    private: bool = False,
) -> Facts:
    """What may be said. titles: of the past items, by id. index: external → internal id."""
    # a column of few values says most in one word: genres before years before people
    columns = sorted(features, key=lambda feature: len(feature.values))
    named = [
        value
        for feature in columns
        if feature.column != COLUMN
        for one in imagined.get(feature.column, ())[:1]
        if (value := name(one.value))
    ]
    topics = [value for one in imagined.get(COLUMN, ()) if (value := name(one.value))]
    return Facts(
        features=tuple(dict.fromkeys(named)),
        topics=tuple(topics[:1]),
        asked=None if not asked else name(asked[:ASKED]),
        items=tuple(
            _of_item(one.id, one.title, one.terms, titles, _has(one.id, imagined, features, index))
            for one in found
        ),
        private=private,
    )


def _of_item(
    id_: str,
    title: str,
    terms: Sequence[Term],
    titles: Mapping[str, str],
    features: tuple[str, ...],
) -> ItemFacts:
    """Reasons that name what must not be in a sentence are left out."""
    safe = {one: told for one, title in titles.items() if (told := name(title))}
    kept = [
        term
        for term in terms
        if (term.event is None or term.event in safe or name(term.event) is not None)
        and (term.feature is None or name(term.feature) is not None)
        and not (term.event in titles and term.event not in safe)
    ]
    return ItemFacts(id_, name(title), why(kept, safe), features)


def _has(
    id_: str, imagined: Imagined, features: Sequence[Feature], index: Mapping[str, int]
) -> tuple[str, ...]:
    """The imagined values that the item has, without topics."""
    found = []
    for feature in features:
        if feature.column == COLUMN or id_ not in index:
            continue
        own = {feature.values[code] for code in feature.of(index[id_])}
        found += [one.value for one in imagined.get(feature.column, ()) if one.value in own]
    return tuple(value for one in found if (value := name(one)))[:MATCHED]


def _value(feature: str | None) -> str | None:
    """Of "genre: Drama" the value; of what is no column's nothing."""
    _, colon, value = (feature or "").partition(": ")
    return value if colon else None
