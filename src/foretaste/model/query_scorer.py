"""What one query says of items: the words and their vector in, log-probabilities out.

The words are looked up in the index of a `QueryExpert`, which says how they and the meaning are put
together.
"""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt
from rapidfuzz import fuzz

from foretaste.domain.data import Floats, Ints, UserContext
from foretaste.domain.query_reading import QueryReading
from foretaste.domain.term_table import TermTable
from foretaste.model.bm25 import Bm25, tokenize
from foretaste.model.expert_scorer import NO_ITEMS, top_positions
from foretaste.model.index.base import VectorIndex, is_exhaustive
from foretaste.model.index.softmax import log_softmax
from foretaste.model.settings import QuerySettings
from foretaste.model.terms import terms_against_average

Mask = npt.NDArray[np.bool_]
MAX_UNKNOWN_WORDS = 32
"""Unknown words of a query that are looked up, at most."""
_ASKING_TEXT = """
    film films movie movies book books product products article articles something anything
    looking about from
"""
ASKING_WORDS = frozenset(_ASKING_TEXT.split())
"""They say that something is looked for, and not what."""
SCATTERED_WORDS_WEIGHT = 0.03
"""What BM25 counts of a phrase of which no item has most of the words, over the temperature of its
meaning: so the temperature says how sure the two together are, and changes no order of theirs. More
would find fewer paraphrases; with .0003 a catalogue of titles alone was searched by what hardly
means anything (docs/decisions/0065).
"""
UNREAD_MEANING_WEIGHT = 0.3
"""What the cosine counts beside known words where the encoder does not read the language: it then
says which items are written alike, and no more.
"""
MAX_SHORTLISTED_ITEMS = 2000
"""Items of a large catalogue whose meaning is compared, by each of words and meaning."""


MIN_MATCHED_SHARE = 0.2
"""Of what the words of a query tell, from which on an item has something of it: one rare word of
five, but not the “with” of “laptop with GPU” in a language whose small words are not known.
"""
MIN_SPELLING_LIKENESS = 0.75
MIN_PART_LETTERS = 4
"""Letters from which on a word that is like another, or a part of it, says something of it."""


def is_spelt_alike(unknown_word: str, known_word: str) -> bool:
    """Whether a word is another misspelt, another form of it, or a part of a compound."""
    shorter, longer = sorted((unknown_word, known_word), key=len)
    if len(shorter) < MIN_PART_LETTERS:
        return False
    likeness = fuzz.ratio(shorter, longer) / 100
    return shorter in longer or likeness >= MIN_SPELLING_LIKENESS


def _telling_words(query: str) -> list[str]:
    """The words of a query without those that only ask, unless there are no others."""
    words = tokenize([query])[0]
    return [word for word in words if word not in ASKING_WORDS] or words


WORDS_ALONE_WEIGHT = 3.0
"""What BM25 counts where a query could not be read in time: the exponent of the expert is that of
words and meaning together, and what somebody took would outweigh words alone. Measured by
`python -m benchmarks.understanding.degraded`.
"""


class TextSpace(Protocol):
    """The vectors of the items."""

    @property
    def index(self) -> VectorIndex: ...


class SearchIndex(Protocol):
    """What a query is looked up in; `experts.query.QueryExpert` is it."""

    name: str
    size: int
    query_reading: QueryReading

    @property
    def settings(self) -> QuerySettings: ...
    @property
    def bm25(self) -> Bm25: ...
    @property
    def text_space(self) -> TextSpace: ...
    def similar_words(self, unknown_words: list[str]) -> list[list[tuple[str, float]]]:
        """For each word that nobody knows the known ones that it may be."""


class QueryScorer:
    """BM25 and meaning of one query."""

    def __init__(self, expert: SearchIndex, user_context: UserContext) -> None:
        self._expert = expert
        settings, vector = expert.settings, user_context.query_vector
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
                for similar_words in expert.similar_words(unknown_words)
                if similar_words
            ]
            if reads_misspelt
            else []
        )
        known_share = len(self._known_words) / max(len(query_words), 1)
        reads_texts = expert.query_reading.reads_texts
        self._is_scattered = reads_texts and self._has_no_majority(
            len(set(query_words)), unknown_words
        )
        if self._is_scattered:
            scale = 1 / settings.temperature_scattered
        elif self._known_words and not reads_texts:
            scale = UNREAD_MEANING_WEIGHT
        else:
            is_phrase = len(set(self._known_words)) > 1
            known_temperature = (
                settings.temperature_phrase if is_phrase else settings.temperature_known
            )
            scale = (1 - known_share) / settings.temperature + known_share / known_temperature
        self._vector = None if vector is None else vector * np.float32(scale)
        self._unscaled_vector, self._unknown_words = vector, unknown_words
        self._is_about_media = bool(user_context.media_queries)
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
            temperature = self._expert.settings.temperature_scattered
            item_scores = item_scores * np.float32(SCATTERED_WORDS_WEIGHT / temperature)
        for similar_words in self._similar_words:
            item_scores += np.max(
                [index.scores([word]) * np.float32(cosine) for word, cosine in similar_words],
                axis=0,
            )
        return item_scores

    def unmatched_items(self) -> Mask | None:
        """[items], which have too little of the words and mean something else; None where that
        cannot be told: words of a query that was not read in time may be another's for an item, and
        pictures may answer it.
        """
        reading, vector = self._expert.query_reading, self._unscaled_vector
        if vector is None or reading.unrelated_cosine is None or self._is_about_media:
            return None
        unmatched = self._matched_share() < MIN_MATCHED_SHARE
        if reading.reads_texts:
            self.log_prob()  # of a large catalogue only what is shortlisted can match
            unmatched &= self._meaning_scores(vector) <= reading.unrelated_cosine
        return unmatched

    def _matched_share(self) -> Floats:
        """[items], how much of the words each has, rare ones count more. A word that no item has is
        there where one is that is spelt nearly alike.
        """
        index = self._expert.bm25
        rarities = index.rarities([*self._known_words, *self._unknown_words])
        known_rarity = float(rarities[: len(self._known_words)].sum())
        matched = index.coverage(self._known_words) * np.float32(known_rarity)
        unknown_rarities = dict(
            zip(self._unknown_words, rarities[len(self._known_words) :].tolist(), strict=True)
        )
        known_alike = [word for words in self._similar_words for word, _ in words]
        for unknown, rarity in unknown_rarities.items():
            alike = [word for word in known_alike if is_spelt_alike(unknown, word)]
            if alike:
                has_any = index.matched_words(list(dict.fromkeys(alike))) > 0
                matched = matched + has_any * np.float32(rarity)
        return np.asarray(matched / max(float(rarities.sum()), 1e-9), np.float32)

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
            self._expert.text_space.index.nearest(self._vector, MAX_SHORTLISTED_ITEMS),
        )

    def _meaning_scores(self, vector: Floats) -> Floats:
        """[items], the likeness in meaning; of a large catalogue only where it can matter.

        There an item that neither shares a word nor is among the nearest is taken to mean nothing.
        """
        index = self._expert.text_space.index
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
        name, size = self._expert.name, self._expert.size
        return terms_against_average(name, self.log_prob(items), size, "query")
