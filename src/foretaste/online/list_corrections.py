"""In: a question and the settings. Out: what its list is corrected by: what is popular weighs less,
so that lists are as popular as is wanted; and the list keeps to the person's own mix.

How popular lists become by each weight is measured once for a version, at its training, and kept as
a curve; a weight is read from it.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from foretaste.domain.cold_pool import ColdPool
from foretaste.domain.data import Floats, Interactions, Ints, Request
from foretaste.domain.term_table import TermColumn, TermTable
from foretaste.errors import InputError
from foretaste.model.product_scorer import Scores
from foretaste.rank.filters import FilterContext, excluded_items
from foretaste.rank.index import Mask
from foretaste.rank.own_mix import OwnMix, mix_feature
from foretaste.rank.settings import RankSettings
from foretaste.rank.top import top_items

log = logging.getLogger(__name__)

LiftCurve = Sequence[Sequence[float]]
"""(weight, lift) pairs: how many times as popular as what people take lists are by each weight."""
WEIGHTS = (0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.65, 0.8, 1.0, 1.25, 1.5)
"""Of the log-likelihood by popularity, which is taken off a score."""
LIST_LENGTH = 10
CORRECTION_TERM = "popularity correction"


class QuestionSource(Protocol):
    """Gives one person's question and what scores it, as `loop.recommend` has them."""

    def __call__(self, request: Request) -> tuple[FilterContext, Scores]: ...


def popularity_weight(request: Request, settings: RankSettings, curve: LiftCurve) -> float:
    """By how much what is popular weighs less in this list; 0 for not at all.

    Raises InputError where the request wants a lift and the model was not measured.
    """
    if request.is_trending or request.kind == "bought_together":
        return 0.0
    target = request.popularity_lift
    if target is None:
        is_personal = request.query is None and request.candidates is None and request.kind is None
        target = settings.popularity_lift if is_personal else None
        if target is None or not curve:
            return 0.0
    elif not curve:
        raise InputError(
            "popularity_lift: how popular lists are was not measured when this model was trained; "
            "run 'foretaste train' once more (with a privacy budget it never is)"
        )
    weights, lifts = np.array(curve, np.float64).T
    falling = np.minimum.accumulate(lifts)  # a weight more never makes lists more popular
    return float(np.interp(-target, -falling, weights))


def own_mix_of(request: Request, settings: RankSettings, question: FilterContext) -> OwnMix | None:
    """The mix that this list keeps to; None where it keeps to none.

    Raises InputError where the request names a column that is not there.
    """
    strength = settings.own_mix if request.own_mix is None else request.own_mix
    is_asked = request.own_mix is not None or request.query is None
    if strength <= 0 or request.is_trending or request.candidates is not None or not is_asked:
        return None
    try:
        column = request.own_mix_column or settings.own_mix_column
        feature = mix_feature(question.index.catalogue, column)
    except InputError as error:
        if request.own_mix_column is not None:
            raise
        log.warning("rank.%s", error)
        return None
    if feature is None:
        return None
    return OwnMix.of(feature, question.user_context.consumed_items, strength)


@dataclass(frozen=True)
class CorrectedScorer:
    """The same scores, with something added to those of some items."""

    scorer: Scores
    shift: Floats
    """[items], what is added"""
    term: str = CORRECTION_TERM
    """Names what is added among the terms of a score."""
    feature: str = "popularity"
    """What it is added for."""

    def score_row(
        self, allowed: Mask, n: int, *, extra_masks: Sequence[Mask] = (), items: Iterable[int] = ()
    ) -> Floats:
        """[items], the scores; as of the scorer."""
        row = self.scorer.score_row(allowed, n, extra_masks=extra_masks, items=items)
        return np.asarray(row + self.shift, np.float32)

    def cold_items(self, max_share: float) -> tuple[ColdPool, ...]:
        """As of the scorer."""
        return self.scorer.cold_items(max_share)

    def terms(self, items: Ints, *, deep: bool = True) -> TermTable:
        """Those of the scorer, and what was added."""
        column = TermColumn(self.term, feature=self.feature)
        return self.scorer.terms(items, deep=deep).with_columns([column], self.shift[items])


def corrected_scorer(scorer: Scores, question: FilterContext, settings: RankSettings) -> Scores:
    """What scores the list of a question."""
    weight = popularity_weight(question.request, settings, question.lift_curve)
    if weight <= 0 or question.popularity is None:
        return scorer
    return CorrectedScorer(scorer, popularity_shift(question.popularity(), weight))


def popularity_shift(log_prob: Floats, weight: float) -> Floats:
    """[items], what is taken off each score. log_prob: [items], of each for anybody."""
    return np.asarray(weight * (log_prob.min() - log_prob), np.float32)


def lift_curve(
    interactions: Interactions,
    people: Sequence[tuple[str, Request]],
    ask: QuestionSource,
    progress: Callable[..., None],
) -> list[list[float]]:
    """How many times as popular as what they took the lists of these people are, by each weight.

    people: (name in the interactions, request). How often an item was taken is counted without the
    person themselves, as in the audit. [] where nobody took anything that others took, too.
    """
    positive = interactions.positive_mask()
    persons = {name: number for number, name in enumerate(interactions.users)}
    counts = np.bincount(interactions.item[positive]).astype(np.float64)
    shown_sums, taken_sum, taken_count, place_count = np.zeros(len(WEIGHTS)), 0.0, 0, 0
    for number, (name, request) in enumerate(people, 1):
        question, scorer = ask(request)
        if question.popularity is None:
            return []
        hidden = excluded_items(question)
        log_prob = question.popularity()
        scores = scorer.score_row(~hidden, LIST_LENGTH)
        counts = np.pad(counts, (0, max(len(scores) - len(counts), 0)))
        for row, weight in enumerate(WEIGHTS):
            shifted = scores + popularity_shift(log_prob, weight)
            items = top_items(shifted, LIST_LENGTH, hidden=hidden | np.isneginf(scores))
            shown_sums[row] += counts[items].sum()
        place_count += len(items)
        rows = interactions.user_slice(persons[name])
        history = interactions.item[rows][positive[rows]]
        taken_sum, taken_count = taken_sum + (counts[history] - 1).sum(), taken_count + len(history)
        progress("measuring how popular lists are", number, len(people))
    if not place_count or not taken_sum:
        return []
    lifts = (shown_sums / place_count) / (taken_sum / taken_count)
    return [[weight, round(float(lift), 4)] for weight, lift in zip(WEIGHTS, lifts, strict=True)]
