"""Imagined content: P(R|U) over the catalogue in, the features this person wants out.

P(r = v | U) = Σ P(R|U) over the items R that have the value v, an item of several values counting
for each in equal shares: the product's own word on a feature, so a query, a context and a history
all speak in it. Its lift is how many times that is of the same under popularity alone.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from foretaste.domain.data import Behaviour, Doubles, Feature, Floats
from foretaste.generate.profile import Liked, behind

Imagined = Mapping[str, tuple[Liked, ...]]
"""Column → the values of the imagined item, the strongest first: P · log lift."""
LIKELY, LIFTED = 0.02, 1.1
"""Below this probability or lift a value is no part of it."""


def imagine(
    scores: Floats,
    everyone: Floats,
    features: Sequence[Feature],
    behaviour: Behaviour,
    ids: Sequence[str],
    *,
    most: int = 3,
) -> Imagined:
    """At most so many values of each column.

    scores: [items], log P(R|U) up to a constant, -inf for what may not be shown. everyone: [items],
    the same for people in general.
    """
    there = ~np.isneginf(scores)
    if not there.any():
        return {}
    own, general = _softmax(scores, there), _softmax(everyone, there)
    found = {}
    for feature in features:
        if len(feature.values) < len(feature.codes):  # else no two items share a value
            values = _values(feature, own, general, behaviour, ids, most)
            if values:
                found[feature.column] = values
    return found


def _values(
    feature: Feature,
    own: Doubles,
    general: Doubles,
    behaviour: Behaviour,
    ids: Sequence[str],
    most: int,
) -> tuple[Liked, ...]:
    p, q = shares(feature, own), shares(feature, general)
    lift = p / np.maximum(q, 1e-12)
    worth = np.where((p >= LIKELY) & (lift >= LIFTED), p * np.log(np.maximum(lift, 1e-12)), 0)
    stated = behaviour.taste.get(feature.column, ())
    return tuple(
        Liked(
            value=feature.values[code],
            probability=float(p[code]),
            lift=float(lift[code]),
            events=behind(behaviour, feature, code, ids),
            stated=feature.values[code] in stated,
        )
        for code in np.argsort(-worth, kind="stable")[:most].tolist()
        if worth[code] > 0
    )


def shares(feature: Feature, probability: Doubles) -> Doubles:
    """[values], the probability of each; they sum to that of the items that have any."""
    lengths = np.diff(feature.offsets)
    each = np.repeat(probability / np.maximum(lengths, 1), lengths)
    found = np.bincount(feature.codes, each, minlength=len(feature.values))
    return np.asarray(found, np.float64)


def _softmax(scores: Floats, there: "np.ndarray[tuple[int], np.dtype[np.bool_]]") -> Doubles:
    told = np.where(there, scores, -np.inf).astype(np.float64)
    top = told.max()
    if np.isneginf(top):
        return there / there.sum()
    odds = np.exp(told - top)
    return np.asarray(odds / odds.sum(), np.float64)
