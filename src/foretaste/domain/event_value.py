"""What an interaction was worth: its event type and its value in; a worth from -1 to 1 out.

Above 0 the worth is the weight with which the interaction is counted; below 0 the item was taken
and disliked. An interaction without a value, or of an event type without a curve, is worth 1.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Self

import numpy as np
from pydantic import Field, model_validator

from foretaste.domain.arrays import Floats
from foretaste.domain.settings import Settings

VALUE_CURVES_KEY = "value_curves"
"""Under which a model version's data keep the curves that it counted by."""
MIN_WEIGHT = 0.125
"""A disliked item was still taken: it counts as so much of an interaction, so that it is hidden as
seen and says a little of what goes together."""
WORTH_STEPS = 64
"""Worths are whole steps of this part: their sums are exact, so what is learnt one by one, taken
back or counted anew comes to the same."""


class ValueSettings(Settings):
    """What the values of one event type are worth. With nothing set the data decide."""

    threshold: float | None = None
    """From this value on an interaction counts fully, below it as a dislike, e.g. `4` stars."""
    curve: tuple[tuple[float, float], ...] = Field(default=(), max_length=100)
    """Points of value and worth, straight lines between them, e.g. `[[1, -1], [3, 0.3], [5, 1]]`: 1
    counts fully, 0 hardly, below 0 is a dislike. For a quantity, `[[1, 0.5], [10, 1]]` damps it."""
    counts: bool = True
    """false: every interaction of the type counts fully, whatever its value."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.threshold is not None and self.curve:
            raise ValueError("give a threshold or a curve, not both")
        values = [value for value, _ in self.curve]
        if any(low >= high for low, high in pairwise(values)):
            raise ValueError("curve: the values must rise from point to point")
        if any(not -1 <= worth <= 1 for _, worth in self.curve):
            raise ValueError("curve: a worth lies between -1 (disliked) and 1 (counts fully)")
        if not np.isfinite(np.array([*values, self.threshold or 0.0])).all():
            raise ValueError("values are finite numbers")
        return self

    @property
    def is_default(self) -> bool:
        """Whether the data decide."""
        return self.counts and self.threshold is None and not self.curve

    def value_curve(self) -> "ValueCurve | None":
        """What is set; None where every interaction counts fully, or the data decide."""
        if self.is_default or not self.counts:
            return None
        if self.threshold is not None:
            threshold = np.float32(self.threshold)  # as values are kept
            below = np.nextafter(threshold, np.float32(-np.inf))
            return ValueCurve((float(below), float(threshold)), (-1.0, 1.0))
        return ValueCurve(*(tuple(column) for column in zip(*self.curve, strict=True)))


@dataclass(frozen=True)
class ValueCurve:
    """From value to worth, straight between the points and flat beyond them."""

    values: tuple[float, ...]
    """In ascending order."""
    worths: tuple[float, ...]
    """From -1 to 1."""

    def worth(self, values: Floats) -> Floats:
        """[events] → [events]; 1 where there is no value (nan)."""
        worths = np.interp(values.astype(np.float64), self.values, self.worths)
        worths = np.where(np.isnan(values), 1.0, worths)
        return (np.round(worths * WORTH_STEPS) / WORTH_STEPS).astype(np.float32)

    def points(self) -> list[list[float]]:
        """[[value, worth], …], as in the settings and in the manifest of a version."""
        return [list(point) for point in zip(self.values, self.worths, strict=True)]

    def __str__(self) -> str:
        points = zip(self.values, self.worths, strict=True)
        first, *others = [(f"{value:g}", _worth_words(worth)) for value, worth in points]
        return ", ".join([f"{first[0]} counts {first[1]}", *(" ".join(pair) for pair in others)])


def _worth_words(worth: float) -> str:
    """How much something of this worth counts."""
    if worth < 0:
        return "as a dislike"
    if worth <= MIN_WEIGHT:
        return "hardly"
    return "fully" if worth == 1 else f"{worth:.0%}".replace("%", " %")


ValueCurves = Mapping[str, ValueCurve]
"""By event type."""
NO_CURVES: ValueCurves = {}


def curve_points(curves: ValueCurves) -> dict[str, list[list[float]]]:
    """What JSON can hold."""
    return {event_type: curve.points() for event_type, curve in curves.items()}


def version_curves(data: Mapping[str, Any]) -> dict[str, ValueCurve]:
    """What a model version counted by, from its data: none of a version from before there were
    curves.
    """
    points = data.get(VALUE_CURVES_KEY, {})
    return {
        event_type: ValueCurve(
            tuple(value for value, _ in pairs), tuple(worth for _, worth in pairs)
        )
        for event_type, pairs in points.items()
    }


def counted_weights(weights: Floats, worths: Floats) -> Floats:
    """[events], the weights of the event types times what each interaction was worth."""
    worths = np.where(weights > 0, np.maximum(worths, np.float32(MIN_WEIGHT)), np.float32(1))
    return (weights * worths).astype(np.float32)
