"""Who may score a question, the best first, and what is said of an answer that the best did not
score; and for whoever wants to know more, the product itself.

In: a question and a snapshot. Out: levels for `fallback`; or scores.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

from foretaste.domain.data import Degradation, FallbackLevel, UserContext
from foretaste.domain.store import Store
from foretaste.errors import Overdue
from foretaste.model.product_scorer import ProductScorer, Scores
from foretaste.online.fair_queue import Slot
from foretaste.online.fallback import Budget, FallbackChain, Level, Outcome
from foretaste.online.manager import ModelManager
from foretaste.online.query_facets import QueryFacets
from foretaste.online.slate import ExplainedSlate, PageRequest, SlateBuilder
from foretaste.online.snapshot import Snapshot
from foretaste.rank.filters import FilterContext

SLOT_SHARE = 0.6
"""Of the time that is left what waiting for a slot may take."""
MAX_QUICK_ITEMS = 100
"""Items of a list that is put together without a slot at most."""
NO_SLOT = "too many lists were asked for at once, and no turn came in time"


class ScoringWorkspace(Protocol):
    """What the loop lends to whoever asks the product something else than for a list."""

    @property
    def store(self) -> Store: ...
    @property
    def slates(self) -> SlateBuilder: ...
    @property
    def manager(self) -> ModelManager: ...
    @property
    def query_facets(self) -> QueryFacets: ...
    def listen(
        self, behaviour: UserContext, encoder: str | None = None, *, keep: bool = True
    ) -> UserContext: ...


def scored(
    workspace: ScoringWorkspace, page: PageRequest
) -> tuple[Snapshot, FilterContext, ProductScorer]:
    """The snapshot of now, the question to it, and what all its experts say."""
    snapshot, slates = workspace.manager.caught_up(), workspace.slates
    page, _ = workspace.query_facets.apply(slates.permitted(page), slates, snapshot)
    context = slates.user_context(page.request, snapshot)
    question = slates.question(page, context, snapshot)
    keep = not page.request.incognito
    read_context = workspace.listen(question.user_context, snapshot.encoder, keep=keep)
    return snapshot, question, snapshot.product.scorer(read_context)


def levels(
    snapshot: Snapshot,
    question: FilterContext,
    score: Callable[[UserContext], Scores],
    slate: Callable[[Scores], ExplainedSlate],
    together: Callable[[FilterContext, Snapshot], Scores],
) -> list[Level[ExplainedSlate]]:
    """All experts; those that only count; popularity alone. `score`: what all experts say.
    `slate`: what is made of scores. `together`: what scores what is taken together, where that is
    asked for.
    """
    request, context, product = question.request, question.user_context, snapshot.product
    popularity = partial(product.popularity_scorer, len(snapshot.catalogue))
    if not request.is_scored:
        return [Level("full", lambda: slate(popularity()))]
    if request.kind == "bought_together":
        return [
            Level("full", lambda: slate(together(question, snapshot)), "together"),
            Level("popularity", lambda: slate(popularity())),
        ]
    kind = (request.explain, bool(context.query), request.n.bit_length())
    only_computes = not (context.has_query or any(context.text))
    return [
        Level("full", lambda: slate(score(context)), kind, only_computes),
        Level("counting", lambda: slate(product.fast_product().scorer(context)), kind),
        Level("popularity", lambda: slate(popularity())),
    ]


def first_in_time(
    fallback: FallbackChain,
    chain: Sequence[Level[ExplainedSlate]],
    question: FilterContext,
    budget: Budget,
    slot: Slot,
) -> Outcome[ExplainedSlate]:
    """The best list that is there in time; without a slot to compute in, the last. What its
    conditions mean is looked up first: no level can do without. Raises Overdue where even that
    takes too long, and for a long list that has no slot.
    """
    fallback.lookup.look_up(question, budget)
    if not slot.granted:
        if question.request.n > MAX_QUICK_ITEMS:
            raise Overdue(
                f"{NO_SLOT}: a list of {question.request.n} items takes one; ask again in a "
                f"moment, for {MAX_QUICK_ITEMS} items at most, or with a longer timeout_ms"
            )
        return fallback.first_in_time(chain[-1:], budget)._replace(reason=NO_SLOT)
    return fallback.first_in_time(chain, budget, slot.hold_until)


def degradation(
    level: FallbackLevel, reason: str | None, *, lag: str | None, outage: str | None
) -> Degradation | None:
    """What is said of a list that is not what it might be.

    reason: no better level answered. lag: something that this user did is not in it. outage: what
    is not known while the store cannot be reached.
    """
    reasons = [text for text in (reason, lag, outage) if text]
    if level == "full" and outage is not None:
        level = "memory"
    return Degradation(level, "; ".join(reasons)) if reasons else None
