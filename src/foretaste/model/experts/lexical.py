"""Lexical: which items share words with the recent ones. P(item | words of the last items).

A language model reads what a thing is; the words themselves say which brand, series, maker or shade
it is. TF-IDF over the catalogue (Salton and Buckley 1988), cosine, softmax.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import Self

import numpy as np

from foretaste.domain.data import Catalogue, Floats, Ints, UserContext
from foretaste.domain.ports import StateArrays, StateMetadata
from foretaste.domain.term_table import TermTable
from foretaste.model.expert_scorer import NO_ITEMS, top_positions
from foretaste.model.index.base import is_exhaustive
from foretaste.model.index.softmax import log_softmax
from foretaste.model.inverted_index import SparseRow, WordIndex
from foretaste.model.settings import LexicalSettings
from foretaste.model.terms import event_columns, rest_terms
from foretaste.model.tfidf import TfIdf
from foretaste.model.training import Training


class LexicalExpert:
    """Cosine in the space of words."""

    name = "lexical"
    is_counting = False

    def __init__(self, tfidf: TfIdf, settings: LexicalSettings, catalogue: Catalogue) -> None:
        self._settings = settings
        self._tfidf = tfidf
        self._index_catalogue(catalogue)

    @classmethod
    def fit(cls, training: Training) -> list[Self]:
        """The words and their rarity; left out where no two items share a word."""
        tfidf = TfIdf.fit(training.catalogue.full_texts)
        return [] if tfidf is None else [cls(tfidf, training.settings.lexical, training.catalogue)]

    def _recent_items(self, user_context: UserContext) -> tuple[Ints, Floats]:
        """The last items, newest first, and what each counts."""
        recent_items = user_context.consumed_items[: -self._settings.max_recent_items - 1 : -1]
        event_weights = np.float32(self._settings.decay) ** np.arange(
            len(recent_items), dtype=np.float32
        )
        if (worths := user_context.consumed_weights) is not None:
            event_weights *= worths[::-1][: len(event_weights)]
        return recent_items, event_weights

    def _weighted_taste(
        self, user_context: UserContext
    ) -> tuple[list[tuple[int, SparseRow]], SparseRow]:
        """The last items, each with its part of the taste; and the taste, over the temperature."""
        recent_items, recency_weights = self._recent_items(user_context)
        rows = [self._word_index.row(int(item)) for item in recent_items]
        if not rows:
            return [], (NO_ITEMS, np.empty(0, np.float32))
        words = np.concatenate([row[0] for row in rows])
        weights = np.concatenate(
            [
                row[1] * recency_weight
                for row, recency_weight in zip(rows, recency_weights, strict=True)
            ]
        )
        distinct_words, word_positions = np.unique(words, return_inverse=True)
        taste = np.bincount(word_positions, weights, minlength=len(distinct_words))
        length = float(np.sqrt(np.square(taste).sum()))
        scale = np.float32(1 / (max(length, 1e-9) * self._settings.temperature))
        parts = [
            (int(item), (row[0], row[1] * recency_weight * scale))
            for item, row, recency_weight in zip(recent_items, rows, recency_weights, strict=True)
        ]
        return parts, (distinct_words, (taste * scale).astype(np.float32))

    def log_prob(self, user_contexts: Sequence[UserContext]) -> Floats:
        """[user_contexts, items]"""
        tastes = [self._weighted_taste(user_context)[1] for user_context in user_contexts]
        return log_softmax(np.stack([self._word_index.scores(*taste) for taste in tastes]))

    def scorer(self, user_context: UserContext) -> "LexicalScorer":
        """The words of the last items."""
        return LexicalScorer(self, user_context)

    def is_active(self, user_context: UserContext) -> bool:
        """From the first item with words."""
        recent_items, _ = self._recent_items(user_context)
        return any(len(self._word_index.row(int(item))[0]) for item in recent_items)

    def learn(self, user_context: UserContext, item: int, weight: float, at: float) -> None:
        """Nothing to learn: the history is read when asked."""

    def _index_catalogue(self, catalogue: Catalogue) -> None:
        self._item_ids = catalogue.ids
        stored_arrays = catalogue.derived.arrays(
            "lexical", lambda: WordIndex(self._tfidf.transform(catalogue.full_texts)).arrays()
        )
        self._word_index = WordIndex.from_arrays(stored_arrays)
        self._mean_weights = stored_arrays["mean"]

    def grow(self, catalogue: Catalogue, changed: Sequence[int] | None = None) -> None:
        """New items are read with the words known so far; new words count from the next fit."""
        if changed is None:
            return self._index_catalogue(catalogue)
        reindexed_items = [*changed, *range(len(self._item_ids), len(catalogue))]
        self._item_ids = catalogue.ids
        if not reindexed_items:
            return None
        rows = self._tfidf.transform([catalogue.full_texts[item] for item in reindexed_items])
        for row_number, item in enumerate(reindexed_items):
            part = slice(rows.indptr[row_number], rows.indptr[row_number + 1])
            self._word_index.put(item, rows.indices[part], rows.data[part])
        return None

    def terms(self, user_context: UserContext, items: Ints, *, deep: bool = True) -> TermTable:
        """What the words of each past item add over what they add to the average item."""
        return self.scorer(user_context).terms(items, deep=deep)

    def state(self) -> tuple[StateArrays, StateMetadata]:
        """The words and how rare they are: the catalogue's texts may have changed since."""
        metadata = {"settings": self._settings.model_dump(), "words": list(self._tfidf.words)}
        return {"rarity": self._tfidf.idf}, metadata

    @classmethod
    def from_state(cls, arrays: StateArrays, metadata: StateMetadata, catalogue: Catalogue) -> Self:
        """The inverse of `state`."""
        tfidf = TfIdf(metadata["words"], arrays["rarity"])
        return cls(tfidf, LexicalSettings(**metadata["settings"]), catalogue)


class LexicalScorer:
    """The words of the last items against those of the others."""

    def __init__(self, expert: LexicalExpert, user_context: UserContext) -> None:
        self._expert, self._word_index = expert, expert._word_index
        self._parts, self._taste = expert._weighted_taste(user_context)
        self._row: Floats | None = None
        self._cached_log_total: np.float32 | None = None

    def log_prob(self, items: Ints | None = None) -> Floats:
        """[items]"""
        if items is None or is_exhaustive(self._word_index.size):
            if self._row is None:
                self._row = log_softmax(self._word_index.scores(*self._taste))
            return self._row if items is None else self._row[items]
        return self._word_index.scores_of(*self._taste, items) - self._log_total()

    @cached_property
    def _rare_word_matches(self) -> tuple[Ints, Floats]:
        """All that share the rarer words, and how much."""
        return self._word_index.nearest(*self._taste, self._word_index.size)

    def _log_total(self) -> np.float32:
        """Over those that share the rarer words; the rest as if they shared none."""
        if self._cached_log_total is None:
            scores = self._rare_word_matches[1]
            unmatched_count = self._word_index.size - len(scores)
            self._cached_log_total = np.float32(
                np.log(unmatched_count + np.exp(scores).sum(dtype=np.float64))
            )
        return self._cached_log_total

    def candidates(self, k: int) -> Ints:
        """Those that share the rarest words."""
        items, scores = self._rare_word_matches
        return items[top_positions(scores, k)]

    def terms(self, items: Ints, *, deep: bool = True) -> TermTable:
        """What the words of each past item add over what they add to the average item."""
        expert, mean_weights = self._expert, self._expert._mean_weights
        event_nats = np.array(
            [
                self._word_index.scores_of(*row, items) - float(row[1] @ mean_weights[row[0]])
                for _, row in self._parts
            ],
            np.float64,
        ).reshape(len(self._parts), len(items))  # [events, items]
        events = [expert._item_ids[recent_item] for recent_item, _ in self._parts]
        average_terms = rest_terms(expert.name, self.log_prob(items) - event_nats.sum(axis=0))
        return average_terms.with_columns(event_columns(expert.name, events), event_nats.T)
