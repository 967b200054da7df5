"""Lexical: which items share words with the recent ones. P(item | words of the last items).

A language model reads what a thing is; the words themselves say which brand, series, maker or shade
it is. TF-IDF over the catalogue (Salton and Buckley 1988), cosine, softmax.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import Self

import numpy as np

from foretaste.domain.data import Behaviour, Catalogue, Floats, Ints, Term
from foretaste.domain.ports import Arrays, Facts
from foretaste.model.experts.content import log_softmax
from foretaste.model.index.base import is_exhaustive
from foretaste.model.inverted_index import Row, Words
from foretaste.model.scoring import NOBODY, best_of
from foretaste.model.settings import LexicalSettings
from foretaste.model.terms import AVERAGE
from foretaste.model.tfidf import TfIdf
from foretaste.model.training import Training


class Lexical:
    """Cosine in the space of words."""

    name = "lexical"
    counting = False

    def __init__(self, tfidf: TfIdf, settings: LexicalSettings, catalogue: Catalogue) -> None:
        self._settings = settings
        self._tfidf = tfidf
        self._all(catalogue)

    @classmethod
    def fit(cls, training: Training) -> list[Self]:
        """The words and how rare they are; left out where no two items share one."""
        tfidf = TfIdf.of(training.catalogue.readings)
        return [] if tfidf is None else [cls(tfidf, training.settings.lexical, training.catalogue)]

    def _recent(self, behaviour: Behaviour) -> tuple[Ints, Floats]:
        """The last items, newest first, and what each counts."""
        recent = behaviour.taken[: -self._settings.last - 1 : -1]
        return recent, np.float32(self._settings.decay) ** np.arange(len(recent), dtype=np.float32)

    def _taste(self, behaviour: Behaviour) -> tuple[list[tuple[int, Row]], Row]:
        """The last items, each with its part of the taste; and the taste, over the temperature."""
        recent, worth = self._recent(behaviour)
        rows = [self._words.row(int(item)) for item in recent]
        if not rows:
            return [], (NOBODY, np.empty(0, np.float32))
        words = np.concatenate([row[0] for row in rows])
        weights = np.concatenate([row[1] * much for row, much in zip(rows, worth, strict=True)])
        distinct, where = np.unique(words, return_inverse=True)
        taste = np.bincount(where, weights, minlength=len(distinct))
        length = float(np.sqrt(np.square(taste).sum()))
        scale = np.float32(1 / (max(length, 1e-9) * self._settings.temperature))
        parts = [
            (int(item), (row[0], row[1] * much * scale))
            for item, row, much in zip(recent, rows, worth, strict=True)
        ]
        return parts, (distinct, (taste * scale).astype(np.float32))

    def log_prob(self, behaviours: Sequence[Behaviour]) -> Floats:
        """[behaviours, items]"""
        tastes = [self._taste(one)[1] for one in behaviours]
        return log_softmax(np.stack([self._words.every(*taste) for taste in tastes]))

    def opinion(self, behaviour: Behaviour) -> "LexicalOpinion":
        """The words of the last items."""
        return LexicalOpinion(self, behaviour)

    def active(self, behaviour: Behaviour) -> bool:
        """From the first item with words."""
        recent, _ = self._recent(behaviour)
        return any(len(self._words.row(int(item))[0]) for item in recent)

    def learn(self, before: Behaviour, item: int, weight: float, at: float) -> None:
        """Nothing to learn: the history is read when asked."""

    def _all(self, catalogue: Catalogue) -> None:
        self._ids = catalogue.ids
        self._words = Words(self._tfidf.rows(catalogue.readings))
        self._mean = self._words.mean()

    def grow(self, catalogue: Catalogue, changed: Sequence[int] | None = None) -> None:
        """New items are read with the words known so far; new words count from the next fit."""
        if changed is None:
            return self._all(catalogue)
        again = [*changed, *range(len(self._ids), len(catalogue))]
        self._ids = catalogue.ids
        if not again:
            return None
        rows = self._tfidf.rows([catalogue.readings[item] for item in again])
        for place, item in enumerate(again):
            part = slice(rows.indptr[place], rows.indptr[place + 1])
            self._words.put(item, rows.indices[part], rows.data[part])
        return None

    def terms(self, behaviour: Behaviour, items: Ints, *, deep: bool = True) -> list[list[Term]]:
        """What the words of each past item add over what they add to the average item."""
        return self.opinion(behaviour).terms(items, deep=deep)

    def state(self) -> tuple[Arrays, Facts]:
        """The words and how rare they are: the catalogue's texts may have changed since."""
        facts = {"settings": self._settings.model_dump(), "words": list(self._tfidf.words)}
        return {"rarity": self._tfidf.rarity}, facts

    @classmethod
    def restored(cls, arrays: Arrays, facts: Facts, catalogue: Catalogue) -> Self:
        """The inverse of `state`."""
        tfidf = TfIdf(facts["words"], arrays["rarity"])
        return cls(tfidf, LexicalSettings(**facts["settings"]), catalogue)


class LexicalOpinion:
    """The words of the last items against those of the others."""

    def __init__(self, expert: Lexical, behaviour: Behaviour) -> None:
        self._expert, self._table = expert, expert._words
        self._parts, self._taste = expert._taste(behaviour)
        self._row: Floats | None = None
        self._total: np.float32 | None = None

    def log_prob(self, items: Ints | None = None) -> Floats:
        """[items]"""
        if items is None or is_exhaustive(self._table.size):
            if self._row is None:
                self._row = log_softmax(self._table.every(*self._taste))
            return self._row if items is None else self._row[items]
        return self._table.some(*self._taste, items) - self._log_total()

    @cached_property
    def _near(self) -> tuple[Ints, Floats]:
        """All that share the rarer words, and how much."""
        return self._table.near(*self._taste, self._table.size)

    def _log_total(self) -> np.float32:
        """Over those that share the rarer words; the rest as if they shared none."""
        if self._total is None:
            scores = self._near[1]
            rest = self._table.size - len(scores)
            self._total = np.float32(np.log(rest + np.exp(scores).sum(dtype=np.float64)))
        return self._total

    def candidates(self, k: int) -> Ints:
        """Those that share the rarest words."""
        items, scores = self._near
        return items[best_of(scores, k)]

    def terms(self, items: Ints, *, deep: bool = True) -> list[list[Term]]:
        """What the words of each past item add over what they add to the average item."""
        expert, mean = self._expert, self._expert._mean
        each = np.array(
            [
                self._table.some(*row, items) - float(row[1] @ mean[row[0]])
                for _, row in self._parts
            ],
            np.float64,
        ).reshape(len(self._parts), len(items))  # [events, items]
        rest = self.log_prob(items) - each.sum(axis=0)
        return [
            [
                Term(expert.name, float(rest[place]), feature=AVERAGE),
                *(
                    Term(expert.name, float(each[event, place]), event=expert._ids[past])
                    for event, (past, _) in enumerate(self._parts)
                ),
            ]
            for place in range(len(items))
        ]
