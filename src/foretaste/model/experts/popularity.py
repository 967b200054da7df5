"""Popularity: what is taken often and lately. P(item) from counts that halve with time."""

from collections.abc import Callable, Sequence
from typing import Self

import numpy as np

from foretaste.domain.data import Catalogue, Doubles, Floats, Interactions, Ints, Longs, UserContext
from foretaste.domain.ports import StateArrays, StateMetadata
from foretaste.domain.sharing import Chunked
from foretaste.domain.term_table import TermTable
from foretaste.model.expert_scorer import top_positions
from foretaste.model.private_counts import PrivateRelease
from foretaste.model.terms import terms_against_average
from foretaste.model.training import Training

SECONDS_PER_DAY = 86_400.0
HALF_LIVES = (None, 365.0, 90.0, 30.0, 7.0, 1.0)
MAX_REFERENCE_HALF_LIVES = 20.0
"""Half-lives past the reference time at which the counts are brought forward to it."""
MAX_SILENCE_HALF_LIVES = 2.0
"""Half-lives that a silence counts for at most: of a longer one nothing is known."""

CACHED_TOP_ITEMS = 2000
"""The most popular items, which are kept at hand."""
EVENTS_PER_TOP_REFRESH = 1000
"""Events learnt after which these are found again."""


class PopularityExpert:
    """Decayed counts with a prior."""

    name = "popularity"
    is_counting = True

    def __init__(
        self, mass: Doubles, latest_time: float, half_life: float | None, prior: float
    ) -> None:
        self._decayed_mass, self._taken = Chunked(mass), Chunked(mass)
        self.trained_items = len(mass)
        self._events = Chunked(np.zeros(len(mass), np.float64))
        self._reference_time = latest_time
        self._latest_time = latest_time
        self._half_life = half_life
        self._silences: tuple[
            tuple[float, float], ...
        ] = ()  # (from when, seconds that do not count)
        self._prior = prior
        self._cached_log_probs: Floats | None = None
        self._cached_top_items: Ints | None = None
        self._kept_of_events: tuple[Doubles, Callable[[Doubles], Longs], Longs] | None = None
        self._events_since_top = 0

    @classmethod
    def fit(cls, training: Training) -> list[Self]:
        """Counts with the half-life under which the validation events are likeliest."""
        settings = training.settings.popularity
        if training.release is not None:
            return [cls._count_privately(training, training.release)]
        configured_half_life = settings.half_life_days
        half_lives = HALF_LIVES if configured_half_life is None else (configured_half_life or None,)
        fitted = [
            cls._count(training.interactions, len(training.catalogue), half_life, settings.prior)
            for half_life in half_lives
        ]
        targets = training.validation_cases.targets
        return [max(fitted, key=lambda expert: float(expert.log_prob_row()[targets].sum()))]

    def recount(self, training: Training) -> Self:
        """The same half-life, counted on other interactions."""
        return self._count(
            training.interactions, len(training.catalogue), self._half_life, self._prior
        )

    @classmethod
    def _count(
        cls, interactions: Interactions, items: int, half_life: float | None, prior: float
    ) -> Self:
        is_positive = (interactions.item >= 0) & (interactions.weight > 0)
        at = interactions.at[is_positive]
        latest_time = float(at.max(initial=0.0))
        decayed_weights = interactions.weight[is_positive].astype(np.float64)
        if half_life is not None:
            decayed_weights *= np.exp2((at - latest_time) / (half_life * SECONDS_PER_DAY))
        mass = np.bincount(interactions.item[is_positive], decayed_weights, minlength=items).astype(
            np.float64
        )
        expert = cls(mass, latest_time, half_life, prior)
        event_weights = np.bincount(
            interactions.item[is_positive], interactions.weight[is_positive], minlength=items
        )
        expert._taken = Chunked(event_weights.astype(np.float64))
        events = np.bincount(interactions.item[is_positive], minlength=items)
        expert._events = Chunked(events.astype(np.float64))
        return expert

    @classmethod
    def _count_privately(cls, training: Training, release: PrivateRelease) -> Self:
        """Never fading: by when is somebody's own time."""
        counts = release.item_counts(training.interactions, len(training.catalogue))
        expert = cls(counts, 0.0, None, training.settings.popularity.prior)
        expert._events = Chunked(np.floor(counts))
        return expert

    @property
    def taken(self) -> Doubles:
        """[items], the weight of all events of each, never faded."""
        return self._taken.rows

    @property
    def events(self) -> Doubles:
        """[items], how many events each has had, whatever they weigh."""
        return self._events.rows

    def of_events(self, work: Callable[[Doubles], Longs]) -> Longs:
        """[items], what a function makes of `events`; kept until an event is learnt."""
        events, kept = self.events, self._kept_of_events
        if kept is None or kept[0] is not events or kept[1] is not work:
            kept = self._kept_of_events = (events, work, work(events))
        return kept[2]

    @property
    def latest_time(self) -> float:
        """The time of the newest event that was counted, seconds since 1970."""
        return self._latest_time

    @property
    def half_life_days(self) -> float:
        """As in the settings: 0 where counts never fade."""
        return self._half_life or 0.0

    def log_prob_row(self) -> Floats:
        """[items], log P."""
        log = self._cached_log_probs
        if log is None:
            mass = self._decayed_mass.rows + self._prior * self._growth(self._latest_time)
            self._cached_log_probs = log = np.log(mass / mass.sum()).astype(np.float32)
            log.flags.writeable = False
        return log

    def _growth(self, at: float) -> float:
        if self._half_life is None:
            return 1.0
        # years after the last event a half-life of a day would overflow: past this all is forgotten
        return float(
            np.exp2(min((at - self._reference_time) / (self._half_life * SECONDS_PER_DAY), 1000.0))
        )

    def log_prob(self, user_contexts: Sequence[UserContext]) -> Floats:
        """The same row for everyone."""
        return np.repeat(self.log_prob_row()[None], len(user_contexts), axis=0)

    def scorer(self, user_context: UserContext) -> "PopularityScorer":
        """The same for everyone."""
        return PopularityScorer(self)

    def top_items(self, k: int) -> Ints:
        """About the k likeliest: found anew once a thousand events have been learnt."""
        top = self._cached_top_items
        if top is None or len(top) < k or self._events_since_top > EVENTS_PER_TOP_REFRESH:
            self._cached_top_items = top = top_positions(
                self.log_prob_row(), max(k, CACHED_TOP_ITEMS)
            )
            self._events_since_top = 0
        order = np.argsort(-self.log_prob_row()[top], kind="stable")
        return top[order[:k]]

    def is_active(self, user_context: UserContext) -> bool:
        """Always."""
        return True

    def learn(self, user_context: UserContext, item: int, weight: float, at: float) -> None:
        """Count one event.

        What was learnt before a silence (an export of last year, a file without times) is worth
        less than what comes after it, but more than nothing.
        """
        at = self._time_without_silences(at)
        if (
            self._half_life
            and at - self._reference_time
            > MAX_REFERENCE_HALF_LIVES * self._half_life * SECONDS_PER_DAY
        ):
            faded = np.exp2((self._reference_time - at) / (self._half_life * SECONDS_PER_DAY))
            self._decayed_mass = Chunked(self._decayed_mass.rows * faded)
            self._reference_time = at
        self._latest_time = max(self._latest_time, at)
        self._decayed_mass[item] = max(self._decayed_mass[item] + weight * self._growth(at), 0.0)
        self._taken[item] = max(self._taken[item] + weight, 0.0)
        self._events[item] = max(self._events[item] + np.sign(weight), 0.0)
        self._cached_log_probs = None
        self._events_since_top += 1

    def _time_without_silences(self, at: float) -> float:
        """The time without silences; it grows only with events."""
        effective_time = at - sum(seconds for since, seconds in self._silences if since < at)
        if self._half_life:
            excess_seconds = (
                effective_time
                - self._latest_time
                - MAX_SILENCE_HALF_LIVES * self._half_life * SECONDS_PER_DAY
            )
            if excess_seconds > 0:
                self._silences = (*self._silences, (at - excess_seconds, excess_seconds))
                effective_time -= excess_seconds
        return effective_time

    def grow(self, catalogue: Catalogue, changed: Sequence[int] | None = None) -> None:
        """New items start from the prior."""
        new_item_count = len(catalogue) - len(self._decayed_mass)
        if not new_item_count:
            return
        for counts in (self._decayed_mass, self._taken, self._events):
            counts.extend(np.zeros(new_item_count))
        self._cached_log_probs = None

    def terms(self, user_context: UserContext, items: Ints, *, deep: bool = True) -> TermTable:
        """How much more popular than the average item."""
        return self.scorer(user_context).terms(items, deep=deep)

    def state(self) -> tuple[StateArrays, StateMetadata]:
        """Counts at the reference time."""
        metadata = {
            "reference": self._reference_time,
            "latest": self._latest_time,
            "half_life_days": self._half_life,
            "prior": self._prior,
            "silences": self._silences,
            "trained_items": self.trained_items,
        }
        return {
            "mass": self._decayed_mass.rows,
            "taken": self.taken,
            "events": self.events,
        }, metadata

    @classmethod
    def from_state(cls, arrays: StateArrays, metadata: StateMetadata, catalogue: Catalogue) -> Self:
        """The inverse of `state`."""
        half_life = metadata["half_life_days"]
        expert = cls(arrays["mass"], metadata["reference"], half_life, metadata["prior"])
        expert._latest_time = metadata["latest"]
        expert.trained_items = metadata.get("trained_items", len(arrays["mass"]))
        expert._silences = tuple(
            (since, seconds) for since, seconds in metadata.get("silences", ())
        )
        expert._taken = Chunked(arrays["taken"])
        # not there if saved before events were counted: then an event weighed 1 as a rule
        expert._events = Chunked(arrays.get("events", np.ceil(arrays["taken"])))
        return expert


class PopularityScorer:
    """The same for everyone."""

    def __init__(self, expert: PopularityExpert) -> None:
        self._expert = expert

    def log_prob(self, items: Ints | None = None) -> Floats:
        """[items]"""
        row = self._expert.log_prob_row()
        return row if items is None else row[items]

    def candidates(self, k: int) -> Ints:
        """The most popular."""
        return self._expert.top_items(k)

    def terms(self, items: Ints, *, deep: bool = True) -> TermTable:
        """How much more popular than the average item."""
        row = self._expert.log_prob_row()
        name, size = self._expert.name, len(row)
        return terms_against_average(name, row[items], size, "popularity")
