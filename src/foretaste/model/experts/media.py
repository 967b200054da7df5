"""Media: what looks or sounds like the recent items; one expert a space of vectors. P(item |
vectors of the last items).

The vectors of a network that looks or listens lie close together: they are moved to have their
mean at zero and turned so that the directions in which they differ most come first (PCA), of which
the first `dim` are kept. The taste is the decayed sum of the last items' vectors; P is the softmax
of its cosine with each item.

An item without a picture or clip gets the mean of what the others get, so that it neither gains nor
loses by it: its row is the mean of the rows, which gives it the mean of their scores.

A picture or clip that somebody asks with stands in the place of the last items.
"""

from collections.abc import Sequence
from typing import Self

import numpy as np

from foretaste.domain.data import Catalogue, Floats, Ints, Longs, UserContext
from foretaste.domain.event_value import MIN_WEIGHT
from foretaste.domain.media import AUDIO_MATCH, QUERY_FEATURES, MediaSpace
from foretaste.domain.ports import Expert, StateArrays, StateMetadata
from foretaste.domain.term_table import TermColumn, TermTable
from foretaste.model.experts.by_scorer import ExpertByScorer
from foretaste.model.index.base import VectorIndex, float_rows
from foretaste.model.index.build import build_index, extend_index
from foretaste.model.index.softmax import SoftmaxScorer
from foretaste.model.media_projection import MediaProjection, fit_projection
from foretaste.model.settings import MediaSettings
from foretaste.model.terms import event_columns, rest_terms
from foretaste.model.training import Training

TEMPERATURE_GRID = (0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0)
DECAY_GRID = (0.5, 0.7, 0.9)
"""What is chosen from on validation events where the settings leave it open."""
DEFAULT_TEMPERATURE, DEFAULT_DECAY = 0.3, 0.7
QUERY_TEMPERATURE = 0.02
"""Of a picture or clip that is asked with: the item it is of stands far above all others."""
WORDED_QUERY_TEMPERATURE = 0.2
"""The same beside words, "like this, but red": then they are to decide among what is like it
(docs/decisions/0069)."""
QUERY_WEIGHT = 1.0
"""The exponent of what is asked with."""
MAX_CHOOSING_CASES, MAX_COMPARED_ITEMS = 1000, 5000
"""Validation events that choose, and items that each target is told from, at most."""


class MediaExpert(ExpertByScorer):
    """Cosine in the space of one modality."""

    name = "media"
    is_counting = False

    def __init__(
        self,
        space: str,
        fingerprint: str,
        settings: MediaSettings,
        projection: MediaProjection,
        catalogue: Catalogue,
    ) -> None:
        """space: "image", "audio", "vector:style". fingerprint: of what made the vectors that it
        was fitted on.
        """
        self.name = f"media:{space}"
        self._space_name, self._fingerprint = space, fingerprint
        self._settings, self._projection = settings, projection
        self._set_catalogue(catalogue)
        self._index: VectorIndex = build_index(self._rows, len(catalogue))

    @classmethod
    def fit(cls, training: Training) -> list[Self]:
        """One for each space in which items have vectors."""
        experts = []
        for space in training.catalogue.media:
            if not space.has_vectors:
                continue
            projection = fit_projection(space.vectors, training.settings.media.dim)
            if projection is not None:
                settings = training.settings.media
                expert = cls(
                    space.name, space.fingerprint, settings, projection, training.catalogue
                )
                expert._choose_settings(training)
                experts.append(expert)
        return experts

    def _set_catalogue(self, catalogue: Catalogue) -> None:
        self._item_ids = catalogue.ids
        self._space = _matching_space(catalogue, self._space_name, self._fingerprint)

    def _rows(self, items: Ints) -> Floats:
        """[items, dim], as they are compared; of an item without a vector the mean row."""
        if self._space is None:
            return np.tile(self._projection.mean_row, (len(items), 1))
        return self._projection.rows(float_rows(self._space.vectors, items))

    def _has_vector(self, item: int) -> bool:
        return self._space is not None and bool(self._space.vectors[item].any())

    def _event_rows(
        self, user_context: UserContext, decay: float | None = None
    ) -> tuple[list[str], Floats]:
        """Names and weighted rows [events, dim] of the last items that have a vector."""
        settings = self._settings
        decay = _known(settings.decay if decay is None else decay, DEFAULT_DECAY)
        event_names: list[str] = []
        weights: list[float] = []
        items: list[int] = []
        worths = user_context.event_worths
        for row in range(len(user_context) - 1, -1, -1):
            item = int(user_context.item[row])
            if item < 0 or user_context.weight[row] <= 0 or not self._has_vector(item):
                continue
            worth = 1.0 if worths is None else float(worths[row])
            weights.append(max(worth, MIN_WEIGHT) * decay ** len(items))
            items.append(item)
            event_names.append(self._item_ids[item])
            if len(items) == settings.max_recent_items:
                break
        rows = self._rows(np.array(items, np.int32))
        return event_names, rows * np.array(weights, np.float32)[:, None]

    def query_row(self, user_context: UserContext) -> Floats | None:
        """[dim], what is asked with, as items are compared; None for nothing of this space."""
        query = user_context.media_queries.get(self._space_name)
        if query is None or self._space is None or len(query) != self._space.vectors.shape[1]:
            return None
        return self._projection.rows(np.asarray(query, np.float32)[None])[0]

    def scorer(self, user_context: UserContext) -> "MediaScorer":
        """The history read once."""
        return MediaScorer(self, user_context)

    def is_active(self, user_context: UserContext) -> bool:
        """From the first item with a vector, or where a picture or clip is asked with."""
        if self.query_row(user_context) is not None:
            return True
        taken_items = user_context.item[(user_context.item >= 0) & (user_context.weight > 0)]
        return any(self._has_vector(int(item)) for item in taken_items[::-1])

    def learn(self, user_context: UserContext, item: int, weight: float, at: float) -> None:
        """Nothing to learn: the history is read when asked."""

    def grow(self, catalogue: Catalogue, changed: Sequence[int] | None = None) -> None:
        """New items are looked at like the others."""
        self._set_catalogue(catalogue)
        self._index = extend_index(self._index, self._rows, len(catalogue), changed)

    def state(self) -> tuple[StateArrays, StateMetadata]:
        """The projection, and how it was set."""
        return self._projection.arrays(), {
            "space": self._space_name,
            "fingerprint": self._fingerprint,
            "settings": self._settings.model_dump(),
        }

    @classmethod
    def from_state(cls, arrays: StateArrays, metadata: StateMetadata, catalogue: Catalogue) -> Self:
        """The inverse of `state`."""
        settings = MediaSettings(**metadata["settings"])
        projection = MediaProjection.from_arrays(arrays)
        return cls(metadata["space"], metadata["fingerprint"], settings, projection, catalogue)

    def _choose_settings(self, training: Training) -> None:
        """The decay and the temperature under which the next items are likeliest."""
        settings, rng = self._settings, np.random.default_rng(training.settings.seed)
        chosen = {"decay": DEFAULT_DECAY, "temperature": DEFAULT_TEMPERATURE}
        chosen |= {name: value for name in chosen if (value := getattr(settings, name)) is not None}
        self._settings = settings.model_copy(update=chosen)
        cases = training.validation_cases.sample(MAX_CHOOSING_CASES, rng)
        targets_seen: Longs = np.flatnonzero(
            [self._has_vector(int(item)) for item in cases.targets]
        )
        cases = cases.select(targets_seen)
        if not len(cases) or None not in (settings.decay, settings.temperature):
            return
        contexts = cases.user_contexts(0, len(cases))
        compared = rng.permutation(len(training.catalogue))[:MAX_COMPARED_ITEMS].astype(np.int32)
        compared_rows, target_rows = self._rows(compared), self._rows(cases.targets)
        likelihoods: dict[tuple[float, float], float] = {}
        for decay in DECAY_GRID if settings.decay is None else (settings.decay,):
            tastes = np.stack([self._taste(context, decay) for context in contexts])
            is_known = tastes.any(axis=1)
            if not is_known.any():
                return
            target_scores = np.einsum("nd,nd->n", tastes, target_rows)[is_known, None]
            scores = np.concatenate([target_scores, tastes[is_known] @ compared_rows.T], axis=1)
            for temperature in (
                TEMPERATURE_GRID if settings.temperature is None else (settings.temperature,)
            ):
                scaled = scores / temperature
                top = scaled.max(axis=1)
                partitions = top + np.log(np.exp(scaled - top[:, None]).sum(axis=1))
                likelihoods[decay, temperature] = float((scaled[:, 0] - partitions).mean())
        decay, temperature = max(likelihoods, key=lambda pair: likelihoods[pair])
        self._settings = settings.model_copy(update={"decay": decay, "temperature": temperature})

    def _taste(self, user_context: UserContext, decay: float) -> Floats:
        """[dim], of length 1, or zero."""
        return _unit(self._event_rows(user_context, decay)[1].sum(axis=0))


class MediaScorer(SoftmaxScorer):
    """The last items, or the picture or clip asked with, against all items."""

    def __init__(self, expert: MediaExpert, user_context: UserContext) -> None:
        self._expert = expert
        query = expert.query_row(user_context)
        if query is None:
            self._event_names, self._event_rows = expert._event_rows(user_context)
            temperature = _known(expert._settings.temperature, DEFAULT_TEMPERATURE)
        else:
            self._event_names, self._event_rows = [], query[None]
            has_words = bool(user_context.query)
            temperature = WORDED_QUERY_TEMPERATURE if has_words else QUERY_TEMPERATURE
        total = self._event_rows.sum(axis=0)
        self._scale = 1 / (max(float(np.linalg.norm(total)), 1e-9) * temperature)
        super().__init__(expert._index, _unit(total) / np.float32(temperature))

    def terms(self, items: Ints, *, deep: bool = True) -> TermTable:
        """What each event adds over what it adds to the average item, and the rest."""
        name = self._expert.name
        log_prob = self.log_prob(items).astype(np.float64)
        deviations = self._expert._rows(items) - self._expert._projection.mean_row
        event_nats = (self._event_rows @ deviations.T * self._scale).astype(np.float64)
        columns = event_columns(name, self._event_names) or [
            TermColumn(name, feature=QUERY_FEATURES[name.partition(":")[2]]) for _ in event_nats
        ]
        average_terms = rest_terms(name, log_prob - event_nats.sum(axis=0))
        return average_terms.with_columns(columns, event_nats.T)


def weigh_media_queries(
    expert_weights: Floats, experts: Sequence[Expert], user_contexts: Sequence[UserContext]
) -> None:
    """Give `QUERY_WEIGHT`, in place, to experts of a space that is asked in: no training has such
    questions to fit it on. expert_weights: [user_contexts, experts].
    """
    for row, user_context in enumerate(user_contexts):
        for column, expert in enumerate(experts if user_context.media_queries else ()):
            is_asked = (
                isinstance(expert, MediaExpert) and expert.query_row(user_context) is not None
            )
            if is_asked or (expert.name == AUDIO_MATCH and expert.is_active(user_context)):
                expert_weights[row, column] = QUERY_WEIGHT


def _matching_space(catalogue: Catalogue, name: str, fingerprint: str) -> MediaSpace | None:
    """The space whose vectors can be compared with those that were fitted on."""
    for space in catalogue.media:
        if space.name == name and space.fingerprint == fingerprint:
            return space
    return None


def _known(value: float | None, default: float) -> float:
    return default if value is None else value


def _unit(vector: Floats) -> Floats:
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-9), np.float32)
