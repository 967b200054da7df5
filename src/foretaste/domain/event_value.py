"""What an interaction was worth: its event type and its value in; a worth from -1 to 1 out.

Where the settings say no more than that values count, ratings get a curve from their own values:
from the lowest, which is a dislike, over the value below which few people rate, to the mean, from
which on they count fully. Other values (prices, seconds, quantities) mean nothing that could be
told from the numbers alone; a share of a view from 0 to 1 does.

A text without a value, such as a review without stars, counts fully as well, or where the settings
say so by its words, see `OpinionWords`.

Above 0 the worth is the weight with which the interaction is counted; below 0 the item was taken
and disliked. An interaction without a value, or of an event type without a curve, is worth 1.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Self

import numpy as np
from pydantic import Field, model_validator

from foretaste.domain.arrays import Floats
from foretaste.domain.opinions import OpinionWords
from foretaste.domain.settings import Settings

VALUE_CURVES_KEY, OPINIONS_KEY = "value_curves", "opinion_words"
"""Under which a model version's data keep the curves that it counted by, and what it took words
for.
"""
MIN_WEIGHT = 0.125
"""A disliked item was still taken: it counts as so much of an interaction, so that it is hidden as
seen and says a little of what goes together."""
WORTH_STEPS = 64
"""Worths are whole steps of this part: their sums are exact, so what is learnt one by one, taken
back or counted anew comes to the same."""

RATED_TYPES = ("rating", "review")
"""Event types whose values are ratings."""
WATCHED_TYPES = ("view", "click", "play", "listen", "stream", "watch", "read")
"""Event types whose values are a share of the whole where nearly all of them lie from 0 to 1."""
MIN_VALUES = 50
"""Values of an event type without which nothing is concluded from them."""
EXTREME_PERCENTILES = (0.5, 99.5)
"""Of the values, between which the curve runs: an error of typing moves neither end."""


class ValueSettings(Settings):
    """What the values of one event type are worth. With nothing set all count fully."""

    threshold: float | None = None
    """From this value on an interaction counts fully, below it as a dislike, e.g. `4` stars."""
    curve: tuple[tuple[float, float], ...] = Field(default=(), max_length=100)
    """Points of value and worth, straight lines between them, e.g. `[[1, -1], [3, 0.3], [5, 1]]`: 1
    counts fully, 0 hardly, below 0 is a dislike. For a quantity, `[[1, 0.5], [10, 1]]` damps it."""
    counts: bool = False
    """true: ratings count by their own scale, from a dislike at the lowest to fully from the mean
    on, and a view with a share from 0 to 1 by it. false: without a threshold or a curve every
    interaction of the type counts fully, whatever its value."""

    reads_words: bool = False
    """true: a text without a value, such as a review without stars, counts by its words: by those
    that people use who give a high value, and those who give a low one. Needs `counts`, a threshold
    or a curve, and two hundred texts with a value; without them such a text counts fully."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.reads_words and not self.is_counted:
            raise ValueError("reads_words needs counts = true, a threshold or a curve")
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
    def is_counted(self) -> bool:
        """Whether values of the type may make an interaction count less."""
        return self.counts or bool(self.curve) or self.threshold is not None

    def value_curve(self) -> "ValueCurve | None":
        """What is set; None without a threshold or a curve."""
        if self.threshold is not None:
            threshold = np.float32(self.threshold)  # as values are kept
            below = np.nextafter(threshold, np.float32(-np.inf))
            return ValueCurve((float(below), float(threshold)), (-1.0, 1.0))
        if not self.curve:
            return None
        values, worths = zip(*self.curve, strict=True)
        return ValueCurve(values, worths)

    def curve_for(self, event_type: str, values: Floats) -> "ValueCurve | None":
        """What is set, else what the values [events] of the type say if they are to count, nan
        where there is none; None where every interaction counts fully.
        """
        curve = self.value_curve()
        if curve is not None or not self.counts:
            return curve
        values = values[np.isfinite(values)]
        if event_type in RATED_TYPES:
            return rating_curve(values)
        return share_curve(values) if event_type in WATCHED_TYPES else None


@dataclass(frozen=True)
class ValueCurve:
    """From value to worth, straight between the points and flat beyond them."""

    values: tuple[float, ...]
    """In ascending order."""
    worths: tuple[float, ...]
    """From -1 to 1."""
    opinions: OpinionWords | None = None
    """What the words of a text without a value say; None: it counts fully."""

    def worth(self, values: Floats, texts: Sequence[str] | None = None) -> Floats:
        """[events] → [events]; where there is no value (nan) by the texts, "" for none, else 1."""
        worths = np.interp(values.astype(np.float64), self.values, self.worths)
        worths = np.where(np.isnan(values), 1.0, worths)
        if self.opinions is not None and texts is not None:
            rows = [row for row in np.flatnonzero(np.isnan(values)).tolist() if texts[row]]
            worths[rows] = self.opinions.worth([texts[row] for row in rows])
        return (np.round(worths * WORTH_STEPS) / WORTH_STEPS).astype(np.float32)

    @property
    def is_threshold(self) -> bool:
        """Whether there is nothing between a dislike and counting fully."""
        return self.worths == (-1.0, 1.0) and bool(
            np.nextafter(np.float32(self.values[0]), np.float32(np.inf)) >= self.values[1]
        )

    def points(self) -> list[list[float]]:
        """[[value, worth], …], as in the settings and in the manifest of a version."""
        return [list(point) for point in zip(self.values, self.worths, strict=True)]

    def __str__(self) -> str:
        if self.is_threshold:
            return f"from {self.values[-1]:g} on it counts fully, below as a dislike"
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


def curves_to_json(curves: ValueCurves) -> dict[str, Any]:
    """What a version's data keep of them, see `version_curves`."""
    points = {event_type: curve.points() for event_type, curve in curves.items()}
    opinions = {
        event_type: curve.opinions.to_json()
        for event_type, curve in curves.items()
        if curve.opinions is not None
    }
    return {VALUE_CURVES_KEY: points} | ({OPINIONS_KEY: opinions} if opinions else {})


def version_curves(data: Mapping[str, Any]) -> dict[str, ValueCurve]:
    """What a model version counted by, from its data: none of a version from before there were
    curves.
    """
    points, opinions = data.get(VALUE_CURVES_KEY, {}), data.get(OPINIONS_KEY, {})
    return {
        event_type: ValueCurve(
            tuple(value for value, _ in pairs),
            tuple(worth for _, worth in pairs),
            OpinionWords.from_json(opinions[event_type]) if event_type in opinions else None,
        )
        for event_type, pairs in points.items()
    }


def counted_weights(weights: Floats, worths: Floats) -> Floats:
    """[events], the weights of the event types times what each interaction was worth."""
    worths = np.where(weights > 0, np.maximum(worths, np.float32(MIN_WEIGHT)), np.float32(1))
    return (weights * worths).astype(np.float32)


def rating_curve(ratings: Floats) -> ValueCurve | None:
    """-1 at the lowest rating, 0 a standard deviation below the mean, 1 from the mean on.

    So most interactions count fully, and the smoothing of counts stays what it is where there are
    few of them. Where nearly all ratings are high, 0 is no higher than the middle between the ends.
    None where they are few or all the same.
    """
    if len(ratings) < MIN_VALUES:
        return None
    low, high = np.percentile(ratings.astype(np.float64), EXTREME_PERCENTILES)
    if low == high:
        return None
    mean, deviation = ratings.mean(dtype=np.float64), ratings.std(dtype=np.float64)
    zero = max(min(mean - deviation, (low + high) / 2), low + (high - low) / 100)
    full = min(max(mean, zero + (high - low) / 100), high)
    return ValueCurve((float(low), round(zero, 2), round(full, 2)), (-1.0, 0.0, 1.0))


def share_curve(shares: Floats) -> ValueCurve | None:
    """What was watched or read of the whole counts as much; None of other numbers. A few beyond the
    ends, such as seconds of an event sent by hand, do not make shares of the rest something else.
    """
    if len(shares) < MIN_VALUES:
        return None
    low, high = np.percentile(shares.astype(np.float64), EXTREME_PERCENTILES)
    if low < 0 or not 0 < high <= 1:
        return None
    if np.unique(shares).size < 2 or not ((shares > 0) & (shares < 1)).any():
        return None  # a yes and a no, or a version number
    return ValueCurve((0.0, 1.0), (MIN_WEIGHT, 1.0))
