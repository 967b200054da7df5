"""A product and a split in; how good the product and each of its experts alone are out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, Self

import numpy as np

from foretaste.domain.arrays import rows_that_fit
from foretaste.domain.data import Floats, Interactions, Longs, Split, UserContext
from foretaste.domain.ports import Expert, Progress, no_progress
from foretaste.evaluate.calibration import measure_calibration
from foretaste.evaluate.case_groups import CaseCounts, GroupResult, case_counts, group_results
from foretaste.evaluate.list_statistics import ListStatistics, list_statistics
from foretaste.evaluate.metrics import Interval
from foretaste.evaluate.protocols import (
    JointScoreFunction,
    RankingResult,
    evaluate_model,
    evaluate_models,
)
from foretaste.evaluate.report import (
    POPULARITY_NAME,
    PRODUCT_NAME,
    SERVED_NAME,
    evaluation_summary,
    results_table,
)
from foretaste.evaluate.sample_people import SamplePerson, sample_people
from foretaste.evaluate.sampled_lists import SECONDS_PER_YEAR, ListInputs, sampled_lists
from foretaste.evaluate.value_outcomes import ValueOutcomes, outcomes_by_model


class EvaluatedProduct(Protocol):
    """What is judged: the product."""

    @property
    def experts(self) -> tuple[Expert, ...]: ...

    @property
    def size(self) -> int:
        """The items of the catalogue."""

    def weights_by_expert(self) -> Mapping[str, Any]:
        """The exponents, by expert and fact."""

    def expert_weights(self, user_contexts: Sequence[UserContext]) -> Floats: ...

    def score(self, user_contexts: Sequence[UserContext]) -> Floats: ...

    def combine(self, log_probs: Sequence[Floats], user_contexts: Sequence[UserContext]) -> Floats:
        """[behaviours, items] from each expert's own."""


@dataclass(frozen=True, slots=True)
class EvaluationData:
    """What was there to learn from and to judge by."""

    events: int
    first_time: float | None
    """Seconds since 1970, as is the next; None where times are an order and no times."""
    last_time: float | None

    @classmethod
    def of(cls, interactions: Interactions) -> Self:
        """Of everybody's behaviour."""
        times = interactions.at
        is_dated = len(times) > 0 and float(times.max()) >= SECONDS_PER_YEAR
        span = (float(times.min()), float(times.max())) if is_dated else (None, None)
        return cls(interactions.event_count, *span)


@dataclass(frozen=True)
class Evaluation:
    """The figures of one protocol, and what they cost."""

    protocol: str
    users: int
    product: RankingResult
    served_product: RankingResult
    experts: Mapping[str, RankingResult]
    weights: Mapping[str, Any]
    cpu_seconds: float
    wall_seconds: float
    calibration: Mapping[str, Any] = field(default_factory=dict)
    """How far the product's probabilities are what happened; see `calibration`."""
    hide_seen: bool = True
    """Whether people's lists leave out what they took: the masked variant is what is shown."""
    lists: ListStatistics | None = None
    """What the lists are like, as in service."""
    case_counts: CaseCounts | None = None
    """What was known of each case; None where lists are not looked at, as is the next."""
    people: tuple[SamplePerson, ...] = ()
    """Some of the lists, drawn by chance."""
    data: EvaluationData | None = None
    values: Mapping[str, ValueOutcomes] = field(default_factory=dict)
    """By model, how well liked what it recommends is; {} where values say nothing of it."""

    def summary(self) -> dict[str, Any]:
        """One object that JSON can hold."""
        figures = evaluation_summary(
            self.protocol,
            self.product,
            self.experts,
            weights=self.weights,
            cpu_seconds=self.cpu_seconds,
            wall_seconds=self.wall_seconds,
            users=self.users,
        )
        margins = {name: self._margin_over(name) for name in self.experts}
        return {
            **figures,
            "hide_seen": self.hide_seen,
            "as_in_service": self.served_product.figures(),
            "interval": list(self._interval()[1:]),
            "calibration": dict(self.calibration),
            "ahead": {name: [margin.low, margin.high] for name, margin in margins.items()},
            "better": [name for name, margin in margins.items() if margin.high < 0],
            "lists": None if self.lists is None else self.lists.figures(),
            "values": {name: outcomes.figures() for name, outcomes in self.values.items()},
            "by_activity": [group.figures() for group in self.by_activity()],
            "by_popularity": [group.figures() for group in self.by_popularity()],
        }

    @property
    def best_expert(self) -> str | None:
        """The expert that is best alone in NDCG@10; None without any."""
        means = {
            name: float(result.values("ndcg@10", masked=self.hide_seen).mean())
            for name, result in self.experts.items()
        }
        return max(means, key=lambda name: means[name], default=None)

    def by_activity(self) -> tuple[GroupResult, ...]:
        """How good the lists are by how many items people had taken; () where not looked at."""
        counts = self.case_counts
        return () if counts is None else self._by_number(counts.history_lengths)

    def by_popularity(self) -> tuple[GroupResult, ...]:
        """The same by how often anybody had taken what they took next."""
        counts = self.case_counts
        return () if counts is None else self._by_number(counts.target_events)

    def _by_number(self, values: Longs) -> tuple[GroupResult, ...]:
        """values: [cases]"""
        popularity = self.experts.get(POPULARITY_NAME)
        return group_results(values, self.product, popularity, masked=self.hide_seen)

    def manifest_figures(self) -> dict[str, Any]:
        """What the manifest of a version keeps: means with their 95 % interval, low and high."""
        return {
            "protocol": self.protocol,
            "cases": len(self.product),
            "ndcg@10": list(self._interval()),
            "ahead": {name: list(self._margin_over(name)) for name in self.experts},
            "experts": {
                name: list(
                    result.interval("ndcg@10", np.random.default_rng(0), masked=self.hide_seen)
                )
                for name, result in self.experts.items()
            },
            "calibration": dict(self.calibration),
        }

    def _interval(self, seed: int = 0) -> Interval:
        """The product's NDCG@10 over people, of lists as they are shown."""
        rng = np.random.default_rng(seed)
        return self.product.interval("ndcg@10", rng, masked=self.hide_seen)

    def _margin_over(self, expert: str, seed: int = 0) -> Interval:
        """How far the product is above one expert in the same, paired over people."""
        rng = np.random.default_rng(seed)
        return self.product.margin_over(self.experts[expert], "ndcg@10", rng, masked=self.hide_seen)

    def _repr_html_(self) -> str:
        from foretaste.display.render import face
        from foretaste.evaluate.report_page import evaluation_values

        return face("evaluation", **evaluation_values(self))

    def table(self, *, masked: bool | None = None, seed: int = 0) -> str:
        """A row a model, with intervals; of the lists as they are shown if nothing is said.

        `!` marks experts that are better than the product for certain. The product as in service
        has counted more than the experts have, so it is not compared with them.
        """
        table = results_table(
            {PRODUCT_NAME: self.product, SERVED_NAME: self.served_product, **self.experts},
            np.random.default_rng(seed),
            protocol=self.protocol,
            masked=self.hide_seen if masked is None else masked,
            hide_seen=self.hide_seen,
            unmarked=(SERVED_NAME,),
        )
        served_values = self.values.get(SERVED_NAME)
        return table if served_values is None else f"{table}\n{served_values.sentence()}"


def evaluate_product(
    product: EvaluatedProduct,
    served: EvaluatedProduct,
    split: Split,
    *,
    training_seconds: tuple[float, float],
    hide_seen: bool = True,
    list_inputs: ListInputs | None = None,
    progress: Progress = no_progress,
) -> Evaluation:
    """Rank every test case by the product and by each expert alone, in one pass.

    served: the product as a service has it by then. training_seconds: the CPU and the wall seconds
    of the training. hide_seen: the setting by which lists are made. list_inputs: what lists are
    made from; without it they are not looked at.
    """
    batch_size = rows_that_fit(256, (len(product.experts) + 1) * product.size)
    results = evaluate_models(
        _joint_scores(product), split.test, batch_size=batch_size, progress=progress
    )
    lists, counts = None, None
    people: tuple[SamplePerson, ...] = ()
    if list_inputs is not None:
        sample = sampled_lists(
            _joint_scores(served),
            split.test,
            list_inputs,
            hide_seen=hide_seen,
            batch_size=batch_size,
        )
        lists = list_statistics(sample, list_inputs, PRODUCT_NAME)
        counts = case_counts(split.test, list_inputs.counts)
        people = sample_people(sample, PRODUCT_NAME, list_inputs.catalogue)
    in_service = results[PRODUCT_NAME]
    if served is not product:
        in_service = evaluate_model(
            served.score, split.test, batch_size=batch_size, progress=progress
        )
    values = outcomes_by_model({**results, SERVED_NAME: in_service}, split.test, masked=hide_seen)
    return Evaluation(
        protocol=split.protocol,
        users=len(split.train),
        product=results.pop(PRODUCT_NAME),
        served_product=in_service,
        experts=results,
        weights=product.weights_by_expert(),
        cpu_seconds=training_seconds[0],
        wall_seconds=training_seconds[1],
        calibration=measure_calibration(product.score, split.test, batch_size=batch_size),
        hide_seen=hide_seen,
        lists=lists,
        case_counts=counts,
        people=people,
        data=EvaluationData.of(split.test.interactions),
        values=values,
    )


def _joint_scores(product: EvaluatedProduct) -> JointScoreFunction:
    """Those of the product and of each of its experts alone; each expert is asked once."""

    def scores(user_contexts: list[UserContext]) -> dict[str, Floats]:
        expert_scores = {expert.name: expert.log_prob(user_contexts) for expert in product.experts}
        return {
            PRODUCT_NAME: product.combine(list(expert_scores.values()), user_contexts),
            **expert_scores,
        }

    return scores
