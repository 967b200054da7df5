"""Attribute: one expert a named column. P(value | U) from the values taken so far, decayed.

An item's lift is the geometric mean over its values of P(value | U) / P(value), normalised over the
catalogue. So it says how much more this person likes the value than people do, in nats a value, and
popularity is left to the popularity expert. A stated taste counts as events; so it works at zero.
"""

from collections.abc import Mapping, Sequence
from typing import Self

import numpy as np
import scipy.sparse as sp

from foretaste.domain import Behaviour, Catalogue, Feature, Floats, Ints, Term
from foretaste.model.experts.content import log_softmax
from foretaste.model.settings import AttributeSettings
from foretaste.model.terms import AVERAGE
from foretaste.model.training import Training
from foretaste.ports import Arrays, Facts

STATED = 5.0
"""Events' worth of one stated taste."""


class Attribute:
    """The person's shares of one column's values against everyone's."""

    name = "attribute"
    counting = True

    def __init__(self, column: str, settings: AttributeSettings, catalogue: Catalogue) -> None:
        self.column = column
        self.name = f"attribute:{column}"
        self._settings = settings
        self._code: dict[str, int] = {}
        self._counts = np.zeros(0, np.float32)
        self.grow(catalogue)

    @classmethod
    def fit(cls, training: Training) -> list[Self]:
        """One for each column in which items share values."""
        settings = training.settings.attribute
        experts = []
        for feature in training.catalogue.features:
            wanted = settings.columns is None or feature.column in settings.columns
            shared = len(feature.values) < len(feature.codes)
            if not wanted or not shared or len(feature.values) > settings.most_values:
                continue
            expert = cls(feature.column, settings, training.catalogue)
            expert._count(training)
            experts.append(expert)
        return experts

    def _count(self, training: Training) -> None:
        keep = (training.histories.item >= 0) & (training.histories.weight > 0)
        items = np.bincount(
            training.histories.item[keep],
            training.histories.weight[keep],
            minlength=len(training.catalogue),
        )
        self._counts = np.asarray(items @ self._shares, np.float32)
        self._log_everyone = self._everyone()

    def _everyone(self) -> Floats:
        """[values], log P(value) over all people's events, with one event a value as prior."""
        mass = self._counts + 1
        return np.log(mass / mass.sum())

    def grow(self, catalogue: Catalogue) -> None:
        """New items, perhaps with new values."""
        counted = dict(zip(self._code, self._counts.tolist(), strict=True))
        self._feature = _column(catalogue, self.column)
        self._shares = _shares(self._feature)
        self._code = {value: code for code, value in enumerate(self._feature.values)}
        self._recount(counted)

    def _recount(self, counted: Mapping[str, float]) -> None:
        """By value: a changed item may have given every value another code."""
        counts = [counted.get(value, 0.0) for value in self._feature.values]
        self._counts = np.array(counts, np.float32)
        self._log_everyone = self._everyone()

    def _worths(self, behaviour: Behaviour) -> tuple[Ints, Floats]:
        """The items taken, newest first, and what each counts."""
        items = behaviour.taken[::-1]
        worth = np.float32(self._settings.decay) ** np.arange(len(items), dtype=np.float32)
        return items, worth

    def preference(self, behaviour: Behaviour) -> Floats:
        """[values], log P(value | U)."""
        items, worth = self._worths(behaviour)
        mass = np.asarray(worth @ self._shares[items], np.float32).ravel()
        for value in behaviour.taste.get(self.column, ()):
            if value in self._code:
                mass[self._code[value]] += STATED
        mass += np.float32(self._settings.smoothing) * np.exp(self._log_everyone)
        return np.log(mass / mass.sum())

    @property
    def everyone(self) -> Floats:
        """[values], log P(value), over all people's events."""
        return self._log_everyone

    def log_prob(self, behaviours: Sequence[Behaviour]) -> Floats:
        """[behaviours, items]"""
        lift = np.stack([self.preference(one) for one in behaviours]) - self._log_everyone
        return log_softmax(np.asarray((self._shares @ lift.T).T, np.float32))

    def active(self, behaviour: Behaviour) -> bool:
        """From the first item, or from a stated taste in this column."""
        stated = any(value in self._code for value in behaviour.taste.get(self.column, ()))
        return stated or len(behaviour.taken) > 0

    def learn(self, before: Behaviour, item: int, weight: float, at: float) -> None:
        """Everyone's share of the item's values moves a little."""
        codes = self._feature.of(item)
        if len(codes):
            np.add.at(self._counts, codes, np.float32(weight / len(codes)))
            self._counts = np.maximum(self._counts, 0)
            self._log_everyone = self._everyone()

    def terms(self, behaviour: Behaviour, items: Ints, *, deep: bool = True) -> list[list[Term]]:
        """What each of the item's values adds, and the normalisation."""
        lift = self.preference(behaviour) - self._log_everyone
        scores = self._shares @ lift
        rest = float(log_softmax(scores)[0] - scores[0])
        answer = []
        for item in items:
            codes = self._feature.of(int(item))
            parts = [
                Term(
                    self.name,
                    float(lift[code] / len(codes)),
                    feature=f"{self.column}: {self._feature.values[code]}",
                )
                for code in codes
            ]
            answer.append([Term(self.name, rest, feature=AVERAGE), *parts])
        return answer

    def state(self) -> tuple[Arrays, Facts]:
        """Everyone's counts, by value: codes may differ after a restart."""
        facts = {"column": self.column, "settings": self._settings.model_dump()}
        return {"counts": self._counts}, facts | {"values": list(self._feature.values)}

    @classmethod
    def restored(cls, arrays: Arrays, facts: Facts, catalogue: Catalogue) -> Self:
        """The inverse of `state`."""
        expert = cls(facts["column"], AttributeSettings(**facts["settings"]), catalogue)
        expert._recount(dict(zip(facts["values"], arrays["counts"], strict=True)))
        return expert


def _column(catalogue: Catalogue, name: str) -> Feature:
    """The feature of this name; one without values where no item has it any more."""
    nothing = np.zeros(len(catalogue) + 1, np.int64)
    empty = Feature(name, (), nothing, np.zeros(0, np.int32))
    return next((f for f in catalogue.features if f.column == name), empty)


def _shares(feature: Feature) -> sp.csr_matrix:
    """[items, values], each item's values in equal shares that sum to 1."""
    lengths = np.diff(feature.offsets)
    shares = np.repeat(1 / np.maximum(lengths, 1), lengths).astype(np.float32)
    size = (len(lengths), len(feature.values))
    return sp.csr_matrix((shares, feature.codes, feature.offsets), shape=size)
