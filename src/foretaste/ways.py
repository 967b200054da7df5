"""Ways to ask what is live: for a list, the best way first, from all experts to popularity; and for
whoever wants to know more, the product itself, held still.

In: a question. Out: what `ladder` climbs down until a list is there in time, or what is live.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

import numpy as np

from foretaste.domain import Behaviour
from foretaste.keeping import Keeper
from foretaste.ladder import Budget, Way
from foretaste.listing import Asked, Composed, Lists
from foretaste.live import Live
from foretaste.model.scorer import Scorer
from foretaste.rank.filters import Question
from foretaste.standby import popular

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
