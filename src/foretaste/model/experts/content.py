"""Content: what reads like the recent items, reviews and searches. P(item | taste vector).

The taste vector is the decayed sum of what the language model read of the last events; P is the
softmax of its cosine with each item, both in 8 bits. Alive for a new item and from the first event.
"""

from collections.abc import Sequence
from typing import Self

import numpy as np

from foretaste.domain.arrays import sum_rows
from foretaste.domain.data import Catalogue, Floats, Ints, UserContext
from foretaste.domain.event_value import MIN_WEIGHT
from foretaste.domain.ports import StateArrays, StateMetadata
from foretaste.domain.term_table import TermTable
from foretaste.domain.text_limits import shorten
from foretaste.model.experts.stateless import StatelessExpert
from foretaste.model.index.base import VectorIndex, is_exhaustive, rows_of
from foretaste.model.index.build import extended_index, shared_index, vector_sum
from foretaste.model.index.quantized import QuantizedIndex
from foretaste.model.index.softmax import SoftmaxScorer, log_softmax
from foretaste.model.settings import ContentSettings
from foretaste.model.terms import event_columns, rest_terms
from foretaste.model.training import Training

QUANTIZED = "quantized"
"""Of the metadata of a version: whether items are compared in 8 bits."""


class ContentExpert(StatelessExpert[ContentSettings]):
    """Cosine in the language model's space."""

    name = "content"

    def __init__(
        self, settings: ContentSettings, catalogue: Catalogue, *, is_quantized: bool = True
    ) -> None:
        """is_quantized: whether items are compared in 8 bits; not in versions from before."""
        super().__init__(settings)
        self._is_quantized = is_quantized
        self._text_space = shared_index(catalogue.vectors, catalogue.derived)
        self._index = self._index_after(None)
        self._item_ids = catalogue.ids
        self._vector_sum = vector_sum(catalogue)  # [dim]

    @classmethod
    def fit(cls, training: Training) -> list[Self]:
        """Nothing to learn; left out where there is nothing to read."""
        if not training.catalogue.vectors.any():
            return []
        return [cls(training.settings.content, training.catalogue)]

    def _event_vectors(self, user_context: UserContext) -> tuple[list[str], Floats]:
        """Names and weighted vectors [events, dim] of the last events that say something."""
        settings = self._settings
        event_names: list[str] = []
        vectors: list[Floats] = []
        worths = user_context.event_worths
        for row in range(len(user_context) - 1, -1, -1):
            vector = self._event_vector(user_context, row)
            if vector is None:
                continue
            item = int(user_context.item[row])
            event_names.append(
                self._item_ids[item] if item >= 0 else shorten(user_context.text[row])
            )
            worth = 1.0 if worths is None else float(worths[row])
            event_weight = max(worth, MIN_WEIGHT) * settings.decay ** len(vectors)
            vectors.append(vector * np.float32(event_weight))
            if len(vectors) == settings.max_recent_events:
                break
        return event_names, np.stack(vectors) if vectors else np.zeros((0, 0), np.float32)

    def _event_vector(self, user_context: UserContext, row: int) -> Floats | None:
        """[dim], what one event says: the item, its review, or the search; None for nothing."""
        if user_context.weight[row] <= 0:
            return None
        item = int(user_context.item[row])
        vectors = self._text_space.vectors
        zero_vector = np.zeros(vectors.shape[1], np.float32)
        vector = vectors[item] if item >= 0 else zero_vector
        if user_context.text_vectors is not None:
            vector = vector + user_context.text_vectors[row]
        length = float(np.linalg.norm(vector))
        return vector / np.float32(length) if length > 0 else None

    def _taste_vector(self, user_context: UserContext) -> Floats:
        """[dim], of length 1, or zero."""
        _, event_vectors = self._event_vectors(user_context)
        return self._unit_sum(event_vectors)

    def _unit_sum(self, event_vectors: Floats) -> Floats:
        if not len(event_vectors):
            return np.zeros(self._text_space.vectors.shape[1], np.float32)
        taste = event_vectors.sum(axis=0)
        return taste / np.float32(max(float(np.linalg.norm(taste)), 1e-9))

    def _index_after(self, changed: Sequence[int] | None) -> VectorIndex:
        """What the taste is compared with. changed: as in `grow`."""
        vectors, old_index = self._text_space.vectors, getattr(self, "_index", None)
        if not self._is_quantized or not is_exhaustive(len(vectors)):
            return self._text_space.index  # vectors of a large catalogue are in 8 bits already
        if changed is None or not isinstance(old_index, QuantizedIndex):
            return QuantizedIndex.of(rows_of(vectors), len(vectors))
        return old_index.extended(rows_of(vectors), len(vectors), changed)

    def log_prob(self, user_contexts: Sequence[UserContext]) -> Floats:
        """[user_contexts, items]"""
        tastes = np.stack([self._taste_vector(user_context) for user_context in user_contexts])
        return log_softmax(self._index.scores(tastes / np.float32(self._settings.temperature)))

    def scorer(self, user_context: UserContext) -> "ContentScorer":
        """The history read once."""
        return ContentScorer(self, user_context)

    def is_active(self, user_context: UserContext) -> bool:
        """From the first event that can be read."""
        return any(
            self._event_vector(user_context, row) is not None
            for row in range(len(user_context))[::-1]
        )

    def grow(self, catalogue: Catalogue, changed: Sequence[int] | None = None) -> None:
        """New items are read like the others."""
        old_size = 0 if changed is None else len(self._item_ids)
        self._text_space = extended_index(self._text_space, catalogue.vectors, changed)
        self._index = self._index_after(changed)
        self._vector_sum = sum_rows(catalogue.vectors, old_size) + (
            self._vector_sum if old_size else 0
        )
        self._item_ids = catalogue.ids

    def state(self) -> tuple[StateArrays, StateMetadata]:
        """Only how it was set and compares; the rest is made from the catalogue."""
        arrays, metadata = super().state()
        return arrays, {**metadata, QUANTIZED: self._is_quantized}

    @classmethod
    def from_state(cls, arrays: StateArrays, metadata: StateMetadata, catalogue: Catalogue) -> Self:
        """The inverse of `state`."""
        settings = {name: value for name, value in metadata.items() if name != QUANTIZED}
        is_quantized = bool(metadata.get(QUANTIZED, False))
        return cls(ContentSettings(**settings), catalogue, is_quantized=is_quantized)


class ContentScorer(SoftmaxScorer):
    """The taste vector against the items."""

    def __init__(self, expert: ContentExpert, user_context: UserContext) -> None:
        self._expert = expert
        self._event_names, self._event_vectors = expert._event_vectors(user_context)
        temperature = np.float32(expert._settings.temperature)
        self._scale = 1 / (
            max(float(np.linalg.norm(self._event_vectors.sum(axis=0))), 1e-9) * temperature
        )
        super().__init__(expert._index, expert._unit_sum(self._event_vectors) / temperature)

    def terms(self, items: Ints, *, deep: bool = True) -> TermTable:
        """What each event adds over what it adds to the average item, and the rest."""
        name, text_space = self._expert.name, self._expert._text_space
        log_prob = self.log_prob(items).astype(np.float64)
        if not len(self._event_vectors):
            return rest_terms(name, log_prob)
        # against the average item, whose part is that of the average vector
        mean = self._expert._vector_sum / np.float32(len(text_space.vectors))
        deviations = text_space.vectors[items] - mean
        event_nats = (self._event_vectors @ deviations.T * self._scale).astype(
            np.float64
        )  # [events, items]
        average_terms = rest_terms(name, log_prob - event_nats.sum(axis=0))
        return average_terms.with_columns(event_columns(name, self._event_names), event_nats.T)
