"""Sequence: a causal transformer over the person's events. P(next item | all of them, in order).

The network is in `model/sequence_network.py`, its training in `model/sequence_training.py`. Both,
and PyTorch, are imported where a network is trained or read: a command that asks for no list need
not wait for it.
"""

from collections.abc import Sequence as Many
from typing import TYPE_CHECKING, Self

import numpy as np
import numpy.typing as npt

from foretaste.domain.arrays import (
    ROWS_PER_CHUNK,
    Array,
    GrowingArray,
    GrowingVectors,
    QuantizedVectors,
    Vectors,
)
from foretaste.domain.data import Catalogue, Doubles, Floats, Ints, UserContext
from foretaste.domain.ports import StateArrays, StateMetadata
from foretaste.domain.term_table import TermTable
from foretaste.domain.text_limits import shorten
from foretaste.model.identity_guess import (
    NEIGHBOURS_PER_NEW_ITEM,
    mean_identities,
    with_guesses,
)
from foretaste.model.index.base import BATCH_ROWS, float_rows, is_exhaustive, rows_dtype
from foretaste.model.index.build import (
    build_index,
    extend_index,
    extended_index,
    shared_index,
)
from foretaste.model.index.softmax import SoftmaxScorer, log_softmax
from foretaste.model.settings import SequenceSettings
from foretaste.model.terms import event_columns, terms_against_average
from foretaste.model.training import Training

if TYPE_CHECKING:
    from foretaste.model.sequence_network import SequenceNetwork

MAX_EXPLAINED_EVENTS = 12
"""How many of the last events an explanation looks behind."""
MAX_NAMED_EVENTS = 4
"""The same where only the reasons are told: those are looked at for the two that they name."""
MAX_SIMILAR_ITEMS = 64
"""Items that read alike which are looked at to find those whose identity was learnt, a new one."""


class SequenceExpert:
    """The trained network and the item vectors it compares with."""

    name = "sequence"
    is_counting = False
    _identity: GrowingVectors
    """[items, dim]"""
    _is_estimated: GrowingArray
    """[items], those whose identity nobody taught."""

    def __init__(
        self,
        network: "SequenceNetwork",
        settings: SequenceSettings,
        catalogue: Catalogue,
        identity: Floats | None = None,
    ) -> None:
        """identity: [items, dim], kept and written to; None takes a copy of the network's own."""
        from foretaste.model.numpy_network import NumpyNetwork

        self._network = network.eval()
        self._project = network.project.weight.detach().cpu().numpy().T.copy()  # [read dim, dim]
        is_on_cpu = network.project.weight.device.type == "cpu"
        self._numpy_network = NumpyNetwork(network) if is_on_cpu else None
        self._settings = settings
        if identity is None:
            identity = network.learnt_identities()
        self._text_space = shared_index(catalogue.vectors, catalogue.derived)
        self._estimate_cosines: dict[
            int, float
        ] = {}  # how like it the items are that a new one's guess is of
        self._set_catalogue(catalogue)
        self._media = None if network.media is None else network.media.parts(catalogue)
        self._set_identities(identity, catalogue)
        self._index = build_index(
            self._unit_vectors, len(identity), catalogue.derived, "sequence-index"
        )
        if len(catalogue) > len(identity):
            self.grow(catalogue, ())

    @classmethod
    def fit(cls, training: Training) -> list[Self]:
        """Train; left out where nobody took two items."""
        if training.release is not None:
            from foretaste.model.private_sequence import train_private_network

            network = train_private_network(training, training.release)
        else:
            from foretaste.model.sequence_training import train_network

            network = train_network(training)
        if network is None:
            return []
        return [cls(network, training.settings.sequence, training.catalogue)]

    def refit(self, training: Training) -> "SequenceExpert":
        """With a network that is taught all interactions, from the one that `fit` trained."""
        from foretaste.model.sequence_refit import refit_network

        network = refit_network(self._network, training)
        return SequenceExpert(network, self._settings, training.catalogue)

    def _set_catalogue(self, catalogue: Catalogue) -> None:
        self._item_ids, self._catalogue = catalogue.ids, catalogue

    def grow(self, catalogue: Catalogue, changed: Many[int] | None = None) -> None:
        """A new item gets the mean identity of those that read most like it."""
        size = len(self._identity.rows)
        updated_items = range(size) if changed is None else changed
        old_vectors = self._text_vectors(changed or ())
        self._text_space = extended_index(self._text_space, catalogue.vectors, changed)
        self._set_catalogue(catalogue)
        if self._media is not None:
            self._media = self._media.grown(catalogue, changed)
        new_item_count = len(catalogue) - size
        self._estimate_cosines = dict(self._estimate_cosines)
        self._is_estimated = self._is_estimated.appended(np.ones(new_item_count, bool))
        self._identity = self._identity.appended(self._guesses(range(size, len(catalogue))))
        affected_items = self._affected_items(
            np.concatenate([old_vectors, self._text_vectors(changed or ())])
        )
        self._identity = self._identity.replaced(affected_items, self._guesses(affected_items))
        updated_items = sorted({*updated_items, *affected_items} - {*range(size, len(catalogue))})
        if new_item_count or len(updated_items):
            reindexed_items = None if changed is None else updated_items
            self._index = extend_index(
                self._index, self._unit_vectors, len(catalogue), reindexed_items
            )

    def _text_vectors(self, items: Many[int]) -> Floats:
        """[items, read dim]"""
        return self._text_space.vectors[np.array(items, np.int64)]

    def _affected_items(self, text_vectors: Floats) -> list[int]:
        """The new items whose guess is of something that reads like these, or would be."""
        if not len(text_vectors) or not self._estimate_cosines:
            return []
        items = np.fromiter(self._estimate_cosines, np.int64)
        likeness = (self._text_vectors(items.tolist()) @ text_vectors.T).max(axis=1)
        return [
            int(item)
            for item in items[likeness >= np.fromiter(self._estimate_cosines.values(), np.float32)]
        ]

    def _guesses(self, items: Many[int]) -> Floats:
        """[items, dim]"""
        guesses = [self._estimate_identity(item) for item in items]
        return np.array(guesses, np.float32).reshape(len(items), self._settings.dim)

    def _estimate_identity(self, item: int) -> Floats:
        """[dim]"""
        vector = self._text_space.vectors[item]
        if not vector.any():
            return np.zeros(self._settings.dim, np.float32)
        similar_items = self._text_space.index.nearest(vector, MAX_SIMILAR_ITEMS)
        similar_items = similar_items[~self._is_estimated.rows[similar_items]]
        text_vectors = self._text_space.vectors[similar_items]
        likeness = np.sort(text_vectors @ vector)
        self._estimate_cosines[item] = float(likeness[-NEIGHBOURS_PER_NEW_ITEM:].min(initial=1.0))
        return mean_identities(vector[None], text_vectors, self._identity.rows[similar_items])[0]

    def _set_identities(self, identity: Array, catalogue: Catalogue) -> None:
        """What nobody taught is guessed; many stay in 8 bits. identity: [items, dim], changed."""

        def make() -> dict[str, Array]:
            rows = identity.astype(rows_dtype(len(identity)), copy=False)
            is_estimated = np.asarray(~rows.any(axis=1))
            rows = with_guesses(rows, is_estimated, catalogue.vectors)
            if is_exhaustive(len(rows)):
                return {"rows": rows, "is_estimated": is_estimated}
            starts = range(0, len(rows), ROWS_PER_CHUNK)
            blocks = (rows[start : start + ROWS_PER_CHUNK].astype(np.float32) for start in starts)
            quantized = QuantizedVectors.from_blocks(blocks, len(rows))
            codes = np.asarray(quantized.codes)
            return {"codes": codes, "steps": quantized.steps, "is_estimated": is_estimated}

        stored_arrays = catalogue.derived.arrays("identities", make)
        vectors: Vectors = (
            stored_arrays["rows"]
            if "rows" in stored_arrays
            else QuantizedVectors(stored_arrays["codes"], np.array(stored_arrays["steps"]))
        )
        self._identity = GrowingVectors(vectors)
        self._is_estimated = GrowingArray(np.array(stored_arrays["is_estimated"]))

    def _composed_vectors(self, items: Ints) -> Floats:
        """[items, dim], identity, text and media together: what the network takes an item for."""
        if len(items) <= BATCH_ROWS:
            return self._composed_chunk(items)
        chunks = np.split(items, range(BATCH_ROWS, len(items), BATCH_ROWS))
        return np.concatenate([self._composed_chunk(chunk) for chunk in chunks])

    def _composed_chunk(self, items: Ints) -> Floats:
        rows = float_rows(self._text_space.vectors, items) @ self._project
        rows += float_rows(self._identity.rows, items)
        if self._media is not None:
            rows += self._media[items]
        return rows

    def _unit_vectors(self, items: Ints) -> Floats:
        """[items, dim], of length 1."""
        rows = self._composed_vectors(items)
        lengths = np.sqrt(np.einsum("nd,nd->n", rows, rows))
        return rows / np.maximum(lengths, 1e-12)[:, None]

    def item_vectors(self) -> Floats:
        """[items, dim], of length 1: what the network takes each item for."""
        return self._unit_vectors(np.arange(len(self._identity.rows), dtype=np.int32))

    def user_vectors(self, user_contexts: Many[UserContext]) -> Floats:
        """[user_contexts, dim], of length 1: what the network takes each person for; its cosine
        with an item's vector says how well the item comes next. Zero without an event.
        """
        states = self._states(user_contexts) * np.float32(self._network.temperature)
        has_events = np.array([len(context) > 0 for context in user_contexts], np.bool_)
        return np.where(has_events[:, None], states, np.float32(0))

    def _states(self, user_contexts: Many[UserContext]) -> Floats:
        """→ [user_contexts, dim], of length 1 over the temperature."""
        if len(user_contexts) == 1 and self._numpy_network is not None:
            return self._states_with_omissions(user_contexts[0], ())
        import torch

        from foretaste.model.sequence_network import event_tokens

        told = [self._trained_events(user_context) for user_context in user_contexts]
        batch = event_tokens(told, self._network.length)
        # a place without an item is masked: any item's vector will do
        distinct, item_positions = np.unique(
            np.maximum(batch.item.numpy() - 1, 0), return_inverse=True
        )
        items = torch.from_numpy(self._composed_vectors(distinct)[item_positions])
        device = self._network.project.weight.device
        with torch.inference_mode():
            states = self._network(batch.to(device), items.to(device))[:, -1].cpu().numpy()
        return self._over_temperature(states)

    def _over_temperature(self, states: Floats) -> Floats:
        """[states, dim] of length 1 over the temperature."""
        lengths = np.sqrt(np.vecdot(states, states))[:, None] * self._network.temperature
        return np.asarray(states / np.maximum(lengths, 1e-12), np.float32)

    def _states_with_omissions(self, user_context: UserContext, rows: Many[int]) -> Floats:
        """→ [1 + rows, dim], of the history, and of it without each of these events. Without one
        that the network is not told of it is the same.
        """
        is_told = self._is_told(user_context)
        if not is_told.all():
            told_rows = [row for row in rows if is_told[row]]
            told_places = np.cumsum(is_told) - 1
            states = self._states_with_omissions(
                user_context.select_events(is_told), [int(told_places[row]) for row in told_rows]
            )
            state_by_row = dict(zip(told_rows, states[1:], strict=True))
            return np.stack([states[0], *(state_by_row.get(row, states[0]) for row in rows)])
        if self._numpy_network is None:
            return self._states(
                [user_context, *(_context_without(user_context, row) for row in rows)]
            )
        return self._over_temperature(
            self._numpy_network.states(user_context, rows, self._composed_vectors)
        )

    def _trained_events(self, user_context: UserContext) -> UserContext:
        """What the network is told of a history."""
        is_told = self._is_told(user_context)
        return user_context if is_told.all() else user_context.select_events(is_told)

    def _is_told(self, user_context: UserContext) -> npt.NDArray[np.bool_]:
        """[length], all but negative feedback of an event type that was never met in training.

        The network would take it for the opposite: an untaught event type is like any other event.
        """
        is_told = user_context.weight >= 0
        if not is_told.all():
            is_trained_type = (
                self._network.kind.weight.any(dim=1).cpu().numpy()
            )  # [event_types + 2], of event type + 1
            is_told |= is_trained_type[user_context.kind.astype(np.int64) + 1]
        return np.asarray(is_told)

    def log_prob(self, user_contexts: Many[UserContext]) -> Floats:
        """[user_contexts, items]"""
        return log_softmax(self._index.scores(self._states(user_contexts)))

    def scorer(self, user_context: UserContext) -> "SequenceScorer":
        """One pass through the network."""
        return SequenceScorer(self, user_context)

    def deep_scorer(self, user_context: UserContext) -> "SequenceScorer":
        """The same, which gives deep terms without another pass."""
        return SequenceScorer(self, user_context, MAX_EXPLAINED_EVENTS)

    def is_active(self, user_context: UserContext) -> bool:
        """From the first event."""
        return len(user_context) > 0

    def learn(self, user_context: UserContext, item: int, weight: float, at: float) -> None:
        """Nothing at once: the history is read when asked, the weights change at the next fit."""

    def terms(self, user_context: UserContext, items: Ints, *, deep: bool = True) -> TermTable:
        """What each of the last events changes when it alone is taken out, and the rest.

        Leave-one-out attribution: what events do only together is in the rest.
        """
        scorer = self.deep_scorer(user_context) if deep else self.scorer(user_context)
        return scorer.terms(items, deep=deep)

    def state(self) -> tuple[StateArrays, StateMetadata]:
        """The network's parameters; what items are is read from the catalogue."""
        from foretaste.model.sequence_state import network_state

        vectors = self._identity.rows
        dtype = rows_dtype(len(vectors))
        blocks = vectors.blocks() if isinstance(vectors, QuantizedVectors) else [vectors]
        identity = np.concatenate([block.astype(dtype) for block in blocks])
        identity[self._is_estimated.rows] = 0  # guessed anew when read
        return network_state(self._network, self._settings, identity)

    @classmethod
    def from_state(cls, arrays: StateArrays, metadata: StateMetadata, catalogue: Catalogue) -> Self:
        """The inverse of `state`."""
        from foretaste.model.sequence_state import restored_network

        settings = SequenceSettings(**metadata["settings"])
        network = restored_network(arrays, metadata, settings, catalogue.vectors.shape[1])
        return cls(network, settings, catalogue, arrays["identity.weight"][1:])


class SequenceScorer(SoftmaxScorer):
    """Where the history stands among the items."""

    def __init__(
        self, expert: SequenceExpert, user_context: UserContext, max_events: int = MAX_NAMED_EVENTS
    ) -> None:
        """max_events: behind so many of the last events it is looked, by the pass that scores."""
        self._expert, self._user_context = expert, user_context
        self._looked_behind = _newest_rows(user_context, max_events)
        state, *others = expert._states_with_omissions(user_context, self._looked_behind)
        super().__init__(expert._index, state, np.array(others).reshape(len(others), len(state)))

    def terms(self, items: Ints, *, deep: bool = True) -> TermTable:
        """What each of the last events changes when it alone is taken out, and the rest."""
        expert, user_context = self._expert, self._user_context
        rows = _newest_rows(user_context, MAX_EXPLAINED_EVENTS if deep else MAX_NAMED_EVENTS)
        log_prob = self.log_prob(items).astype(np.float64)
        change = log_prob - self._log_probs_without(rows, items)  # [events, items]
        history_nats = log_prob - change.sum(axis=0)
        event_names = [_event_name(user_context, row, expert._item_ids) for row in rows]
        whole_history = terms_against_average(
            expert.name, history_nats, len(expert._item_ids), "whole history"
        )
        return whole_history.with_columns(event_columns(expert.name, event_names), change.T)

    def _log_probs_without(self, rows: range, items: Ints) -> Doubles:
        """[events, items], log P of the items without each of these events."""
        if not len(rows):
            return np.empty((0, len(items)))
        if len(rows) <= len(self._looked_behind):
            known_rows = self.log_prob_of_variants(items)
            return known_rows[len(known_rows) - len(rows) :].astype(np.float64)
        expert = self._expert
        states = expert._states_with_omissions(self._user_context, rows)[1:]
        totals = expert._index.log_partition(states)
        return (expert._index.scores_of(states, items) - totals[:, None]).astype(np.float64)


def _newest_rows(user_context: UserContext, count: int) -> range:
    """Of the newest events, `count` at most."""
    return range(max(len(user_context) - count, 0), len(user_context))


def _context_without(user_context: UserContext, row: int) -> UserContext:
    """The same history less one event."""
    return user_context.select_events(np.arange(len(user_context)) != row)


def _event_name(user_context: UserContext, row: int, ids: Many[str]) -> str:
    item = int(user_context.item[row])
    return ids[item] if item >= 0 else shorten(user_context.text[row])
