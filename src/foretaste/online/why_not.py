"""Why not this item? A question and an item in; the rule, filter or term that kept it out, out.

For the operator, who sees in it what a person took, refused and asked for.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from foretaste.domain.data import Ints, Term
from foretaste.errors import InputError
from foretaste.model.scorer import Scorer
from foretaste.online.answer import Turn, heard
from foretaste.online.slate import Asked
from foretaste.rank.filters import FILTERS, WHY, Filter, Question, earlier, left_out, others, seen
from foretaste.rank.slate import Choice, Lift

ALSO: dict[Filter, str] = {
    seen: "this person has taken it already",
    others: "it is not in the list that was to be put in order",
    earlier: "it was on an earlier page of this list",
}
"""What those filters leave out that `WHY` does not tell of."""


@dataclass(frozen=True, slots=True)
class Behind:
    """What one expert, or one rule, says of the item and of the last that was shown."""

    expert: str
    item: float
    """Nats of the item's score."""
    last: float
    """Nats of the score of the last item that was shown."""

    @property
    def difference(self) -> float:
        """Below 0: here the item is behind."""
        return self.item - self.last


@dataclass(frozen=True, slots=True)
class WhyNot:
    """Why an item is not in a list."""

    id: str
    position: int | None
    """Its place in the list, where it is in it after all."""
    filters: tuple[str, ...]
    """What does not let it be shown."""
    rank: int | None
    """Its place by score among all that may be shown; None where it may not."""
    score: float | None
    last: str | None
    """The last item that was shown."""
    terms: tuple[Behind, ...]
    """By expert and rule, where it is most behind first; they sum to the two scores."""
    why: str
    """In a sentence."""


def why_not(turn: Turn, item: str, asked: Asked) -> WhyNot:
    """What kept the item out of the answer to this question.

    Raises InputError for an item that is not there.
    """
    asked = replace(asked, request=replace(asked.request, explain=True, explore=0.0))
    with heard(turn, asked) as (live, question, scorer):
        place = live.catalogue.index.get(item)
        if place is None:
            raise InputError(f"there is no item '{item}'; import it first")
        choice = turn.lists.compose(asked, question, scorer, None).choice
        barred = _filters(question, place)
        if barred and place not in choice.items:
            return WhyNot(item, None, barred, None, None, None, (), _sentence(barred))
        return _scored(place, question, scorer, choice)


def _scored(place: int, question: Question, scorer: Scorer, choice: Choice) -> WhyNot:
    """Of an item that may be shown: where its score puts it, and why."""
    shown, ids = choice.items.tolist(), question.index.catalogue.ids
    position = choice.positions[shown.index(place)] if place in shown else None
    allowed = ~left_out(question)
    row = scorer.row(allowed, len(shown), items=[place, *shown]).astype(np.float64)
    for lift in choice.lifts:
        row += lift.mask * lift.nats
    better = allowed & (row > row[place])
    better[place] = False
    rank = int(better.sum()) + 1
    terms, last = _behind(scorer, choice.lifts, place, [one for one in shown if one != place])
    return WhyNot(
        id=ids[place],
        position=position,
        filters=(),
        rank=rank,
        score=float(row[place]),
        last=None if last is None else ids[last],
        terms=terms,
        why=_told(position, rank, len(shown), terms, ruled=bool(question.request.rules)),
    )


def _filters(question: Question, place: int) -> tuple[str, ...]:
    """Why it may not be shown."""
    words = {**ALSO, **WHY}
    return tuple(
        words.get(one, f"the filter '{one.__name__}' leaves it out")
        for one in FILTERS
        if left_out(question, [one])[place]
    )


def _behind(
    scorer: Scorer, lifts: Sequence[Lift], place: int, shown: list[int]
) -> tuple[tuple[Behind, ...], int | None]:
    """Against the last item that was shown, by expert."""
    last = shown[-1] if shown else None
    items: Ints = np.array([place] if last is None else [place, last], np.int32)
    sums = [_by_expert(terms) for terms in scorer.terms(items, deep=False)]
    for lift in lifts:
        for row, one in enumerate(items.tolist()):
            if lift.mask[one]:
                sums[row][f"rule {lift.name}"] += lift.nats
    own, other = sums[0], sums[-1] if last is not None else defaultdict(float)
    found = [Behind(name, own[name], other[name]) for name in {**own, **other}]
    return tuple(sorted(found, key=lambda one: one.difference)), last


def _by_expert(terms: Sequence[Term]) -> defaultdict[str, float]:
    sums: defaultdict[str, float] = defaultdict(float)
    for term in terms:
        sums[term.expert] += term.nats
    return sums


def _sentence(barred: tuple[str, ...]) -> str:
    return "It may not be shown: " + "; ".join(barred) + "."


def _told(
    position: int | None, rank: int, shown: int, terms: tuple[Behind, ...], *, ruled: bool
) -> str:
    if position is not None:
        return f"It is in the list, at place {position}."
    if rank <= shown and ruled:
        return f"By its score it is at place {rank}; a rule of the request gave its place away."
    if rank <= shown:
        return f"By its score it is at place {rank}; diversity gave its place away."
    worst = terms[0]
    return (
        f"By its score it is at place {rank}, below the {shown} that are shown; most is missing "
        f"in {worst.expert}: {worst.difference:+.2f} nats against the last of them."
    )
