"""Audio match: whose clip is the recording that somebody asks with. P(item | landmarks of a clip).

Pairs of peaks of a spectrogram are looked up, and are of the same recording where many of them lie
at one distance in time (Wang 2003, An industrial-strength audio search algorithm). log P rises by
the nats by which that is likelier than chance. An unknown clip has no more in common with any item
than chance gives: then all are alike, and what it sounds like decides.

It speaks only where a clip is asked with; no training fits it.
"""

from collections.abc import Sequence
from typing import Self

import numpy as np

from foretaste.domain.arrays import Array
from foretaste.domain.data import Catalogue, Floats, Ints, UserContext
from foretaste.domain.landmarks import PEAKS_VERSION
from foretaste.domain.media import AUDIO_MATCH, SAME_RECORDING
from foretaste.domain.ports import StateArrays, StateMetadata
from foretaste.domain.term_table import TermTable
from foretaste.model.expert_scorer import SparseScorer
from foretaste.model.experts.by_scorer import ExpertByScorer
from foretaste.model.landmark_index import LandmarkIndex
from foretaste.model.terms import terms_against_average
from foretaste.model.training import Training

MAX_NATS = 60.0
"""Of the best match; where it has more, all are made smaller alike. More than any other expert says
of an item."""


class AudioMatchExpert(ExpertByScorer):
    """The same recording as the clip that is asked with."""

    name = AUDIO_MATCH
    is_counting = False

    def __init__(self, catalogue: Catalogue) -> None:
        self.item_count = len(catalogue)
        self._index = LandmarkIndex.build(_clips(catalogue))

    @classmethod
    def fit(cls, training: Training) -> list[Self]:
        """One where items have clips. Nothing to learn."""
        has_clips = bool(_clips(training.catalogue).any())
        return [cls(training.catalogue)] if has_clips else []

    def is_active(self, user_context: UserContext) -> bool:
        """Where a clip is asked with."""
        return AUDIO_MATCH in user_context.media_queries

    def scorer(self, user_context: UserContext) -> "AudioMatchScorer":
        """The clip, looked up once."""
        query = user_context.media_queries.get(AUDIO_MATCH)
        items, nats = self._index.matches(np.empty(0, np.uint32) if query is None else query)
        scale = min(1.0, MAX_NATS / float(nats.max(initial=1.0)))
        return AudioMatchScorer(self, items, nats * np.float32(scale))

    def learn(self, user_context: UserContext, item: int, weight: float, at: float) -> None:
        """Nothing to learn."""

    def grow(self, catalogue: Catalogue, changed: Sequence[int] | None = None) -> None:
        """New clips are looked up like the others."""
        self.item_count, clips = len(catalogue), _clips(catalogue)
        index = self._index
        self._index = (
            LandmarkIndex.build(clips) if changed is None else index.updated(clips, changed)
        )

    def state(self) -> tuple[StateArrays, StateMetadata]:
        """Nothing: what there is to look up are the clips of the catalogue."""
        return {}, {}

    @classmethod
    def from_state(cls, arrays: StateArrays, metadata: StateMetadata, catalogue: Catalogue) -> Self:
        """The inverse of `state`."""
        return cls(catalogue)


class AudioMatchScorer(SparseScorer):
    """Even, but for the items whose recording it is."""

    def __init__(self, expert: AudioMatchExpert, matched_items: Ints, nats: Floats) -> None:
        """nats: [matched items], above 0."""
        self._name, self._item_count = expert.name, expert.item_count
        self._matched_items = matched_items
        other_count = self._item_count - len(matched_items)
        log_normaliser = np.log(other_count + np.exp(nats.astype(np.float64)).sum())
        values = (nats - log_normaliser).astype(np.float32)
        super().__init__(self._uniform, -log_normaliser, matched_items, values)

    def _uniform(self, items: Ints | None) -> Floats:
        return np.zeros(self._item_count if items is None else len(items), np.float32)

    def terms(self, items: Ints, *, deep: bool = True) -> TermTable:
        """One term: the recording that was asked with, or another."""
        matched_items = set(self._matched_items.tolist())
        features = [
            SAME_RECORDING if item in matched_items else "another recording"
            for item in items.tolist()
        ]
        return terms_against_average(self._name, self.log_prob(items), self._item_count, features)


def _clips(catalogue: Catalogue) -> Array:
    """[items], the peaks of each clip."""
    for space in catalogue.media:
        if space.name == AUDIO_MATCH and space.fingerprint == PEAKS_VERSION:
            return np.asarray(space.vectors)
    return np.full(len(catalogue), b"", object)
