"""An evaluation in; the product beside its best part on the same cases out, with a verdict.

Judged as lists are shown: where `rank.hide_seen` is on, what the person had is left out, targets
too, which no list can show.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from foretaste.evaluate.evaluation import Evaluation
from foretaste.evaluate.metrics import Interval
from foretaste.evaluate.protocols import RankingResult

NEIGHBOURS = "item neighbours"
MAIN, METRICS = "ndcg@10", ("ndcg@10", "recall@10")
FEWEST = 6
"""People whose figures differ, for a difference to be certain: with fewer, even if all of them are
on one side, an exact paired test is not below 5 % (2 · 2⁻⁵ = .06)."""


@dataclass(frozen=True)
class Judgement:
    """One line of the table."""

    protocol: str
    cases: int
    people: int
    product: Mapping[str, Interval]
    """Metric → the product as a service has it."""
    parts: Mapping[str, float]
    """Part → NDCG@10 on the same cases."""
    as_fitted: float
    """NDCG@10 of the product with the counts of its training, as its experts have them."""
    best: str
    margin: Interval
    """Product minus best part, NDCG@10, paired over people."""
    verdict: str


def verdict(margin: Interval, differing: int) -> str:
    """`ok` is not below the best part, `~` not certain, `BELOW` below for certain."""
    if margin.low >= 0:
        return "ok"
    return "BELOW" if margin.high < 0 and differing >= FEWEST else "~"


def judgement(evaluation: Evaluation, neighbours: RankingResult, *, hide_seen: bool) -> Judgement:
    """Compare on the same cases. `neighbours` is the other library's result."""
    served, rng = evaluation.served_product, np.random.default_rng
    results = {**evaluation.experts, NEIGHBOURS: neighbours}
    gains = {name: result.values(MAIN, masked=hide_seen) for name, result in results.items()}
    parts = {name: float(column.mean()) for name, column in gains.items()}
    best = max(parts, key=lambda name: parts[name])
    margin = served.margin_over(results[best], MAIN, rng(0), masked=hide_seen)
    differs = served.values(MAIN, masked=hide_seen) != gains[best]
    differing = len(np.unique(served.users[differs]))
    return Judgement(
        protocol=evaluation.protocol,
        cases=len(served),
        people=len(np.unique(served.users)),
        product={m: served.interval(m, rng(0), masked=hide_seen) for m in METRICS},
        parts=parts,
        as_fitted=float(evaluation.product.values(MAIN, masked=hide_seen).mean()),
        best=best,
        margin=margin,
        verdict=verdict(margin, differing),
    )
