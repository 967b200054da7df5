"""Query: what answers the words of a search or of the context. P(item | query).

A mixture of two softmaxes, the language model's cosine and BM25 (Robertson and Zaragoza 2009), so
that a name typed exactly and a wish in other words are both found. Present only with a query.
"""

from collections.abc import Sequence
from typing import Any, Self

import bm25s
import numpy as np

from foretaste.domain import Behaviour, Catalogue, Floats, Ints, Term
from foretaste.model.experts.content import log_softmax
from foretaste.model.settings import QuerySettings
from foretaste.model.terms import against_average
from foretaste.model.training import Training
from foretaste.ports import Arrays, Facts

MOST = 0.999
"""Share of words in the mixture at most, so that nothing is impossible."""


class Query:
    """Meaning and words."""

    name = "query"
    counting = False

    def __init__(self, settings: QuerySettings, catalogue: Catalogue) -> None:
        self._settings = settings
        self.grow(catalogue)

    @classmethod
    def fit(cls, training: Training) -> list[Self]:
        """Index the items' texts; left out where there are none."""
        if not any(training.catalogue.readings):
            return []
        return [cls(training.settings.query, training.catalogue)]

    def grow(self, catalogue: Catalogue) -> None:
        """The word index is made anew when it is next asked."""
        self._vectors = catalogue.vectors
        self._readings = catalogue.readings
        self._index: Any = None
        self._known: frozenset[str] | None = None

    def _words(self, query: str) -> Floats:
        """[items], BM25 of the query."""
        if self._known is None:
            self._known = self._indexed()
        known = [word for word in _tokens([query])[0] if word in self._known]
        if not known:
            return np.zeros(len(self._readings), np.float32)
        return np.asarray(self._index.get_scores(known), np.float32)

    def _indexed(self) -> frozenset[str]:
        """Index the texts. → their words; where there is none bm25s cannot make an index."""
        tokens = _tokens(self._readings)
        words = frozenset(word for some in tokens for word in some)
        if words:
            self._index = bm25s.BM25(method="lucene")
            self._index.index(tokens, show_progress=False)
        return words

    def _row(self, behaviour: Behaviour) -> Floats:
        """[items], log P given one query."""
        settings = self._settings
        meaning = np.zeros(len(self._vectors), np.float32)
        if behaviour.query_vector is not None:
            meaning = self._vectors @ behaviour.query_vector / np.float32(settings.temperature)
        words = self._words(behaviour.query or "")
        if not words.any():
            return log_softmax(meaning)
        share = min(settings.lexical, MOST)
        with np.errstate(divide="ignore"):
            having = np.where(words > 0, words, -np.inf)  # without any of the words, no share
            parts = (log_softmax(meaning) + np.log1p(-share), log_softmax(having) + np.log(share))
        return np.logaddexp(*parts).astype(np.float32)

    def log_prob(self, behaviours: Sequence[Behaviour]) -> Floats:
        """[behaviours, items]; uniform where there is no query."""
        even = np.full(len(self._vectors), -np.log(len(self._vectors)), np.float32)
        return np.stack([self._row(one) if self.active(one) else even for one in behaviours])

    def active(self, behaviour: Behaviour) -> bool:
        """With a query."""
        return bool(behaviour.query and behaviour.query.strip())

    def learn(self, before: Behaviour, item: int, weight: float, at: float) -> None:
        """Nothing to learn."""

    def terms(self, behaviour: Behaviour, items: Ints, *, deep: bool = True) -> list[list[Term]]:
        """How much better than the average item it answers the query."""
        row = self._row(behaviour)
        return [against_average(self.name, float(row[i]), len(row), "query") for i in items]

    def state(self) -> tuple[Arrays, Facts]:
        """Only how it was set; the index is made from the catalogue."""
        return {}, self._settings.model_dump()

    @classmethod
    def restored(cls, arrays: Arrays, facts: Facts, catalogue: Catalogue) -> Self:
        """The inverse of `state`."""
        return cls(QuerySettings(**facts), catalogue)


def _tokens(texts: Sequence[str]) -> list[list[str]]:
    """The words of each text, those of one letter too: a film may be called “M”."""
    words: list[list[str]] = bm25s.tokenize(
        list(texts),
        token_pattern=r"(?u)\b\w+\b",
        stopwords="en",
        show_progress=False,
        return_ids=False,
    )
    return words
