"""What experts that learn from no event share: they are made from the catalogue and their settings,
and read the history at each request.
"""

from collections.abc import Sequence
from typing import Generic, TypeVar

import numpy as np
from pydantic import BaseModel

from foretaste.domain.data import Floats, Ints, Term, UserContext
from foretaste.domain.ports import RequestScorer, StateArrays, StateMetadata

S = TypeVar("S", bound=BaseModel)


class StatelessExpert(Generic[S]):
    """An expert whose answers are those of its `scorer`."""

    name: str
    is_counting = False

    def __init__(self, settings: S) -> None:
        self._settings = settings

    def scorer(self, user_context: UserContext) -> RequestScorer:
        """What it says at one request."""
        raise NotImplementedError

    def log_prob(self, user_contexts: Sequence[UserContext]) -> Floats:
        """[user_contexts, items]"""
        return np.stack([self.scorer(user_context).log_prob() for user_context in user_contexts])

    def learn(self, user_context: UserContext, item: int, weight: float, at: float) -> None:
        """Nothing to learn: the history is read when asked."""

    def terms(
        self, user_context: UserContext, items: Ints, *, deep: bool = True
    ) -> list[list[Term]]:
        """As `RequestScorer.terms`."""
        return self.scorer(user_context).terms(items, deep=deep)

    def state(self) -> tuple[StateArrays, StateMetadata]:
        """Only how it was set; the rest is made from the catalogue."""
        return {}, self._settings.model_dump()
