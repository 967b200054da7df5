"""Query: what answers the words of a search or of the context. P(item | query).

The softmax of BM25 (Robertson and Zaragoza 2009), in nats, plus the language model's cosine over a
temperature, which counts the more the fewer of the words are known. An item that has a part of a
phrase has that part of its BM25, by what the words tell: one word of a title is not what a phrase
asks for. Where no item has most of the words of a phrase they are another's words for it: then
meaning decides. A word that no item has is read as the known words with most of the same letters in
a row. Present only with a query.
"""

from collections.abc import Sequence
from math import ceil
from typing import Self

import numpy as np

from foretaste.domain.data import Catalogue, Floats, UserContext
from foretaste.domain.ports import StateArrays, StateMetadata
from foretaste.domain.query_reading import NOT_CHECKED, QueryReading
from foretaste.domain.sharing import Lazy
from foretaste.model.bm25 import Bm25
from foretaste.model.experts.stateless import StatelessExpert
from foretaste.model.index.build import extended_index, shared_index
from foretaste.model.letter_index import LetterIndex
from foretaste.model.query_scorer import QueryScorer
from foretaste.model.settings import QuerySettings
from foretaste.model.training import Training

LETTER_GROWTH = 1.05
"""So many times as many words, and the new ones can stand for an unknown one too."""
READING_KEY = "query_reading"
"""Under this name its metadata say how well the encoder reads the catalogue."""
MAX_PENDING_TEXTS = 1_000
"""Texts of new items that wait for the first query to be indexed, at most."""


class QueryExpert(StatelessExpert[QuerySettings]):
    """Meaning and words."""

    name = "query"
    _bm25: Lazy[Bm25]
    _letters: Lazy[LetterIndex]
    _base_bm25: Lazy[Bm25]
    """The index that the pending texts are put into, once somebody asks."""
    _base_letters: Lazy[LetterIndex]
    _pending_texts: tuple[tuple[int, str], ...]
    """(item, its text) of what came since, oldest first."""

    def __init__(
        self,
        settings: QuerySettings,
        catalogue: Catalogue,
        query_reading: QueryReading = NOT_CHECKED,
    ) -> None:
        """query_reading: how well the encoder reads the catalogue."""
        super().__init__(settings)
        self.query_reading = query_reading
        self.size = len(catalogue)
        self.text_space = shared_index(catalogue.vectors, catalogue.derived)
        self._index_catalogue(catalogue)

    @classmethod
    def fit(cls, training: Training) -> list[Self]:
        """Index the items' texts; left out where there are none."""
        if not any(training.catalogue.full_texts):
            return []
        return [cls(training.settings.query, training.catalogue, training.query_reading)]

    def grow(self, catalogue: Catalogue, changed: Sequence[int] | None = None) -> None:
        """New items are indexed beside the others; everything is indexed again at the next load."""
        if changed is None:
            return self._index_catalogue(catalogue)
        old_size, self.size = self.size, len(catalogue)
        self.text_space = extended_index(self.text_space, catalogue.vectors, changed)
        items = [*changed, *range(old_size, len(catalogue))]
        texts = tuple((item, catalogue.full_texts[item]) for item in items)
        is_indexed = self._bm25.value_or_none is not None
        base = self._base_bm25 = self._bm25 if is_indexed else self._base_bm25
        pending = self._pending_texts = texts if is_indexed else self._pending_texts + texts
        bm25 = self._bm25 = Lazy(lambda: base.get().with_texts(pending))
        if is_indexed or len(pending) > MAX_PENDING_TEXTS:
            bm25.get()
        base_letters, letters = self._base_letters, self._letters.value_or_none
        if letters is None or letters.size < _letter_size(base_letters.get(), bm25.get()):
            self._letters = Lazy(lambda: _extended_letters(base_letters.get(), bm25.get()))
            if letters is not None:  # nobody's first word waits
                self._letters.get()
        return None

    def _index_catalogue(self, catalogue: Catalogue) -> None:
        self.size = len(catalogue)
        self.text_space = shared_index(catalogue.vectors, catalogue.derived)
        self._index(catalogue)

    def _index(self, catalogue: Catalogue) -> None:
        readings, files = catalogue.full_texts, catalogue.derived
        bm25 = self._bm25 = self._base_bm25 = Lazy(lambda: Bm25.from_files(files, readings))
        self._letters = self._base_letters = Lazy(
            lambda: LetterIndex(sorted(bm25.get().word_codes))
        )
        self._pending_texts = ()

    @property
    def settings(self) -> QuerySettings:
        """How it was set."""
        return self._settings

    @property
    def bm25(self) -> Bm25:
        """The index of the words, made when first asked."""
        return self._bm25.get()

    def similar_words(self, unknown_words: list[str]) -> list[list[tuple[str, float]]]:
        """For each word that nobody knows the known ones that it may be."""
        return self._letters.get().similar_words(unknown_words, self._settings.min_word_similarity)

    def log_prob(self, user_contexts: Sequence[UserContext]) -> Floats:
        """[user_contexts, items]; uniform where there is no query."""
        uniform_row = np.full(self.size, -np.log(self.size), np.float32)
        rows = (
            self.scorer(user_context).log_prob() if self.is_active(user_context) else uniform_row
            for user_context in user_contexts
        )
        return np.stack(list(rows))

    def scorer(self, user_context: UserContext) -> "QueryScorer":
        """The query looked up."""
        return QueryScorer(self, user_context)

    def is_active(self, user_context: UserContext) -> bool:
        """With a query."""
        return bool(user_context.query and user_context.query.strip())

    def state(self) -> tuple[StateArrays, StateMetadata]:
        """How it was set, and how well the catalogue is read; the rest is made from it."""
        return {}, {**self._settings.model_dump(), READING_KEY: self.query_reading._asdict()}

    @classmethod
    def from_state(cls, arrays: StateArrays, metadata: StateMetadata, catalogue: Catalogue) -> Self:
        """The inverse of `state`; versions of before do not say how well they read."""
        settings = {name: value for name, value in metadata.items() if name != READING_KEY}
        reading = QueryReading(**metadata.get(READING_KEY, {}))
        return cls(QuerySettings(**settings), catalogue, reading)


def _letter_size(base: LetterIndex, bm25: Bm25) -> int:
    """How many words can stand for an unknown one: those at the load, grown by whole steps."""
    size = max(base.size, 1)
    while size * LETTER_GROWTH < len(bm25.word_codes):
        size = ceil(size * LETTER_GROWTH)
    return min(size, len(bm25.word_codes))


def _extended_letters(base: LetterIndex, bm25: Bm25) -> LetterIndex:
    """With the new words, in the order they came, as far as whole steps of growth go."""
    size = _letter_size(base, bm25)
    return base if size <= base.size else base.extended(list(bm25.word_codes)[:size])
