"""What experts that learn from no event share: they are made from the catalogue and their settings,
and read the history at each request.
"""

from typing import Generic, TypeVar

from pydantic import BaseModel

from foretaste.domain.data import UserContext
from foretaste.domain.ports import StateArrays, StateMetadata
from foretaste.model.experts.by_scorer import ExpertByScorer

S = TypeVar("S", bound=BaseModel)


class StatelessExpert(ExpertByScorer, Generic[S]):
    """An expert that is made from the catalogue and its settings."""

    name: str
    is_counting = False

    def __init__(self, settings: S) -> None:
        self._settings = settings

    def learn(self, user_context: UserContext, item: int, weight: float, at: float) -> None:
        """Nothing to learn: the history is read when asked."""

    def state(self) -> tuple[StateArrays, StateMetadata]:
        """Only how it was set; the rest is made from the catalogue."""
        return {}, self._settings.model_dump()
