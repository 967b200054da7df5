"""Sequence: a causal transformer over the person's events. P(next item | all of them, in order).

The network is in `model/network.py`, its training in `model/sequence_training.py`.
"""

from collections.abc import Sequence as Many
from dataclasses import replace
from typing import Self

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from foretaste.domain import Behaviour, Catalogue, Floats, Ints, Term
from foretaste.model.network import Network, tokens
from foretaste.model.sequence_training import device_of, train
from foretaste.model.settings import SequenceSettings
from foretaste.model.terms import against_average
from foretaste.model.training import Training
from foretaste.ports import Arrays, Facts

ALIKE, NEARNESS = 10, 0.1
"""How many items that read alike a new one is placed among, and the temperature of the mean."""
EXPLAINED = 12
"""How many of the last events an explanation looks behind, one forward pass for each."""


class Sequence:
    """The trained network and the item vectors it compares with."""

    name = "sequence"
    counting = False

    def __init__(self, network: Network, settings: SequenceSettings, catalogue: Catalogue) -> None:
        self._network = network.eval()
        self._settings = settings
        identity = network.identity.weight
        self._guessed = ~identity[1:].any(dim=1)  # [items], those whose identity nobody taught
        self.grow(catalogue)

    @classmethod
    def fit(cls, training: Training) -> list[Self]:
        """Train; left out where nobody took two items."""
        trained = train(training)
        if trained is None:
            return []
        return [cls(trained, training.settings.sequence, training.catalogue)]

    @torch.inference_mode()
    def grow(self, catalogue: Catalogue) -> None:
        """A new item gets the mean identity of those that read most like it."""
        self._ids, self._catalogue = catalogue.ids, catalogue
        self._network.grow(torch.from_numpy(catalogue.vectors))
        identity = self._network.identity.weight
        more = torch.ones(len(catalogue) - len(self._guessed), dtype=torch.bool)
        self._guessed = torch.cat([self._guessed, more.to(identity.device)])
        empty = self._guessed & ~identity[1:].any(dim=1)
        guess = alike(self._network.vectors[1:], identity[1:], ~self._guessed, empty)
        identity[1:][empty] = guess
        self._items = self._network.catalogue()  # [items, dim]

    @torch.inference_mode()
    def _states(self, behaviours: Many[Behaviour]) -> Tensor:
        """→ [behaviours, dim], of length 1."""
        batch = tokens(list(behaviours), self._network.length)
        states = self._network(batch.to(self._items.device))[:, -1]
        return functional.normalize(states, dim=-1)

    @torch.inference_mode()
    def log_prob(self, behaviours: Many[Behaviour]) -> Floats:
        """[behaviours, items]"""
        logits = self._states(behaviours) @ self._items.T / self._network.temperature
        return np.asarray(functional.log_softmax(logits, dim=-1).cpu().numpy())

    def active(self, behaviour: Behaviour) -> bool:
        """From the first event."""
        return len(behaviour) > 0

    def learn(self, before: Behaviour, item: int, weight: float, at: float) -> None:
        """Nothing at once: the history is read when asked, the weights change at the next fit."""

    def terms(self, behaviour: Behaviour, items: Ints, *, deep: bool = True) -> list[list[Term]]:
        """What each of the last events changes when it alone is taken out, and the rest.

        Leave-one-out attribution: what events do only together is in the rest.
        """
        rows = range(max(len(behaviour) - EXPLAINED, 0), len(behaviour)) if deep else ()
        without = [_without(behaviour, row) for row in rows]
        scores = self.log_prob([behaviour, *without])[:, items].astype(np.float64)
        change = scores[0] - scores[1:]  # [events, items]
        rest = scores[0] - change.sum(axis=0)
        names = [_name(behaviour, row, self._ids) for row in rows]
        return [
            [
                *against_average(self.name, float(rest[place]), len(self._ids), "whole history"),
                *(
                    Term(self.name, float(change[event, place]), event=name)
                    for event, name in enumerate(names)
                ),
            ]
            for place in range(len(items))
        ]

    def state(self) -> tuple[Arrays, Facts]:
        """The network's parameters; the items' texts are read from the catalogue."""
        arrays = {name: value.cpu().numpy() for name, value in self._network.state_dict().items()}
        arrays["identity.weight"] = arrays["identity.weight"].copy()
        arrays["identity.weight"][1:][self._guessed.cpu().numpy()] = 0  # guessed anew when read
        facts = {
            "settings": self._settings.model_dump(),
            "length": self._network.length,
            "kinds": self._network.kind.num_embeddings - 2,
        }
        return arrays, facts

    def forgetting(self, items: Ints) -> Self:
        """A copy for which these items are new."""
        arrays, facts = self.state()
        copies = {name: array.copy() for name, array in arrays.items()}
        copies["identity.weight"][items + 1] = 0
        return self.restored(copies, facts, self._catalogue)

    @classmethod
    def restored(cls, arrays: Arrays, facts: Facts, catalogue: Catalogue) -> Self:
        """The inverse of `state`."""
        settings = SequenceSettings(**facts["settings"])
        known = len(arrays["identity.weight"])
        vectors = np.zeros((known, catalogue.vectors.shape[1]), np.float32)
        network = Network(torch.from_numpy(vectors), settings, facts["length"], facts["kinds"], 0.0)
        network.load_state_dict({name: torch.from_numpy(value) for name, value in arrays.items()})
        return cls(network.to(device_of(settings.device)), settings, catalogue)


def alike(vectors: Tensor, identity: Tensor, known: Tensor, wanted: Tensor) -> Tensor:
    """[wanted, dim], for each the mean identity of the known items with the nearest texts.

    vectors: [items, read dim], of length 1. known, wanted: [items], which they are.
    """
    theirs, rows = identity[known], vectors[known]
    nearest = min(ALIKE, len(rows))
    if not nearest:
        return torch.zeros_like(identity[wanted])
    means = [torch.zeros_like(identity[:0])]
    for some in vectors[wanted].split(1024):
        close, which = (some @ rows.T).topk(nearest, dim=1)
        shares = (close / NEARNESS).softmax(dim=1) * some.any(dim=1, keepdim=True)
        means.append((shares[:, :, None] * theirs[which]).sum(dim=1))
    return torch.cat(means)


def _without(behaviour: Behaviour, row: int) -> Behaviour:
    """The same history less one event."""
    keep = np.arange(len(behaviour)) != row
    texts = behaviour.text_vectors
    return replace(
        behaviour,
        item=behaviour.item[keep],
        weight=behaviour.weight[keep],
        kind=behaviour.kind[keep],
        value=behaviour.value[keep],
        at=behaviour.at[keep],
        text=tuple(text for place, text in enumerate(behaviour.text) if place != row),
        text_vectors=None if texts is None else texts[keep],
    )


def _name(behaviour: Behaviour, row: int, ids: tuple[str, ...]) -> str:
    item = int(behaviour.item[row])
    return ids[item] if item >= 0 else behaviour.text[row]
