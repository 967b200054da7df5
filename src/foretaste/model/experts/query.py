"""Query: what answers the words of a search or of the context. P(item | query).

The softmax of BM25 (Robertson and Zaragoza 2009), in nats, plus the language model's cosine over a
temperature, which counts the more the fewer of the words are known. A word that no item has is read
as the known words with most of the same letters in a row. Present only with a query.
"""

from collections.abc import Sequence
from typing import Self

import numpy as np

from foretaste.domain.data import Behaviour, Catalogue, Floats, Ints, Term
from foretaste.domain.ports import Arrays, Facts
from foretaste.domain.sharing import Once
from foretaste.model.bm25 import Bm25, tokens
from foretaste.model.experts.content import log_softmax
from foretaste.model.experts.stateless import StatelessExpert
from foretaste.model.index.base import is_exhaustive
from foretaste.model.index.build import extended_index, shared_index
from foretaste.model.scoring import NOBODY, best_of
from foretaste.model.settings import QuerySettings
from foretaste.model.terms import against_average
from foretaste.model.training import Training

MEANT = 5
"""Known words that an unknown one may stand for, at most."""
LOOKED_UP = 32
"""Unknown words of a query that are looked up, at most."""

MATTERS = 2000
"""Items of a large catalogue whose meaning is compared, by each of words and meaning."""


class Query(StatelessExpert[QuerySettings]):
    """Meaning and words."""

    name = "query"
    _bm25: Once[Bm25]
    _letters: "Once[Letters]"

    def __init__(self, settings: QuerySettings, catalogue: Catalogue) -> None:
        super().__init__(settings)
        self._size = len(catalogue)
        self._read = shared_index(catalogue.vectors)
        self._all(catalogue)

    @classmethod
    def fit(cls, training: Training) -> list[Self]:
        """Index the items' texts; left out where there are none."""
        if not any(training.catalogue.readings):
            return []
        return [cls(training.settings.query, training.catalogue)]

    def grow(self, catalogue: Catalogue, changed: Sequence[int] | None = None) -> None:
        """New items are indexed beside the others; all are again when a model is next loaded."""
        if changed is None:
            return self._all(catalogue)
        known, self._size = self._size, len(catalogue)
        self._read = extended_index(self._read, catalogue.vectors, changed)
        bm25 = self._bm25.made
        if bm25 is None:
            return self._index(catalogue)
        bm25 = bm25.fork()
        for item in [*changed, *range(known, len(catalogue))]:
            bm25.put(item, catalogue.readings[item])
        self._bm25 = Once.of(bm25)
        letters = self._letters.made
        if letters is None or len(bm25.known) > 1.05 * letters.size:
            self._letters = Once(lambda: Letters(sorted(bm25.known)))
        return None

    def _all(self, catalogue: Catalogue) -> None:
        self._size = len(catalogue)
        self._read = shared_index(catalogue.vectors)
        self._index(catalogue)

    def _index(self, catalogue: Catalogue) -> None:
        readings = catalogue.readings
        bm25 = self._bm25 = Once(lambda: Bm25(readings))
        self._letters = Once(lambda: Letters(sorted(bm25.get().known)))

    @property
    def bm25(self) -> Bm25:
        """The index of the words, made when first asked."""
        return self._bm25.get()

    def _alike(self, strange: list[str]) -> list[list[tuple[str, float]]]:
        """For each word that nobody knows the known ones that it may be."""
        return self._letters.get().alike(strange, self._settings.near)

    def log_prob(self, behaviours: Sequence[Behaviour]) -> Floats:
        """[behaviours, items]; uniform where there is no query."""
        even = np.full(self._size, -np.log(self._size), np.float32)
        rows = (self.opinion(one).log_prob() if self.active(one) else even for one in behaviours)
        return np.stack(list(rows))

    def opinion(self, behaviour: Behaviour) -> "QueryOpinion":
        """The query looked up."""
        return QueryOpinion(self, behaviour)

    def active(self, behaviour: Behaviour) -> bool:
        """With a query."""
        return bool(behaviour.query and behaviour.query.strip())

    @classmethod
    def restored(cls, arrays: Arrays, facts: Facts, catalogue: Catalogue) -> Self:
        """The inverse of `state`."""
        return cls(QuerySettings(**facts), catalogue)


class QueryOpinion:
    """BM25 and meaning of one query."""

    def __init__(self, expert: Query, behaviour: Behaviour) -> None:
        self._expert = expert
        settings, vector = expert._settings, behaviour.query_vector
        asked, index = tokens([behaviour.query or ""])[0], expert.bm25
        self._known = [word for word in asked if word in index.known]
        strange = [word for word in dict.fromkeys(asked) if word not in index.known][:LOOKED_UP]
        wanted = bool(strange and index.known) and settings.near < 1
        self._meant = [some for some in expert._alike(strange) if some] if wanted else []
        share = len(self._known) / max(len(asked), 1)
        scale = (1 - share) / settings.temperature + share / settings.temperature_known
        self._vector = None if vector is None else vector * np.float32(scale)
        self._row: Floats | None = None
        self._few: Ints | None = None

    def log_prob(self, items: Ints | None = None) -> Floats:
        """[items]"""
        if self._row is None:
            found = self._words()
            if not is_exhaustive(len(found)):
                self._few = self._worth_a_look(found)
            if self._vector is not None:
                found = found + self._meaning(self._vector)
            self._row = np.asarray(log_softmax(found), np.float32)
        return self._row if items is None else self._row[items]

    def _words(self) -> Floats:
        """[items], BM25 of the known words, and of each other the likest that the item has."""
        index = self._expert.bm25
        found = index.scores(self._known)
        for alike in self._meant:
            found += np.max([index.scores([w]) * np.float32(like) for w, like in alike], axis=0)
        return found

    def _worth_a_look(self, found: Floats) -> Ints:
        """Of a large catalogue the items that share the most words, and those nearest in meaning;
        a search among all of them, of which nearly all have the same score, takes longer than that.
        """
        shared = np.flatnonzero(found).astype(np.int32)
        shared = shared[best_of(found[shared], MATTERS)]
        if self._vector is None:
            return shared
        return np.union1d(shared, self._expert._read.index.nearest(self._vector, MATTERS))

    def _meaning(self, vector: Floats) -> Floats:
        """[items], the likeness in meaning; of a large catalogue only where it can matter.

        There an item that neither shares a word nor is among the nearest is taken to mean nothing.
        """
        index = self._expert._read.index
        if is_exhaustive(index.size):
            return index.scores(vector[None])[0]
        meaning = np.zeros(index.size, np.float32)
        few = NOBODY if self._few is None else self._few
        meaning[few] = index.scores_of(vector[None], few)[0]
        return meaning

    def candidates(self, k: int) -> Ints:
        """The likeliest."""
        row = self.log_prob()
        return best_of(row, k) if self._few is None else self._few[best_of(row[self._few], k)]

    def terms(self, items: Ints, *, deep: bool = True) -> list[list[Term]]:
        """How much better than the average item it answers the query."""
        name, size = self._expert.name, self._expert._size
        return against_average(name, self.log_prob(items), size, "query")


class Letters:
    """The known words by the letters they have in a row."""

    def __init__(self, words: list[str]) -> None:
        # a second to import, which only a question with a word that no item has must wait for
        from sklearn.feature_extraction.text import TfidfVectorizer

        self._words = words
        self.size = len(words)
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
