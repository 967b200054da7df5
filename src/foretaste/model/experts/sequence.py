"""Sequence: a causal transformer over the person's events. P(next item | all of them, in order).

The network is in `model/network.py`, its training in `model/sequence_training.py`. These, and
PyTorch, are imported where a network is trained or read: a command that asks for no list need not
wait for it.
"""

from collections.abc import Sequence as Many
from typing import TYPE_CHECKING, Self

import numpy as np

from foretaste.domain.arrays import Growing
from foretaste.domain.data import Behaviour, Catalogue, Doubles, Floats, Ints, Term
from foretaste.domain.ports import Arrays, Facts
from foretaste.model.experts.content import log_softmax
from foretaste.model.index.base import BATCH_ROWS, float_rows, is_exhaustive
from foretaste.model.index.build import (
    build_index,
    extend_index,
    extended_index,
    shared_index,
)
from foretaste.model.index.softmax import SoftmaxScorer
from foretaste.model.settings import SequenceSettings
from foretaste.model.terms import against_average
from foretaste.model.training import Training

if TYPE_CHECKING:
    from foretaste.model.network import Network

ALIKE, NEARNESS = 10, 0.1
"""How many items that read alike a new one is placed among, and the temperature of the mean."""
EXPLAINED = 12
"""How many of the last events an explanation looks behind, one forward pass for each."""
ROUGH = 4000
"""Learnt identities among which those nobody taught are placed in a large catalogue."""
ASKED = 64
"""Items that read alike which are looked at to find those whose identity was learnt, a new one."""


class Sequence:
    """The trained network and the item vectors it compares with."""

    name = "sequence"
    counting = False

    def __init__(
        self,
        network: "Network",
        settings: SequenceSettings,
        catalogue: Catalogue,
        identity: Floats | None = None,
    ) -> None:
        """identity: [items, dim], kept and written to; None takes a copy of the network's own."""
        from foretaste.model.numpy_network import NumpyNetwork

        self._network = network.eval()
        self._project = network.project.weight.detach().cpu().numpy().T.copy()  # [read dim, dim]
        on_cpu = network.project.weight.device.type == "cpu"
        self._numpy_network = NumpyNetwork(network) if on_cpu else None
        self._settings = settings
        if identity is None:
            identity = np.array(network.identity.weight.detach()[1:].cpu().numpy())
        identity = identity.astype(_kept(len(identity)), copy=False)
        untaught = np.asarray(~identity.any(axis=1))
        self._guessed = Growing(untaught)  # [items], those whose identity nobody taught
        self._read = shared_index(catalogue.vectors)
        self._reach: dict[int, float] = {}  # how like it the items are that a new one's guess is of
        self._set(catalogue)
        self._identity = Growing(self._with_guesses(identity))
        self._index = build_index(self._units, len(identity))
        if len(catalogue) > len(identity):
            self.grow(catalogue, ())

    @classmethod
    def fit(cls, training: Training) -> list[Self]:
        """Train; left out where nobody took two items."""
        from foretaste.model.sequence_training import train

        trained = train(training)
        if trained is None:
            return []
        return [cls(trained, training.settings.sequence, training.catalogue)]

    def _set(self, catalogue: Catalogue) -> None:
        self._ids, self._catalogue = catalogue.ids, catalogue

    def grow(self, catalogue: Catalogue, changed: Many[int] | None = None) -> None:
        """A new item gets the mean identity of those that read most like it."""
        size = len(self._identity)
        again = range(size) if changed is None else changed
        before = self._texts(changed or ())
        self._read = extended_index(self._read, catalogue.vectors, changed)
        self._set(catalogue)
        new = len(catalogue) - size
        self._reach = dict(self._reach)
        self._guessed = self._guessed.appended(np.ones(new, bool))
        self._identity = self._identity.appended(self._guesses(range(size, len(catalogue))))
        moved = self._touched(np.concatenate([before, self._texts(changed or ())]))
        self._identity = self._identity.replaced(moved, self._guesses(moved))
        again = sorted({*again, *moved} - {*range(size, len(catalogue))})
        if new or len(again):
            grown = None if changed is None else again
            self._index = extend_index(self._index, self._units, len(catalogue), grown)

    def _texts(self, items: Many[int]) -> Floats:
        """[items, read dim]"""
        return self._read.vectors[np.array(items, np.int64)]

    def _touched(self, texts: Floats) -> list[int]:
        """The new items whose guess is of something that reads like these, or would be."""
        if not len(texts) or not self._reach:
            return []
        items = np.fromiter(self._reach, np.int64)
        likeness = (self._texts(items.tolist()) @ texts.T).max(axis=1)
        return [int(i) for i in items[likeness >= np.fromiter(self._reach.values(), np.float32)]]

    def _guesses(self, items: Many[int]) -> Floats:
        """[items, dim]"""
        guesses = [self._guess(item) for item in items]
        return np.array(guesses, np.float32).reshape(len(items), self._settings.dim)

    def _guess(self, item: int) -> Floats:
        """[dim]"""
        vector = self._read.vectors[item]
        if not vector.any():
            return np.zeros(self._settings.dim, np.float32)
        near = self._read.index.nearest(vector, ASKED)
        near = near[~self._guessed.rows[near]]
        texts = self._read.vectors[near]
        likeness = np.sort(texts @ vector)
        self._reach[item] = float(likeness[-ALIKE:].min(initial=1.0))
        return mean_identities(vector[None], texts, self._identity.rows[near])[0]

    def _with_guesses(self, identity: Floats) -> Floats:
        """The same array, with what nobody taught guessed at once."""
        vectors = self._read.vectors
        wanted = np.flatnonzero(self._guessed.rows[: len(vectors)]).astype(np.int32)
        known = np.flatnonzero(~self._guessed.rows).astype(np.int32)
        if not is_exhaustive(
            len(known)
        ):  # by a draw of them: a mean of ten nearest is a rough guess
            known = np.sort(
                np.random.default_rng(0).choice(known, min(ROUGH, len(known)), replace=False)
            )
        theirs, texts = identity[known], vectors[known]
        for start in range(0, len(wanted), 1024):
            some = wanted[start : start + 1024]
            identity[some] = mean_identities(vectors[some], texts, theirs)
        return identity

    def _composed(self, items: Ints) -> Floats:
        """[items, dim], identity and text together: what the network takes an item for."""
        made = [
            float_rows(self._identity.rows, some)
            + float_rows(self._read.vectors, some) @ self._project
            for some in np.split(items, range(BATCH_ROWS, len(items), BATCH_ROWS))
        ]
        return np.concatenate(made)

    def _units(self, items: Ints) -> Floats:
        """[items, dim], of length 1."""
        rows = self._composed(items)
        lengths = np.sqrt(np.einsum("nd,nd->n", rows, rows))
        return rows / np.maximum(lengths, 1e-12)[:, None]

    def _states(self, behaviours: Many[Behaviour]) -> Floats:
        """→ [behaviours, dim], of length 1 over the temperature."""
        import torch

        with torch.inference_mode():
            states = self._pass(behaviours)
        lengths = np.linalg.norm(states, axis=1, keepdims=True) * self._network.temperature
        return np.asarray(states / np.maximum(lengths, 1e-12), np.float32)

    def _pass(self, behaviours: Many[Behaviour]) -> Floats:
        """→ [behaviours, dim], as the network says."""
        import torch

        from foretaste.model.network import tokens

        batch = tokens([self._heard(one) for one in behaviours], self._network.length)
        # a place without an item is masked by the network: any item's vector will do
        distinct, where = np.unique(np.maximum(batch.item.numpy() - 1, 0), return_inverse=True)
        items = self._composed(distinct)[where]
        if self._numpy_network is not None and self._numpy_network.accepts(batch):
            return self._numpy_network.states(batch, items)
        device = self._network.project.weight.device
        read = self._network(batch.to(device), torch.from_numpy(items).to(device))
        return np.asarray(read[:, -1].cpu().numpy())

    def _heard(self, behaviour: Behaviour) -> Behaviour:
        """Without refusals of a kind that was never met in training.

        The network would take them for the opposite: an untaught kind is an event like any other.
        """
        refusals = behaviour.weight < 0
        if not refusals.any():
            return behaviour
        taught = self._network.kind.weight.any(dim=1).cpu().numpy()  # [kinds + 2], of kind + 1
        return behaviour.part(~refusals | taught[behaviour.kind.astype(np.int64) + 1])

    def log_prob(self, behaviours: Many[Behaviour]) -> Floats:
        """[behaviours, items]"""
        return log_softmax(self._index.scores(self._states(behaviours)))

    def opinion(self, behaviour: Behaviour) -> "SequenceOpinion":
        """One pass through the network."""
        return SequenceOpinion(self, behaviour)

    def active(self, behaviour: Behaviour) -> bool:
        """From the first event."""
        return len(behaviour) > 0

    def learn(self, before: Behaviour, item: int, weight: float, at: float) -> None:
        """Nothing at once: the history is read when asked, the weights change at the next fit."""

    def terms(self, behaviour: Behaviour, items: Ints, *, deep: bool = True) -> list[list[Term]]:
        """What each of the last events changes when it alone is taken out, and the rest.

        Leave-one-out attribution: what events do only together is in the rest.
        """
        return self.opinion(behaviour).terms(items, deep=deep)

    def state(self) -> tuple[Arrays, Facts]:
        """The network's parameters; the items' texts are read from the catalogue."""
        arrays = {
            name: value.cpu().numpy()
            for name, value in self._network.state_dict().items()
            if name != "identity.weight"
        }
        identity = np.zeros(
            (len(self._identity) + 1, self._settings.dim), self._identity.rows.dtype
        )
        identity[1:] = self._identity.rows
        identity[1:][self._guessed.rows] = 0  # guessed anew when read
        facts = {
            "settings": self._settings.model_dump(),
            "length": self._network.length,
            "kinds": self._network.kind.num_embeddings - 2,
            "timed": self._network.turning > 0,
        }
        return arrays | {"identity.weight": identity}, facts

    @classmethod
    def restored(cls, arrays: Arrays, facts: Facts, catalogue: Catalogue) -> Self:
        """The inverse of `state`."""
        import torch

        from foretaste.domain.device import device_of
        from foretaste.model.network import Network

        settings = SequenceSettings(**facts["settings"])
        nothing = torch.zeros(1, catalogue.vectors.shape[1])  # the items are kept here, not there
        timed = facts.get("timed", False)  # not there if saved before times were read
        network = Network(nothing, settings, facts["length"], facts["kinds"], 0.0, timed=timed)
        identity = arrays["identity.weight"][1:]
        own = {name: torch.from_numpy(value) for name, value in arrays.items()}
        own["identity.weight"] = own["identity.weight"][:1]
        for unread in ("value.weight", "steps"):  # saved before values were read
            own.setdefault(unread, network.state_dict()[unread])
        network.load_state_dict(own)
        return cls(network.to(device_of(settings.device)), settings, catalogue, identity)


class SequenceOpinion(SoftmaxScorer):
    """Where the history stands among the items."""

    def __init__(self, expert: Sequence, behaviour: Behaviour) -> None:
        self._expert, self._behaviour = expert, behaviour
        super().__init__(expert._index, expert._states([behaviour])[0])

    def terms(self, items: Ints, *, deep: bool = True) -> list[list[Term]]:
        """What each of the last events changes when it alone is taken out, and the rest."""
        expert, behaviour = self._expert, self._behaviour
        rows = range(max(len(behaviour) - EXPLAINED, 0), len(behaviour)) if deep else ()
        log_prob = self.log_prob(items).astype(np.float64)
        change = log_prob - self._without(rows, items)  # [events, items]
        rest = log_prob - change.sum(axis=0)
        names = [_name(behaviour, row, expert._ids) for row in rows]
        whole_history = against_average(expert.name, rest, len(expert._ids), "whole history")
        return [
            [
                *whole_history[place],
                *(
                    Term(expert.name, float(change[event, place]), event=name)
                    for event, name in enumerate(names)
                ),
            ]
            for place in range(len(items))
        ]

    def _without(self, rows: range | tuple[()], items: Ints) -> Doubles:
        """[events, items], log P of the items without each of these events."""
        if not len(rows):
            return np.empty((0, len(items)))
        expert = self._expert
        states = expert._states([_without(self._behaviour, row) for row in rows])
        totals = expert._index.log_partition(states)
        return (expert._index.scores_of(states, items) - totals[:, None]).astype(np.float64)


def mean_identities(vectors: Floats, texts: Floats, theirs: Floats) -> Floats:
    """→ [wanted, dim], for each the mean identity of the items with the nearest texts.

    vectors: [wanted, read dim], of length 1. texts, theirs: [known, read dim] and [known, dim].
    """
    nearest = min(ALIKE, len(texts))
    if not nearest:
        return np.zeros((len(vectors), theirs.shape[1]), np.float32)
    likeness = vectors @ texts.T
    which = np.argpartition(-likeness, nearest - 1, axis=1)[:, :nearest]
    close = np.take_along_axis(likeness, which, axis=1) / np.float32(NEARNESS)
    shares = np.exp(close - close.max(axis=1, keepdims=True))
    shares *= vectors.any(axis=1, keepdims=True) / shares.sum(axis=1, keepdims=True)
    return np.einsum("wn,wnd->wd", shares, theirs[which].astype(np.float32))


def _kept(items: int) -> type[np.float32 | np.float16]:
    """Half the memory where there are many."""
    return np.float32 if is_exhaustive(items) else np.float16


def _without(behaviour: Behaviour, row: int) -> Behaviour:
    """The same history less one event."""
    return behaviour.part(np.arange(len(behaviour)) != row)


def _name(behaviour: Behaviour, row: int, ids: tuple[str, ...]) -> str:
    item = int(behaviour.item[row])
    return ids[item] if item >= 0 else behaviour.text[row]
