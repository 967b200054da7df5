"""The lists of many people at once: their questions in, a list each out, as `recommend` gives them.

One pass of each expert scores many people, which costs a fraction of a pass for each. Nobody waits
for these lists, so they take no turn and have no limit of time.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

from foretaste.domain.cold_pool import ColdPool
from foretaste.domain.data import Floats, Ints, Request, UserContext
from foretaste.domain.term_table import TermTable
from foretaste.model.index.base import is_exhaustive
from foretaste.model.product import ProductOfExperts
from foretaste.model.product_scorer import Mask, Scores, cold_items
from foretaste.online.answer import ScoringWorkspace, levels
from foretaste.online.explained_slate import ExplainedSlate
from foretaste.online.page_request import PageRequest
from foretaste.online.snapshot import Snapshot
from foretaste.rank.filters import FilterContext

MAX_SCORES = 2_000_000
"""Scores of one expert that are in memory at once: people times items."""
MAX_PEOPLE = 256
"""People who are scored in one pass at most."""


class ListItem(NamedTuple):
    """One item of somebody's list."""

    id: str
    position: int
    """From 1."""
    score: float
    """Log-likelihood up to a constant."""
    title: str
    reasons: tuple[str, ...] = ()
    """Why it is there; none where reasons were not asked for."""


class PersonList(NamedTuple):
    """The list of one person."""

    request: Request
    model_version: str
    items: tuple[ListItem, ...]
    recommendation_id: str | None = None
    """Of a list that is kept for attribution."""


class RowScorer:
    """Scores that are there already, to be asked as a `ProductScorer` is."""

    def __init__(
        self, product: ProductOfExperts, user_context: UserContext, row: Floats, *, explained: bool
    ) -> None:
        """row: [items], the product's scores for this person. explained: terms are wanted."""
        self._product, self._user_context, self._row = product, user_context, row
        self._explained = explained

    def score_row(
        self, allowed: Mask, n: int, *, extra_masks: Sequence[Mask] = (), items: Iterable[int] = ()
    ) -> Floats:
        """[items], log P."""
        return self._row

    def cold_items(self, max_share: float) -> tuple[ColdPool, ...]:
        """As `ProductScorer.cold_items`."""
        return cold_items(self._product, max_share)

    def terms(self, items: Ints, *, deep: bool = True) -> TermTable:
        """For each item the terms of its score; none where nobody asks for them."""
        if not self._explained:
            return TermTable.joined((), len(items))
        return self._product.scorer(self._user_context, deep=deep).terms(items, deep=deep)


def compose_lists(
    workspace: ScoringWorkspace,
    pages: Sequence[PageRequest],
    *,
    with_reasons: bool = False,
    keep: bool = False,
) -> Iterator[PersonList]:
    """A list for each question, in their order, all from the same snapshot of now.

    keep: the lists are logged, so that what people do with them is attributed to them. Raises
    ModelError where nothing is live.
    """
    snapshot = workspace.manager.caught_up()
    rows = min(MAX_PEOPLE, max(1, MAX_SCORES // max(len(snapshot.catalogue), 1)))
    for start in range(0, len(pages), rows):
        questions = [_question(workspace, page, snapshot) for page in pages[start : start + rows]]
        scorers = _scorers(workspace, questions, snapshot, explained=with_reasons or keep)
        for (page, question), scorer in zip(questions, scorers, strict=True):
            slate = _slate(workspace, page, question, scorer, snapshot)
            if with_reasons or keep:
                yield _explained_list(workspace, page, question, slate, snapshot, keep=keep)
            else:
                yield _plain_list(page, slate, snapshot)


def _question(
    workspace: ScoringWorkspace, page: PageRequest, snapshot: Snapshot
) -> tuple[PageRequest, FilterContext]:
    """The whole question, with what the person did."""
    slates = workspace.slates
    page = slates.permitted(page).asked_by(slates.owner(page.request))
    return page, slates.question(page, slates.user_context(page.request, snapshot), snapshot)


def _scorers(
    workspace: ScoringWorkspace,
    questions: Sequence[tuple[PageRequest, FilterContext]],
    snapshot: Snapshot,
    *,
    explained: bool,
) -> list[Scores | None]:
    """What scores each question; None where it is not all experts, or not the whole catalogue."""
    if not is_exhaustive(len(snapshot.catalogue)):
        return [None] * len(questions)
    product, scorers = snapshot.product, list[Scores | None]([None] * len(questions))
    usual = [
        row
        for row, (page, _) in enumerate(questions)
        if page.request.is_scored and page.request.kind != "bought_together"
    ]
    contexts = [_read(workspace, *questions[row], snapshot) for row in usual]
    if contexts:
        scores = product.score(contexts)
        for row, context, score_row in zip(usual, contexts, scores, strict=True):
            scorers[row] = RowScorer(product, context, score_row, explained=explained)
    return scorers


def _read(
    workspace: ScoringWorkspace, page: PageRequest, question: FilterContext, snapshot: Snapshot
) -> UserContext:
    """What the person did, their searches and reviews read."""
    keep = not page.request.incognito
    return workspace.listen(question.user_context, snapshot.encoder, keep=keep)


def _slate(
    workspace: ScoringWorkspace,
    page: PageRequest,
    question: FilterContext,
    scorer: Scores | None,
    snapshot: Snapshot,
) -> ExplainedSlate:
    """The list by its scores."""
    slates, keep = workspace.slates, not page.request.incognito
    if scorer is not None:
        return slates.slate(page, question, scorer)
    listen = partial(workspace.listen, encoder=snapshot.encoder, keep=keep)
    make_slate = partial(slates.slate, page, question)
    score = partial(slates.scorer, snapshot, listen, deep=page.request.explain)
    best_level = levels(snapshot, question, score, make_slate, slates.together_scorer)[0]
    return best_level.work()


def _plain_list(page: PageRequest, slate: ExplainedSlate, snapshot: Snapshot) -> PersonList:
    """The items alone: to say why costs more than the rest."""
    choice, catalogue = slate.choice, snapshot.catalogue
    items = tuple(
        ListItem(catalogue.ids[item], position, score, catalogue.titles[item])
        for item, position, score in zip(
            choice.items.tolist(), choice.positions, choice.scores.tolist(), strict=True
        )
    )
    return PersonList(page.request, snapshot.version, items)


def _explained_list(
    workspace: ScoringWorkspace,
    page: PageRequest,
    question: FilterContext,
    slate: ExplainedSlate,
    snapshot: Snapshot,
    *,
    keep: bool,
) -> PersonList:
    """The items, with why each is there."""
    recommendation = workspace.slates.recommendation(question, snapshot, slate)
    if keep:
        workspace.slates.keep(page.request, recommendation, owner=page.request.user)
    items = tuple(
        ListItem(item.id, item.position, item.score, item.title, tuple(item.reason))
        for item in recommendation
    )
    return PersonList(
        page.request,
        snapshot.version,
        items,
        recommendation.recommendation_id if keep else None,
    )
