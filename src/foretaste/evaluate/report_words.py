"""A measured `Evaluation` in; what it says, in the words of a shop owner, out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from foretaste.display.words import of_100, percent, plain_expert, signed, thousands
from foretaste.evaluate.case_groups import GroupResult
from foretaste.evaluate.list_statistics import ListStatistics
from foretaste.evaluate.list_variety import ListVariety
from foretaste.evaluate.metrics import Interval
from foretaste.evaluate.protocols import RankingResult
from foretaste.evaluate.report import (
    POPULARITY_NAME,
    PRODUCT_NAME,
    SERVED_NAME,
    row_intervals,
    row_label,
)

HIT_METRIC, ORDER_METRIC = "recall@10", "ndcg@10"
DASH = "–"


class EvaluationFigures(Protocol):
    """What is told of an `Evaluation`, which itself shows what is told here."""

    @property
    def protocol(self) -> str: ...
    @property
    def product(self) -> RankingResult: ...
    @property
    def served_product(self) -> RankingResult: ...
    @property
    def experts(self) -> Mapping[str, RankingResult]: ...
    @property
    def calibration(self) -> Mapping[str, Any]: ...
    @property
    def hide_seen(self) -> bool: ...
    @property
    def lists(self) -> ListStatistics | None: ...
    @property
    def best_expert(self) -> str | None: ...
    def by_activity(self) -> tuple[GroupResult, ...]: ...
    def by_popularity(self) -> tuple[GroupResult, ...]: ...
    def summary(self) -> dict[str, Any]: ...


@dataclass(frozen=True, slots=True)
class QualityRow:
    """One model of the table."""

    name: str
    note: str
    is_own: bool
    """Whether it is what answers, not something to compare with."""
    hits: Interval
    """Recall@10."""
    order: Interval
    """NDCG@10."""
    difference: str
    """Of its NDCG@10 from the first row's, in words."""
    begins_parts: bool = False
    """Whether the parts begin here that are shown for completeness."""

    @property
    def hits_text(self) -> str:
        """Its recall as so many of a hundred, with the interval."""
        return of_100_interval(self.hits)


def of_100_interval(share: Interval) -> str:
    """ "17 to 20", so many of a hundred."""
    return f"{of_100(share.low)} to {of_100(share.high)}"


def measured_text(evaluation: EvaluationFigures) -> str:
    """What was done, so that a reader knows what the figures are of."""
    product = evaluation.product
    cases, people = len(product), len(np.unique(product.users))
    if evaluation.protocol == "time":
        text = (
            f"The last tenth of all that people chose was kept back: {_count(cases, 'choice')} of "
            f"{_count(people, 'person', 'people')}. Foretaste learnt from what happened before, "
            "and for each of these choices made a list from what the person had done up to then. "
        )
    else:
        text = (
            f"Of each of {_count(people, 'person', 'people')}, the last thing they chose was kept "
            "back. Foretaste learnt from everything before it and made a list for each of them. "
        )
    text += (
        f"Each list holds ten of {_count(product.items, 'item')}, and it is right where the item "
        "that was really chosen is among the ten. "
    )
    return text + (
        "Lists leave out what somebody chose before or refused."
        if evaluation.hide_seen
        else "Lists leave out what somebody refused."
    )


def verdict(evaluation: EvaluationFigures) -> str:
    """The result in a sentence or two."""
    masked = evaluation.hide_seen
    own = _mean_hits(evaluation.product, masked=masked)
    whom = "choices" if evaluation.protocol == "time" else "people"
    text = f"Of 100 {whom}, {of_100(own)} are in the list of ten."
    if evaluation.protocol != "time":
        text = (
            f"Of 100 people, {of_100(own)} find what they really chose next among the ten items "
            "of their list."
        )
    popularity = evaluation.experts.get(POPULARITY_NAME)
    if popularity is None:
        return text
    return (
        f"{text} With one list of what is popular, the same for everybody, it would be "
        f"{of_100(_mean_hits(popularity, masked=masked))}."
    )


def certainty(evaluation: EvaluationFigures, seed: int = 0) -> str | None:
    """How sure the difference from popularity is; None where that was not measured."""
    popularity = evaluation.experts.get(POPULARITY_NAME)
    if popularity is None:
        return None
    margin = evaluation.product.margin_over(
        popularity, HIT_METRIC, np.random.default_rng(seed), masked=evaluation.hide_seen
    )
    if margin.low > 0:
        return (
            "That is more than chance: with other people like these, Foretaste would be right "
            f"{of_100(margin.low)} to {of_100(margin.high)} more times of 100 (95 % interval)."
        )
    if margin.high < 0:
        return (
            "That is worse than what is popular, and not by chance: see the warnings below before "
            "you use these lists."
        )
    return (
        "The difference may be chance: these data cannot show that personal lists are better than "
        "what is popular. More events for each person help."
    )


def quality_rows(evaluation: EvaluationFigures, seed: int = 0) -> list[QualityRow]:
    """Foretaste first, then as in service, popularity, the best single expert and the others."""
    experts = dict(evaluation.experts)
    best = evaluation.best_expert
    leading = [name for name in dict.fromkeys((POPULARITY_NAME, best)) if name in experts]
    others = sorted(
        (name for name in experts if name not in leading),
        key=lambda name: -_mean_hits(experts[name], masked=evaluation.hide_seen),
    )
    results = {PRODUCT_NAME: evaluation.product}
    if _differs(evaluation.served_product, evaluation.product):
        results[SERVED_NAME] = evaluation.served_product
    results |= {name: experts[name] for name in (*leading, *others)}
    rng = np.random.default_rng(seed)
    metrics = (HIT_METRIC, ORDER_METRIC)
    figures, margins = row_intervals(results, rng, metrics, masked=evaluation.hide_seen)
    return [
        QualityRow(
            name=row_label(name),
            note=_row_note(name, best),
            is_own=name in (PRODUCT_NAME, SERVED_NAME),
            hits=figures[name][0],
            order=figures[name][1],
            difference=DASH
            if name in (PRODUCT_NAME, SERVED_NAME)
            else difference_words(margins[name]),
            begins_parts=name in others[:1],
        )
        for name in results
    ]


def _row_note(name: str, best: str | None) -> str:
    notes = {
        PRODUCT_NAME: "all its parts together",
        SERVED_NAME: "having counted every event up to the moment of the list",
        POPULARITY_NAME: "the same list for everybody",
    }
    note = notes.get(name, "")
    if name == best:
        return f"{note}; the best single part" if note else "the best single part"
    return note


def difference_words(margin: Interval) -> str:
    """How far a row is below the first one; `margin` is of the first one above it."""
    size = f"{abs(margin.mean):.4f}"
    low, high = sorted((abs(margin.low), abs(margin.high)))
    if margin.low > 0:
        return f"{size} lower ({low:.4f} to {high:.4f})"
    if margin.high < 0:
        return f"{size} higher ({low:.4f} to {high:.4f})"
    return f"no certain difference ({signed(-margin.high)} to {signed(-margin.low)})"


def _differs(one_result: RankingResult, other_result: RankingResult) -> bool:
    return not np.array_equal(one_result.ranks.masked, other_result.ranks.masked)


def calibration_words(calibration: Mapping[str, Any]) -> str | None:
    """Whether the probabilities hold; None where that was not measured."""
    ratio = calibration.get("ratio@10")
    if not calibration or ratio is None:
        return None
    text = (
        "Foretaste gives each item a probability that it is chosen next. For the ten likeliest "
        f"items of {_count(calibration['cases'], 'case')} "
    )
    if 0.9 <= ratio <= 1.1:
        return f"{text}it is right on average: what it expects is what happens."
    if ratio > 1:
        return f"{text}it promises {ratio:.2f} times what happens: it is too sure of itself."
    return f"{text}it promises {ratio:.2f} times what happens: it is too careful."


@dataclass(frozen=True, slots=True)
class VarietyRow:
    """One figure of what lists hold, for each model that is compared."""

    name: str
    note: str
    values: tuple[str, ...]


def variety_table(evaluation: EvaluationFigures) -> tuple[list[str], list[VarietyRow]]:
    """(names of the columns, rows) of what the lists hold; ([], []) where they were not made."""
    lists = evaluation.lists
    if lists is None:
        return [], []
    spreads = {plain_expert(PRODUCT_NAME): lists.product}
    for name in dict.fromkeys((POPULARITY_NAME, evaluation.best_expert)):
        if name is not None and name in lists.experts:
            spreads[plain_expert(name)] = lists.experts[name]
    varieties = [*(spread.variety for spread in spreads.values()), lists.targets]
    shares = [percent(spread.coverage) for spread in spreads.values()]
    in_common = [
        DASH if spread.overlap is None else f"{10 * spread.overlap:.1f} of 10"
        for spread in spreads.values()
    ]
    return [*spreads, "What people chose next"], [
        VarietyRow(
            "Share of the catalogue that is shown",
            f"coverage: of {lists.available_items:,} items on offer, those in anybody's list",
            (*shares, DASH),
        ),
        VarietyRow(
            "How unevenly items are shown",
            "Gini: 0 is all items alike, 1 is one item alone",
            (*_values(varieties[:-1], lambda variety: f"{variety.gini:.2f}"), DASH),
        ),
        VarietyRow(
            "How well known the items are",
            "how often the middle one of the items had been chosen by then",
            _values(varieties, lambda variety: _or_dash(variety.median_events, thousands)),
        ),
        VarietyRow(
            "How surprising the items are",
            "novelty in bits: one more means chosen half as often",
            _values(varieties, lambda variety: _or_dash(variety.novelty, "{:.1f}".format)),
        ),
        VarietyRow(
            "How unlike one another the items of a list are",
            "diversity of their texts: 0 is all alike",
            _values(varieties, lambda variety: _or_dash(variety.diversity, "{:.2f}".format)),
        ),
        VarietyRow(
            "Items that two people's lists have in common", "on average", (*in_common, DASH)
        ),
    ]


def _values(varieties: list[ListVariety], value: Callable[[ListVariety], str]) -> tuple[str, ...]:
    return tuple(map(value, varieties))


def _or_dash(value: float | None, words: Callable[[float], str]) -> str:
    return DASH if value is None else words(value)


def most_shown_text(lists: ListStatistics | None) -> str | None:
    """The item that is in most lists; None where there is none."""
    if lists is None or lists.product.top_item is None:
        return None
    title = lists.top_title or lists.product.top_item
    share = of_100(lists.product.top_item_share)
    return f"Most often shown is “{title}”: it is in the lists of {share} of 100 people."


def _mean_hits(result: RankingResult, *, masked: bool) -> float:
    return float(result.values(HIT_METRIC, masked=masked).mean())


def _count(number: int, singular: str, plural: str | None = None) -> str:
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"
