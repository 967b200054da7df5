"""What experts share that learn from no event: they are made from the catalogue and their settings,
and read the history when they are asked.
"""

from collections.abc import Sequence
from typing import Generic, TypeVar

import numpy as np
from pydantic import BaseModel

from foretaste.domain.data import Behaviour, Floats, Ints, Term
from foretaste.domain.ports import Arrays, Facts, Opinion

S = TypeVar("S", bound=BaseModel)


class StatelessExpert(Generic[S]):
    """An expert whose answers are those of its `opinion`."""

    name: str
    counting = False

    def __init__(self, settings: S) -> None:
        self._settings = settings

    def opinion(self, behaviour: Behaviour) -> Opinion:
        """What it thinks at one request."""
        raise NotImplementedError

    def log_prob(self, behaviours: Sequence[Behaviour]) -> Floats:
        """[behaviours, items]"""
        return np.stack([self.opinion(behaviour).log_prob() for behaviour in behaviours])

    def learn(self, before: Behaviour, item: int, weight: float, at: float) -> None:
        """Nothing to learn: the history is read when asked."""

    def terms(self, behaviour: Behaviour, items: Ints, *, deep: bool = True) -> list[list[Term]]:
        """As `Opinion.terms`."""
        return self.opinion(behaviour).terms(items, deep=deep)

    def state(self) -> tuple[Arrays, Facts]:
        """Only how it was set; the rest is made from the catalogue."""
        return {}, self._settings.model_dump()
