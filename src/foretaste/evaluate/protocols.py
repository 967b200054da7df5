"""Cases and something that scores in; for each case the rank of what was taken out.

All items of the catalogue are ranked, never a sample of them (Krichene and Rendle 2020). Both
variants come from one matrix of scores and leave out what `recommend` leaves out. masked is the
list with `rank.hide_seen` on: without what the person took before or refused, the target too, which
then counts as a miss. unmasked is the list with it off: without what the person refused alone.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from foretaste.domain.data import Behaviour, Cases, Doubles, Floats, Ints, Longs
from foretaste.domain.ports import Progress, silent
from foretaste.errors import InputError
from foretaste.evaluate import metrics
from foretaste.evaluate.masking import refused_items
from foretaste.evaluate.metrics import Interval, Ranks

Score = Callable[[list[Behaviour]], Floats]
"""Behaviours → [behaviours, items], higher is better."""

Scores = Callable[[list[Behaviour]], Mapping[str, Floats]]
"""The same for several models at once: name → [behaviours, items]."""

Figures = dict[str, float]
"""Metric, e.g. `ndcg@10`, → mean over the cases."""

KS = (5, 10)
"""How long the lists are that are judged."""

VARIANTS = ("masked", "unmasked")


@dataclass(frozen=True, slots=True)
class Result:
    """What a model did on each case, in the order of the cases."""

    people: Longs
    """[cases]"""
    targets: Ints
    """[cases]"""
    ranks: Ranks
    """[cases] each, from 0."""
    items: int
    """How many were ranked."""
    ks: tuple[int, ...] = KS

    def __len__(self) -> int:
        return len(self.people)

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

    def figures(self) -> dict[str, Figures]:
        """`{"masked": {"recall@5": …, "recall@10": …, "ndcg@5": …, …}, "unmasked": {…}}`"""
        names = [f"{metric}@{k}" for metric in ("recall", "ndcg") for k in self.ks]
        return {
            variant: {
                name: float(self.values(name, masked=variant == "masked").mean()) for name in names
            }
            for variant in VARIANTS
        }

    def interval(self, metric: str, rng: np.random.Generator, *, masked: bool) -> Interval:
        """The mean and its 95 % interval over people."""
        return metrics.interval(self.values(metric, masked=masked), self.people, rng)

    def ahead(
        self, other: "Result", metric: str, rng: np.random.Generator, *, masked: bool
    ) -> Interval:
        """How far this is above another on the same cases; `low` > 0 is above for certain.

        Raises InputError where the cases are not the same.
        """
        if not (
            np.array_equal(self.people, other.people)
            and np.array_equal(self.targets, other.targets)
        ):
            raise InputError("two results of different cases; evaluate both on the same split")
        mine, theirs = (result.values(metric, masked=masked) for result in (self, other))
        return metrics.paired_interval(mine, theirs, self.people, rng)


def evaluate(
    score: Score,
    cases: Cases,
    *,
    ks: tuple[int, ...] = KS,
    batch: int = 256,
    progress: Progress = silent,
) -> Result:
    """Rank the whole catalogue for each case. Errors as in `compare`."""
    return compare(
        lambda behaviours: {"": score(behaviours)}, cases, ks=ks, batch=batch, progress=progress
    )[""]


def compare(
    scores: Scores,
    cases: Cases,
    *,
    ks: tuple[int, ...] = KS,
    batch: int = 256,
    progress: Progress = silent,
) -> dict[str, Result]:
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
    histories = cases.histories
    order = np.argsort(cases.rows - histories.offsets[cases.people], kind="stable")
    ordered = Cases(histories, cases.people[order], cases.rows[order])
    targets = ordered.targets
    parts: dict[str, list[Ranks]] = {}
    items = 0
    for start in range(0, len(ordered), batch):
        stop = min(start + batch, len(ordered))
        behaviours = ordered.behaviours(start, stop)
        taken = [behaviour.taken for behaviour in behaviours]
        refused = [refused_items(behaviour) for behaviour in behaviours]
        for name, matrix in scores(behaviours).items():
            ranks = metrics.ranks(matrix, targets[start:stop], taken, refused)
            parts.setdefault(name, []).append(ranks)
            items = matrix.shape[1]
        progress("Evaluating", stop, len(ordered))
    back = np.argsort(order)
    return {
        name: Result(cases.people, cases.targets, _joined(batches, back), items, ks)
        for name, batches in parts.items()
    }


def _joined(batches: list[Ranks], back: Longs) -> Ranks:
    """The batches in one, in the order of the cases."""
    return Ranks(
        np.concatenate([batch.unmasked for batch in batches])[back],
        np.concatenate([batch.masked for batch in batches])[back],
    )
