"""Transition: what followed the last item. P(item | last) from counts, smoothed by popularity."""

from collections.abc import Sequence
from typing import Self

import numpy as np

from foretaste.domain.data import Catalogue, Floats, Ints, UserContext
from foretaste.domain.ports import StateArrays, StateMetadata
from foretaste.domain.term_table import TermColumn, TermTable
from foretaste.model.count_matrix import (
    CountMatrix,
    PopularityPrior,
    item_pair_owners,
    item_pairs,
)
from foretaste.model.expert_scorer import NO_ITEMS, SparseScorer
from foretaste.model.experts.by_scorer import ExpertByScorer
from foretaste.model.terms import terms_against_average
from foretaste.model.training import Training
from foretaste.model.training_counts import count_items, count_pairs


class TransitionExpert(ExpertByScorer):
    """A first-order Markov chain with a Dirichlet prior (MacKay and Peto 1995, section 3)."""

    name = "transition"
    is_counting = True

    def __init__(
        self,
        successor_counts: CountMatrix,
        popularity_counts: Floats,
        smoothing: float,
        catalogue: Catalogue,
    ) -> None:
        self.successor_counts = successor_counts
        self._prior = PopularityPrior(popularity_counts)
        self._smoothing = smoothing
        self._item_ids = catalogue.ids

    @classmethod
    def fit(cls, training: Training) -> list[Self]:
        """Count the pairs that follow one another."""
        successor_counts = count_pairs(
            training,
            [item_pairs(training.interactions, 1)],
            lambda: [item_pair_owners(training.interactions, 1)],
        )
        if successor_counts is None:
            return []
        smoothing = training.settings.transition.smoothing
        popularity_counts = count_items(training).astype(np.float32) + 1
        return [cls(successor_counts, popularity_counts, smoothing, training.catalogue)]

    def scorer(self, user_context: UserContext) -> "TransitionScorer":
        """The row of the last item."""
        return TransitionScorer(self, user_context)

    def is_active(self, user_context: UserContext) -> bool:
        """From the first item."""
        return len(user_context.consumed_items) > 0

    def learn(self, user_context: UserContext, item: int, weight: float, at: float) -> None:
        """Count the step from the last item to this one."""
        self._prior.add(item, weight)
        if len(user_context.consumed_items):
            self.successor_counts.add(int(user_context.consumed_items[-1]), item, weight)

    def grow(self, catalogue: Catalogue, changed: Sequence[int] | None = None) -> None:
        """New items have followed nothing yet."""
        self._prior.grow(len(catalogue))
        self.successor_counts.grow(len(catalogue))
        self._item_ids = catalogue.ids

    def state(self) -> tuple[StateArrays, StateMetadata]:
        """Counts."""
        return {"popular": self._prior.popular, **self.successor_counts.arrays("after")}, {
            "smoothing": self._smoothing
        }

    @classmethod
    def from_state(cls, arrays: StateArrays, metadata: StateMetadata, catalogue: Catalogue) -> Self:
        """The inverse of `state`."""
        successor_counts = CountMatrix.from_arrays("after", arrays)
        return cls(successor_counts, arrays["popular"], metadata["smoothing"], catalogue)


class TransitionScorer(SparseScorer):
    """Popularity, but for what has followed the last item."""

    def __init__(self, expert: TransitionExpert, user_context: UserContext) -> None:
        self._expert, self._log_prior = expert, expert._prior.log_share
        last_item = (
            int(user_context.consumed_items[-1]) if len(user_context.consumed_items) else None
        )
        self._last_item_id = None if last_item is None else expert._item_ids[last_item]
        columns, counts = (
            expert.successor_counts.row(last_item)
            if last_item is not None
            else (NO_ITEMS, np.empty(0))
        )
        smoothing = expert._smoothing
        total = (0.0 if last_item is None else expert.successor_counts.total(last_item)) + smoothing
        mass = counts + smoothing * np.exp(self._log_prior(columns))
        values = np.log(mass / total).astype(np.float32)
        super().__init__(self._log_prior, np.log(smoothing / total), columns, values)

    def terms(self, items: Ints, *, deep: bool = True) -> TermTable:
        """Popularity, and what the last item adds to it or takes from it."""
        name, size = self._expert.name, len(self._expert._item_ids)
        prior = self._log_prior(items)
        lifts = self.log_prob(items) - prior
        popularity = terms_against_average(name, prior, size, "popularity")
        return popularity.with_columns([TermColumn(name, self._last_item_id)], lifts)
