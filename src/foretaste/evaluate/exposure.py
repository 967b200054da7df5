"""Items that were shown, and how often people take each, in; how wide the lists look out.

Novelty is the mean of -log2 of the share of all takings that an item has (Zhou et al. 2010);
diversity the mean distance, 1 - cosine of what is read of them, of two items of a list (Ziegler et
al. 2005); inequality the Gini coefficient of how often each item of the catalogue was shown.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from foretaste.domain.arrays import Vectors
from foretaste.domain.data import Doubles, Ints

HEAD_SHARE = 0.1
"""Of the catalogue, by how often items are taken: what is popular."""
MAX_DIVERSITY_LISTS = 500
"""Lists whose items are compared with one another."""


@dataclass(frozen=True, slots=True)
class Exposure:
    """What was shown, as a whole."""

    shown_places: int
    distinct_items: int
    coverage: float
    """Share of the items on offer that were shown at least once."""
    gini: float
    """0 where every item is shown as often, near 1 where a few are shown all the time."""
    popular_share: float | None
    """Of the places, those of the tenth of the catalogue that people take most."""
    taken_popular_share: float | None
    """The same of what people took from the lists; None where they took nothing."""
    novelty: float | None
    """Bits; the higher, the less known are the items."""
    diversity: float | None
    """From 0, all items of a list are alike, to about 1."""


def measure_exposure(
    lists: Sequence[Sequence[str]],
    taken_items: Sequence[str],
    *,
    index: Mapping[str, int],
    available: int,
    event_counts: Doubles | None,
    vectors: Vectors,
) -> Exposure:
    """lists: ids of the items of each. event_counts: [items], how often each was taken by anybody.
    available: items on offer. vectors: [items, dim], what is
    read of each, of length 1 or 0.
    """
    positions = [
        np.array([index[item] for item in items if item in index], np.int32) for items in lists
    ]
    shown_items = np.concatenate([np.empty(0, np.int32), *positions])
    chosen_items = np.array([index[item] for item in taken_items if item in index], np.int32)
    counts = np.bincount(shown_items, minlength=len(index)).astype(np.float64)
    distinct = int((counts > 0).sum())
    return Exposure(
        shown_places=len(shown_items),
        distinct_items=distinct,
        coverage=min(distinct / max(available, 1), 1.0),
        gini=_gini(counts, available),
        popular_share=_head_share(shown_items, event_counts),
        taken_popular_share=_head_share(chosen_items, event_counts),
        novelty=_novelty(shown_items, event_counts),
        diversity=_diversity(positions, vectors),
    )


def _gini(counts: Doubles, available: int) -> float:
    """Over the items on offer; those that were shown and are gone count as on offer."""
    total, size = float(counts.sum()), max(available, int((counts > 0).sum()))
    if total <= 0 or size < 2:
        return 0.0
    rising = np.sort(counts)[-size:]
    rising = np.concatenate([np.zeros(size - len(rising)), rising])
    ranks = np.arange(1, size + 1)
    return float(2 * (ranks @ rising) / (size * total) - (size + 1) / size)


def _head_share(items: Ints, event_counts: Doubles | None) -> float | None:
    if event_counts is None or not len(items) or not event_counts.any():
        return None
    head = max(int(len(event_counts) * HEAD_SHARE), 1)
    is_popular = np.zeros(len(event_counts), bool)
    is_popular[np.argsort(-event_counts, kind="stable")[:head]] = True
    return float(is_popular[items].mean())


def _novelty(items: Ints, event_counts: Doubles | None) -> float | None:
    if event_counts is None or not len(items) or not event_counts.any():
        return None
    shares = (event_counts + 1) / (event_counts.sum() + len(event_counts))
    return float(-np.log2(shares[items]).mean())


def _diversity(lists: Sequence[Ints], vectors: Vectors) -> float | None:
    distances = []
    for positions in lists[:MAX_DIVERSITY_LISTS]:
        if len(positions) < 2:
            continue
        rows = np.asarray(vectors[positions], np.float32)
        rows = rows[np.linalg.norm(rows, axis=1) > 0]
        if len(rows) >= 2:
            cosines = rows @ rows.T
            pairs = len(rows) * (len(rows) - 1)
            distances.append(1 - float((cosines.sum() - np.trace(cosines)) / pairs))
    return float(np.mean(distances)) if distances else None
