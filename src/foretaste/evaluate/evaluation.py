"""A product and a split in; how good the product and each of its experts alone are out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from foretaste.domain.arrays import at_once
from foretaste.domain.data import Behaviour, Floats, Split
from foretaste.domain.ports import Expert, Progress, silent
from foretaste.evaluate.calibration import calibration
from foretaste.evaluate.list_statistics import ListStatistics, list_statistics
from foretaste.evaluate.metrics import Interval
from foretaste.evaluate.protocols import Result, Scores, compare, evaluate
from foretaste.evaluate.report import summary, table
from foretaste.evaluate.sampled_lists import Shop, sampled_lists

PRODUCT = "product"
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
    hide_seen: bool = True
    """Whether people's lists leave out what they took: the masked variant is what is shown."""
    lists: ListStatistics | None = None
    """What the lists are like, as in service."""

    def summary(self) -> dict[str, Any]:
        """One object that JSON can hold."""
        figures = summary(
            self.protocol,
            self.product,
            self.experts,
            weights=self.weights,
            cpu_seconds=self.cpu_seconds,
            wall_seconds=self.wall_seconds,
            users=self.users,
        )
        ahead = {name: self._ahead(name) for name in self.experts}
        return {
            **figures,
            "hide_seen": self.hide_seen,
            "as_in_service": self.served.figures(),
            "interval": list(self._interval()[1:]),
            "calibration": dict(self.calibration),
            "ahead": {name: [margin.low, margin.high] for name, margin in ahead.items()},
            "better": [name for name, margin in ahead.items() if margin.high < 0],
            "lists": None if self.lists is None else self.lists.figures(),
        }

    def brief(self) -> dict[str, Any]:
        """What the manifest of a version keeps: means with their 95 % interval, low and high."""
        return {
            "protocol": self.protocol,
            "cases": len(self.product),
            "ndcg@10": list(self._interval()),
            "ahead": {name: list(self._ahead(name)) for name in self.experts},
        }

    def _interval(self, seed: int = 0) -> Interval:
        """The product's NDCG@10 over people, of lists as they are shown."""
        rng = np.random.default_rng(seed)
        return self.product.interval("ndcg@10", rng, masked=self.hide_seen)

    def _ahead(self, expert: str, seed: int = 0) -> Interval:
        """How far the product is above one expert in the same, paired over people."""
        rng = np.random.default_rng(seed)
        return self.product.ahead(self.experts[expert], "ndcg@10", rng, masked=self.hide_seen)

    def table(self, *, masked: bool | None = None, seed: int = 0) -> str:
        """A row a model, with intervals; of the lists as they are shown if nothing is said.

        `!` marks experts that are better than the product for certain. The product as in service
        has counted more than the experts have, so it is not compared with them.
        """
        return table(
            {PRODUCT: self.product, SERVED: self.served, **self.experts},
            np.random.default_rng(seed),
            protocol=self.protocol,
            masked=self.hide_seen if masked is None else masked,
            hide_seen=self.hide_seen,
            unmarked=(SERVED,),
        )


def judge(
    product: Judged,
    served: Judged,
    split: Split,
    *,
    spent: tuple[float, float],
    hide_seen: bool = True,
    shop: Shop | None = None,
    progress: Progress = silent,
) -> Evaluation:
    """Rank every test case by the product and by each expert alone, in one pass.

    `served` is the product as a service has it by then; `spent` is the CPU and the wall seconds of
    the training. hide_seen: the setting by which lists are made. shop: what lists are made from;
    without it they are not looked at.
    """
    batch = at_once(256, (len(product.experts) + 1) * product.size)
    results = compare(_scores(product), split.test, batch=batch, progress=progress)
    lists = None
    if shop is not None:
        sample = sampled_lists(_scores(served), split.test, shop, hide_seen=hide_seen, batch=batch)
        lists = list_statistics(sample, shop, PRODUCT)
    in_service = results[PRODUCT]
    if served is not product:
        in_service = evaluate(served.score, split.test, batch=batch, progress=progress)
    return Evaluation(
        protocol=split.protocol,
        users=len(split.train),
        product=results.pop(PRODUCT),
        served=in_service,
        experts=results,
        weights=product.told(),
        cpu_seconds=spent[0],
        wall_seconds=spent[1],
        calibration=calibration(product.score, split.test, batch=batch),
        hide_seen=hide_seen,
        lists=lists,
    )


def _scores(product: Judged) -> Scores:
    """Those of the product and of each of its experts alone; each expert is asked once."""

    def scores(behaviours: list[Behaviour]) -> dict[str, Floats]:
        alone = {expert.name: expert.log_prob(behaviours) for expert in product.experts}
        return {PRODUCT: product.combine(list(alone.values()), behaviours), **alone}

    return scores
