"""Diversity: items best first in, the same in an order in which like does not follow like, out.

Maximal marginal relevance (Carbonell and Goldstein 1998), by pyversity: next is the item with the
most of (1 - d) · relevance - d · its greatest cosine with what is in the list already. Relevance is
the score, scaled to 0 to 1 over the items given, so that both parts have the same span.
"""

from collections.abc import Sequence

import numpy as np
from pyversity import Strategy, diversify

from foretaste.domain.arrays import Vectors
from foretaste.domain.data import Floats


def rerank_for_diversity(
    items: Sequence[int], scores: Floats, vectors: Vectors, *, strength: float, n: int
) -> list[int]:
    """All of them: the first `n` by marginal relevance, then the others best first.

    scores: [catalogue]. vectors: [catalogue, dim], of length 1 or zero. strength: 0 to 1.
    """
    if len(items) < 2 or strength <= 0:
        return list(items)
    item_indices = np.array(items)
    relevance = scores[item_indices].astype(np.float32)
    span = float(relevance.max() - relevance.min())
    relevance = (relevance - relevance.min()) / max(span, 1e-9)
    mmr_selection = diversify(
        vectors[item_indices],
        relevance,
        min(n, len(items)),
        strategy=Strategy.MMR,
        diversity=strength,
    )
    mmr_items = item_indices[mmr_selection.indices].tolist()
    mmr_item_set = set(mmr_items)
    return [*mmr_items, *(item for item in items if item not in mmr_item_set)]
