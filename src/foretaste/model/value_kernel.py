"""A column of numbers in, how near its values are to one another out.

Values are placed by the share of the catalogue that lies below them, so that a step of a hundredth
is about as many items everywhere: a year among recent films, a decade among old ones. What somebody
took of one value then says something of those beside it, by a Gaussian kernel over these places
(Silverman, Density Estimation, 1986, section 2.4), weighed by how common each value is.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from foretaste.domain.data import Feature, Floats
from foretaste.domain.feature_types import ORDERED_TYPES, feature_number

MAX_KERNEL_VALUES = 2_000
"""Different values of which every pair is compared; of more only the same value counts."""
MIN_KERNEL_VALUES = 5
"""Numbers below which there is nothing between two values."""


@dataclass(frozen=True)
class ValueKernel:
    """The nearness of the values of one column."""

    nearness: Floats
    """[values, values], 1 of a value to itself; 0 beside those that are no numbers."""

    @classmethod
    def of(cls, feature: Feature, width: float) -> Self | None:
        """None where the values have no order, or `width` is 0.

        width: of the Gaussian, in shares of the catalogue.
        """
        size = len(feature.values)
        is_small = MIN_KERNEL_VALUES <= size <= MAX_KERNEL_VALUES
        if width <= 0 or feature.feature_type not in ORDERED_TYPES or not is_small:
            return None
        places = value_places(feature)
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


def value_places(feature: Feature) -> Floats:
    """[values], the share of the items with a number whose number is lower; nan for no number."""
    parsed_numbers = (feature_number(value, feature.feature_type) for value in feature.values)
    numbers = np.array([np.nan if number is None else number for number in parsed_numbers])
    counts = np.bincount(feature.codes, minlength=len(numbers)).astype(np.float64)
    places = np.full(len(numbers), np.nan, np.float32)
    order = np.argsort(numbers, kind="stable")
    order = order[~np.isnan(numbers[order])]
    if len(order):
        middles = np.cumsum(counts[order]) - counts[order] / 2
        places[order] = middles / max(counts[order].sum(), 1)
    return places
