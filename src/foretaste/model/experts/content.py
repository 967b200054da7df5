"""Content: what reads like the recent items, reviews and searches. P(item | taste vector).

The taste vector is the decayed sum of what the language model read of the last events; P is the
softmax of its cosine with each item. Alive for a new item and from the first event.
"""

from collections.abc import Sequence
from typing import Self

import numpy as np

from foretaste.domain import Behaviour, Catalogue, Floats, Ints, Term
from foretaste.model.settings import ContentSettings
from foretaste.model.terms import AVERAGE
from foretaste.model.training import Training
from foretaste.ports import Arrays, Facts


def log_softmax(scores: Floats) -> Floats:
    """Row by row."""
    top = scores.max(axis=-1, keepdims=True)
    return scores - top - np.log(np.exp(scores - top).sum(axis=-1, keepdims=True))


class Content:
    """Cosine in the language model's space."""

    name = "content"
    counting = False

    def __init__(self, settings: ContentSettings, catalogue: Catalogue) -> None:
        self._settings = settings
        self.grow(catalogue)

    @classmethod
    def fit(cls, training: Training) -> list[Self]:
        """Nothing to learn; left out where there is nothing to read."""
        if not training.catalogue.vectors.any():
            return []
        return [cls(training.settings.content, training.catalogue)]

    def _parts(self, behaviour: Behaviour) -> tuple[list[str], Floats]:
        """Names and weighted vectors [events, dim] of the last events that say something."""
        settings = self._settings
        names: list[str] = []
        vectors: list[Floats] = []
        for row in range(len(behaviour) - 1, -1, -1):
            vector = self._vector(behaviour, row)
            if vector is None:
                continue
            item = int(behaviour.item[row])
            names.append(self._ids[item] if item >= 0 else behaviour.text[row])
            vectors.append(vector * np.float32(settings.decay ** len(vectors)))
            if len(vectors) == settings.last:
                break
        return names, np.stack(vectors) if vectors else np.zeros((0, 0), np.float32)

    def _vector(self, behaviour: Behaviour, row: int) -> Floats | None:
        """[dim], what one event says: the item, its review, or the search; None for nothing."""
        if behaviour.weight[row] <= 0:
            return None
        item = int(behaviour.item[row])
        vector = self._vectors[item] if item >= 0 else np.zeros(self._vectors.shape[1], np.float32)
        if behaviour.text_vectors is not None:
            vector = vector + behaviour.text_vectors[row]
        length = float(np.linalg.norm(vector))
        return vector / np.float32(length) if length > 0 else None

    def _taste(self, behaviour: Behaviour) -> Floats:
        """[dim], of length 1, or zero."""
        _, parts = self._parts(behaviour)
        if not len(parts):
            return np.zeros(self._vectors.shape[1], np.float32)
        taste = parts.sum(axis=0)
        return taste / max(float(np.linalg.norm(taste)), 1e-9)

    def log_prob(self, behaviours: Sequence[Behaviour]) -> Floats:
        """[behaviours, items]"""
        taste = np.stack([self._taste(one) for one in behaviours])
        return log_softmax(taste @ self._vectors.T / np.float32(self._settings.temperature))

    def active(self, behaviour: Behaviour) -> bool:
        """From the first event that can be read."""
        return bool(self._taste(behaviour).any())

    def learn(self, before: Behaviour, item: int, weight: float, at: float) -> None:
        """Nothing to learn: the history is read when asked."""

    def grow(self, catalogue: Catalogue) -> None:
        """New items are read like the others."""
        self._vectors = catalogue.vectors
        self._mean = catalogue.vectors.mean(axis=0)  # [dim]
        self._ids = catalogue.ids

    def terms(self, behaviour: Behaviour, items: Ints, *, deep: bool = True) -> list[list[Term]]:
        """What each event adds over what it adds to the average item, and the rest."""
        names, parts = self._parts(behaviour)
        length = max(float(np.linalg.norm(parts.sum(axis=0))), 1e-9)
        scale = np.float32(1 / (length * self._settings.temperature))
        # against the average item, whose part is that of the average vector
        each = parts @ (self._vectors[items] - self._mean).T * scale  # [events, items asked about]
        rest = (
            float(self.log_prob([behaviour])[0, items[0]] - each[:, 0].sum()) if len(items) else 0
        )
        return [
            [
                Term(self.name, rest, feature=AVERAGE),
                *(
                    Term(self.name, float(each[event, place]), event=name)
                    for event, name in enumerate(names)
                ),
            ]
            for place in range(len(items))
        ]

    def state(self) -> tuple[Arrays, Facts]:
        """Only how it was set."""
        return {}, self._settings.model_dump()

    @classmethod
    def restored(cls, arrays: Arrays, facts: Facts, catalogue: Catalogue) -> Self:
        """The inverse of `state`."""
        return cls(ContentSettings(**facts), catalogue)
