"""Query: what answers the words of a search or of the context. P(item | query).

The softmax of BM25 (Robertson and Zaragoza 2009), in nats, plus the language model's cosine over a
temperature, which counts the more the fewer of the words are known. A word that no item has is read
as the known words with most of the same letters in a row. Present only with a query.
"""

from collections.abc import Sequence
from typing import Any, Self

import bm25s
import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer

from foretaste.domain import Behaviour, Catalogue, Floats, Ints, Term
from foretaste.model.experts.content import log_softmax
from foretaste.model.settings import QuerySettings
from foretaste.model.terms import against_average
from foretaste.model.training import Training
from foretaste.ports import Arrays, Facts

MEANT = 5
"""Known words that an unknown one may stand for, at most."""
LOOKED_UP = 32
"""Unknown words of a query that are looked up, at most."""


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
        self._letters: Letters | None = None

    def _words(self, query: str) -> tuple[Floats, float]:
        """([items], BM25 of the query; the share of its words that some item has)."""
        if self._known is None:
            self._known = self._indexed()
        words = _tokens([query])[0]
        known = [word for word in words if word in self._known]
        strange = [word for word in dict.fromkeys(words) if word not in self._known]
        found = np.zeros(len(self._readings), np.float32)
        if known:
            found += self._index.get_scores(known)
        if strange and self._known and self._settings.near < 1:
            found += self._meant(strange[:LOOKED_UP])
        return found, len(known) / max(len(words), 1)

    def _meant(self, strange: list[str]) -> Floats:
        """[items], BM25 of words nobody knows: of the likest known one that the item has."""
        if self._letters is None:
            self._letters = Letters(sorted(self._known or ()))
        total = np.zeros(len(self._readings), np.float32)
        for alike in self._letters.alike(strange, self._settings.near):
            each = [self._index.get_scores([word]) * np.float32(like) for word, like in alike]
            if each:
                total += np.max(each, axis=0)
        return total

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
        scores, known = self._words(behaviour.query or "")
        if behaviour.query_vector is not None:
            scale = (1 - known) / settings.temperature + known / settings.temperature_known
            scores = scores + self._vectors @ behaviour.query_vector * np.float32(scale)
        return np.asarray(log_softmax(scores), np.float32)

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


class Letters:
    """The known words by the letters they have in a row."""

    def __init__(self, words: list[str]) -> None:
        self._words = words
        self._reader = TfidfVectorizer(
            analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True, dtype=np.float32
        )
        self._rows = self._reader.fit_transform(words).T.tocsr()  # [letters, words]

    def alike(self, strange: list[str], near: float) -> list[list[tuple[str, float]]]:
        """For each the likest known words with their cosine, which is `near` or more."""
        cosines = self._reader.transform(strange) @ self._rows  # [strange, words], sparse
        answer = []
        for row in range(len(strange)):
            part = slice(cosines.indptr[row], cosines.indptr[row + 1])
            columns, values = cosines.indices[part], cosines.data[part]
            best = np.argsort(-values, kind="stable")[:MEANT]
            pairs = [(self._words[columns[place]], float(values[place])) for place in best]
            answer.append([(word, like) for word, like in pairs if like >= near])
        return answer
