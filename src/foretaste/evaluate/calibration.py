"""Probabilities and what was taken in; how far the two agree out.

A product that says .02 of an item should see it taken in two of a hundred such cases. Binned by the
predicted probability, as in reliability diagrams; expected calibration error, ECE, is the mean
distance between predicted and observed, by bin (Naeini et al. 2015).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from foretaste.domain.data import Doubles, EvaluationCases, Floats, UserContext

BIN_COUNT = 10
"""Of equally many predictions each."""
TOP_ITEMS = 10
"""Items of each case whose probabilities are looked at: its likeliest."""
MAX_CASES = 2000
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
        observed_hits = float((self.observed * self.counts).sum())
        return (
            float((self.predicted * self.counts).sum() / observed_hits)
            if observed_hits
            else float("nan")
        )


def reliability(probabilities: Doubles, hits: Doubles, bins: int = BIN_COUNT) -> Calibration:
    """Bins of equal size over [predictions] and whether each came true."""
    order = np.argsort(probabilities, kind="stable")
    bin_members = [members for members in np.array_split(order, bins) if len(members)]
    return Calibration(
        np.array([probabilities[part].mean() for part in bin_members]),
        np.array([hits[part].mean() for part in bin_members]),
        np.array([float(len(part)) for part in bin_members]),
    )


def measure_calibration(
    score: Callable[[list[UserContext]], Floats],
    cases: EvaluationCases,
    *,
    seed: int = 0,
    batch_size: int = 256,
) -> dict[str, Any]:
    """The figures of the likeliest item of each case, and of its ten likeliest, as JSON holds them.

    score: → [behaviours, items], log P up to a constant a row.
    """
    cases = cases.sample(MAX_CASES, np.random.default_rng(seed))
    probabilities, hit_batches = [], []
    for start in range(0, len(cases), batch_size):
        targets = cases.targets[start : start + batch_size]
        scores = score(cases.user_contexts(start, start + batch_size)).astype(np.float64)
        case_probabilities = np.exp(scores - np.logaddexp.reduce(scores, axis=1, keepdims=True))
        best = np.argsort(-case_probabilities, axis=1, kind="stable")[:, :TOP_ITEMS]  # [cases, 10]
        probabilities.append(np.take_along_axis(case_probabilities, best, axis=1))
        hit_batches.append((best == targets[:, None]).astype(np.float64))
    top_probabilities, top_hits = np.concatenate(probabilities), np.concatenate(hit_batches)
    at_one = reliability(top_probabilities[:, 0], top_hits[:, 0])
    at_ten = reliability(top_probabilities.ravel(), top_hits.ravel())
    return {
        "cases": len(cases),
        "ece": round(at_one.error, 5),
        "ece@10": round(at_ten.error, 5),
        "ratio": _rounded_or_none(at_one.ratio),
        "ratio@10": _rounded_or_none(at_ten.ratio),
        "bins": {"1": _bin_figures(at_one), "10": _bin_figures(at_ten)},
    }


def _rounded_or_none(value: float) -> float | None:
    return round(value, 4) if np.isfinite(value) else None


def _bin_figures(reliability_curve: Calibration) -> list[dict[str, float]]:
    rows = zip(
        reliability_curve.predicted,
        reliability_curve.observed,
        reliability_curve.counts,
        strict=True,
    )
    return [
        {"predicted": round(float(p), 6), "observed": round(float(o), 6), "count": int(n)}
        for p, o, n in rows
    ]
