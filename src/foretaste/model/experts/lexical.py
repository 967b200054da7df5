"""Lexical: which items share words with the recent ones. P(item | words of the last items).

A language model reads what a thing is; the words themselves say which brand, series, maker or shade
it is. TF-IDF over the catalogue (Salton and Buckley 1988), cosine, softmax.
"""

from collections.abc import Sequence
from typing import Self

import numpy as np
import scipy.sparse as sp
from sklearn.feature_extraction.text import TfidfVectorizer

from foretaste.domain import Behaviour, Catalogue, Floats, Ints, Term
from foretaste.model.experts.content import log_softmax
from foretaste.model.settings import LexicalSettings
from foretaste.model.terms import AVERAGE
from foretaste.model.training import Training
from foretaste.ports import Arrays, Facts


class Lexical:
    """Cosine in the space of words."""

    name = "lexical"
    counting = False

    def __init__(self, settings: LexicalSettings, catalogue: Catalogue) -> None:
        self._settings = settings
        self._vectorizer = TfidfVectorizer(
            sublinear_tf=True, min_df=2, token_pattern=r"(?u)\b\w+\b", dtype=np.float32
        )
        self._ids = catalogue.ids
        self._items = self._vectorizer.fit_transform(catalogue.readings).tocsr()
        self._words = self._items.T.tocsr()  # [words, items]

    @classmethod
    def fit(cls, training: Training) -> list[Self]:
        """Nothing to learn; left out where no two items share a word."""
        try:
            return [cls(training.settings.lexical, training.catalogue)]
        except ValueError:  # scikit-learn's word for an empty vocabulary
            return []

    def _recent(self, behaviour: Behaviour) -> tuple[Ints, Floats]:
        """The last items, newest first, and what each counts, for a taste of length 1."""
        settings = self._settings
        recent = behaviour.taken[: -settings.last - 1 : -1]
        worth = np.float32(settings.decay) ** np.arange(len(recent), dtype=np.float32)
        taste = sp.csr_matrix(worth[None]) @ self._items[recent]
        length = float(np.sqrt(taste.multiply(taste).sum()))
        return recent, worth / np.float32(length * settings.temperature) if length else worth * 0

    def log_prob(self, behaviours: Sequence[Behaviour]) -> Floats:
        """[behaviours, items]"""
        rows = []
        for one in behaviours:
            recent, worth = self._recent(one)
            rows.append(sp.csr_matrix(worth[None]) @ self._items[recent])
        scores = (sp.vstack(rows) @ self._words).toarray()
        return log_softmax(np.asarray(scores, np.float32))

    def active(self, behaviour: Behaviour) -> bool:
        """From the first item with words."""
        return bool(self._recent(behaviour)[1].any())

    def learn(self, before: Behaviour, item: int, weight: float, at: float) -> None:
        """Nothing to learn: the history is read when asked."""

    def grow(self, catalogue: Catalogue) -> None:
        """New items are read with the words known so far; new words count from the next fit."""
        self._ids = catalogue.ids
        self._items = self._vectorizer.transform(catalogue.readings).tocsr()
        self._words = self._items.T.tocsr()

    def terms(self, behaviour: Behaviour, items: Ints) -> list[list[Term]]:
        """What the words of each past item add over what they add to the average item."""
        recent, worth = self._recent(behaviour)
        each = (self._items[recent] @ self._words).toarray() * worth[:, None]  # [events, items]
        rest = float(log_softmax(each.sum(axis=0))[0] - each[:, 0].sum() + each.mean(axis=1).sum())
        each = each - each.mean(axis=1, keepdims=True)
        return [
            [
                Term(self.name, rest, feature=AVERAGE),
                *(
                    Term(self.name, float(each[place, item]), event=self._ids[past])
                    for place, past in enumerate(recent)
                ),
            ]
            for item in items
        ]

    def state(self) -> tuple[Arrays, Facts]:
        """Only how it was set; the words are in the catalogue."""
        return {}, self._settings.model_dump()

    @classmethod
    def restored(cls, arrays: Arrays, facts: Facts, catalogue: Catalogue) -> Self:  # noqa: ARG003
        """The inverse of `state`."""
        return cls(LexicalSettings(**facts), catalogue)
