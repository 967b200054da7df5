"""What two settings did on the same cases in; which is better, if these data can tell, out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from foretaste.display.render import face
from foretaste.domain.data import Doubles
from foretaste.errors import InputError
from foretaste.evaluate.metrics import Interval
from foretaste.evaluate.protocols import RankingResult
from foretaste.evaluate.seeded_difference import seeded_difference

METRICS = {"ndcg@10": "order of the list", "recall@10": "right lists"}
"""What is compared, the first of which decides."""
DECIDING_METRIC = "ndcg@10"


@dataclass(frozen=True, slots=True)
class MetricDifference:
    """One metric of both."""

    metric: str
    words: str
    mean_a: float
    mean_b: float
    difference: Interval
    """Of B above A."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two settings side by side; a notebook shows it."""

    rows: tuple[MetricDifference, ...]
    settings_a: Mapping[str, Any]
    """Those that A has and the workspace has not, by their keys."""
    settings_b: Mapping[str, Any]
    protocol: str
    cases: int
    people: int
    by_seed: tuple[tuple[float, float], ...]
    """NDCG@10 of A and of B with each seed."""
    name_a: str = "A"
    name_b: str = "B"

    @property
    def seeds(self) -> int:
        """How often each was fitted."""
        return len(self.by_seed)

    @property
    def difference(self) -> Interval:
        """Of B's NDCG@10 above A's."""
        return self.rows[0].difference

    @property
    def better(self) -> str | None:
        """The name of the one that is better for certain; None where these data cannot tell."""
        if self.difference.low > 0:
            return self.name_b
        return self.name_a if self.difference.high < 0 else None

    @property
    def sentence(self) -> str:
        """The result."""
        mean, low, high = self.difference
        if self.better is None:
            return (
                f"No difference that these data can show: {self.name_b} is between {-low:.3f} "
                f"worse and {high:.3f} better in NDCG@10."
                if low < 0 < high
                else "No difference that these data can show: the lists are as good."
            )
        smallest, largest = sorted((abs(low), abs(high)))
        return (
            f"{self.better} is better by {abs(mean):.3f} in NDCG@10 "
            f"({smallest:.3f} to {largest:.3f})."
        )

    @property
    def detail(self) -> str:
        """What the result rests on."""
        fitted = "once" if self.seeds == 1 else f"{self.seeds} times, with other random numbers"
        doubt = (
            "Fitted once, chance in the fitting is not counted: take more seeds before you decide."
            if self.seeds == 1
            else "The interval (95 %) counts the chance in whom was measured and in the fitting."
        )
        return (
            f"Each was fitted {fitted}, and measured on the same {self.cases:,} choices of "
            f"{self.people:,} people ({self.protocol}). {doubt}"
        )

    def __str__(self) -> str:
        return f"{self.sentence} {self.detail}"

    def _repr_html_(self) -> str:
        ends = [abs(end) for row in self.rows for end in row.difference[1:]]
        return face("comparison", comparison=self, limit=max([*ends, 1e-9]))

    def summary(self) -> dict[str, Any]:
        """One object that JSON can hold."""
        return {
            "better": self.better,
            "sentence": self.sentence,
            "protocol": self.protocol,
            "cases": self.cases,
            "people": self.people,
            "seeds": self.seeds,
            "settings": {self.name_a: dict(self.settings_a), self.name_b: dict(self.settings_b)},
            "metrics": {
                row.metric: {
                    self.name_a: row.mean_a,
                    self.name_b: row.mean_b,
                    "difference": list(row.difference),
                }
                for row in self.rows
            },
        }


def compare_results(
    results_a: Sequence[RankingResult],
    results_b: Sequence[RankingResult],
    *,
    masked: tuple[bool, bool],
    protocol: str,
    settings_a: Mapping[str, Any],
    settings_b: Mapping[str, Any],
) -> Comparison:
    """Of each the result with every seed, in the same order of seeds. masked: of A and of B, the
    variant that people see.

    Raises InputError where they are not of the same cases.
    """
    first = results_a[0]
    for result in (*results_a, *results_b):
        if not np.array_equal(result.targets, first.targets) or not np.array_equal(
            result.users, first.users
        ):
            raise InputError(
                "the two settings hold other events back, so they cannot be compared; leave "
                "[prepare] and [behaviour] as they are in both"
            )

    values_a = {metric: _values(results_a, metric, masked=masked[0]) for metric in METRICS}
    values_b = {metric: _values(results_b, metric, masked=masked[1]) for metric in METRICS}
    rows = [
        MetricDifference(
            metric,
            words,
            float(values_a[metric].mean()),
            float(values_b[metric].mean()),
            seeded_difference(values_a[metric], values_b[metric], first.users),
        )
        for metric, words in METRICS.items()
    ]
    means = (values[DECIDING_METRIC].mean(axis=1).tolist() for values in (values_a, values_b))
    pairs = tuple(zip(*means, strict=True))
    people = len(np.unique(first.users))
    return Comparison(
        tuple(rows), settings_a, settings_b, protocol, len(first), people, pairs
    )  # fmt: skip


def _values(results: Sequence[RankingResult], metric: str, *, masked: bool) -> Doubles:
    """[seeds, cases]"""
    return np.stack([result.values(metric, masked=masked) for result in results])
