"""The guard of the fit: a product that is worse than one of its parts is not used.

In: what the experts say of validation events, and the fitted exponents. Out: exponents that rank
these events no worse than the usual exponents and than each expert alone, and what was decided.
Exponents are judged on events that they were not fitted on, by NDCG@10, paired by event: where few
events were there to fit on, in two halves, each judged by what the other gave.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch

from foretaste.domain.data import Floats
from foretaste.model.exponents import Table
from foretaste.model.product import Product

CROSS_FITTED = 1500
"""Validation events up to which exponents are judged on halves that they were not fitted on: of
more the few exponents learn nothing by heart."""
MIN_CASES = 20
"""Validation events without which the usual exponents are kept."""
CERTAIN_ENOUGH = 1.0
"""Standard errors by which something simpler must be better to be taken."""
TIE_BREAKER = 0.01
"""Exponent of popularity beside an expert that answers alone, so that it orders what that ties."""
ALONE = frozenset({"query", "refusal"})
"""Experts that answer no request alone."""

Fit = Callable[[Table], Product]


@dataclass(frozen=True)
class FitReport:
    """How the exponents came about."""

    chosen: str
    """`fitted`, `usual`, or the name of the expert that answers alone."""
    cases: int
    """Validation events that decided."""
    ndcg: Mapping[str, float] = field(default_factory=dict)
    """NDCG@10 on them, by `fitted`, `usual` and expert."""
    cause: str | None = None
    """Why the fitted exponents were not taken, in words; None if they were."""

    def figures(self) -> dict[str, Any]:
        """What JSON can hold."""
        ndcg = {name: round(value, 5) for name, value in self.ndcg.items()}
        return {"chosen": self.chosen, "cases": self.cases, "ndcg@10": ndcg, "cause": self.cause}


def guarded(table: Table, fit: Fit, product: Product) -> tuple[Product, FitReport]:
    """The fitted product, or a simpler one where the fitted is worse.

    fit: the exponents that suit a table. product: with the usual exponents.
    """
    if len(table) < MIN_CASES:
        cause = (
            f"there are {len(table)} events to choose weights by, fewer than {MIN_CASES}: "
            "the usual weights are used"
        )
        return product, FitReport("usual", len(table), cause=cause)
    fitted = fit(table)
    gains = {"fitted": _gains_of_fit(table, fit, fitted), "usual": _gains(table, product)}
    experts = {
        expert.name: alone(product, place)
        for place, expert in enumerate(product.experts)
        if expert.name.split(":", 1)[0] not in ALONE
    }
    gains |= {name: _gains(table, expert) for name, expert in experts.items()}
    chosen = _chosen(gains)
    means = {name: float(gain.mean()) for name, gain in gains.items()}
    report = FitReport(chosen, len(table), means, _cause(chosen, means))
    if chosen == "fitted":
        return fitted, report
    simpler = product if chosen == "usual" else experts[chosen]
    return replace(simpler, fact_bounds=fitted.fact_bounds), report


def alone(product: Product, place: int) -> Product:
    """One expert with the exponent 1, and popularity where it has nothing to say."""
    weights = np.zeros_like(product.weights)
    weights[0, [expert.name == "popularity" for expert in product.experts]] = TIE_BREAKER
    weights[0, place] = 1
    return replace(product, weights=weights)


def _chosen(gains: Mapping[str, Floats]) -> str:
    """The name of what is used."""
    chosen = "fitted"
    if _standard_errors(gains["usual"] - gains["fitted"]) > CERTAIN_ENOUGH:
        chosen = "usual"
    others = [name for name in gains if name not in ("fitted", "usual")]
    if not others:
        return chosen
    best = max(others, key=lambda name: float(gains[name].mean()))
    return best if _standard_errors(gains[best] - gains[chosen]) > CERTAIN_ENOUGH else chosen


def _standard_errors(differences: Floats) -> float:
    """The mean of [cases], in standard errors of the mean; 0 where all are 0."""
    deviation = float(differences.std(ddof=1)) / len(differences) ** 0.5
    return float(differences.mean()) / deviation if deviation else 0.0


def _cause(chosen: str, means: Mapping[str, float]) -> str | None:
    if chosen == "fitted":
        return None
    method = "the usual weights" if chosen == "usual" else f"'{chosen}' alone"
    return (
        f"{method} ranked the validation events better than the fitted weights "
        f"(NDCG@10 {means[chosen]:.4f} against {means['fitted']:.4f})"
    )


def _gains_of_fit(table: Table, fit: Fit, fitted: Product) -> Floats:
    """[cases], of exponents that no case was fitted on where there are few."""
    if len(table) > CROSS_FITTED:
        return _gains(table, fitted)
    order = torch.from_numpy(np.random.default_rng(0).permutation(len(table)))
    first, second = order[: len(order) // 2], order[len(order) // 2 :]
    gains = np.zeros(len(table), np.float32)
    for learned, judged in ((first, second), (second, first)):
        gains[judged.numpy()] = _gains(table.rows(judged), fit(table.rows(learned)))
    return gains


def _gains(table: Table, product: Product) -> Floats:
    """[cases], NDCG@10 of each."""
    scores = table.scores(torch.from_numpy(product.weights))
    return np.asarray(table.ndcg(scores).numpy(), np.float32)
