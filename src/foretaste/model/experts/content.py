"""Content: what reads like the recent items, reviews and searches. P(item | taste vector).

The taste vector is the decayed sum of what the language model read of the last events; P is the
softmax of its cosine with each item. Alive for a new item and from the first event.
"""

from collections.abc import Sequence
from typing import Self

import numpy as np

from foretaste.domain.arrays import total
from foretaste.domain.data import Behaviour, Catalogue, Floats, Ints, Term
from foretaste.domain.ports import Arrays, Facts
from foretaste.model.experts.stateless import StatelessExpert
from foretaste.model.index.build import extended_index, shared_index
from foretaste.model.index.softmax import SoftmaxScorer
from foretaste.model.settings import ContentSettings
from foretaste.model.terms import AVERAGE
from foretaste.model.training import Training


def log_softmax(scores: Floats) -> Floats:
    """Row by row."""
    top = scores.max(axis=-1, keepdims=True)
    return scores - top - np.log(np.exp(scores - top).sum(axis=-1, keepdims=True))


class Content(StatelessExpert[ContentSettings]):
    """Cosine in the language model's space."""

    name = "content"

    def __init__(self, settings: ContentSettings, catalogue: Catalogue) -> None:
        super().__init__(settings)
        self._read = shared_index(catalogue.vectors)
        self._ids = catalogue.ids
        self._sum = total(catalogue.vectors)  # [dim]

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
        vectors = self._read.vectors
        nothing = np.zeros(vectors.shape[1], np.float32)
        vector = vectors[item] if item >= 0 else nothing
        if behaviour.text_vectors is not None:
            vector = vector + behaviour.text_vectors[row]
        length = float(np.linalg.norm(vector))
        return vector / np.float32(length) if length > 0 else None

    def _taste(self, behaviour: Behaviour) -> Floats:
        """[dim], of length 1, or zero."""
        _, parts = self._parts(behaviour)
        return self._direction(parts)

    def _direction(self, parts: Floats) -> Floats:
        if not len(parts):
            return np.zeros(self._read.vectors.shape[1], np.float32)
        taste = parts.sum(axis=0)
        return taste / np.float32(max(float(np.linalg.norm(taste)), 1e-9))

    def log_prob(self, behaviours: Sequence[Behaviour]) -> Floats:
        """[behaviours, items]"""
        tastes = np.stack([self._taste(one) for one in behaviours])
        return log_softmax(self._read.index.scores(tastes / np.float32(self._settings.temperature)))

    def opinion(self, behaviour: Behaviour) -> "ContentOpinion":
        """The history read once."""
        return ContentOpinion(self, behaviour)

    def active(self, behaviour: Behaviour) -> bool:
        """From the first event that can be read."""
        return any(self._vector(behaviour, row) is not None for row in range(len(behaviour))[::-1])

    def grow(self, catalogue: Catalogue, changed: Sequence[int] | None = None) -> None:
        """New items are read like the others."""
        known = 0 if changed is None else len(self._ids)
        self._read = extended_index(self._read, catalogue.vectors, changed)
        self._sum = total(catalogue.vectors, known) + (self._sum if known else 0)
        self._ids = catalogue.ids

    @classmethod
    def restored(cls, arrays: Arrays, facts: Facts, catalogue: Catalogue) -> Self:
        """The inverse of `state`."""
        return cls(ContentSettings(**facts), catalogue)


class ContentOpinion(SoftmaxScorer):
    """The taste vector against the items."""

    def __init__(self, expert: Content, behaviour: Behaviour) -> None:
        self._expert = expert
        self._names, self._parts = expert._parts(behaviour)
        temperature = np.float32(expert._settings.temperature)
        self._scale = 1 / (max(float(np.linalg.norm(self._parts.sum(axis=0))), 1e-9) * temperature)
        super().__init__(expert._read.index, expert._direction(self._parts) / temperature)

    def terms(self, items: Ints, *, deep: bool = True) -> list[list[Term]]:
        """What each event adds over what it adds to the average item, and the rest."""
        name, read = self._expert.name, self._expert._read
        log_prob = self.log_prob(items).astype(np.float64)
        if not len(self._parts):
            return [[Term(name, float(one), feature=AVERAGE)] for one in log_prob]
        # against the average item, whose part is that of the average vector
        mean = self._expert._sum / np.float32(len(read.vectors))
        away = read.vectors[items] - mean
        each = (self._parts @ away.T * self._scale).astype(np.float64)  # [events, items]
        rest = log_prob - each.sum(axis=0)
        return [
            [
                Term(name, float(rest[place]), feature=AVERAGE),
                *(
                    Term(name, float(each[event, place]), event=past)
                    for event, past in enumerate(self._names)
                ),
            ]
            for place in range(len(items))
        ]
