"""Interactions and settings in; the same out, each weighed by what it was worth.

Where the settings leave it open, ratings get a curve from their own values: from the lowest, which
is a dislike, over the value below which few people rate, to the highest, which counts fully. Other
values (prices, seconds, quantities) mean nothing that could be told from the numbers alone; a share
of a view from 0 to 1 does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from foretaste.domain.arrays import Floats
from foretaste.domain.data import Interactions
from foretaste.domain.event_value import (
    MIN_WEIGHT,
    ValueCurve,
    ValueCurves,
    ValueSettings,
    counted_weights,
)

RATED_TYPES = ("rating", "review")
"""Event types whose values are ratings."""
WATCHED_TYPES = ("view", "click")
"""Event types whose values are a share of the whole where all of them lie from 0 to 1."""
MIN_VALUES = 50
"""Values of an event type without which nothing is concluded from them."""
EXTREME_PERCENTILES = (0.5, 99.5)
"""Of the values, between which the curve runs: an error of typing moves neither end."""


def fit_value_curves(
    interactions: Interactions, settings: Mapping[str, ValueSettings]
) -> dict[str, ValueCurve]:
    """The curve of each event type that has one: as it is set, else from the values there are."""
    curves: dict[str, ValueCurve] = {}
    for code, event_type in enumerate(interactions.event_types):
        type_settings = settings.get(event_type, ValueSettings())
        curve = type_settings.value_curve()
        if type_settings.is_default and event_type in RATED_TYPES + WATCHED_TYPES:
            values = interactions.value[interactions.kind == code]
            values = values[np.isfinite(values)]
            fit = rating_curve if event_type in RATED_TYPES else share_curve
            curve = fit(values)
        if curve is not None:
            curves[event_type] = curve
    return curves


def rating_curve(ratings: Floats) -> ValueCurve | None:
    """-1 at the lowest rating, 0 a standard deviation below the mean, 1 at the highest.

    Where nearly all ratings are high, 0 is no higher than the middle between the ends. None where
    they are few or all the same.
    """
    if len(ratings) < MIN_VALUES:
        return None
    low, high = np.percentile(ratings.astype(np.float64), EXTREME_PERCENTILES)
    if low == high:
        return None
    zero = min(
        float(ratings.mean(dtype=np.float64) - ratings.std(dtype=np.float64)), (low + high) / 2
    )
    zero = round(max(zero, low + (high - low) / 100), 3)
    return ValueCurve((float(low), zero, float(high)), (-1.0, 0.0, 1.0))


def share_curve(shares: Floats) -> ValueCurve | None:
    """What was watched or read of the whole counts as much; None of other numbers."""
    if len(shares) < MIN_VALUES or shares.min() < 0 or not 0 < shares.max() <= 1:
        return None
    if np.unique(shares).size < 3:  # a yes and a no, or a version number
        return None
    return ValueCurve((0.0, 1.0), (MIN_WEIGHT, 1.0))


def row_worths(event_types: Sequence[str], values: Floats, curves: ValueCurves) -> Floats | None:
    """[events], of events of these types; None where no event type has a curve."""
    if not curves:
        return None
    worths = np.ones(len(values), np.float32)
    for event_type in curves.keys() & set(event_types):
        rows = np.array([name == event_type for name in event_types])
        worths[rows] = curves[event_type].worth(values[rows])
    return worths


def apply_value_curves(interactions: Interactions, curves: ValueCurves) -> Interactions:
    """With the weights, until then those of the event types, times what each was worth; the same
    where no event type has a curve.
    """
    if not curves:
        return interactions
    worths = np.ones(interactions.event_count, np.float32)
    for code, event_type in enumerate(interactions.event_types):
        if event_type in curves:
            rows = interactions.kind == code
            worths[rows] = curves[event_type].worth(interactions.value[rows])
    return replace(
        interactions,
        weight=counted_weights(interactions.weight, worths),
        worth=worths,
        value_curves=curves,
    )
