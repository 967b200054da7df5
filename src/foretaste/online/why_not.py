"""Why not this item? A question and an item in; the rule, filter or term that kept it out, out.

For the operator, who sees in it what a person took, refused and asked for.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from foretaste.display.render import face
from foretaste.display.words import expert_aspect, plain_expert
from foretaste.domain.data import Ints, Term
from foretaste.domain.identifiers import required_identifier
from foretaste.domain.order_charges import is_article
from foretaste.domain.titles import natural_title
from foretaste.errors import InputError
from foretaste.model.product_scorer import Scores
from foretaste.online.answer import ScoringWorkspace, scored
from foretaste.online.slate import PageRequest
from foretaste.online.trade_context import TRADE_EXPERTS
from foretaste.rank.filters import (
    FILTER_REASONS,
    FILTERS,
    Filter,
    FilterContext,
    consumed_items,
    earlier_page_items,
    excluded_items,
    non_candidates,
    unmatched_items,
)
from foretaste.rank.slate import ScoreBoost, Slate

MORE_FILTER_REASONS: dict[Filter, str] = {
    consumed_items: "this person has chosen it already",
    non_candidates: "it is not in the list that was to be put in order",
    earlier_page_items: "it was on an earlier page of this list",
    unmatched_items: "it has nothing of what is searched for",
}
"""What those filters leave out that `FILTER_REASONS` does not tell of."""


@dataclass(frozen=True, slots=True)
class TermDifference:
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
    terms: tuple[TermDifference, ...]
    """By expert and rule, where it is most behind first; they sum to the two scores."""
    sentence: str
    """Why, in words."""
    title: str = ""
    last_title: str = ""
    """Of the last item that was shown."""

    def _repr_html_(self) -> str:
        terms = [(plain_expert(term.expert), term) for term in self.terms]
        limit = max((abs(term.difference) for term in self.terms), default=0.0)
        return face("why_not", answer=self, terms=terms, limit=limit)


def why_not(workspace: ScoringWorkspace, item: str, page: PageRequest) -> WhyNot:
    """What kept the item out of the answer to this question.

    Raises InputError for an item that is not there.
    """
    item = required_identifier(item, "item")
    page = replace(page, request=replace(page.request, explain=True, explore=0.0))
    snapshot, question, scorer = scored(workspace, page)
    position = snapshot.catalogue.index.get(item)
    if position is None:
        stored_item = workspace.store.item(item)
        if stored_item is not None and not is_article(stored_item):
            raise InputError(
                f"'{stored_item.title}' ({item}) was taken for a charge of orders and not for an "
                "article, so it is in no list; behaviour.charges says otherwise at its next import"
            )
        raise InputError(f"there is no item '{item}'; import it first")
    slate = workspace.slates.slate(page, question, scorer)
    question, choice = replace(question, unmatched=slate.unmatched), slate.choice
    corrected = workspace.slates.corrected(scorer, question)
    answer = _answer(item, position, question, corrected, choice)
    titles, index = snapshot.catalogue.titles, snapshot.catalogue.index
    last_title = "" if answer.last is None else natural_title(titles[index[answer.last]])
    return replace(answer, title=natural_title(titles[position]), last_title=last_title)


def _answer(
    item: str, position: int, question: FilterContext, scorer: Scores, choice: Slate
) -> WhyNot:
    ids = question.index.catalogue.ids
    reasons = _filter_reasons(question, position)
    if reasons and position not in choice.items:
        return WhyNot(item, None, reasons, None, None, None, (), _barred_sentence(reasons))
    groups = question.index.groups
    other = None if groups is None else groups.shown_member(position, choice.items)
    if other is not None:
        reason = f"another variant of it is in the list, '{ids[other]}'"
        return WhyNot(item, None, (reason,), None, None, None, (), _barred_sentence((reason,)))
    return _compared(position, question, scorer, choice)


def _compared(item: int, question: FilterContext, scorer: Scores, choice: Slate) -> WhyNot:
    """Of an item that may be shown: where its score puts it, and why."""
    shown_items, ids = choice.items.tolist(), question.index.catalogue.ids
    position = choice.positions[shown_items.index(item)] if item in shown_items else None
    allowed = ~excluded_items(question)
    scores = scorer.score_row(allowed, len(shown_items), items=[item, *shown_items]).astype(
        np.float64
    )
    for lift in choice.boosts:
        scores += lift.row
    better = allowed & (scores > scores[item])
    better[item] = False
    rank = int(better.sum()) + 1
    last = next((shown_item for shown_item in reversed(shown_items) if shown_item != item), None)
    terms = _differences(scorer, choice.boosts, item, last)
    return WhyNot(
        id=ids[item],
        position=position,
        filters=(),
        rank=rank,
        score=float(scores[item]),
        last=None if last is None else ids[last],
        terms=terms,
        sentence=_sentence(
            position, rank, len(shown_items), terms, ruled=bool(question.request.rules)
        ),
    )


def _filter_reasons(question: FilterContext, item: int) -> tuple[str, ...]:
    """Why it may not be shown."""
    reasons = {**MORE_FILTER_REASONS, **FILTER_REASONS}
    return tuple(
        reasons.get(rule, f"the filter '{rule.__name__}' leaves it out")
        for rule in FILTERS
        if excluded_items(question, [rule])[item]
    )


def _differences(
    scorer: Scores, lifts: Sequence[ScoreBoost], item: int, last: int | None
) -> tuple[TermDifference, ...]:
    """Against the last item that was shown, by expert."""
    items: Ints = np.array([item] if last is None else [item, last], np.int32)
    sums = [_by_expert(terms) for terms in scorer.terms(items, deep=False)]
    for lift in lifts:
        for row, compared_item in enumerate(items.tolist()):
            if lift.mask[compared_item]:
                name = lift.expert if lift.expert in TRADE_EXPERTS else f"rule {lift.name}"
                sums[row][name] += lift.nats_of(compared_item)
    own_sums, last_sums = sums[0], sums[-1] if last is not None else defaultdict(float)
    differences = [
        TermDifference(name, own_sums[name], last_sums[name]) for name in {**own_sums, **last_sums}
    ]
    return tuple(sorted(differences, key=lambda term: term.difference))


def _by_expert(terms: Sequence[Term]) -> defaultdict[str, float]:
    sums: defaultdict[str, float] = defaultdict(float)
    for term in terms:
        sums[term.expert] += term.nats
    return sums


def _barred_sentence(reasons: tuple[str, ...]) -> str:
    return "It may not be shown: " + "; ".join(reasons) + "."


def _sentence(
    position: int | None,
    rank: int,
    length: int,
    terms: tuple[TermDifference, ...],
    *,
    ruled: bool,
) -> str:
    if position is not None:
        return f"It is in the list, at place {position}."
    if rank <= length and ruled:
        return f"By its score it is at place {rank}; a rule of the request gave its place away."
    if rank <= length:
        return f"By its score it is at place {rank}; diversity gave its place away."
    return (
        f"By its score it is at place {rank}, below the {length} that are shown. It is furthest "
        f"behind the last of them in {expert_aspect(terms[0].expert)}."
    )
