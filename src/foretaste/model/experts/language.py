"""Language: a BERT, RoBERTa or T5 that reads the history as text. P(item | what it read).

The titles, searches and reviews of the last events become one text (`model/history_text.py`); the
network (`model/language_network.py`, trained in `model/language_training.py`) puts it among the
item vectors, and P is the softmax of the cosine. Alive for a new item and from the first event. Off
unless `model.language.enabled`: a request reads one text, training reads thousands.
"""

import threading
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Self

import numpy as np

from foretaste.domain.data import Catalogue, Doubles, Floats, Ints, UserContext
from foretaste.domain.ports import Backbone, BackboneOpener, StateArrays, StateMetadata
from foretaste.domain.term_table import TermColumn, TermTable
from foretaste.errors import ModelError
from foretaste.model.history_text import HistoryTextBuilder
from foretaste.model.index.build import extended_index, shared_index
from foretaste.model.index.softmax import SoftmaxScorer, log_softmax
from foretaste.model.settings import LanguageExpertSettings
from foretaste.model.terms import terms_against_average
from foretaste.model.training import Training

if TYPE_CHECKING:  # with PyTorch, which whoever has no such network need not wait for
    from foretaste.model.language_network import LanguageNetwork

MAX_CACHED_TEXTS = 4096
"""Texts whose state is kept: a request asks for the same one more than once."""


class LanguageExpert:
    """The tuned backbone and the item vectors it compares with."""

    name = "language"
    is_counting = False
    needs_reader = True
    """Restoring it takes a backbone, from what opens them."""

    def __init__(
        self,
        network: "LanguageNetwork",
        reader: Backbone,
        settings: LanguageExpertSettings,
        event_types: Sequence[str],
        catalogue: Catalogue,
    ) -> None:
        from foretaste.domain.device import device_of
        from foretaste.model.language_network import merge_lora

        self._network = network.eval().to(device_of(settings.device))
        merge_lora(network.reading.body)
        self._reader = reader
        self._settings = settings
        self._event_types = tuple(event_types)
        self._cached_states = _TextStates()
        self._text_space = shared_index(catalogue.vectors)
        self._text_builder = HistoryTextBuilder(
            catalogue, self._event_types, self._settings.max_recent_events
        )

    @classmethod
    def fit(cls, training: Training) -> list[Self]:
        """Tune; left out unless it is asked for and there is something to read."""
        settings = training.settings.language
        if not settings.enabled or not training.catalogue.vectors.any():
            return []
        from foretaste.model.language_training import tune_network

        reader = _open_reader(training.open_reader, settings)
        event_types = training.interactions.event_types
        network = tune_network(training, reader, event_types)
        return [cls(network, reader, settings, event_types, training.catalogue)]

    def grow(self, catalogue: Catalogue, changed: Sequence[int] | None = None) -> None:
        """A new item is placed by its vector and told by its title."""
        self._text_builder = HistoryTextBuilder(
            catalogue, self._event_types, self._settings.max_recent_events
        )
        self._text_space = extended_index(self._text_space, catalogue.vectors, changed)

    def _states_of(self, texts: Sequence[str]) -> Floats:
        """→ [texts, dim], of length 1, or zero where there is nothing to read."""
        states_by_text = self._cached_states.of(set(texts))
        unread_texts = [
            text for text in dict.fromkeys(texts) if text and text not in states_by_text
        ]
        if unread_texts:
            from foretaste.model.language_network import read_texts

            states = read_texts(self._network, self._reader.tokens(unread_texts), self._reader.pad)
            states_by_text |= dict(zip(unread_texts, states, strict=True))
            self._cached_states.put(
                {text: states_by_text[text] for text in unread_texts[-MAX_CACHED_TEXTS:]}
            )
        zero_state = np.zeros(self._text_space.vectors.shape[1], np.float32)
        return np.stack([states_by_text.get(text, zero_state) for text in texts])

    def _scaled_states(self, texts: Sequence[str]) -> Floats:
        """[texts, dim], over the temperature; zero where there is nothing to read."""
        return self._states_of(texts) / np.float32(self._network.temperature.item())

    def log_prob(self, user_contexts: Sequence[UserContext]) -> Floats:
        """[user_contexts, items]"""
        texts = [self._text_builder.text(user_context) for user_context in user_contexts]
        return log_softmax(self._text_space.index.scores(self._scaled_states(texts)))

    def scorer(self, user_context: UserContext) -> "LanguageScorer":
        """The history read once."""
        return LanguageScorer(self, user_context)

    def is_active(self, user_context: UserContext) -> bool:
        """From the first event or query that can be read."""
        return bool(self._text_builder.text(user_context))

    def learn(self, user_context: UserContext, item: int, weight: float, at: float) -> None:
        """Nothing at once: the history is read when asked, the weights change at the next fit."""

    def terms(self, user_context: UserContext, items: Ints, *, deep: bool = True) -> TermTable:
        """What each event read, and the query, changes when it alone is left out, and the rest.

        Leave-one-out attribution: what they do only together is in the rest.
        """
        return self.scorer(user_context).terms(items, deep=deep)

    def state(self) -> tuple[StateArrays, StateMetadata]:
        """What training changed, and which backbone it changed."""
        metadata = {
            "settings": self._settings.model_dump(),
            "backbone": self._reader.fingerprint,
            "kinds": list(self._event_types),
        }
        return self._network.arrays(), metadata

    @classmethod
    def from_state(
        cls,
        arrays: StateArrays,
        metadata: StateMetadata,
        catalogue: Catalogue,
        open_reader: BackboneOpener | None = None,
    ) -> Self:
        """The inverse of `state`. ModelError where the backbone is not the one that was tuned."""
        from foretaste.model.language_network import LanguageNetwork

        settings = LanguageExpertSettings(**metadata["settings"])
        reader = _open_reader(open_reader, settings)
        if reader.fingerprint != metadata["backbone"]:
            raise ModelError(
                f"the language expert was tuned on the backbone {metadata['backbone']}, and "
                f"'{settings.backbone or 'the encoder'}' is now {reader.fingerprint}; bring the "
                "old one back, or train again with 'foretaste train'"
            )
        network = LanguageNetwork(reader, settings, len(arrays["head.weight"]))
        network.restore(arrays)
        return cls(network, reader, settings, metadata["kinds"], catalogue)


class LanguageScorer(SoftmaxScorer):
    """What was read of a person against the items."""

    def __init__(self, expert: LanguageExpert, user_context: UserContext) -> None:
        self._expert, self._user_context = expert, user_context
        state = expert._scaled_states([expert._text_builder.text(user_context)])[0]
        super().__init__(expert._text_space.index, state)

    def terms(self, items: Ints, *, deep: bool = True) -> TermTable:
        """What each event read, and the query, changes when it alone is left out, and the rest."""
        expert = self._expert
        texts, term_sources = self._ablated_texts() if deep else ([], [])
        log_prob = self.log_prob(items).astype(np.float64)
        change = log_prob - self._log_probs_of(texts, items)  # [events, items]
        history_nats = log_prob - change.sum(axis=0)
        size = expert._text_space.index.size
        whole_history = terms_against_average(expert.name, history_nats, size, "whole history")
        columns = [TermColumn(expert.name, event, feature) for event, feature in term_sources]
        return whole_history.with_columns(columns, change.T)

    def _ablated_texts(self) -> tuple[list[str], list[tuple[str | None, str | None]]]:
        """The texts less one event each, and less the query; (event, feature) of each."""
        text_builder, user_context, query = (
            self._expert._text_builder,
            self._user_context,
            self._user_context.query,
        )
        event_parts = text_builder.event_words(user_context)
        part_subsets = [
            [*event_parts[:omitted_index], *event_parts[omitted_index + 1 :]]
            for omitted_index in range(len(event_parts))
        ]
        texts = [
            text_builder.compose(user_context, part_subset, query) for part_subset in part_subsets
        ]
        term_sources: list[tuple[str | None, str | None]] = [
            (text_builder.event_name(user_context, row), None) for row, _ in event_parts
        ]
        if query and query.strip():
            texts.append(text_builder.compose(user_context, event_parts, None))
            term_sources.append((None, "query"))
        return texts, term_sources

    def _log_probs_of(self, texts: list[str], items: Ints) -> Doubles:
        """[texts, items], log P"""
        if not texts:
            return np.empty((0, len(items)))
        states, index = self._expert._scaled_states(texts), self._expert._text_space.index
        return (index.scores_of(states, items) - index.log_partition(states)[:, None]).astype(
            np.float64
        )


class _TextStates:
    """The newest texts that were read, with their states. Forks of the expert share it: what a text
    says does not change with what is learnt.
    """

    def __init__(self) -> None:
        self._states: dict[str, Floats] = {}
        self._lock = threading.Lock()

    def of(self, texts: Collection[str]) -> dict[str, Floats]:
        """Text → [dim], of those that are there."""
        with self._lock:
            return {text: self._states[text] for text in texts if text in self._states}

    def put(self, states: Mapping[str, Floats]) -> None:
        """Of more than `MAX_CACHED_TEXTS` the oldest go."""
        with self._lock:
            self._states |= states
            for text in list(self._states)[: len(self._states) - MAX_CACHED_TEXTS]:
                del self._states[text]


def _open_reader(open_reader: BackboneOpener | None, settings: LanguageExpertSettings) -> Backbone:
    if open_reader is None:
        raise ModelError("the language expert needs what opens a backbone: Training(readers=…)")
    return open_reader(
        settings.backbone,
        tokens=settings.max_tokens,
        revision=settings.revision,
        sha256=settings.sha256,
    )
