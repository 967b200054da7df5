"""Histories and models small enough to be worked out by hand."""

from collections.abc import Sequence

import numpy as np

from foretaste.domain.data import EvaluationCases, Floats, Interactions, UserContext


def cases(*sequences: list[int], refused: Sequence[int] = ()) -> EvaluationCases:
    """Of each person the last item is the target. refused: the rows that hid their item."""
    lengths = [len(items) for items in sequences]
    n = sum(lengths)
    ends = np.cumsum(lengths)
    weight = np.ones(n, np.float32)
    weight[list(refused)] = -1
    histories = Interactions(
        users=tuple(f"p{person}" for person in range(len(sequences))),
        offsets=np.concatenate([[0], ends]).astype(np.int64),
        item=np.array([item for items in sequences for item in items], np.int32),
        weight=weight,
        kind=np.zeros(n, np.int8),
        value=np.full(n, np.nan, np.float32),
        at=np.arange(n, dtype=np.float64),
        text=np.full(n, -1, np.int32),
        event_types=("view",),
        texts=(),
    )
    return EvaluationCases(histories, np.arange(len(sequences)), (ends - 1).astype(np.int64))


class Fixed:
    """Gives every person the same scores."""

    def __init__(self, *scores: float) -> None:
        self.scores = np.array(scores, np.float32)  # [items]

    def __call__(self, behaviours: list[UserContext]) -> Floats:
        return np.tile(self.scores, (len(behaviours), 1))


def follows(behaviours: list[UserContext], items: int = 10) -> Floats:
    """Expects the item after the last one."""
    scores = np.zeros((len(behaviours), items), np.float32)
    for row, behaviour in enumerate(behaviours):
        if len(behaviour):
            scores[row, (behaviour.item[-1] + 1) % items] = 1
    return scores
