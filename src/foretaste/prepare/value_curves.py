"""Interactions and settings in; the same interactions out, each weighed by what it was worth."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from foretaste.domain.arrays import Floats
from foretaste.domain.data import Interactions
from foretaste.domain.event_value import (
    ValueCurve,
    ValueCurves,
    ValueSettings,
    counted_weights,
)
from foretaste.prepare.opinion_fitting import fit_opinions, review_text
from foretaste.prepare.reviews import plain_review


def fit_value_curves(
    interactions: Interactions, settings: Mapping[str, ValueSettings]
) -> dict[str, ValueCurve]:
    """The curve of each event type that has one: as it is set, else from the values there are."""
    curves: dict[str, ValueCurve] = {}
    for code, event_type in enumerate(interactions.event_types):
        values = interactions.value[interactions.kind == code]
        curve = settings.get(event_type, ValueSettings()).curve_for(event_type, values)
        if curve is not None and settings[event_type].reads_words:
            curve = replace(curve, opinions=fit_opinions(interactions, code, curve))
        if curve is not None:
            curves[event_type] = curve
    return curves


def row_worths(
    event_types: Sequence[str], values: Floats, texts: Sequence[str], curves: ValueCurves
) -> Floats | None:
    """[events], of events of these types; None where no event type has a curve."""
    if not curves:
        return None
    worths = np.ones(len(values), np.float32)
    for event_type in curves.keys() & set(event_types):
        rows = np.array([name == event_type for name in event_types])
        own_texts = [plain_review(texts[row]) for row in np.flatnonzero(rows).tolist()]
        worths[rows] = curves[event_type].worth(values[rows], own_texts)
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
            rows = np.flatnonzero(interactions.kind == code)
            curve, texts = curves[event_type], None
            if curve.opinions is not None:
                texts = [review_text(interactions, row) for row in rows.tolist()]
            worths[rows] = curve.worth(interactions.value[rows], texts)
    return replace(
        interactions,
        weight=counted_weights(interactions.weight, worths),
        worth=worths,
        value_curves=curves,
    )
