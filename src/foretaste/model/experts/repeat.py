"""Repeat: how likely the next item is one of those already taken. P(seen or new | U).

In groceries and music people come back to what they had; in a review log they never do. The share
of repeats is counted, smoothed towards everyone's, and spread: over the seen items by recency, over
the others evenly. So an unmasked ranking learns from the data what masking assumes.
"""

from collections.abc import Sequence
from typing import Self

import numpy as np

from foretaste.domain.data import Catalogue, Floats, Ints, UserContext
from foretaste.domain.ports import StateArrays, StateMetadata
from foretaste.domain.term_table import TermTable
from foretaste.model.count_matrix import positive_interactions
from foretaste.model.expert_scorer import NO_ITEMS, SparseScorer
from foretaste.model.experts.by_scorer import ExpertByScorer
from foretaste.model.terms import terms_against_average
from foretaste.model.training import Training

SMOOTHING_EVENTS = 10.0
"""Events of everyone's share that a person's own share is smoothed with."""
RECENCY_DECAY = 0.9
"""What each earlier event is worth of the one after, among the seen items."""
PUBLIC_REPEATS = 2.0, 9.0
"""Repeats and events that are taken for everybody's where nobody's may be counted."""
MAX_EVENT_AGE = 200
"""Events ago from which one is worth the same as any earlier: never nothing."""


class RepeatExpert(ExpertByScorer):
    """A Bernoulli of seen or new, then recency or evenness."""

    name = "repeat"
    is_counting = True

    def __init__(self, repeats: float, events: float, catalogue: Catalogue) -> None:
        self._repeats = repeats
        self._events = events
        self._size = len(catalogue)
        self._item_ids = catalogue.ids

    @classmethod
    def fit(cls, training: Training) -> list[Self]:
        """Count the events, after a person's first, whose item the person had taken before."""
        if training.release is not None:
            return [cls(*PUBLIC_REPEATS, training.catalogue)]
        users, items, _ = positive_interactions(training.interactions)
        _, first_positions = np.unique(
            users * np.int64(len(training.catalogue)) + items, return_index=True
        )
        later_events = len(users) - len(np.unique(users))
        return [
            cls(float(len(users) - len(first_positions)), float(later_events), training.catalogue)
        ]

    def _repeat_share(self, consumed_items: Ints) -> float:
        """P(the next is a repeat | U)."""
        everyone_share = (self._repeats + 0.5) / (self._events + 1)
        own_repeats = len(consumed_items) - len(np.unique(consumed_items))
        share = (own_repeats + SMOOTHING_EVENTS * everyone_share) / (
            max(len(consumed_items) - 1, 0) + SMOOTHING_EVENTS
        )
        return min(max(share, 1e-9), 1 - 1e-9)

    def scorer(self, user_context: UserContext) -> "RepeatScorer":
        """New items are equally likely; seen ones by recency."""
        return RepeatScorer(self, user_context)

    def is_active(self, user_context: UserContext) -> bool:
        """From the first item."""
        return len(user_context.consumed_items) > 0

    def learn(self, user_context: UserContext, item: int, weight: float, at: float) -> None:
        """Count one more event, and whether it is a repeat."""
        if len(user_context.consumed_items):
            sign = 1.0 if weight > 0 else -1.0
            self._events += sign
            self._repeats += sign * float(item in user_context.consumed_items)

    def grow(self, catalogue: Catalogue, changed: Sequence[int] | None = None) -> None:
        """New items have been taken by nobody."""
        self._size = len(catalogue)
        self._item_ids = catalogue.ids

    def state(self) -> tuple[StateArrays, StateMetadata]:
        """Two counts."""
        return {}, {"repeats": self._repeats, "events": self._events}

    @classmethod
    def from_state(cls, arrays: StateArrays, metadata: StateMetadata, catalogue: Catalogue) -> Self:
        """The inverse of `state`."""
        return cls(metadata["repeats"], metadata["events"], catalogue)


class RepeatScorer(SparseScorer):
    """Even, but for what was seen."""

    def __init__(self, expert: RepeatExpert, user_context: UserContext) -> None:
        self._expert = expert
        consumed_items, size = user_context.consumed_items, expert._size
        repeat_share = expert._repeat_share(consumed_items)
        columns, positions = np.unique(consumed_items, return_inverse=True)
        self._distinct_items = columns
        if len(columns) in (0, size):
            super().__init__(self._uniform, -np.log(size), NO_ITEMS, np.empty(0, np.float32))
            return
        event_ages = np.minimum(np.arange(len(consumed_items) - 1, -1, -1), MAX_EVENT_AGE)
        event_weights = RECENCY_DECAY**event_ages
        if (worths := user_context.consumed_weights) is not None:
            event_weights *= worths
        recency_weights = np.bincount(positions, event_weights)
        values = np.log(repeat_share * recency_weights / recency_weights.sum()).astype(np.float32)
        log_new_share = np.log((1 - repeat_share) / (size - len(columns)))
        super().__init__(self._uniform, log_new_share, columns.astype(np.int32), values)

    def _uniform(self, items: Ints | None) -> Floats:
        return np.zeros(self._expert._size if items is None else len(items), np.float32)

    def terms(self, items: Ints, *, deep: bool = True) -> TermTable:
        """One term: seen before, or new."""
        name, size = self._expert.name, self._expert._size
        consumed_items = set(self._distinct_items.tolist())
        words = ["taken before" if item in consumed_items else "new" for item in items.tolist()]
        return terms_against_average(name, self.log_prob(items), size, words)
