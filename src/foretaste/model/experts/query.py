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

from foretaste.domain.data import Catalogue, Floats, Ints, UserContext
from foretaste.domain.ports import StateArrays, StateMetadata
from foretaste.domain.sharing import Lazy
from foretaste.domain.term_table import TermTable
from foretaste.model.bm25 import Bm25, tokenize
from foretaste.model.expert_scorer import NO_ITEMS, top_positions
from foretaste.model.experts.content import log_softmax
from foretaste.model.experts.stateless import StatelessExpert
from foretaste.model.index.base import is_exhaustive
from foretaste.model.index.build import extended_index, shared_index
from foretaste.model.letter_index import LetterIndex
from foretaste.model.settings import QuerySettings
from foretaste.model.terms import terms_against_average
from foretaste.model.training import Training

MAX_UNKNOWN_WORDS = 32
"""Unknown words of a query that are looked up, at most."""
LETTER_GROWTH = 1.05
"""So many times as many words, and the new ones can stand for an unknown one too."""
_ASKING_TEXT = """
    film films movie movies book books product products article articles something anything
    looking about from
"""
ASKING_WORDS = frozenset(_ASKING_TEXT.split())
"""They say that something is looked for, and not what."""
SCATTERED_WORDS_WEIGHT = 0.03
"""What BM25 counts of a phrase of which no item has most of the words, over the temperature of its
meaning: so the temperature says how sure the two together are, and changes no order of theirs. More
would find fewer paraphrases; with .0003 a catalogue of titles alone, or one in a language that the
encoder does not read, was searched by what hardly means anything (docs/decisions/0065).
"""
MAX_PENDING_TEXTS = 1_000
"""Texts of new items that wait for the first query to be indexed, at most."""
MAX_SHORTLISTED_ITEMS = 2000
"""Items of a large catalogue whose meaning is compared, by each of words and meaning."""


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

    def __init__(self, settings: QuerySettings, catalogue: Catalogue) -> None:
        super().__init__(settings)
        self._size = len(catalogue)
        self._text_space = shared_index(catalogue.vectors)
        self._index_catalogue(catalogue)

    @classmethod
    def fit(cls, training: Training) -> list[Self]:
        """Index the items' texts; left out where there are none."""
        if not any(training.catalogue.full_texts):
            return []
        return [cls(training.settings.query, training.catalogue)]

    def grow(self, catalogue: Catalogue, changed: Sequence[int] | None = None) -> None:
        """New items are indexed beside the others; everything is indexed again at the next load."""
        if changed is None:
            return self._index_catalogue(catalogue)
        old_size, self._size = self._size, len(catalogue)
        self._text_space = extended_index(self._text_space, catalogue.vectors, changed)
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
        self._size = len(catalogue)
        self._text_space = shared_index(catalogue.vectors)
        self._index(catalogue)

    def _index(self, catalogue: Catalogue) -> None:
        readings = catalogue.full_texts
        bm25 = self._bm25 = self._base_bm25 = Lazy(lambda: Bm25(readings))
        self._letters = self._base_letters = Lazy(
            lambda: LetterIndex(sorted(bm25.get().word_codes))
        )
        self._pending_texts = ()

    @property
    def bm25(self) -> Bm25:
        """The index of the words, made when first asked."""
        return self._bm25.get()

    def _similar_words(self, unknown_words: list[str]) -> list[list[tuple[str, float]]]:
        """For each word that nobody knows the known ones that it may be."""
        return self._letters.get().similar_words(unknown_words, self._settings.min_word_similarity)

    def log_prob(self, user_contexts: Sequence[UserContext]) -> Floats:
        """[user_contexts, items]; uniform where there is no query."""
        uniform_row = np.full(self._size, -np.log(self._size), np.float32)
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

    @classmethod
    def from_state(cls, arrays: StateArrays, metadata: StateMetadata, catalogue: Catalogue) -> Self:
        """The inverse of `state`."""
        return cls(QuerySettings(**metadata), catalogue)


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


def _telling_words(query: str) -> list[str]:
    """The words of a query without those that only ask, unless there are no others."""
    words = tokenize([query])[0]
    return [word for word in words if word not in ASKING_WORDS] or words


WORDS_ALONE_WEIGHT = 3.0
"""What BM25 counts where a query could not be read in time: the exponent of the expert is that of
words and meaning together, and what somebody took would outweigh words alone. Measured by
`python -m benchmarks.understanding.degraded`.
"""


class QueryScorer:
    """BM25 and meaning of one query."""

    def __init__(self, expert: QueryExpert, user_context: UserContext) -> None:
        self._expert = expert
        settings, vector = expert._settings, user_context.query_vector
        query_words, index = _telling_words(user_context.query or ""), expert.bm25
        self._known_words = [word for word in query_words if index.has_word(word)]
        unknown_words = [word for word in dict.fromkeys(query_words) if not index.has_word(word)][
            :MAX_UNKNOWN_WORDS
        ]
        reads_misspelt = (
            bool(unknown_words and index.word_codes) and settings.min_word_similarity < 1
        )
        self._similar_words = (
            [
                similar_words
                for similar_words in expert._similar_words(unknown_words)
                if similar_words
            ]
            if reads_misspelt
            else []
        )
        known_share = len(self._known_words) / max(len(query_words), 1)
        self._is_scattered = self._has_no_majority(len(set(query_words)), unknown_words)
        if self._is_scattered:
            scale = 1 / settings.temperature_scattered
        else:
            is_phrase = len(set(self._known_words)) > 1
            known_temperature = (
                settings.temperature_phrase if is_phrase else settings.temperature_known
            )
            scale = (1 - known_share) / settings.temperature + known_share / known_temperature
        self._vector = None if vector is None else vector * np.float32(scale)
        self._row: Floats | None = None
        self._shortlisted_items: Ints | None = None

    def _has_no_majority(self, word_count: int, unknown_words: Sequence[str]) -> bool:
        """Whether no item has more than half of the words of a phrase, most of which are known, or
        forms of known ones; others would be misspelt, or of another language.
        """
        known_words = list(dict.fromkeys(self._known_words))
        forms = {
            word
            for word in unknown_words
            for (nearest, _), *_ in self._similar_words
            if nearest.startswith(word) or word.startswith(nearest)
        }
        if word_count < 2 or not known_words or 2 * len({*known_words, *forms}) <= word_count:
            return False
        if len(forms) < len(self._similar_words):
            return False
        matched = self._expert.bm25.matched_words(known_words)
        return 2 * float(matched.max(initial=0)) <= word_count

    def log_prob(self, items: Ints | None = None) -> Floats:
        """[items]"""
        if self._row is None:
            item_scores = self._word_scores()
            if not is_exhaustive(len(item_scores)):
                self._shortlisted_items = self._shortlist(item_scores)
            if self._vector is None:
                item_scores = item_scores * np.float32(WORDS_ALONE_WEIGHT)
            else:
                item_scores = item_scores + self._meaning_scores(self._vector)
            self._row = np.asarray(log_softmax(item_scores), np.float32)
        return self._row if items is None else self._row[items]

    def _word_scores(self) -> Floats:
        """[items], BM25 of the known words, the less the fewer of them an item has, and for each
        other the most similar the item has.
        """
        index = self._expert.bm25
        item_scores = index.scores(self._known_words)
        if len(set(self._known_words)) > 1:
            item_scores = item_scores * index.coverage(self._known_words)
        if self._is_scattered and self._vector is not None:
            temperature = self._expert._settings.temperature_scattered
            item_scores = item_scores * np.float32(SCATTERED_WORDS_WEIGHT / temperature)
        for similar_words in self._similar_words:
            item_scores += np.max(
                [index.scores([word]) * np.float32(cosine) for word, cosine in similar_words],
                axis=0,
            )
        return item_scores

    def _shortlist(self, word_scores: Floats) -> Ints:
        """Of a large catalogue the items that share the most words, and those nearest in meaning;
        a search among all of them, of which nearly all have the same score, takes longer than that.
        """
        matching_items = np.flatnonzero(word_scores).astype(np.int32)
        matching_items = matching_items[
            top_positions(word_scores[matching_items], MAX_SHORTLISTED_ITEMS)
        ]
        if self._vector is None:
            return matching_items
        return np.union1d(
            matching_items,
            self._expert._text_space.index.nearest(self._vector, MAX_SHORTLISTED_ITEMS),
        )

    def _meaning_scores(self, vector: Floats) -> Floats:
        """[items], the likeness in meaning; of a large catalogue only where it can matter.

        There an item that neither shares a word nor is among the nearest is taken to mean nothing.
        """
        index = self._expert._text_space.index
        if is_exhaustive(index.size):
            return index.scores(vector[None])[0]
        meaning_scores = np.zeros(index.size, np.float32)
        shortlisted_items = NO_ITEMS if self._shortlisted_items is None else self._shortlisted_items
        meaning_scores[shortlisted_items] = index.scores_of(vector[None], shortlisted_items)[0]
        return meaning_scores

    def candidates(self, k: int) -> Ints:
        """The likeliest."""
        row = self.log_prob()
        return (
            top_positions(row, k)
            if self._shortlisted_items is None
            else self._shortlisted_items[top_positions(row[self._shortlisted_items], k)]
        )

    def terms(self, items: Ints, *, deep: bool = True) -> TermTable:
        """How much better than the average item it answers the query."""
        name, size = self._expert.name, self._expert._size
        return terms_against_average(name, self.log_prob(items), size, "query")
