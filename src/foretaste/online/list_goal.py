"""In: a question and the settings. Out: what its list is to bring in, as a shift of each score."""

import logging
from collections.abc import Mapping

import numpy as np

from foretaste.domain.data import Doubles, Request
from foretaste.domain.patience import BESIDE, patience
from foretaste.domain.store import Store
from foretaste.errors import InputError
from foretaste.model.product_scorer import Scores
from foretaste.online.list_corrections import CorrectedScorer
from foretaste.rank.filters import FilterContext
from foretaste.rank.goal import item_worths, worth_shift
from foretaste.rank.index import FilterIndex
from foretaste.rank.settings import RankSettings

log = logging.getLogger(__name__)

GOAL_TERM, GOAL_FEATURE = "goal", "worth"
"""Name the term that an item has for what it is worth."""
REFRESH_SECONDS = 600.0
"""Seconds for which mean values of events hold: reading them goes through the whole log."""
PRIOR_EVENTS = 3.0
"""Events of the mean over all items that each item is taken to have had besides."""
MAX_GOALS = 16
"""Goals whose worths are kept."""


class ListGoal:
    """What lists are to bring in, for one workspace."""

    def __init__(self, store: Store, settings: RankSettings, weights: Mapping[str, float]) -> None:
        """weights: by event type; those above zero are of the kind that takes an item."""
        self._store, self._settings = store, settings
        self._event_types = [name for name, weight in weights.items() if weight > 0]
        self._worths: dict[str, tuple[FilterIndex, float, Doubles]] = {}

    def scorer(self, scorer: Scores, question: FilterContext) -> Scores:
        """What scores the list of a question, for its goal if it has one.

        Raises InputError for a goal that is not there.
        """
        request, settings = question.request, self._settings
        goal = self.goal_of(request)
        weight = settings.goal_weight if request.goal_weight is None else request.goal_weight
        if not goal or weight <= 0:
            return scorer
        try:
            worths = self._worths_of(goal, question)
        except InputError as error:
            if request.goal is not None:
                raise
            log.warning("rank.goal has no effect: %s", error)  # better lists than none
            worths = self._keep(goal, question, np.full(len(question.index), np.nan))
        shift = worth_shift(worths, weight)
        return CorrectedScorer(scorer, shift, GOAL_TERM, GOAL_FEATURE)

    def goal_of(self, request: Request) -> str | None:
        """Its own, else that of the settings where the list is a person's and no search."""
        if request.is_trending or request.kind == "bought_together":
            return None
        if request.goal is not None:
            return request.goal
        is_personal = request.query is None and request.candidates is None and request.kind is None
        return self._settings.goal if is_personal else None

    def _worths_of(self, goal: str, question: FilterContext) -> Doubles:
        """[items], what each is worth."""
        index, now = question.index, question.now
        if goal in self._worths:
            known_index, known_at, worths = self._worths[goal]
            if known_index is index and 0 <= now - known_at < REFRESH_SECONDS:
                return worths
        goals = self._settings.goals
        worths = item_worths(goal, goals, index, lambda: self._event_values(index))
        return self._keep(goal, question, worths)

    def _keep(self, goal: str, question: FilterContext, worths: Doubles) -> Doubles:
        if len(self._worths) >= MAX_GOALS:
            self._worths.clear()
        self._worths[goal] = (question.index, question.now, worths)
        return worths

    def _event_values(self, index: FilterIndex) -> Doubles:
        """[items], the mean value of each item's events, drawn to the mean over all items where
        they are few; nan where no event has a value.
        """
        with patience(BESIDE):
            sums = self._store.event_value_sums(self._event_types)
        totals, counts = np.zeros(len(index)), np.zeros(len(index))
        for item, total, count in sums:
            position = index.catalogue.index.get(item)
            if position is not None:
                totals[position], counts[position] = total, count
        if not counts.any():
            return np.full(len(index), np.nan)
        mean = totals.sum() / counts.sum()
        return np.asarray((totals + PRIOR_EVENTS * mean) / (counts + PRIOR_EVENTS), np.float64)
