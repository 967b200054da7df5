"""Language: a BERT, RoBERTa or T5 that reads the history as text. P(item | what it read).

The titles, searches and reviews of the last events become one text (`model/narrator.py`); the
network (`model/tuned.py`, trained in `model/language_training.py`) puts it among the item vectors,
and P is the softmax of the cosine. Alive for a new item and from the first event. Off unless
`model.language.enabled`: a request reads one text, training reads thousands.
"""

import threading
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Self

import numpy as np

from foretaste.domain.data import Behaviour, Catalogue, Doubles, Floats, Ints, Term
from foretaste.domain.ports import Arrays, Facts, OpenReader, Reader
from foretaste.errors import ModelError
from foretaste.model.experts.content import log_softmax
from foretaste.model.history_text import Narrator
from foretaste.model.index.build import extended_index, shared_index
from foretaste.model.index.softmax import SoftmaxScorer
from foretaste.model.settings import LanguageExpertSettings
from foretaste.model.terms import against_average
from foretaste.model.training import Training

if TYPE_CHECKING:  # with PyTorch, which whoever has no such network need not wait for
    from foretaste.model.tuned import Tuned

REMEMBERED = 4096
"""Texts whose state is kept: a request asks for the same one more than once."""


class Language:
    """The tuned backbone and the item vectors it compares with."""

    name = "language"
    counting = False
    reads = True
    """Restoring it takes a backbone, from what opens them."""

    def __init__(
        self,
        network: "Tuned",
        reader: Reader,
        settings: LanguageExpertSettings,
        kinds: Sequence[str],
        catalogue: Catalogue,
    ) -> None:
        from foretaste.domain.device import device_of
        from foretaste.model.tuned import merge_lora

        self._network = network.eval().to(device_of(settings.device))
        merge_lora(network.reading.body)
        self._reader = reader
        self._settings = settings
        self._kinds = tuple(kinds)
        self._states = _TextStates()
        self._items = shared_index(catalogue.vectors)
        self._narrator = Narrator(catalogue, self._kinds, self._settings.events)

    @classmethod
    def fit(cls, training: Training) -> list[Self]:
        """Tune; left out unless it is asked for and there is something to read."""
        settings = training.settings.language
        if not settings.enabled or not training.catalogue.vectors.any():
            return []
        from foretaste.model.language_training import tune

        reader = _opened(training.readers, settings)
        kinds = training.histories.kinds
        network = tune(training, reader, kinds)
        return [cls(network, reader, settings, kinds, training.catalogue)]

    def grow(self, catalogue: Catalogue, changed: Sequence[int] | None = None) -> None:
        """A new item is placed by its vector and told by its title."""
        self._narrator = Narrator(catalogue, self._kinds, self._settings.events)
        self._items = extended_index(self._items, catalogue.vectors, changed)

    def _read(self, texts: Sequence[str]) -> Floats:
        """→ [texts, dim], of length 1, or zero where there is nothing to read."""
        known = self._states.of(set(texts))
        new = [text for text in dict.fromkeys(texts) if text and text not in known]
        if new:
            from foretaste.model.tuned import read

            states = read(self._network, self._reader.tokens(new), self._reader.pad)
            known |= dict(zip(new, states, strict=True))
            self._states.put({text: known[text] for text in new[-REMEMBERED:]})
        nothing = np.zeros(self._items.vectors.shape[1], np.float32)
        return np.stack([known.get(text, nothing) for text in texts])

    def _scaled(self, texts: Sequence[str]) -> Floats:
        """[texts, dim], over the temperature; zero where there is nothing to read."""
        return self._read(texts) / np.float32(self._network.temperature.item())

    def log_prob(self, behaviours: Sequence[Behaviour]) -> Floats:
        """[behaviours, items]"""
        texts = [self._narrator.text(one) for one in behaviours]
        return log_softmax(self._items.index.scores(self._scaled(texts)))

    def opinion(self, behaviour: Behaviour) -> "LanguageOpinion":
        """The history read once."""
        return LanguageOpinion(self, behaviour)

    def active(self, behaviour: Behaviour) -> bool:
        """From the first event or query that can be read."""
        return bool(self._narrator.text(behaviour))

    def learn(self, before: Behaviour, item: int, weight: float, at: float) -> None:
        """Nothing at once: the history is read when asked, the weights change at the next fit."""

    def terms(self, behaviour: Behaviour, items: Ints, *, deep: bool = True) -> list[list[Term]]:
        """What each event read, and the query, changes when it alone is left out, and the rest.

        Leave-one-out attribution: what they do only together is in the rest.
        """
        return self.opinion(behaviour).terms(items, deep=deep)

    def state(self) -> tuple[Arrays, Facts]:
        """What training changed, and which backbone it changed."""
        facts = {
            "settings": self._settings.model_dump(),
            "backbone": self._reader.fingerprint,
            "kinds": list(self._kinds),
        }
        return self._network.arrays(), facts

    @classmethod
    def restored(
        cls,
        arrays: Arrays,
        facts: Facts,
        catalogue: Catalogue,
        readers: OpenReader | None = None,
    ) -> Self:
        """The inverse of `state`. ModelError where the backbone is not the one that was tuned."""
        from foretaste.model.tuned import Tuned

        settings = LanguageExpertSettings(**facts["settings"])
        reader = _opened(readers, settings)
        if reader.fingerprint != facts["backbone"]:
            raise ModelError(
                f"the language expert was tuned on the backbone {facts['backbone']}, and "
                f"'{settings.backbone or 'the encoder'}' is now {reader.fingerprint}; bring the "
                "old one back, or train again with 'foretaste train'"
            )
        network = Tuned(reader, settings, len(arrays["head.weight"]))
        network.restore(arrays)
        return cls(network, reader, settings, facts["kinds"], catalogue)


class LanguageOpinion(SoftmaxScorer):
    """What was read of a person against the items."""

    def __init__(self, expert: Language, behaviour: Behaviour) -> None:
        self._expert, self._behaviour = expert, behaviour
        state = expert._scaled([expert._narrator.text(behaviour)])[0]
        super().__init__(expert._items.index, state)

    def terms(self, items: Ints, *, deep: bool = True) -> list[list[Term]]:
        """What each event read, and the query, changes when it alone is left out, and the rest."""
        expert = self._expert
        texts, names = self._left_out() if deep else ([], [])
        log_prob = self.log_prob(items).astype(np.float64)
        change = log_prob - self._of(texts, items)  # [events, items]
        rest = log_prob - change.sum(axis=0)
        size = expert._items.index.size
        whole_history = against_average(expert.name, rest, size, "whole history")
        return [
            [
                *whole_history[place],
                *(
                    Term(expert.name, float(change[one, place]), event=event, feature=feature)
                    for one, (event, feature) in enumerate(names)
                ),
            ]
            for place in range(len(items))
        ]

    def _left_out(self) -> tuple[list[str], list[tuple[str | None, str | None]]]:
        """The texts less one event each, and less the query; (event, feature) of each."""
        narrator, behaviour, query = self._expert._narrator, self._behaviour, self._behaviour.query
        parts = narrator.parts(behaviour)
        left = [[*parts[:place], *parts[place + 1 :]] for place in range(len(parts))]
        texts = [narrator.told(behaviour, some, query) for some in left]
        names: list[tuple[str | None, str | None]] = [
            (narrator.name(behaviour, row), None) for row, _ in parts
        ]
        if query and query.strip():
            texts.append(narrator.told(behaviour, parts, None))
            names.append((None, "query"))
        return texts, names

    def _of(self, texts: list[str], items: Ints) -> Doubles:
        """[texts, items], log P"""
        if not texts:
            return np.empty((0, len(items)))
        states, index = self._expert._scaled(texts), self._expert._items.index
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
        """Of more than `REMEMBERED` the oldest go."""
        with self._lock:
            self._states |= states
            for text in list(self._states)[: len(self._states) - REMEMBERED]:
                del self._states[text]


def _opened(readers: OpenReader | None, settings: LanguageExpertSettings) -> Reader:
    if readers is None:
        raise ModelError("the language expert needs what opens a backbone: Training(readers=…)")
    return readers(
        settings.backbone,
        tokens=settings.tokens,
        revision=settings.revision,
        sha256=settings.sha256,
    )
