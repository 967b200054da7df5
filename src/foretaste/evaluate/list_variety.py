"""The lists of many people in; how evenly and how variedly they show the catalogue out."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from foretaste.domain.arrays import Vectors
from foretaste.domain.data import Doubles, Ints, Longs
from foretaste.evaluate.sampled_lists import ListInputs

CASES_PER_CHUNK = 256
"""Lists whose vectors are held at once."""


@dataclass(frozen=True, slots=True)
class ListVariety:
    """What kind of items one model's lists hold; None where that cannot be told."""

    gini: float
    """Of how often each item on offer is shown: 0 all alike, 1 one item alone."""
    novelty: float | None
    """Bits: the mean of -log2 of an item's share of all interactions, which is how surprising it is
    to meet the item (Zhou et al. 2010)."""
    median_events: float | None
    """How often an item of the lists had been taken by then: half of them more often."""
    diversity: float | None
    """1 - cosine of the texts of two items of a list, on average: 0 all alike (Ziegler et al.
    2005).
    """

    def figures(self) -> dict[str, Any]:
        """What JSON can hold."""
        return asdict(self)


def list_variety(
    lists: Ints, positions: Longs, available_items: int, list_inputs: ListInputs
) -> ListVariety:
    """Of lists [cases, n], -1 where a place is empty. positions: [cases], the moment of each."""
    shown_items = lists[lists >= 0]
    counts = np.bincount(shown_items, minlength=len(list_inputs.catalogue))
    events = list_inputs.counts.events_before(lists, positions[:, None])[lists >= 0]
    return ListVariety(
        gini=gini(counts[counts > 0], available_items),
        novelty=_novelty(shown_items, list_inputs) if len(shown_items) else None,
        median_events=float(np.median(events)) if len(events) else None,
        diversity=_diversity(lists, list_inputs.catalogue.vectors),
    )


def gini(counts: Longs, size: int) -> float:
    """Of the counts of `size` items, those that are not given being 0; 0 where nothing is counted.

    1 - 2 times the area under the Lorenz curve, from the sorted counts.
    """
    total, size = int(counts.sum()), max(size, len(counts))
    if not total:
        return 0.0
    ranks = np.arange(size - len(counts) + 1, size + 1, dtype=np.float64)
    return float(2 * (ranks @ np.sort(counts)) / (size * total) - (size + 1) / size)


def _novelty(items: Ints, list_inputs: ListInputs) -> float:
    """The mean over items [shown]; an event more than there were for each, for those without."""
    counts, size = list_inputs.counts, len(list_inputs.catalogue)
    events = counts.events_before(np.arange(size, dtype=np.int32), _end(counts.positions))
    shares: Doubles = (events + 1) / (events.sum() + size)
    return float(-np.log2(shares[items]).mean())


def _end(positions: Longs) -> Longs:
    """The position after the last event."""
    return np.array(len(positions), np.int64)


def _diversity(lists: Ints, vectors: Vectors) -> float | None:
    """The mean over lists [cases, n] with two texts or more; vectors: [items, dim], of length 1."""
    distances: list[Doubles] = []
    for start in range(0, len(lists), CASES_PER_CHUNK):
        chunk = lists[start : start + CASES_PER_CHUNK]
        list_vectors = np.where((chunk >= 0)[..., None], vectors[np.maximum(chunk, 0)], 0)
        lengths = np.linalg.norm(list_vectors, axis=2)  # [cases, n]: 1, or 0 without a text
        texts = np.count_nonzero(lengths > 0, axis=1)
        total = np.square(list_vectors.sum(axis=1, dtype=np.float64)).sum(axis=1)
        pairs = texts * (texts - 1)
        similarity = total - np.square(lengths, dtype=np.float64).sum(axis=1)
        distances.append(1 - similarity[pairs > 0] / pairs[pairs > 0])
    measured = np.concatenate(distances) if distances else np.empty(0)
    return float(measured.mean()) if len(measured) else None
