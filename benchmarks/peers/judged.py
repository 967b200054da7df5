"""A peer's lists in; the ranks of the test items and figures out, by Foretaste's own metrics."""

from pathlib import Path

import numpy as np

from benchmarks.peers.split import Held
from foretaste.domain.data import Doubles, Floats, Ints
from foretaste.evaluate import metrics
from foretaste.evaluate.metrics import Ranks
from foretaste.evaluate.protocols import RankingResult

BATCH = 512


def judged(lists: Path, split: Held) -> RankingResult:
    """Of the lists that a peer's program wrote, best first, with their scores.

    Raises ValueError where they are not lists of this split.
    """
    with np.load(lists) as found:
        ranks = Ranks(
            *(
                _ranks(found[f"{variant}_items"], found[f"{variant}_scores"], split)
                for variant in Ranks._fields
            )
        )
    return RankingResult(split.people, split.targets, ranks, split.items)


def _ranks(items: Ints, scores: Floats, split: Held) -> Doubles:
    """[cases] where the targets stand; an item that is not in the list is below all that are."""
    _check(items, scores, split)
    parts = []
    for start in range(0, len(items), BATCH):
        rows = slice(start, start + BATCH)
        whole = np.full((len(items[rows]), split.items), -np.inf)
        case, place = np.nonzero(items[rows] >= 0)
        whole[case, items[rows][case, place]] = scores[rows][case, place]
        parts.append(metrics.ranks(whole, split.targets[rows]).unmasked)
    return np.concatenate(parts)


def _check(items: Ints, scores: Floats, split: Held) -> None:
    if len(items) != len(split.targets) or items.shape != scores.shape:
        raise ValueError(
            f"lists of shape {items.shape} with scores of shape {scores.shape}; "
            f"expected one list for each of {len(split.targets)} cases"
        )
    if items.max(initial=-1) >= split.items:
        raise ValueError(f"item {items.max()} in a list; there are {split.items} items")
