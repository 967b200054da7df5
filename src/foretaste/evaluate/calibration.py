"""Probabilities and what was taken in; how far the two agree out.

A product that says .02 of an item should see it taken in two of a hundred such cases. Binned by the
predicted probability, as in reliability diagrams; expected calibration error, ECE, is the mean
distance between predicted and observed, by bin (Naeini et al. 2015).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from foretaste.domain.data import Behaviour, Cases, Doubles, Floats

BINS = 10
"""Of equally many predictions each."""
TOP = 10
"""Items of each case whose probabilities are looked at: its likeliest."""
MOST = 2000
"""Cases looked at."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """Predicted and observed, by bin from the least likely up."""

    predicted: Doubles
    """[bins], mean probability"""
    observed: Doubles
    """[bins], share that was taken"""
    counts: Doubles
    """[bins], predictions"""

    @property
    def error(self) -> float:
        """ECE."""
        distance = np.abs(self.predicted - self.observed)
        return float((distance * self.counts).sum() / max(self.counts.sum(), 1))

    @property
    def ratio(self) -> float:
        """Predicted over observed: above 1 is too sure of itself. nan where nothing was taken."""
        taken = float((self.observed * self.counts).sum())
        return float((self.predicted * self.counts).sum() / taken) if taken else float("nan")


def reliability(probabilities: Doubles, taken: Doubles, bins: int = BINS) -> Calibration:
    """Bins of equal size over [predictions] and whether each came true."""
    order = np.argsort(probabilities, kind="stable")
    parts = [part for part in np.array_split(order, bins) if len(part)]
    return Calibration(
        np.array([probabilities[part].mean() for part in parts]),
        np.array([taken[part].mean() for part in parts]),
        np.array([float(len(part)) for part in parts]),
    )


def calibration(
    score: Callable[[list[Behaviour]], Floats], cases: Cases, *, seed: int = 0, batch: int = 256
) -> dict[str, Any]:
    """The figures of the likeliest item of each case, and of its ten likeliest, as JSON holds them.

    score: → [behaviours, items], log P up to a constant a row.
    """
    cases = cases.sample(MOST, np.random.default_rng(seed))
    probabilities, taken = [], []
    for start in range(0, len(cases), batch):
        targets = cases.targets[start : start + batch]
        scores = score(cases.behaviours(start, start + batch)).astype(np.float64)
        chances = np.exp(scores - np.logaddexp.reduce(scores, axis=1, keepdims=True))
        best = np.argsort(-chances, axis=1, kind="stable")[:, :TOP]  # [cases, 10]
        probabilities.append(np.take_along_axis(chances, best, axis=1))
        taken.append((best == targets[:, None]).astype(np.float64))
    chance, came = np.concatenate(probabilities), np.concatenate(taken)
    first = reliability(chance[:, 0], came[:, 0])
    ten = reliability(chance.ravel(), came.ravel())
    return {
        "cases": len(cases),
        "ece": round(first.error, 5),
        "ece@10": round(ten.error, 5),
        "ratio": _number(first.ratio),
        "ratio@10": _number(ten.ratio),
        "bins": {"1": _bins(first), "10": _bins(ten)},
    }


def _number(value: float) -> float | None:
    return round(value, 4) if np.isfinite(value) else None


def _bins(one: Calibration) -> list[dict[str, float]]:
    rows = zip(one.predicted, one.observed, one.counts, strict=True)
    return [
        {"predicted": round(float(p), 6), "observed": round(float(o), 6), "count": int(n)}
        for p, o, n in rows
    ]
