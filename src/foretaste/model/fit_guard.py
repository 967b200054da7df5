"""The guard of the fit: a product that is worse than one of its parts is not used.

In: what the experts say of validation events, and the fitted exponents. Out: exponents that rank
these events no worse than the usual exponents and than each expert alone, and what was decided.
Exponents are judged on events that they were not fitted on, by NDCG@10, paired by event: where few
events were there to fit on, in two halves, each judged by what the other gave.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from statistics import NormalDist
from typing import Any

import numpy as np
import torch

from foretaste.display.words import plain_expert
from foretaste.domain.data import Floats
from foretaste.model.expert_weights import CandidateTable
from foretaste.model.product import ProductOfExperts

MAX_CROSS_FITTED_CASES = 1500
"""Validation events up to which exponents are judged on halves that they were not fitted on: of
more the few exponents learn nothing by heart."""
MIN_CASES = 20
"""Validation events without which the usual exponents are kept."""
MIN_STANDARD_ERRORS = 1.0
"""Standard errors by which something simpler must be better to be taken. The best of several
experts is better by more than that by chance alone: it must be as unlikely as one is (Šidák 1967).
"""
TIE_BREAKER_WEIGHT = 0.01
"""Exponent of popularity beside an expert that answers alone, so that it orders what that ties."""
OPPOSING_EXPERTS = frozenset({"refusal", "impression"})
"""Experts that speak against items only: they keep their usual exponents beside one that answers
alone, or what somebody refused would be forgotten there."""
NON_STANDALONE_EXPERTS = OPPOSING_EXPERTS | {"query"}
"""Experts that answer no request alone."""

WeightFit = Callable[[CandidateTable], ProductOfExperts]


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


def guard_fit(
    table: CandidateTable, fit: WeightFit, product: ProductOfExperts
) -> tuple[ProductOfExperts, FitReport]:
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
    gains = {"fitted": _held_out_gains(table, fit, fitted), "usual": _ndcg_gains(table, product)}
    single_experts = {
        expert.name: single_expert(product, expert_index)
        for expert_index, expert in enumerate(product.experts)
        if expert.name.split(":", 1)[0] not in NON_STANDALONE_EXPERTS
    }
    gains |= {name: _ndcg_gains(table, expert) for name, expert in single_experts.items()}
    choice = choose(gains)
    means = {name: float(gain.mean()) for name, gain in gains.items()}
    report = FitReport(choice, len(table), means, _cause(choice, means))
    if choice == "fitted":
        return fitted, report
    fallback_product = product if choice == "usual" else single_experts[choice]
    return replace(fallback_product, fact_bounds=fitted.fact_bounds), report


def single_expert(product: ProductOfExperts, expert_index: int) -> ProductOfExperts:
    """One expert with the exponent 1, popularity where it has nothing to say, and what speaks
    against items.
    """
    weights = np.zeros_like(product.weights)
    is_opposing = [expert.name in OPPOSING_EXPERTS for expert in product.experts]
    weights[0, is_opposing] = product.weights[0, is_opposing]
    weights[0, [expert.name == "popularity" for expert in product.experts]] = TIE_BREAKER_WEIGHT
    weights[0, expert_index] = 1
    return replace(product, weights=weights)


def choose(gains: Mapping[str, Floats]) -> str:
    """The name of what is used. gains: name → [cases], NDCG@10 of each."""
    choice = "fitted"
    if _standard_errors(gains["usual"] - gains["fitted"]) > MIN_STANDARD_ERRORS:
        choice = "usual"
    expert_names = [name for name in gains if name not in ("fitted", "usual")]
    if not expert_names:
        return choice
    best_expert = max(expert_names, key=lambda name: float(gains[name].mean()))
    is_better = _standard_errors(gains[best_expert] - gains[choice]) > min_standard_errors(
        len(expert_names)
    )
    return best_expert if is_better else choice


def min_standard_errors(expert_count: int) -> float:
    """By how many the best of so many must be better: 1.0 for one, 1.83 for five."""
    normal = NormalDist()
    return normal.inv_cdf(normal.cdf(MIN_STANDARD_ERRORS) ** (1 / expert_count))


def _standard_errors(differences: Floats) -> float:
    """The mean of [cases], in standard errors of the mean; 0 where all are 0, and without end where
    all are the same.
    """
    mean = float(differences.mean())
    deviation = float(differences.std(ddof=1)) / len(differences) ** 0.5
    if deviation:
        return mean / deviation
    return math.copysign(math.inf, mean) if mean else 0.0


def _cause(choice: str, means: Mapping[str, float]) -> str | None:
    if choice == "fitted":
        return None
    method = "the usual weights" if choice == "usual" else f"“{plain_expert(choice)}” alone"
    return (
        f"{method} ranked the validation events better than the fitted weights "
        f"(NDCG@10 {means[choice]:.4f} against {means['fitted']:.4f})"
    )


def _held_out_gains(table: CandidateTable, fit: WeightFit, fitted: ProductOfExperts) -> Floats:
    """[cases], of exponents that no case was fitted on where there are few."""
    if len(table) > MAX_CROSS_FITTED_CASES:
        return _ndcg_gains(table, fitted)
    order = torch.from_numpy(np.random.default_rng(0).permutation(len(table)))
    first, second = order[: len(order) // 2], order[len(order) // 2 :]
    gains = np.zeros(len(table), np.float32)
    for fit_cases, judged_cases in ((first, second), (second, first)):
        gains[judged_cases.numpy()] = _ndcg_gains(
            table.rows(judged_cases), fit(table.rows(fit_cases))
        )
    return gains


def _ndcg_gains(table: CandidateTable, product: ProductOfExperts) -> Floats:
    """[cases], NDCG@10 of each."""
    scores = table.scores(torch.from_numpy(product.weights))
    return np.asarray(table.ndcg(scores).numpy(), np.float32)
