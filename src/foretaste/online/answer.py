"""Ways to ask what is live: for a list, the best way first, from all experts to popularity; and for
whoever wants to know more, the product itself, held still.

In: a question. Out: the list that `ladder` comes to in time, with the store or, while it cannot be
reached, without; or what is live.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Protocol

import numpy as np

from foretaste.domain.data import Behaviour, Degraded, Recommendation, Rung
from foretaste.errors import StoreError
from foretaste.model.scorer import Scorer
from foretaste.online.fallback import Budget, Ladder, Way
from foretaste.online.manager import Behind, Keeper
from foretaste.online.model import Live
from foretaste.online.outage import WHY, Outage
from foretaste.online.slate import Asked, Composed, Lists
from foretaste.online.snapshot import popular
from foretaste.rank.filters import Question

Listen = Callable[[Behaviour], Behaviour]
"""Has the language model read what the person said."""


class Turn(Protocol):
    """What the loop lends to whoever asks the product something else than for a list."""

    @property
    def lists(self) -> Lists: ...
    @property
    def keeper(self) -> Keeper: ...
    def listen(
        self, one: Behaviour, encoder: str | None = None, *, keep: bool = True
    ) -> Behaviour: ...


class Answering(Turn, Protocol):
    """What it lends for a list."""

    @property
    def ladder(self) -> Ladder: ...
    @property
    def outage(self) -> Outage: ...


def answer(turn: Answering, asked: Asked, rng: np.random.Generator | None) -> Recommendation:
    """The list, in the time that the question allows; from memory where the store is away."""
    budget = Budget(asked.request.timeout_ms)
    memory = turn.outage.lists
    if memory is None:
        try:
            return _list(turn, asked, budget, turn.lists, turn.keeper.fresh(budget), rng)
        except StoreError as error:
            memory = turn.outage.begin(error)
    memory.answers = turn.lists.answers  # kept with the others, for when the store is back
    return _list(turn, asked, budget, memory, turn.keeper.as_it_is(budget), rng)


def _list(
    turn: Answering,
    asked: Asked,
    budget: Budget,
    lists: Lists,
    held: AbstractContextManager[Live],
    rng: np.random.Generator | None,
) -> Recommendation:
    request, without = asked.request, lists is not turn.lists
    try:
        with held as live:
            question = lists.question(asked, lists.behaviour(request, live), live)
            listen = partial(turn.listen, encoder=live.encoder, keep=not request.incognito)
            rungs = ways(lists, asked, question, live, listen, rng)
            rung, list_, why = turn.ladder.climb(rungs, budget, live.readers)
            degraded = degradation(rung, why or "", without_store=without)
            return lists.told(request, question, live, list_, degraded)
    except Behind as late:
        assert turn.keeper.standby is not None  # there is one once there is something live
        why = f"{late}; {WHY}" if without else str(late)
        return lists.stand_in(asked, turn.keeper.standby, why)


def degradation(rung: Rung, why: str, *, without_store: bool) -> Degraded | None:
    """What is said of a list that is not what it might be."""
    if not without_store:
        return None if rung == "full" else Degraded(rung, why)
    return Degraded("memory", WHY) if rung == "full" else Degraded(rung, f"{why}; {WHY}")


@contextmanager
def heard(turn: Turn, asked: Asked) -> Iterator[tuple[Live, Question, Scorer]]:
    """What is live, the question, and what the product says to it; nothing changes meanwhile."""
    request = asked.request
    with turn.keeper.fresh(Budget(None)) as live:
        question = turn.lists.question(asked, turn.lists.behaviour(request, live), live)
        one = turn.listen(question.behaviour, live.encoder, keep=not request.incognito)
        yield live, question, live.product.scorer(one)


def ways(
    lists: Lists,
    asked: Asked,
    question: Question,
    live: Live,
    listen: Listen,
    rng: np.random.Generator | None,
) -> list[Way[Composed]]:
    """The best first."""
    request, one = asked.request, question.behaviour

    def full() -> Composed:
        return lists.compose(asked, question, live.product.scorer(listen(one)), rng)

    def counting() -> Composed:
        return lists.compose(asked, question, live.product.quick().scorer(one), rng)

    def by_popularity() -> Composed:
        return lists.compose(asked, question, popular(live), rng)

    if request.window is not None:
        return [Way("full", lambda: lists.trending(asked, question, popular(live)))]
    kind = (request.explain, bool(one.query))
    return [
        Way("full", full, kind),
        Way("counting", counting, kind),
        Way("popularity", by_popularity),
    ]
