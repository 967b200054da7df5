"""Cases and something that scores in; for each case the rank of what was taken out.

All items of the catalogue are ranked, never a sample of them (Krichene and Rendle 2020). Both
variants come from one matrix of scores and leave out what `recommend` leaves out. masked is the
list with `rank.hide_seen` on: without what the person took before or refused, the target too, which
then counts as a miss. unmasked is the list with it off: without what the person refused alone.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from foretaste.domain.data import Doubles, EvaluationCases, Floats, Ints, Longs, UserContext
from foretaste.domain.ports import Progress, no_progress
from foretaste.errors import InputError
from foretaste.evaluate import metrics
from foretaste.evaluate.masking import find_negative_feedback
from foretaste.evaluate.metrics import Interval, Ranks

ScoreFunction = Callable[[list[UserContext]], Floats]
"""Behaviours → [behaviours, items], higher is better."""

JointScoreFunction = Callable[[list[UserContext]], Mapping[str, Floats]]
"""The same for several models at once: name → [behaviours, items]."""

MetricMeans = dict[str, float]
"""Metric, e.g. `ndcg@10`, → mean over the cases."""

CUTOFFS = (5, 10)
"""How long the lists are that are judged."""

VARIANTS = ("masked", "unmasked")


@dataclass(frozen=True, slots=True)
class RankingResult:
    """What a model did on each case, in the order of the cases."""

    users: Longs
    """[cases]"""
    targets: Ints
    """[cases]"""
    ranks: Ranks
    """[cases] each, from 0."""
    items: int
    """How many were ranked."""
    cutoffs: tuple[int, ...] = CUTOFFS

    def __len__(self) -> int:
        return len(self.users)

    def values(self, metric: str, *, masked: bool) -> Doubles:
        """[cases] of `recall@k`, `ndcg@k` or `mrr`. Raises InputError for another name."""
        ranks = self.ranks.masked if masked else self.ranks.unmasked
        name, _, k = metric.partition("@")
        if name == "mrr" and not k:
            return metrics.mrr(ranks)
        if name not in ("recall", "ndcg") or not k.isdigit():
            raise InputError(f"unknown metric '{metric}'; expected recall@k, ndcg@k or mrr")
        return (metrics.recall if name == "recall" else metrics.ndcg)(ranks, int(k))

    def never_shown(self, *, masked: bool) -> int:
        """How many targets the lists leave out, so that no model can show them."""
        ranks = self.ranks.masked if masked else self.ranks.unmasked
        return int(np.isinf(ranks).sum())

    def figures(self) -> dict[str, MetricMeans]:
        """`{"masked": {"recall@5": …, "recall@10": …, "ndcg@5": …, …}, "unmasked": {…}}`"""
        names = [f"{metric}@{k}" for metric in ("recall", "ndcg") for k in self.cutoffs]
        return {
            variant: {
                name: float(self.values(name, masked=variant == "masked").mean()) for name in names
            }
            for variant in VARIANTS
        }

    def interval(self, metric: str, rng: np.random.Generator, *, masked: bool) -> Interval:
        """The mean and its 95 % interval over people."""
        return metrics.interval(self.values(metric, masked=masked), self.users, rng)

    def margin_over(
        self, baseline: "RankingResult", metric: str, rng: np.random.Generator, *, masked: bool
    ) -> Interval:
        """How far this is above another on the same cases; `low` > 0 is above for certain.

        Raises InputError where the cases are not the same.
        """
        if not (
            np.array_equal(self.users, baseline.users)
            and np.array_equal(self.targets, baseline.targets)
        ):
            raise InputError("two results of different cases; evaluate both on the same split")
        own_values, baseline_values = (
            result.values(metric, masked=masked) for result in (self, baseline)
        )
        return metrics.paired_interval(own_values, baseline_values, self.users, rng)


def evaluate_model(
    score: ScoreFunction,
    cases: EvaluationCases,
    *,
    cutoffs: tuple[int, ...] = CUTOFFS,
    batch_size: int = 256,
    progress: Progress = no_progress,
) -> RankingResult:
    """Rank the whole catalogue for each case. Errors as in `evaluate_models`."""
    return evaluate_models(
        lambda user_contexts: {"": score(user_contexts)},
        cases,
        cutoffs=cutoffs,
        batch_size=batch_size,
        progress=progress,
    )[""]


def evaluate_models(
    scores: JointScoreFunction,
    cases: EvaluationCases,
    *,
    cutoffs: tuple[int, ...] = CUTOFFS,
    batch_size: int = 256,
    progress: Progress = no_progress,
) -> dict[str, RankingResult]:
    """The same for several models in one pass, e.g. a product and each of its experts.

    Cases are scored in order of their history's length, so that a batch holds equal lengths and
    a transformer pads little; the results are in the order of the cases.

    Raises InputError where there is no case, ModelError where a score is not a number.
    """
    if not len(cases):
        raise InputError(
            "nothing to evaluate on: no case was held out; people need at least 3 items each "
            "(leave-one-out), or behaviour after the cutoff (time)"
        )
    interactions = cases.interactions
    order = np.argsort(cases.target_rows - interactions.offsets[cases.user_indices], kind="stable")
    ordered = EvaluationCases(interactions, cases.user_indices[order], cases.target_rows[order])
    targets = ordered.targets
    rank_batches: dict[str, list[Ranks]] = {}
    items = 0
    for start in range(0, len(ordered), batch_size):
        stop = min(start + batch_size, len(ordered))
        user_contexts = ordered.user_contexts(start, stop)
        consumed = [user_context.consumed_items for user_context in user_contexts]
        negative_feedback = [find_negative_feedback(behaviour) for behaviour in user_contexts]
        for name, matrix in scores(user_contexts).items():
            ranks = metrics.ranks(matrix, targets[start:stop], consumed, negative_feedback)
            rank_batches.setdefault(name, []).append(ranks)
            items = matrix.shape[1]
        progress("Evaluating", stop, len(ordered))
    original_order = np.argsort(order)
    return {
        name: RankingResult(
            cases.user_indices,
            cases.targets,
            _concatenated_ranks(batches, original_order),
            items,
            cutoffs,
        )
        for name, batches in rank_batches.items()
    }


def _concatenated_ranks(batches: list[Ranks], original_order: Longs) -> Ranks:
    """The batches in one, in the order of the cases."""
    return Ranks(
        np.concatenate([batch.unmasked for batch in batches])[original_order],
        np.concatenate([batch.masked for batch in batches])[original_order],
    )
