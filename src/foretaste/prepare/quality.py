"""What is measured of the data that a model will be trained on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from foretaste.domain.data import Doubles, ImportResult, Longs
from foretaste.prepare.clean import CleaningReport
from foretaste.prepare.interactions import LoadReport

QUANTILES = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 1.0)
"""Of the history lengths: shortest, …, the median, …, longest."""


@dataclass(frozen=True, slots=True)
class LongTail:
    """How unevenly positive interactions are spread over the catalogue."""

    top_1_percent: float
    """Share of the interactions that fall on the most taken hundredth of the catalogue, 0 to 1."""
    top_10_percent: float
    gini: float
    """0 when every item is taken as often, near 1 when a few are taken all the time."""
    curve: Doubles
    """[101], share of the interactions on the most taken 0, 1, …, 100 % of the catalogue."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """Events by calendar unit."""

    unit: str
    """hour, day, week, month or year."""
    starts: "np.ndarray[tuple[int], np.dtype[np.datetime64]]"
    """[units], without gaps."""
    counts: Longs
    """[units]"""


@dataclass(frozen=True, slots=True)
class QualityFigures:
    """The state of the data that a model will be trained on."""

    users: int
    """People with at least one event."""
    sessions: int
    """Those of them who are anonymous sessions."""
    items: int
    events: int
    positive_events: int
    negative_events: int
    searches: int
    reviews: int
    density: float
    """Distinct (person, item taken) pairs over all possible ones, 0 to 1."""
    repeats: float
    """Share of the interactions of an item the person had taken before, 0 to 1."""
    event_type_counts: Mapping[str, int]
    order_only: bool
    first_time: float
    """Seconds since 1970; 0 without events."""
    last_time: float
    timeline: Timeline | None
    """None where the times are only an order."""
    tail: LongTail
    lengths: Longs
    """[users], items taken by each person with any event."""
    tied_ends: float
    """Share of people with three interactions whose last two have the same time, 0 to 1."""
    no_text: int
    """Items."""
    no_events: int
    """Items."""
    silent: int
    """Items with neither."""
    missing: Mapping[str, float]
    """Column → share of items without it, 0 to 1."""
    languages: Mapping[str, int]
    """Code → item texts of a sample; "" for texts too short to tell."""
    cleaning: CleaningReport
    gathering: LoadReport
    imports: Sequence[ImportResult] = ()

    def quantiles(self) -> list[int]:
        """The history lengths at QUANTILES."""
        if not len(self.lengths):
            return [0] * len(QUANTILES)
        return [int(x) for x in np.quantile(self.lengths, QUANTILES, method="nearest")]
