"""A column of numbers in, how near its values are to one another out.

Values are placed by the share of the catalogue that lies below them, so that a step of a hundredth
is about as many items everywhere: a year among recent films, a decade among old ones. What somebody
took of one value then says something of those beside it, by a Gaussian kernel over these places
(Silverman, Density Estimation, 1986, section 2.4), weighed by how common each value is.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from foretaste.domain.data import Doubles, Feature, Floats
from foretaste.domain.feature_types import ORDERED_TYPES, feature_number

MAX_KERNEL_VALUES = 2_000
"""Different values of which every pair is compared; of more only the same value counts."""
MIN_KERNEL_VALUES = 5
"""Numbers below which there is nothing between two values."""


@dataclass(frozen=True)
class ValueScale:
    """Where numbers stand, learnt once: a value that comes later stands between those there were,
    so that a model answers the same whoever has seen the items come.
    """

    numbers: Doubles
    """[knots], in ascending order."""
    places: Doubles
    """[knots], the share of the catalogue that lies below each, from 0 to 1."""

    @classmethod
    def of(cls, feature: Feature) -> Self | None:
        """By the items there are; None where the values have no order."""
        is_small = MIN_KERNEL_VALUES <= len(feature.values) <= MAX_KERNEL_VALUES
        if feature.feature_type not in ORDERED_TYPES or not is_small:
            return None
        numbers = value_numbers(feature)
        is_number = ~np.isnan(numbers)
        if is_number.sum() < MIN_KERNEL_VALUES:
            return None
        counts = np.bincount(feature.codes, minlength=len(numbers)).astype(np.float64)
        distinct, positions = np.unique(numbers[is_number], return_inverse=True)
        masses = np.bincount(positions, counts[is_number])
        return cls(distinct, (np.cumsum(masses) - masses / 2) / max(masses.sum(), 1))

    def place(self, feature: Feature) -> Doubles:
        """[values]; nan for one that is no number."""
        numbers = value_numbers(feature)
        places = np.interp(numbers, self.numbers, self.places)
        return np.where(np.isnan(numbers), np.nan, places)


@dataclass(frozen=True)
class ValueKernel:
    """The nearness of the values of one column."""

    nearness: Floats
    """[values, values], 1 of a value to itself; 0 beside those that are no numbers."""

    @classmethod
    def of(cls, feature: Feature, scale: ValueScale | None, width: float) -> Self | None:
        """None where the values have no scale, are too many, or `width` is 0.

        width: of the Gaussian, in shares of the catalogue.
        """
        if scale is None or width <= 0 or len(feature.values) > MAX_KERNEL_VALUES:
            return None
        places = scale.place(feature)
        nearness = np.exp(-0.5 * ((places[:, None] - places[None, :]) / width) ** 2)
        nearness = np.nan_to_num(nearness, nan=0.0).astype(np.float32)
        np.fill_diagonal(nearness, 1.0)
        return cls(nearness)

    def spread(self, mass: Floats, shares: Floats) -> Floats:
        """[…, values] → the same: each value's mass over those near it, by how common they are.

        shares: [values], of everyone's events; the sum of the mass stays.
        """
        size = len(self.nearness)
        totals = self.nearness @ shares[:size]
        wider_mass = mass.copy()
        wider_mass[..., :size] = shares[:size] * ((mass[..., :size] / totals) @ self.nearness)
        return wider_mass


def spread_mass(mass: Floats, shares: Floats, kernel: ValueKernel | None) -> Floats:
    """[…, values], with what each value says of those near it, where there is a kernel."""
    return mass if kernel is None else kernel.spread(mass, shares)


def value_numbers(feature: Feature) -> Doubles:
    """[values]; nan for one that is no number."""
    parsed_numbers = (feature_number(value, feature.feature_type) for value in feature.values)
    return np.array([np.nan if number is None else number for number in parsed_numbers], np.float64)
