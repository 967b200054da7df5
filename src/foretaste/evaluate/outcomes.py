"""Lists that were served and what people did with them in; how often what was shown is taken out.

An item of a list counts as shown where an event says so: one of the type `impression`, for the item
or, without an item, for the whole list. A front end that never says so is taken at its word that it
shows what it asks for. An item that was taken is counted once a list.

Places of one person are alike, so intervals are widened by the design effect (Kish 1965, section
8.2): shares have Wilson's interval (1927) for so many fewer places, means Student's over people,
and the difference between two kinds of places is drawn anew by people (Efron 1979).
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from foretaste.domain.data import Doubles
from foretaste.domain.impressions import IMPRESSION_EVENT
from foretaste.evaluate.metrics import Interval

CONVERSION_TYPES = ("purchase",)
"""Event types that are a conversion where nothing else is said."""
CONFIDENCE = 0.95
DRAWS = 1000
"""Of the bootstrap."""
MAX_CLUSTERS = 500
"""Groups that people are put into where there are more: the draws cost so many numbers each."""
MIN_COMPARED_PEOPLE = 10
"""People without whom two kinds of places are not compared."""


class ShownItem(NamedTuple):
    """A place of a list."""

    item: str
    source: str
    """What brought the item there, see `domain.request.ItemSource`."""


@dataclass(frozen=True, slots=True)
class ServedList:
    """A list as it was served."""

    id: str
    at: float
    person: str
    version: str
    """Of the model."""
    placement: str
    """"" where none was named."""
    is_popular: bool
    """Whether it says what most people take, the same for everybody."""
    items: tuple[ShownItem, ...]


class ListEvent(NamedTuple):
    """What somebody did with a list."""

    list_id: str
    event_type: str
    item: str | None
    value: float | None


@dataclass(slots=True)
class PlaceCounts:
    """Of some places: how many were shown, taken and bought, by person."""

    impressions: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    clicks: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    converted: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    value: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    lists: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))

    def by_person(self, name: str) -> Doubles:
        """[people], one of the counts of everybody who was served a list."""
        counts: Mapping[str, float] = getattr(self, name)
        return np.array([counts.get(person, 0.0) for person in self.lists], np.float64)


@dataclass(frozen=True, slots=True)
class OutcomeFigures:
    """What came of some lists."""

    lists: int
    people: int
    impressions: int
    """Places that were shown."""
    clicks: int
    """Of them, those whose item was taken."""
    conversions: int
    value: float
    """The sum of the values of the conversions."""
    click_rate: Interval | None
    """Clicks an impression; None where nothing was shown."""
    conversion_rate: Interval | None
    value_per_list: Interval | None
    impressions_reported: bool
    """Whether the front end said what was shown; else all places count as shown."""


@dataclass(frozen=True, slots=True)
class OutcomeGroup:
    """The lists of one placement and model version, over the whole span and by day."""

    placement: str
    version: str
    figures: OutcomeFigures
    days: tuple[tuple[float, OutcomeFigures], ...]
    """(start of the day, its figures), the oldest first."""


@dataclass(frozen=True, slots=True)
class PlaceComparison:
    """What the same people do with two kinds of places."""

    kind: str
    """popular: lists of what most people take; explored: places given to a random item."""
    people: int
    model: Interval
    """Click rate of what the model has chosen."""
    alternative: Interval
    difference: Interval
    """Of the model's above the alternative's."""


def rate_interval(successes: Doubles, trials: Doubles) -> Interval | None:
    """A share over [people], with 95 %. None without trials."""
    total = float(trials.sum())
    if total <= 0:
        return None
    share = float(successes.sum()) / total
    size = max(round(total / _design_effect(successes, trials, share)), 1)
    hits = min(max(round(share * size), 0), size)
    from scipy import stats  # half a second, which a service that starts does not wait

    bounds = stats.binomtest(hits, size).proportion_ci(CONFIDENCE, method="wilson")
    return Interval(share, min(float(bounds.low), share), max(float(bounds.high), share))


def _design_effect(successes: Doubles, trials: Doubles, share: float) -> float:
    """How many times the variance of independent trials; where none or all succeed, which tells
    nothing of it, as if every person were one trial.
    """
    people, total = int((trials > 0).sum()), float(trials.sum())
    if people < 2:
        return total
    simple_variance = share * (1 - share) / total
    if simple_variance <= 0:
        return total / people
    residuals = successes - share * trials
    variance = people / (people - 1) * float((residuals**2).sum()) / total**2
    return float(np.clip(variance / simple_variance, 1.0, total))


def mean_interval(sums: Doubles, counts: Doubles) -> Interval | None:
    """A mean over [people], the sum of each over a count of each; None without any."""
    total, people = float(counts.sum()), int((counts > 0).sum())
    if total <= 0:
        return None
    mean = float(sums.sum()) / total
    if people < 2:
        return Interval(mean, -np.inf, np.inf) if sums.any() else Interval(mean, 0.0, np.inf)
    residuals = sums - mean * counts
    error = float(np.sqrt(people / (people - 1) * (residuals**2).sum()) / total)
    from scipy import stats

    reach = float(stats.t.ppf((1 + CONFIDENCE) / 2, people - 1)) * error
    return Interval(mean, mean - reach, mean + reach)


def difference_interval(
    model: PlaceCounts, alternative: PlaceCounts, people: Sequence[str]
) -> Interval:
    """Of two click rates of the same people, 95 %, drawn by people."""
    columns = np.array(
        [
            [counts.get(person, 0.0) for person in people]
            for counts in (
                model.clicks,
                model.impressions,
                alternative.clicks,
                alternative.impressions,
            )
        ]
    )  # [4, people]
    clusters = np.arange(len(people)) % MAX_CLUSTERS
    sums = np.stack(
        [np.bincount(clusters, row, minlength=min(len(people), MAX_CLUSTERS)) for row in columns]
    )

    def difference(*resampled: Doubles, axis: int = -1) -> Doubles:
        own_clicks, own_places, clicks, places_shown = (row.sum(axis=axis) for row in resampled)
        return np.asarray(
            own_clicks / np.maximum(own_places, 1) - clicks / np.maximum(places_shown, 1)
        )

    from scipy import stats

    bootstrap = stats.bootstrap(
        tuple(sums),
        difference,
        paired=True,
        vectorized=True,
        n_resamples=DRAWS,
        method="percentile",
        rng=np.random.default_rng(0),
    )
    bounds = bootstrap.confidence_interval
    return Interval(float(difference(*sums)), float(bounds.low), float(bounds.high))


class OutcomeCounter:
    """Counts what people did with lists."""

    def __init__(
        self,
        lists: Sequence[ServedList],
        list_events: Iterable[ListEvent],
        *,
        weights: Mapping[str, float],
        conversion_types: Sequence[str] = CONVERSION_TYPES,
    ) -> None:
        """weights: by event type; above 0 says that an item was taken."""
        self._lists = lists
        self._weights, self._conversion_types = weights, frozenset(conversion_types)
        self._events: defaultdict[str, list[ListEvent]] = defaultdict(list)
        for event in list_events:
            self._events[event.list_id].append(event)

    def groups(
        self, group_of: Callable[[ServedList], tuple[str, str]], day_of: Callable[[float], float]
    ) -> list[OutcomeGroup]:
        """By (placement, version), the most shown first. day_of: a time → the start of its day."""
        members: defaultdict[tuple[str, str], list[ServedList]] = defaultdict(list)
        for served in self._lists:
            members[group_of(served)].append(served)
        groups = []
        for (placement, version), lists in members.items():
            days: defaultdict[float, list[ServedList]] = defaultdict(list)
            for served in lists:
                days[day_of(served.at)].append(served)
            daily = tuple((start, self.figures(days[start])) for start in sorted(days))
            groups.append(OutcomeGroup(placement, version, self.figures(lists), daily))
        return sorted(groups, key=lambda group: -group.figures.impressions)

    def figures(self, lists: Sequence[ServedList] | None = None) -> OutcomeFigures:
        """Of some lists, or of all."""
        lists = self._lists if lists is None else lists
        reported = self._is_reported(lists)
        counts = self._counts(lists, reported=reported)
        impressions, clicks = counts.by_person("impressions"), counts.by_person("clicks")
        converted, value = counts.by_person("converted"), counts.by_person("value")
        return OutcomeFigures(
            lists=len(lists),
            people=len(counts.lists),
            impressions=int(impressions.sum()),
            clicks=int(clicks.sum()),
            conversions=int(converted.sum()),
            value=float(value.sum()),
            click_rate=rate_interval(clicks, impressions),
            conversion_rate=rate_interval(converted, impressions),
            value_per_list=mean_interval(value, counts.by_person("lists")),
            impressions_reported=reported,
        )

    def comparisons(self) -> list[PlaceComparison]:
        """The model's places beside popular lists and beside random items, where people had both:
        an item that the model has chosen, and another that it has not, shown to the same people.
        """
        personal = [served for served in self._lists if not served.is_popular]
        popular = [served for served in self._lists if served.is_popular]
        reported = self._is_reported(self._lists)
        model = self._counts(personal, reported=reported, sources=("model",))
        alternatives = {
            "popular": self._counts(popular, reported=reported),
            "explored": self._counts(personal, reported=reported, sources=("explored",)),
        }
        compared = (
            _comparison(kind, model, alternative) for kind, alternative in alternatives.items()
        )
        return [comparison for comparison in compared if comparison is not None]

    def taken_items(self) -> list[str]:
        """The items that were taken from the lists, as often as they were."""
        return [
            event.item
            for events in self._events.values()
            for event in events
            if event.item is not None and self._weights.get(event.event_type, 0) > 0
        ]

    def _is_reported(self, lists: Sequence[ServedList]) -> bool:
        return any(
            event.event_type == IMPRESSION_EVENT
            for served in lists
            for event in self._events.get(served.id, ())
        )

    def _counts(
        self, lists: Sequence[ServedList], *, reported: bool, sources: Sequence[str] | None = None
    ) -> PlaceCounts:
        counts = PlaceCounts()
        for served in lists:
            items = {
                place.item for place in served.items if sources is None or place.source in sources
            }
            if not items:
                continue
            events = self._events.get(served.id, [])
            taken_items = {
                event.item for event in events if self._weights.get(event.event_type, 0) > 0
            } & items
            seen_items = self._seen_items(events, items) | taken_items if reported else items
            person = served.person
            counts.lists[person] += 1
            counts.impressions[person] += len(seen_items)
            counts.clicks[person] += len(taken_items)
            sales = [
                event
                for event in events
                if event.event_type in self._conversion_types and event.item in items
            ]
            counts.converted[person] += len({event.item for event in sales})
            counts.value[person] += sum(event.value or 0.0 for event in sales)
        return counts

    @staticmethod
    def _seen_items(events: Sequence[ListEvent], items: set[str]) -> set[str]:
        impressions = [event.item for event in events if event.event_type == IMPRESSION_EVENT]
        if None in impressions:
            return set(items)
        return {item for item in impressions if item is not None} & items


def _comparison(kind: str, model: PlaceCounts, alternative: PlaceCounts) -> PlaceComparison | None:
    """None where too few people were shown both."""
    people = [
        person
        for person in model.lists
        if model.impressions[person] and alternative.impressions.get(person, 0)
    ]
    if len(people) < MIN_COMPARED_PEOPLE:
        return None

    def rate(counts: PlaceCounts) -> Interval:
        interval = rate_interval(
            np.array([counts.clicks.get(person, 0.0) for person in people]),
            np.array([counts.impressions.get(person, 0.0) for person in people]),
        )
        assert interval is not None
        return interval

    difference = difference_interval(model, alternative, people)
    return PlaceComparison(kind, len(people), rate(model), rate(alternative), difference)
