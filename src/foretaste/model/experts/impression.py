"""Impressions: what a person was shown on several visits and left alone is less likely.

P(item | what was shown). log P falls by strength · log(1 + visits) on which the item was on the
screen and was not taken then or later; each visit counts half as much after `half_life_days`. That
interest falls with the number of impressions, quickly at first and slowly then, is what Lee et al.
(Modeling Impression Discounting in Large-scale Recommender Systems, KDD 2014) found.

It speaks only where `impression` events say what was on the screen: a list that was given out may
never have been looked at. Of the items that it names it knows nothing but that; what is like them
does not fall.
"""

from collections.abc import Sequence
from typing import Self

import numpy as np
import numpy.typing as npt

from foretaste.domain.data import Catalogue, Floats, Ints, UserContext
from foretaste.domain.ports import StateArrays, StateMetadata
from foretaste.domain.term_table import TermTable
from foretaste.model.expert_scorer import SparseScorer
from foretaste.model.experts.stateless import StatelessExpert
from foretaste.model.settings import ImpressionSettings
from foretaste.model.terms import terms_against_average
from foretaste.model.training import Training

VISIT_SECONDS = 30 * 60.0
"""Impressions of an item within so long are of one visit. The last so long is a visit that goes on:
what is shown in it may still be taken, and a page that is loaded again stays as it was."""
DAY_SECONDS = 86_400.0


class ImpressionExpert(StatelessExpert[ImpressionSettings]):
    """What was shown and left alone."""

    name = "impression"

    def __init__(self, settings: ImpressionSettings, catalogue: Catalogue) -> None:
        super().__init__(settings)
        self.grow(catalogue)

    @classmethod
    def fit(cls, training: Training) -> list[Self]:
        """Nothing to learn."""
        return [cls(training.settings.impression, training.catalogue)]

    def grow(self, catalogue: Catalogue, changed: Sequence[int] | None = None) -> None:
        """New items were shown to nobody."""
        self.item_count = len(catalogue)

    def visits_without_answer(self, user_context: UserContext) -> tuple[Ints, Floats]:
        """([items] ascending, [items], on how many visits each was shown and left alone, older
        ones counting less).
        """
        impressions = user_context.impressions
        if impressions is None or not len(impressions.item):
            return np.empty(0, np.int32), np.empty(0, np.float32)
        is_over = impressions.at <= user_context.now - VISIT_SECONDS
        items, times = impressions.item[is_over], impressions.at[is_over]
        is_left_alone = times > _last_taken(user_context, items)
        items, times = items[is_left_alone], times[is_left_alone]
        order = np.lexsort((times, items))
        items, times = items[order], times[order]
        is_new_visit = np.ones(len(items), np.bool_)
        is_new_visit[1:] = (np.diff(items) != 0) | (np.diff(times) > VISIT_SECONDS)
        items, times = items[is_new_visit], times[is_new_visit]
        ages = np.maximum(user_context.now - times, 0) / DAY_SECONDS
        shown_items, positions = np.unique(items, return_inverse=True)
        visits = np.bincount(
            positions, 0.5 ** (ages / self._settings.half_life_days), len(shown_items)
        )
        return shown_items, visits.astype(np.float32)

    def is_active(self, user_context: UserContext) -> bool:
        """From the first item that was left alone."""
        return self._settings.strength > 0 and bool(
            len(self.visits_without_answer(user_context)[0])
        )

    def scorer(self, user_context: UserContext) -> "ImpressionScorer":
        """The impressions, read once."""
        shown_items, visits = self.visits_without_answer(user_context)
        penalties = -np.float32(self._settings.strength) * np.log1p(visits)
        return ImpressionScorer(self, shown_items, penalties)

    @classmethod
    def from_state(cls, arrays: StateArrays, metadata: StateMetadata, catalogue: Catalogue) -> Self:
        """The inverse of `state`."""
        return cls(ImpressionSettings(**metadata), catalogue)


def _last_taken(user_context: UserContext, items: Ints) -> npt.NDArray[np.float64]:
    """[items], when the person took each last; -inf for never."""
    is_taking = (user_context.item >= 0) & (user_context.weight > 0)
    last_by_item = dict(
        zip(user_context.item[is_taking].tolist(), user_context.at[is_taking].tolist(), strict=True)
    )  # oldest first, so the last one stays
    return np.array([last_by_item.get(item, -np.inf) for item in items.tolist()], np.float64)


class ImpressionScorer(SparseScorer):
    """Even, but for what was left alone."""

    def __init__(self, expert: ImpressionExpert, shown_items: Ints, penalties: Floats) -> None:
        """penalties: [shown items], in nats, none above 0."""
        self._name, self._item_count = expert.name, expert.item_count
        self._shown_items = shown_items
        others = self._item_count - len(shown_items)
        log_normaliser = np.log(others + np.exp(penalties.astype(np.float64)).sum())
        values = (penalties - log_normaliser).astype(np.float32)
        super().__init__(self._uniform, -log_normaliser, shown_items, values)

    def _uniform(self, items: Ints | None) -> Floats:
        return np.zeros(self._item_count if items is None else len(items), np.float32)

    def terms(self, items: Ints, *, deep: bool = True) -> TermTable:
        """One term: left alone, or not shown."""
        shown_items = set(self._shown_items.tolist())
        features = [
            "shown and left alone" if item in shown_items else "not shown before"
            for item in items.tolist()
        ]
        return terms_against_average(self._name, self.log_prob(items), self._item_count, features)
