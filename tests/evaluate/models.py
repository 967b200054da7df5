"""Models that say the same for everybody, and what becomes of them when they are judged."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from foretaste.domain.data import EvaluationCases, Floats, Split, UserContext
from foretaste.evaluate.evaluation import Evaluation, evaluate_product
from foretaste.evaluate.sampled_lists import ListInputs

from .helpers import follows

SIZE = 30


class Expert:
    """Says the same for everybody."""

    def __init__(self, name: str, scores: Floats) -> None:
        self.name, self._scores = name, scores

    def log_prob(self, user_contexts: Sequence[UserContext]) -> Floats:
        return np.tile(self._scores, (len(user_contexts), 1))


class Product:
    """Follows the last item, or what one of its experts says."""

    size = SIZE

    def __init__(self, *experts: Any, listens_to: int | None = None) -> None:
        self.experts, self._listens_to = experts, listens_to
        self.asked = 0

    def weights_by_expert(self) -> Mapping[str, Any]:
        return {}

    def expert_weights(self, user_contexts: Sequence[UserContext]) -> Floats:
        return np.ones((len(user_contexts), len(self.experts)), np.float32)

    def score(self, user_contexts: Sequence[UserContext]) -> Floats:
        return self.combine([one.log_prob(user_contexts) for one in self.experts], user_contexts)

    def combine(self, log_probs: Sequence[Floats], user_contexts: Sequence[UserContext]) -> Floats:
        self.asked += len(user_contexts)
        return (
            follows(list(user_contexts), SIZE)
            if self._listens_to is None
            else log_probs[self._listens_to]
        )


UP = Expert("up", np.arange(SIZE, dtype=np.float32))
DOWN = Expert("down", np.arange(SIZE, 0, -1).astype(np.float32))


def split(held: EvaluationCases) -> Split:
    return Split("leave-one-out", held.interactions, held, held, held.interactions)


def judged(
    held: EvaluationCases,
    product: Product,
    *,
    hide_seen: bool = True,
    place: ListInputs | None = None,
) -> Evaluation:
    return evaluate_product(
        product,
        product,
        split(held),
        training_seconds=(0.0, 0.0),
        hide_seen=hide_seen,
        list_inputs=place,
    )
