"""Attribute: one expert a named column. P(value | U) from the values taken so far, decayed.

An item's lift is the geometric mean over its values of P(value | U) / P(value), normalised over the
catalogue. So it says how much more this person likes the value than people do, in nats a value, and
popularity is left to the popularity expert. A stated taste counts as events; so it works at zero.
"""

from collections.abc import Mapping, Sequence
from typing import Self

import numpy as np
import scipy.sparse as sp

from foretaste.domain.arrays import Growing
from foretaste.domain.data import Behaviour, Catalogue, Feature, Floats, Ints, Term
from foretaste.domain.ports import Arrays, Facts
from foretaste.domain.sharing import Chunked, Once
from foretaste.model.scoring import NOBODY
from foretaste.model.settings import AttributeSettings
from foretaste.model.terms import AVERAGE
from foretaste.model.training import Training

DECAYS = (0.8, 0.9, 0.95, 0.98, 1.0)
SMOOTHINGS = (1.0, 3.0, 10.0, 30.0, 100.0)
"""What is chosen from where the settings leave it open."""
DECAY, SMOOTHING = 0.9, 3.0
"""Where there is nothing to choose by."""
CHOOSING = 1000
"""Validation events that choose, at most."""
STATED = 5 / 3
"""A stated taste weighs so many times what everyone's shares do."""
LEAST = 1e-6
"""Events' worth below which an event long ago counts nothing."""


class Attribute:
    """The person's shares of one column's values against everyone's."""

    name = "attribute"
    counting = True

    def __init__(self, column: str, settings: AttributeSettings, catalogue: Catalogue) -> None:
        self.column = column
        self.name = f"attribute:{column}"
        self._settings = settings
        self._code: dict[str, int] = {}
        self._counts = Chunked(np.zeros(0, np.float32))
        self._log_everyone: Floats | None = None
        self._kinds: dict[tuple[int, ...], int] = {}
        self._members: list[int] = []
        self._kind_of = Growing(np.zeros(0, np.int32))  # [items]
        self.grow(catalogue)

    @classmethod
    def fit(cls, training: Training) -> list[Self]:
        """One for each column in which items share values."""
        settings = training.settings.attribute
        experts = []
        catalogue = training.catalogue
        for feature in catalogue.told if settings.columns is None else catalogue.features:
            wanted = settings.columns is None or feature.column in settings.columns
            shared = len(feature.values) < len(feature.codes)
            if not wanted or not shared or len(feature.values) > settings.most_values:
                continue
            expert = cls(feature.column, settings, training.catalogue)
            expert._count(training)
            expert._choose(training)
            experts.append(expert)
        return experts

    def recounted(self, training: Training) -> Self:
        """The same decay and smoothing, everyone's shares counted on other behaviour."""
        expert = type(self)(self.column, self._settings, training.catalogue)
        expert._count(training)
        return expert

    def _choose(self, training: Training) -> None:
        """The decay and the smoothing under which the next items' values are likeliest."""
        settings, rng = self._settings, np.random.default_rng(training.settings.seed)
        known = np.flatnonzero(np.diff(self._feature.offsets)[training.valid.targets] > 0)
        valid = training.valid.at(known).sample(CHOOSING, rng)
        if not len(valid) or None not in (settings.decay, settings.smoothing):
            return
        behaviours = valid.behaviours(0, len(valid))
        wanted = _shares(self._feature)[valid.targets].tocoo()  # [cases, values]
        usual = np.exp(self.everyone[wanted.col].astype(np.float64))
        found = {}
        for decay in DECAYS if settings.decay is None else (settings.decay,):
            own = np.stack([self._mass(one, decay) for one in behaviours])
            total = own.sum(axis=1, dtype=np.float64)[wanted.row]
            some = own[wanted.row, wanted.col]
            for much in SMOOTHINGS if settings.smoothing is None else (settings.smoothing,):
                chances = np.log((some + much * usual) / (total + much))
                found[decay, much] = float((chances * wanted.data).sum())
        decay, smoothing = max(found, key=lambda pair: found[pair])
        self._settings = settings.model_copy(update={"decay": decay, "smoothing": smoothing})

    def _count(self, training: Training) -> None:
        keep = (training.histories.item >= 0) & (training.histories.weight > 0)
        items = np.bincount(
            training.histories.item[keep],
            training.histories.weight[keep],
            minlength=len(training.catalogue),
        )
        self._counts = Chunked(np.asarray(items @ _shares(self._feature), np.float32))
        self._log_everyone = None

    @property
    def everyone(self) -> Floats:
        """[values], log P(value) over all people's events, with one event a value as prior."""
        log_everyone = self._log_everyone
        if log_everyone is None:
            mass = self._counts.rows + 1
            self._log_everyone = log_everyone = np.log(mass / mass.sum())
        return log_everyone

    def grow(self, catalogue: Catalogue, changed: Sequence[int] | None = None) -> None:
        """New items, perhaps with new values."""
        counted = dict(zip(self._code, self._counts.rows.tolist(), strict=True))
        known = len(self._code)
        self._feature = _column(catalogue, self.column)
        values = self._feature.values
        if changed is None or values[:known] != tuple(self._code):
            self._code = {value: code for code, value in enumerate(values)}
            self._recount(counted)
            self._sort_all()
            return
        if len(values) > known:
            new_codes = {value: known + more for more, value in enumerate(values[known:])}
            self._code = {**self._code, **new_codes}
            self._counts.extend(np.zeros(len(values) - known, np.float32))
            self._log_everyone = None
        self._kinds, self._members, kinds = dict(self._kinds), list(self._members), len(self._kinds)
        size = len(self._kind_of)
        new = [self._kind(item) for item in range(size, len(catalogue))]
        for item in changed:
            self._members[self._kind_of.rows[item]] -= 1
        again = np.array([self._kind(item) for item in changed], np.int32)
        self._kind_of = self._kind_of.replaced(changed, again).appended(np.array(new, np.int32))
        self._count_members(again=len(self._kinds) > kinds)

    def _recount(self, counted: Mapping[str, float]) -> None:
        """By value: a changed item may have given every value another code."""
        counts = [counted.get(value, 0.0) for value in self._feature.values]
        self._counts = Chunked(np.array(counts, np.float32))
        self._log_everyone = None

    def _sort_all(self) -> None:
        """Items with the same values are of one kind: there are far fewer kinds than items."""
        self._kinds, self._members = {}, []
        size = len(self._feature.offsets) - 1
        kinds = np.fromiter((self._kind(item) for item in range(size)), np.int32, size)
        self._kind_of = Growing(kinds)
        self._count_members(again=True)

    def _count_members(self, *, again: bool) -> None:
        """What is needed of the kinds at a request, made when first asked for; `again`: there are
        other kinds, and not only others of each.
        """
        kinds, members, values = self._kinds, self._members, len(self._counts)
        self._counted = Once(lambda: np.array(members, np.float64))  # [kinds]
        if again:
            self._tables = Once(lambda: _table(list(kinds), values))  # [kinds, values]

    def _kind(self, item: int) -> int:
        """The number of an item's kind, and one more of it."""
        codes = tuple(self._feature.of(item).tolist())
        kind = self._kinds.setdefault(codes, len(self._kinds))
        if kind == len(self._members):
            self._members.append(0)
        self._members[kind] += 1
        return kind

    def _lifts(self, lift: Floats) -> Floats:
        """[…, values] → […, kinds], the mean over the values of each kind."""
        table = self._table
        return np.asarray((table @ lift[..., : table.shape[1]].T).T, np.float32)

    @property
    def _table(self) -> sp.csr_matrix:
        """[kinds, values], each kind's values in equal shares."""
        return self._tables.get()

    def _log_total(self, scores: Floats) -> np.float32:
        """Of [kinds], log Σ exp over the items."""
        top = scores.max(initial=0.0)
        return np.float32(top + np.log((self._counted.get() * np.exp(scores - top)).sum()))

    def _mass(self, behaviour: Behaviour, decay: float) -> Floats:
        """[values], what was taken of each, in events."""
        items = behaviour.taken[::-1]
        worth = np.float32(decay) ** np.arange(len(items), dtype=np.float32)
        enough = int((worth > LEAST).sum())
        kinds = self._kind_of.rows[items[:enough]]
        mass = np.zeros(len(self._counts), np.float32)
        mass[: self._table.shape[1]] = self._table[kinds].T @ worth[:enough]
        return mass

    def preference(self, behaviour: Behaviour) -> Floats:
        """[values], log P(value | U)."""
        settings = self._settings
        smoothing = SMOOTHING if settings.smoothing is None else settings.smoothing
        prior = np.float32(smoothing) * np.exp(self.everyone)
        mass = prior + self._mass(behaviour, DECAY if settings.decay is None else settings.decay)
        for value in behaviour.taste.get(self.column, ()):
            if value in self._code:
                mass[self._code[value]] += STATED * smoothing
        return np.log(mass / mass.sum())

    def log_prob(self, behaviours: Sequence[Behaviour]) -> Floats:
        """[behaviours, items]"""
        return np.stack([self.opinion(one).log_prob() for one in behaviours])

    def opinion(self, behaviour: Behaviour) -> "AttributeOpinion":
        """The taste in this column."""
        return AttributeOpinion(self, behaviour)

    def active(self, behaviour: Behaviour) -> bool:
        """From the first item, or from a stated taste in this column."""
        stated = any(value in self._code for value in behaviour.taste.get(self.column, ()))
        return stated or len(behaviour.taken) > 0

    def learn(self, before: Behaviour, item: int, weight: float, at: float) -> None:
        """Everyone's share of the item's values moves a little."""
        codes = self._feature.of(item)
        if len(codes):
            for code in codes.tolist():
                self._counts[code] += np.float32(weight / len(codes))
            for code in codes.tolist():
                self._counts[code] = max(self._counts[code], 0)
            self._log_everyone = None

    def terms(self, behaviour: Behaviour, items: Ints, *, deep: bool = True) -> list[list[Term]]:
        """What each of the item's values adds, and the normalisation."""
        return self.opinion(behaviour).terms(items, deep=deep)

    def state(self) -> tuple[Arrays, Facts]:
        """Everyone's counts, by value: codes may differ after a restart."""
        facts = {"column": self.column, "settings": self._settings.model_dump()}
        return {"counts": self._counts.rows}, facts | {"values": list(self._feature.values)}

    @classmethod
    def restored(cls, arrays: Arrays, facts: Facts, catalogue: Catalogue) -> Self:
        """The inverse of `state`."""
        expert = cls(facts["column"], AttributeSettings(**facts["settings"]), catalogue)
        expert._recount(dict(zip(facts["values"], arrays["counts"], strict=True)))
        return expert


class AttributeOpinion:
    """How much more this person likes each value than people do."""

    def __init__(self, expert: Attribute, behaviour: Behaviour) -> None:
        self._expert = expert
        self._lift = expert.preference(behaviour) - expert.everyone  # [values]
        self._scores = expert._lifts(self._lift)  # [kinds]
        self._total = expert._log_total(self._scores)

    def log_prob(self, items: Ints | None = None) -> Floats:
        """[items]"""
        kinds = self._expert._kind_of.rows
        return (self._scores - self._total)[kinds if items is None else kinds[items]]

    def candidates(self, k: int) -> Ints:
        """None: which of the many items of a value is for the others to say."""
        return NOBODY

    def terms(self, items: Ints, *, deep: bool = True) -> list[list[Term]]:
        """What each of the item's values adds, and the normalisation."""
        name, column, feature = self._expert.name, self._expert.column, self._expert._feature
        answer = []
        starts, stops = feature.offsets[items], feature.offsets[items + 1]
        for start, stop in zip(starts.tolist(), stops.tolist(), strict=True):
            codes = feature.codes[start:stop]  # of one item
            parts = [
                Term(
                    name,
                    float(self._lift[code] / len(codes)),
                    feature=f"{column}: {feature.values[code]}",
                )
                for code in codes
            ]
            answer.append([Term(name, -float(self._total), feature=AVERAGE), *parts])
        return answer


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


def _table(kinds: Sequence[tuple[int, ...]], values: int) -> sp.csr_matrix:
    """[kinds, values], the same for the values of each kind."""
    offsets = np.concatenate([[0], np.cumsum([len(codes) for codes in kinds])]).astype(np.int64)
    codes = np.fromiter((code for codes in kinds for code in codes), np.int32, offsets[-1])
    return _shares(Feature("", tuple("" for _ in range(values)), offsets, codes))
