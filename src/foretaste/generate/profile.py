"""Taste profile: a person's behaviour and the attribute experts in, what they like by column out.

P(value | U) is what the expert of the column says; lift is how many times that is of what people in
general take. The values are those that set a person apart most: P(value | U) · log lift.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from foretaste.domain.data import Behaviour, Catalogue, Feature, Floats

EVENTS = 3
"""Events told of each value, at most, the newest first."""
Profile = Mapping[str, tuple["Liked", ...]]
"""Column → its values, strongest first."""


class Taste(Protocol):
    """What knows a person's share of each value of one column."""

    column: str

    @property
    def everyone(self) -> Floats:
        """[values], log P(value)."""

    def active(self, behaviour: Behaviour) -> bool: ...

    def preference(self, behaviour: Behaviour) -> Floats:
        """[values], log P(value | U)."""


@dataclass(frozen=True, slots=True)
class Liked:
    """One value of a column."""

    value: str
    probability: float
    lift: float
    """Times what people in general take."""
    events: tuple[str, ...] = ()
    """Ids of the items it comes from, the newest first."""
    stated: bool = False
    """Whether the person said so."""


def profile(
    tastes: Sequence[Taste], behaviour: Behaviour, catalogue: Catalogue, *, most: int = 5
) -> Profile:
    """By column at most so many values that the person takes more than people do."""
    features = {feature.column: feature for feature in catalogue.features}
    return {
        taste.column: _liked(taste, behaviour, features[taste.column], catalogue.ids, most)
        for taste in tastes
        if taste.column in features and taste.active(behaviour)
    }


def _liked(
    taste: Taste, behaviour: Behaviour, feature: Feature, ids: Sequence[str], most: int
) -> tuple[Liked, ...]:
    own, everyone = taste.preference(behaviour), taste.everyone
    worth = np.exp(own) * (own - everyone)
    best = [int(code) for code in np.argsort(-worth, kind="stable")[:most] if worth[code] > 0]
    stated = behaviour.taste.get(taste.column, ())
    return tuple(
        Liked(
            value=feature.values[code],
            probability=float(np.exp(own[code])),
            lift=float(np.exp(own[code] - everyone[code])),
            events=behind(behaviour, feature, code, ids),
            stated=feature.values[code] in stated,
        )
        for code in best
    )


def behind(
    behaviour: Behaviour, feature: Feature, code: int, ids: Sequence[str]
) -> tuple[str, ...]:
    """Ids of the last items taken that have the value, each once."""
    found = dict.fromkeys(
        ids[item] for item in behaviour.taken[::-1].tolist() if code in feature.of(item)
    )
    return tuple(found)[:EVENTS]
