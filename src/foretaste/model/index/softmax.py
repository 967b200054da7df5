"""One query vector in; log of the softmax of its inner products with the items out."""

from functools import cached_property

import numpy as np

from foretaste.domain.data import Floats, Ints
from foretaste.model.expert_scorer import top_positions
from foretaste.model.index.base import (
    VectorIndex,
    compared_neighbours,
    log_sum_exp,
)


def log_softmax(scores: Floats) -> Floats:
    """Row by row."""
    top = scores.max(axis=-1, keepdims=True)
    return scores - top - np.log(np.exp(scores - top).sum(axis=-1, keepdims=True))


class SoftmaxScorer:
    """log P(item | query), of the whole catalogue or of the items that matter."""

    def __init__(self, index: VectorIndex, query: Floats, variants: Floats | None = None) -> None:
        """query: [dim], over the temperature. variants: [variants, dim], of which
        `log_prob_of_variants` will be asked too: a small catalogue is passed once for all.
        """
        self._index, self._query = index, query[None]
        self._variants = self._query[:0] if variants is None else variants
        self._row: Floats | None = None

    def log_prob(self, items: Ints | None = None) -> Floats:
        """[items], log P"""
        if items is not None and not self._index.is_exact:
            return self._index.scores_of(self._query, items)[0] - self._log_partition
        if self._row is None:
            if self._index.is_exact:
                scores, partitions = self._scores_of_all
                self._row = scores[0] - partitions[0]
            else:
                self._row = self._index.scores(self._query)[0] - self._log_partition
        return self._row if items is None else self._row[items]

    def log_prob_of_variants(self, items: Ints) -> Floats:
        """[variants, items], log P"""
        if self._index.is_exact:
            all_scores, partitions = self._scores_of_all
            return np.asarray(all_scores[1:, items] - partitions[1:, None])
        scores = self._index.scores_of(self._variants, items)
        return np.asarray(scores - self._index.log_partition(self._variants)[:, None])

    @cached_property
    def _scores_of_all(self) -> tuple[Floats, Floats]:
        """([1 + variants, items of the catalogue], [1 + variants], log Σ exp of each)"""
        scores = self._index.scores(np.concatenate([self._query, self._variants]))
        return scores, log_sum_exp(scores)

    @cached_property
    def _neighbours(self) -> tuple[Ints, Floats]:
        """The nearest items and their inner products."""
        items = self._index.nearest(self._query[0], compared_neighbours(self._index.size))
        return items, self._index.scores_of(self._query, items)[0]

    @cached_property
    def _log_partition(self) -> np.float32:
        return np.float32(self._index.log_partition_given(self._query[0], *self._neighbours))

    def candidates(self, k: int) -> Ints:
        """About the k likeliest, `compared_neighbours` at most."""
        items, scores = self._neighbours
        return items[top_positions(scores, k)]
