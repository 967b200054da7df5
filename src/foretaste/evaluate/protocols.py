"""Cases and something that scores in; for each case the rank of what was taken out.

All items of the catalogue are ranked, never a sample of them (Krichene and Rendle 2020). Both
variants come from one matrix of scores: masked leaves out the items in the person's behaviour,
refused ones too, but never the target; unmasked leaves out nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from foretaste.domain import Behaviour, Cases, Doubles, Floats, Ints, Longs
from foretaste.errors import InputError
from foretaste.evaluate import metrics
from foretaste.evaluate.metrics import Interval, Ranks
from foretaste.ports import Progress, silent

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
    """[cases] each, from 0; a half where an odd number of others ties."""
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
    found: dict[str, list[Ranks]] = {}
    items = 0
    for start in range(0, len(ordered), batch):
        stop = min(start + batch, len(ordered))
        behaviours = ordered.behaviours(start, stop)
        seen = [behaviour.item for behaviour in behaviours]
        for name, matrix in scores(behaviours).items():
            found.setdefault(name, []).append(metrics.ranks(matrix, targets[start:stop], seen))
            items = matrix.shape[1]
        progress("Evaluating", stop, len(ordered))
    back = np.argsort(order)
    return {
        name: Result(cases.people, cases.targets, _joined(parts, back), items, ks)
        for name, parts in found.items()
    }


def _joined(parts: list[Ranks], back: Longs) -> Ranks:
    """The batches in one, in the order of the cases."""
    return Ranks(
        np.concatenate([part.unmasked for part in parts])[back],
        np.concatenate([part.masked for part in parts])[back],
    )
