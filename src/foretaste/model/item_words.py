"""Word vectors of the sequence network: texts of items in, what their words are worth to it out.

Identities are learnt item by item, and most items are taken a few times. The words of a text are
shared: that people go on from one maker, series or shade to another is learnt once for all items
that say so. A published encoder knows few of these names, and it is not taught here. Many of them
are two words, which say less apart.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Self

import numpy as np
import torch
from torch import Tensor, nn

from foretaste.domain.words import words_of
from foretaste.model.tfidf import TfIdf

MAX_WORDS = 30_000
"""Words that get a vector, those of most texts: all of them move in every step of the training."""
INITIAL_DEVIATION = 0.02
"""Standard deviation of the numbers of a word before it is learnt; that of an identity."""


class ItemWords(nn.Module):
    """A learnt vector a word; an item is the sum over its words, weighed by TF-IDF."""

    columns: Tensor
    """[entries], the word of each entry, item by item."""
    weights: Tensor
    """[entries]"""
    starts: Tensor
    """[items + 2], the first entry of each internal id + 1; padding has none."""

    def __init__(self, columns: Tensor, weights: Tensor, starts: Tensor, words: int, dim: int):
        super().__init__()
        for name, values in (("columns", columns), ("weights", weights), ("starts", starts)):
            self.register_buffer(name, values, persistent=False)
        self.vectors = nn.EmbeddingBag(words, dim, mode="sum")
        nn.init.normal_(self.vectors.weight, std=INITIAL_DEVIATION)

    @classmethod
    def of(cls, texts: Sequence[str], dim: int, *, has_pairs: bool = False) -> Self | None:
        """Of the words that two texts share, at most `MAX_WORDS`; None where there are none.

        has_pairs: two words that stand together are a word, too, as far as there is room for more.
        """
        tfidf = TfIdf.fit(texts, MAX_WORDS)
        if tfidf is None:
            return None
        if has_pairs:
            texts = [_with_pairs(text) for text in texts]
            tfidf = _widened(tfidf, texts)
        rows = tfidf.transform(texts)
        starts = np.concatenate([[0], rows.indptr]).astype(np.int64)
        return cls(
            torch.from_numpy(rows.indices.astype(np.int32)),
            torch.from_numpy(rows.data.astype(np.float32)),
            torch.from_numpy(starts),
            len(tfidf.words),
            dim,
        )

    def forward(self, index: Tensor) -> Tensor:
        """[...] internal ids + 1 → [..., dim]"""
        items = index.flatten()
        first = self.starts[items]
        counts = self.starts[items + 1] - first
        ends = counts.cumsum(0)
        offsets = ends - counts
        entries = torch.arange(int(counts.sum()), device=items.device)
        entries = entries + torch.repeat_interleave(first - offsets, counts)
        words = self.columns[entries]
        summed = self.vectors(words, offsets.to(words.dtype), self.weights[entries])
        return summed.view(*index.shape, -1)


def _with_pairs(text: str) -> str:
    """With the pairs behind the words: "lip balm" becomes "lip balm lip_balm"."""
    words = words_of(text)
    return " ".join([*words, *map("_".join, pairwise(words))])


def _widened(tfidf: TfIdf, texts: Sequence[str]) -> TfIdf:
    """With the pairs of words that most texts have, up to `MAX_WORDS` of both."""
    everything = TfIdf.fit(texts)
    assert everything is not None  # it has the words
    known_words = set(tfidf.words)
    rarities = dict(zip(everything.words, everything.idf.tolist(), strict=True))
    pairs = sorted(rarities.keys() - known_words, key=lambda word: (rarities[word], word))
    words = sorted([*tfidf.words, *pairs[: MAX_WORDS - len(tfidf.words)]])
    return TfIdf(words, np.array([rarities[word] for word in words], np.float32))
