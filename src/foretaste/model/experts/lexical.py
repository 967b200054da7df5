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

    def __init__(
        self, vectorizer: TfidfVectorizer, settings: LexicalSettings, catalogue: Catalogue
    ) -> None:
        self._settings = settings
        self._vectorizer = vectorizer
        self.grow(catalogue)

    @classmethod
    def fit(cls, training: Training) -> list[Self]:
        """The words and how rare they are; left out where no two items share one."""
        vectorizer = _vectorizer()
        try:
            vectorizer.fit(training.catalogue.readings)
        except ValueError:  # scikit-learn's word for an empty vocabulary
            return []
        return [cls(vectorizer, training.settings.lexical, training.catalogue)]

    def _recent(self, behaviour: Behaviour) -> tuple[Ints, Floats]:
        """The last items, newest first, and what each counts."""
        recent = behaviour.taken[: -self._settings.last - 1 : -1]
        return recent, np.float32(self._settings.decay) ** np.arange(len(recent), dtype=np.float32)

    def _tastes(self, behaviours: Sequence[Behaviour]) -> sp.csr_matrix:
        """[behaviours, words], the weighted sums of the last items' words, over the temperature."""
        parts = [self._recent(one) for one in behaviours]
        owner = np.repeat(np.arange(len(parts)), [len(recent) for recent, _ in parts])
        chosen = np.concatenate([recent for recent, _ in parts])
        worth = np.concatenate([worth for _, worth in parts])
        size = (len(parts), self._items.shape[0])
        tastes = sp.csr_matrix((worth, (owner, chosen)), shape=size) @ self._items
        lengths = np.sqrt(np.asarray(tastes.multiply(tastes).sum(axis=1)).ravel())
        scale = 1 / (np.maximum(lengths, 1e-9) * self._settings.temperature)
        return sp.diags(scale.astype(np.float32)) @ tastes

    def log_prob(self, behaviours: Sequence[Behaviour]) -> Floats:
        """[behaviours, items]"""
        scores = (self._tastes(behaviours) @ self._words).toarray()
        return log_softmax(np.asarray(scores, np.float32))

    def active(self, behaviour: Behaviour) -> bool:
        """From the first item with words."""
        recent, _ = self._recent(behaviour)
        return bool((self._items.indptr[recent + 1] > self._items.indptr[recent]).any())

    def learn(self, before: Behaviour, item: int, weight: float, at: float) -> None:
        """Nothing to learn: the history is read when asked."""

    def grow(self, catalogue: Catalogue) -> None:
        """New items are read with the words known so far; new words count from the next fit."""
        self._ids = catalogue.ids
        self._items = self._vectorizer.transform(catalogue.readings).tocsr()
        self._words = self._items.T.tocsr()  # [words, items]

    def terms(self, behaviour: Behaviour, items: Ints, *, deep: bool = True) -> list[list[Term]]:
        """What the words of each past item add over what they add to the average item."""
        recent, worth = self._recent(behaviour)
        length = float(np.sqrt(np.square(worth @ self._items[recent]).sum()))
        worth = worth / np.float32(max(length, 1e-9) * self._settings.temperature)
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
        """The words and how rare they are: the catalogue's texts may have changed since."""
        arrays = {"rarity": np.asarray(self._vectorizer.idf_, np.float32)}
        words = self._vectorizer.get_feature_names_out().tolist()
        return arrays, {"settings": self._settings.model_dump(), "words": words}

    @classmethod
    def restored(cls, arrays: Arrays, facts: Facts, catalogue: Catalogue) -> Self:
        """The inverse of `state`."""
        vectorizer = _vectorizer(facts["words"])
        vectorizer.idf_ = arrays["rarity"]
        return cls(vectorizer, LexicalSettings(**facts["settings"]), catalogue)


def _vectorizer(words: Sequence[str] | None = None) -> TfidfVectorizer:
    """Reads these words; None learns them, if two items have them."""
    return TfidfVectorizer(
        sublinear_tf=True,
        min_df=2,
        token_pattern=r"(?u)\b\w+\b",
        dtype=np.float32,
        vocabulary=words,
    )
