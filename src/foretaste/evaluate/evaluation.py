"""A product and a split in; how good the product and each of its experts alone are out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from foretaste.arrays import at_once
from foretaste.domain import Behaviour, Floats, Split
from foretaste.evaluate.calibration import calibration
from foretaste.evaluate.protocols import Result, compare, evaluate
from foretaste.evaluate.report import summary, table
from foretaste.ports import Expert, Progress, silent

SERVED = "as in service"
"""The product with its counting experts fed up to the test event."""


class Judged(Protocol):
    """What is judged: the product."""

    @property
    def experts(self) -> tuple[Expert, ...]: ...

    @property
    def size(self) -> int:
        """The items of the catalogue."""

    def told(self) -> Mapping[str, Any]:
        """The exponents, by expert and fact."""

    def exponents(self, behaviours: Sequence[Behaviour]) -> Floats: ...

    def score(self, behaviours: Sequence[Behaviour]) -> Floats: ...

    def combine(self, log_probs: Sequence[Floats], behaviours: Sequence[Behaviour]) -> Floats:
        """[behaviours, items] from each expert's own."""


@dataclass(frozen=True)
class Evaluation:
    """The figures of one protocol, and what they cost."""

    protocol: str
    users: int
    product: Result
    served: Result
    experts: Mapping[str, Result]
    weights: Mapping[str, Any]
    cpu_seconds: float
    wall_seconds: float
    calibration: Mapping[str, Any] = field(default_factory=dict)
    """How far the product's probabilities are what happened; see `calibration`."""

    def summary(self) -> dict[str, Any]:
        """One object that JSON can hold."""
        told = summary(
            self.protocol,
            self.product,
            self.experts,
            weights=self.weights,
            cpu_seconds=self.cpu_seconds,
            wall_seconds=self.wall_seconds,
            users=self.users,
        )
        return {
            **told,
            "as_in_service": self.served.figures(),
            "interval": self._interval(),
            "calibration": dict(self.calibration),
            "ahead": {name: self._ahead(name) for name in self.experts},
        }

    def _interval(self, seed: int = 0) -> list[float]:
        """95 % of the product's masked NDCG@10, over people."""
        found = self.product.interval("ndcg@10", np.random.default_rng(seed), masked=True)
        return [found.low, found.high]

    def _ahead(self, expert: str, seed: int = 0) -> list[float]:
        """95 % of how far the product is above one expert in masked NDCG@10, paired over people."""
        rng = np.random.default_rng(seed)
        found = self.product.ahead(self.experts[expert], "ndcg@10", rng, masked=True)
        return [found.low, found.high]

    def table(self, seed: int = 0) -> str:
        """A row a model, with intervals."""
        rows = {"product": self.product, SERVED: self.served, **self.experts}
        return table(rows, np.random.default_rng(seed), protocol=self.protocol)


def judge(
    product: Judged,
    served: Judged,
    split: Split,
    *,
    spent: tuple[float, float],
    progress: Progress = silent,
) -> Evaluation:
    """Rank every test case by the product and by each expert alone, in one pass.

    `served` is the product as a service has it by then; `spent` is the CPU and the wall seconds of
    the training.
    """

    def scores(behaviours: list[Behaviour]) -> dict[str, Floats]:
        alone = {expert.name: expert.log_prob(behaviours) for expert in product.experts}
        return {"product": product.combine(list(alone.values()), behaviours), **alone}

    batch = at_once(256, (len(product.experts) + 1) * product.size)
    results = compare(scores, split.test, batch=batch, progress=progress)
    return Evaluation(
        protocol=split.protocol,
        users=len(split.train),
        product=results.pop("product"),
        served=evaluate(served.score, split.test, batch=batch, progress=progress),
        experts=results,
        weights=product.told(),
        cpu_seconds=spent[0],
        wall_seconds=spent[1],
        calibration=calibration(product.score, split.test, batch=batch),
    )
