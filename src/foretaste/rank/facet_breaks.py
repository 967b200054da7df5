"""Numbers of a column in, where people would part them out: decades, round prices, half hours."""

from datetime import UTC, datetime

import numpy as np

from foretaste.domain.data import Doubles
from foretaste.domain.feature_types import FeatureType

YEAR_STEPS = (1, 2, 5, 10, 20, 25, 50, 100)
OLD_SHARE = 0.15
"""Of the items, the oldest, that may be in one range."""
ROUND_DIGITS = (1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 7.5, 8.0, 10.0)
"""Numbers that a price or a weight is parted at, times a power of ten."""


def breaks_of(numbers: Doubles, feature_type: FeatureType, n: int) -> list[float]:
    """Where at most n ranges begin, but for the first. numbers: of all items, at least one."""
    low, high = float(numbers.min()), float(numbers.max())
    if n < 2 or low == high:
        return []
    if feature_type == "year":
        return _year_breaks(numbers, n)
    if feature_type == "date":
        years = np.array([datetime.fromtimestamp(own, UTC).year for own in np.unique(numbers)])
        return [
            datetime(int(year), 1, 1, tzinfo=UTC).timestamp()
            for year in _year_breaks(years.astype(np.float64), n)
        ]
    quantiles = np.quantile(numbers, np.arange(1, n) / n)
    breaks = sorted({_round(float(quantile)) for quantile in quantiles})
    return [number for number in breaks if low < number <= high]


def _year_breaks(years: Doubles, n: int) -> list[float]:
    """The last of the ranges are of one round length; all that is older is one range."""
    newest, oldest = int(years.max()), int(np.quantile(years, OLD_SHARE))
    step = next((own for own in YEAR_STEPS if (newest - oldest) / own < n), YEAR_STEPS[-1])
    last = newest // step * step
    breaks = [float(last - step * back) for back in range(n - 1)]
    return sorted(number for number in breaks if number > years.min())


def _round(number: float) -> float:
    """To a number that people use."""
    if number == 0:
        return 0.0
    power = 10.0 ** np.floor(np.log10(abs(number)))
    digits = min(ROUND_DIGITS, key=lambda own: abs(own - abs(number) / power))
    return float(round(np.sign(number) * digits * power, 10))
