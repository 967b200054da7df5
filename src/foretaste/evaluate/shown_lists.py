"""The lists that people are shown in; how alike they are, and what their scores come from, out.

What `list_checks` judges by. The terms of an item say what raised its score, see `domain.Term`.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np

from foretaste.domain.data import Recommended, Term
from foretaste.evaluate.metrics import Interval

MAX_COMPARED_POSITIONS = 5
"""Places of a list that are compared between people: those that are seen without scrolling."""
ITEMS_PER_POSITION = 4
"""Of a catalogue of m items at most m / 4 places are compared, as in a small one lists drawn by
chance have much in common."""
MAX_TIE_NATS = 0.005
"""Nats between two scores below which they are equal: half a percent in probability."""
SOLE_CAUSE_SHARE = 0.9
"""Share of what raises a score from which on its largest part is the only reason."""
DECIDING_COLUMN_SHARE = 0.5
"""Share of what raises a score from which on one column of attributes decides it."""
HARDLY_TAKEN_EVENTS = 2
"""Events up to which an item is hardly taken."""
PERSONAL_FEATURE, POPULAR_FEATURE = "whole history", "popularity"
"""Features of terms: of a history read as a whole, and of what is popular, whoever says so."""
CONSTANT_FEATURES = frozenset({"average item", "new"})
"""Features that set an item apart from nothing."""

Cause = tuple[str, str | None, str | None]
"""(expert, event, feature) of a term."""


class ShownList(NamedTuple):
    """What one person is shown."""

    history: int
    """Items that the person took; 0 for a stranger."""
    items: tuple[Recommended, ...]
    """With their terms."""


@dataclass(frozen=True, slots=True)
class MeasuredQuality:
    """How the product did beside its best expert, on events that neither was fitted on."""

    expert: str
    margin: Interval
    """Of the product above that expert, paired over people."""
    cases: int
    """Events that were looked at."""
    fallback: str | None = None
    """Why the fitted exponents were given up for plainer ones; None if they were not."""
    margin_over_popularity: Interval | None = None
    """Of the product above one list of what is popular; None where that was not measured."""

    @classmethod
    def of(cls, figures: Mapping[str, Any] | None, fallback: str | None = None) -> Self | None:
        """From JSON: `{"cases": n, "ahead": {expert: [mean, low, high]}}`. The best expert is the
        one that the product is least ahead of. None where nothing is told.
        """
        figures = figures or {}
        margins = figures.get("ahead") or {}
        if not margins and not fallback:
            return None
        expert = min(margins, key=lambda name: float(margins[name][0]), default="")
        interval = Interval(*margins.get(expert, (0.0, 0.0, 0.0)))
        popularity_margin = margins.get("popularity")
        return cls(
            expert,
            interval,
            int(figures.get("cases", 0)),
            fallback,
            None if popularity_margin is None else Interval(*popularity_margin),
        )


@dataclass(frozen=True, slots=True)
class ListSample:
    """The lists of some people, and what is needed to judge them."""

    lists: Sequence[ShownList]
    length: int
    """Items that each list was to have."""
    showable: int
    """Items of the catalogue that may be shown."""
    events: Mapping[str, int]
    """How often each item was taken; one that is not named was not."""
    events_lately: Mapping[str, int]
    """The same of what people took lately."""
    attributes: Mapping[str, Mapping[str, Sequence[str]]]
    """Item → column → values, of all that are shown or were taken."""
    usual_hardly_taken_share: float | None = None
    """Share of what people took lately that had had at most `HARDLY_TAKEN_EVENTS` by then."""
    measured: MeasuredQuality | None = None
    hidden_repeats: float | None = None
    """Share of what people took lately that they had taken before, where lists leave that out; None
    where lists show it, or too little was taken to tell."""

    @property
    def shown_items(self) -> list[Recommended]:
        """What is on every place of every list."""
        return [item for row in self.lists for item in row.items]


@dataclass(frozen=True, slots=True)
class ListFigures:
    """The lists in numbers."""

    people: int
    places: int
    distinct_items: int
    """Different items that are shown."""
    overlap: float
    """Share of the first places that two people's lists have in common, on average."""
    tied_share: float
    """Share of the places whose score another one of the list has too."""
    hardly_taken_share: float
    """Share of the places with an item that was taken at most `HARDLY_TAKEN_EVENTS` times."""
    usual_hardly_taken_share: float | None
    """The same of what people took lately."""


def list_figures(sample: ListSample) -> ListFigures:
    """The lists in numbers."""
    shown_items = sample.shown_items
    return ListFigures(
        people=len(sample.lists),
        places=len(shown_items),
        distinct_items=len({item.id for item in shown_items}),
        overlap=overlap(sample.lists, compared_positions(sample.showable)),
        tied_share=tied_share(sample.lists),
        hardly_taken_share=hardly_taken_share(sample),
        usual_hardly_taken_share=sample.usual_hardly_taken_share,
    )


def compared_positions(showable: int) -> int:
    """How many places from the top are compared between people."""
    return max(min(MAX_COMPARED_POSITIONS, showable // ITEMS_PER_POSITION), 1)


def overlap(lists: Sequence[ShownList], positions: int) -> float:
    """Share of the first places that two lists have in common, over all pairs, 0 to 1."""
    tops = [{item.id for item in row.items[:positions]} for row in lists if row.items]
    lists_with_item = Counter(item for top in tops for item in top)
    common = sum(count * (count - 1) for count in lists_with_item.values())
    possible = sum(map(len, tops)) * (len(tops) - 1)
    return common / possible if possible else 0.0


def tied_share(lists: Sequence[ShownList]) -> float:
    """Share of the places given by score whose score another of the list has too, 0 to 1."""
    ties = scored_count = 0
    for row in lists:
        scores = [item.score for item in row.items if item.source in ("model", "fallback")]
        close = np.diff(np.sort(scores)) < MAX_TIE_NATS
        ties += int(np.count_nonzero(np.append(close, False) | np.insert(close, 0, False)))
        scored_count += len(scores)
    return ties / scored_count if scored_count else 0.0


def hardly_taken_share(sample: ListSample) -> float:
    """Share of the places with an item taken at most `HARDLY_TAKEN_EVENTS` times, 0 to 1."""
    shown_items = sample.shown_items
    count = sum(sample.events.get(item.id, 0) <= HARDLY_TAKEN_EVENTS for item in shown_items)
    return count / len(shown_items) if shown_items else 0.0


def causes(terms: Sequence[Term]) -> dict[Cause, float]:
    """What raises a score above the average item's, with its nats; where nothing does, what lowers
    it.
    """
    nats: defaultdict[Cause, float] = defaultdict(float)
    for term in terms:
        if term.feature not in CONSTANT_FEATURES:
            expert = POPULAR_FEATURE if term.feature == POPULAR_FEATURE else term.expert
            nats[expert, term.event, term.feature] += term.nats
    positive = {cause: worth for cause, worth in nats.items() if worth > 0}
    return positive or {cause: -worth for cause, worth in nats.items() if worth < 0}


def sole_cause(item: Recommended) -> Cause | None:
    """What alone sets the item apart, where it has nothing to do with the person."""
    nats = causes(item.terms)
    if not nats:
        return None
    cause = max(nats, key=lambda key: nats[key])
    if nats[cause] < SOLE_CAUSE_SHARE * sum(nats.values()):
        return None
    _, event, feature = cause
    return cause if event is None and feature != PERSONAL_FEATURE else None


def deciding_column(item: Recommended) -> str | None:
    """The column of attributes that gives most of what raises the score."""
    nats = causes(item.terms)
    columns: defaultdict[str, float] = defaultdict(float)
    for (expert, _, _), worth in nats.items():
        kind, _, column = expert.partition(":")
        if kind == "attribute":
            columns[column] += worth
    if not columns:
        return None
    column = max(columns, key=lambda name: columns[name])
    return column if columns[column] >= DECIDING_COLUMN_SHARE * sum(nats.values()) else None


def values_shown(sample: ListSample) -> Iterator[tuple[str, str, float, float]]:
    """(column, value, its share of the places, its share of what people took lately), the value of
    most places first.
    """
    by_item = Counter(item.id for item in sample.shown_items)
    by_places, by_events = (
        _counts_by_value(counts, sample) for counts in (by_item, sample.events_lately)
    )
    takings = max(sum(sample.events_lately.values()), 1)
    for (column, value), shown_count in by_places.most_common():
        yield column, value, shown_count / by_item.total(), by_events[column, value] / takings


def _counts_by_value(counts: Mapping[str, int], sample: ListSample) -> Counter[tuple[str, str]]:
    """(column, value) → the sum of the counts of the items that have it."""
    sums: Counter[tuple[str, str]] = Counter()
    for item, count in counts.items():
        for column, values in sample.attributes.get(item, {}).items():
            for value in set(values):
                sums[column, value] += count
    return sums
