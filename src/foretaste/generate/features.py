"""Imagined content: P(R|U) over the catalogue in, the features this person wants out.

P(r = v | U) = Σ P(R|U) over the items R that have the value v, an item of several values counting
for each in equal shares: the product's own word on a feature, so a query, a context and a history
all speak in it. Its lift is how many times that is of the same under popularity alone.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from foretaste.domain.data import Doubles, Feature, Floats, UserContext
from foretaste.generate.profile import LikedValue, supporting_items

ImaginedFeatures = Mapping[str, tuple[LikedValue, ...]]
"""Column → the values of the imagined item, the strongest first: P · log lift."""
MIN_PROBABILITY, MIN_LIFT = 0.02, 1.1
"""Below this probability or lift a value is no part of it."""


def imagine_features(
    scores: Floats,
    baseline_scores: Floats,
    features: Sequence[Feature],
    user_context: UserContext,
    ids: Sequence[str],
    *,
    max_values: int = 3,
) -> ImaginedFeatures:
    """At most so many values of each column.

    scores: [items], log P(R|U) up to a constant, -inf for what may not be shown.
    baseline_scores: [items], the same for people in general.
    """
    showable = ~np.isneginf(scores)
    if not showable.any():
        return {}
    user_probability, baseline_probability = (
        _softmax(scores, showable),
        _softmax(baseline_scores, showable),
    )
    values_by_column = {}
    for feature in features:
        if len(feature.values) < len(feature.codes):  # else no two items share a value
            values = _strongest_values(
                feature, user_probability, baseline_probability, user_context, ids, max_values
            )
            if values:
                values_by_column[feature.column] = values
    return values_by_column


def _strongest_values(
    feature: Feature,
    user_probability: Doubles,
    baseline_probability: Doubles,
    user_context: UserContext,
    ids: Sequence[str],
    max_values: int,
) -> tuple[LikedValue, ...]:
    p, q = value_shares(feature, user_probability), value_shares(feature, baseline_probability)
    lift = p / np.maximum(q, 1e-12)
    worth = np.where(
        (p >= MIN_PROBABILITY) & (lift >= MIN_LIFT), p * np.log(np.maximum(lift, 1e-12)), 0
    )
    stated = user_context.taste.get(feature.column, ())
    return tuple(
        LikedValue(
            value=feature.values[code],
            probability=float(p[code]),
            lift=float(lift[code]),
            events=supporting_items(user_context, feature, code, ids),
            stated=feature.values[code] in stated,
        )
        for code in np.argsort(-worth, kind="stable")[:max_values].tolist()
        if worth[code] > 0
    )


def value_shares(feature: Feature, probability: Doubles) -> Doubles:
    """[values], the probability of each; they sum to that of the items that have any."""
    lengths = np.diff(feature.offsets)
    item_shares = np.repeat(probability / np.maximum(lengths, 1), lengths)
    share_totals = np.bincount(feature.codes, item_shares, minlength=len(feature.values))
    return np.asarray(share_totals, np.float64)


def _softmax(scores: Floats, showable: "np.ndarray[tuple[int], np.dtype[np.bool_]]") -> Doubles:
    showable_scores = np.where(showable, scores, -np.inf).astype(np.float64)
    highest_score = showable_scores.max()
    if np.isneginf(highest_score):
        return showable / showable.sum()
    odds = np.exp(showable_scores - highest_score)
    return np.asarray(odds / odds.sum(), np.float64)
