"""What lists must know of a trade besides the model. In: a fitted product and its data. Out: how
quickly items age and at which intervals people take them again, as a version keeps them.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from foretaste.domain.data import Catalogue, Doubles, EvaluationCases, Interactions, Item
from foretaste.model.product import ProductOfExperts
from foretaste.online.list_kinds import arrival_times
from foretaste.online.trade_context import FRESHNESS_KEY, INTERVALS_KEY
from foretaste.rank.freshness import MAX_HALF_LIVES, fresh_shares
from foretaste.rank.index import FilterIndex, ItemAvailability
from foretaste.rank.returning import learn_intervals
from foretaste.rank.settings import RankSettings
from foretaste.rank.trade_settings import LEARNT_HALF_LIFE

HALF_LIVES = tuple(3_600.0 * 2.0 ** (step / 2) for step in range(27))
"""Seconds, from an hour to a year: what is tried."""
MAX_CASES, MAX_SCORES = 500, 20_000_000
MIN_CASES = 30
"""Without so many nothing is concluded."""
MIN_GAIN = 2.0
"""Nats that a half-life must gain over all cases: so much one more number explains by chance."""


def list_habits(
    product: ProductOfExperts,
    catalogue: Catalogue,
    items: Sequence[Item],
    interactions: Interactions,
    cases: EvaluationCases,
    settings: RankSettings,
) -> dict[str, Any]:
    """For the data of a version; nothing that the settings do not ask for.

    product: counted without the cases. items: in the catalogue's order. interactions: all of them.
    """
    habits: dict[str, Any] = {}
    if settings.freshness is not None:
        half_life: float | str | None = settings.freshness.half_life
        if half_life == LEARNT_HALF_LIFE:
            half_life = learn_half_life(product, catalogue, items, cases)
        habits[FRESHNESS_KEY] = half_life
    if settings.replenish is not None:
        intervals = learn_intervals(interactions, settings.replenish)
        habits[INTERVALS_KEY] = {
            catalogue.ids[item]: round(seconds) for item, seconds in intervals.items()
        }
    return habits


def learn_half_life(
    product: ProductOfExperts, catalogue: Catalogue, items: Sequence[Item], cases: EvaluationCases
) -> float | None:
    """The half-life, in seconds, under which what people took is likeliest among what was on offer
    at that moment, given all that the product says. None where age does not matter beside it.
    """
    availability = ItemAvailability.of(items)
    rng = np.random.default_rng(0)
    cases = cases.sample(max(min(MAX_CASES, MAX_SCORES // max(len(catalogue), 1)), MIN_CASES), rng)
    if len(cases) < MIN_CASES:
        return None
    contexts = cases.user_contexts(0, len(cases))
    moments = np.array([context.now for context in contexts])
    arrivals = arrival_times(
        catalogue, FilterIndex(catalogue, availability), float(moments.max(initial=0.0))
    )
    ages = moments[:, None] - arrivals[None, :]  # [cases, items]
    is_offered = (ages >= 0) & (moments[:, None] < availability.available_until)
    rows, targets = np.arange(len(cases)), cases.targets
    usable = is_offered[rows, targets] & np.isfinite(ages[rows, targets])
    if usable.sum() < MIN_CASES:
        return None
    ages, targets, rows = ages[usable], targets[usable], np.arange(int(usable.sum()))
    chosen_contexts = [contexts[row] for row in np.flatnonzero(usable)]
    scores = np.where(is_offered[usable], product.score(chosen_contexts), -np.inf)

    def likelihood(boosts: Doubles) -> float:
        boosted = scores + boosts
        return float((boosted[rows, targets] - np.logaddexp.reduce(boosted, axis=1)).sum())

    nats = np.log(2.0) * MAX_HALF_LIVES
    gains = [
        likelihood(nats * fresh_shares(ages, half_life)) - likelihood(np.zeros(1))
        for half_life in HALF_LIVES
    ]
    best = int(np.argmax(gains))
    return HALF_LIVES[best] if gains[best] > MIN_GAIN else None
