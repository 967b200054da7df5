"""Outcomes in; lines for the eye, a summary and records for JSON out."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from benchmarks.zoo.judging import Judgement
from benchmarks.zoo.lists import FEW
from benchmarks.zoo.running import Lists, Outcome
from foretaste.evaluate.metrics import Interval

FAILED, BELOW = "FAILED", "BELOW"
HEADER = (
    f"{'set':<20}{'age':<10}{'settings':<9}{'protocol':<14}{'cases':>6}  "
    f"{'product N@10':<24}{'product R@10':<24}{'best part':<26}{'product − best part':<27}verdict"
)


def span(value: Interval, sign: str = "") -> str:
    return f"{value.mean:{sign}.4f} [{value.low:{sign}.4f}, {value.high:{sign}.4f}]"


def judgement_line(outcome: Outcome, judgement: Judgement) -> str:
    row = outcome.row
    best = f"{judgement.best} {judgement.parts[judgement.best]:.4f}"
    return (
        f"{row.data:<20}{row.age:<10}{row.settings:<9}{judgement.protocol:<14}"
        f"{judgement.cases:>6}  {span(judgement.product['ndcg@10']):<24}"
        f"{span(judgement.product['recall@10']):<24}{best:<26}"
        f"{span(judgement.margin, '+'):<27}{judgement.verdict}"
    )


def lists_line(top: Lists, rare_next: Sequence[float]) -> str:
    rare = " ".join(f"{share:.2f}" for share in top.rare)
    next_shares = " ".join(f"{share:.2f}" for share in rare_next) or "unknown"
    own = "" if top.own_cluster is None else f"; own cluster {top.own_cluster:.2f}"
    return (
        f"lists of {top.people}: same item in the top five {top.commonest:.2f}; "
        f"overlap {top.overlap:.2f}; at most {', '.join(map(str, FEW))} events "
        f"{rare} (taken next {next_shares}){own}; "
        f"rarest of a stranger's list {top.stranger}"
    )


def lines(outcome: Outcome) -> Iterator[str]:
    """A line a judgement, and one each for lists, notes and failures under it."""
    row = outcome.row
    for judgement in outcome.judgements:
        yield judgement_line(outcome, judgement)
    if not outcome.judgements:
        yield f"{row.data:<20}{row.age:<10}{row.settings:<9}{'no judgement':<14}"
    if outcome.lists is not None:
        yield f"    {lists_line(outcome.lists, outcome.rare_next)}"
    yield from (f"    {note}" for note in outcome.notes)
    yield from (f"    {FAILED} {failure}" for failure in outcome.failures)


def summary(outcomes: Sequence[Outcome]) -> tuple[list[str], bool]:
    """How many, which are below a part, which broke; whether all is well."""
    judgements = [(outcome.row.name, j) for outcome in outcomes for j in outcome.judgements]
    below = [
        f"{name}, {judgement.protocol}: {span(judgement.margin, '+')} to {judgement.best}"
        for name, judgement in judgements
        if judgement.verdict == BELOW
    ]
    failures = [f"{outcome.row.name}: {text}" for outcome in outcomes for text in outcome.failures]
    text = [
        f"{len(outcomes)} rows, {len(judgements)} judgements: {len(below)} {BELOW}, "
        f"{len(failures)} {FAILED}"
    ]
    text += [f"  {BELOW} {line}" for line in below]
    text += [f"  {FAILED} {line}" for line in failures]
    return text, not below and not failures


def record(outcome: Outcome) -> dict[str, Any]:
    """For JSON; intervals as [mean, low, high]."""
    return {**asdict(outcome), "row": outcome.row._asdict()}
