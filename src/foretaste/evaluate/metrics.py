"""Scores and targets in; ranks, figures and their intervals out. All of it in whole arrays.

A rank counts from 0. Among equal scores the target stands in the middle, where it would be on
average if ties were broken by chance: a model that gives every item the same score is told to be
no better than chance, where counting only the greater scores would call it perfect.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from foretaste.domain import Doubles, Floats, Ints, Longs
from foretaste.errors import ModelError

Numbers = npt.NDArray[np.floating]


DRAWS = 50
"""Bootstrap draws multiplied at a time: one matrix product, and little memory."""


class Interval(NamedTuple):
    """A mean and what it might have been with other people."""

    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.mean:.4f} [{self.low:.4f}, {self.high:.4f}]"


class Ranks(NamedTuple):
    """Where the targets stand, from 0, among all items and among those not seen."""

    unmasked: Doubles
    """[cases]"""
    masked: Doubles
    """[cases]"""


def ranks(scores: Floats, targets: Ints, seen: Sequence[Ints] | None = None) -> Ranks:
    """The rank of each target: the number of greater scores, and half the number of equal ones.

    scores: [cases, items], higher is better, -inf allowed. targets: [cases], columns.
    seen: for each case the items left out of the masked ranking; repeats and values below 0 are
    passed over, and the target itself is never left out. Without it both rankings are the same.

    Raises ModelError where a score is not a number, or a target's is missing.
    """
    if np.isnan(scores).any():
        raise ModelError("a score is not a number (nan); the model is damaged or did not train")
    own = scores[np.arange(len(targets)), targets]  # [cases]
    greater = np.count_nonzero(scores > own[:, None], axis=1)
    equal = np.count_nonzero(scores == own[:, None], axis=1) - 1  # without the target itself
    unmasked = (greater + equal / 2).astype(np.float64)
    if seen is None:
        return Ranks(unmasked, unmasked.copy())
    return Ranks(unmasked, unmasked - _before(scores, own, targets, seen))


def _before(scores: Floats, own: Floats, targets: Ints, seen: Sequence[Ints]) -> Doubles:
    """[cases] how many places the seen items take before the target; no copy of the scores."""
    rows = np.repeat(np.arange(len(targets)), [len(items) for items in seen])
    if not len(rows):
        return np.zeros(len(targets))
    items = np.concatenate(seen).astype(np.int64)
    keep = (items >= 0) & (items != targets[rows])
    width = scores.shape[1]
    once = np.unique(rows[keep] * width + items[keep])  # an item seen twice hides once
    rows, items = once // width, once % width
    theirs = scores[rows, items]
    places = (theirs > own[rows]) + (theirs == own[rows]) / 2
    return np.bincount(rows, places, minlength=len(targets)).astype(np.float64)


def recall(ranks: Doubles, k: int) -> Doubles:
    """[cases] 1 where the target is among the first k, else 0.

    With one target a case this is the hit rate as well (HR@k, Recall@k).
    """
    return (ranks < k).astype(np.float64)


def ndcg(ranks: Doubles, k: int) -> Doubles:
    """[cases] 1 / log2(rank + 2) among the first k, else 0.

    Järvelin and Kekäläinen 2002; with one target a case the ideal gain is 1.
    """
    return np.where(ranks < k, 1 / np.log2(ranks + 2), 0.0)


def mrr(ranks: Doubles) -> Doubles:
    """[cases] 1 / (rank + 1), the reciprocal rank."""
    return 1 / (ranks + 1)


def coverage(lists: Ints, items: int) -> float:
    """Share of the catalogue that is in at least one of the lists [cases, n], 0 to 1."""
    return len(np.unique(lists)) / items if items else 0.0


def intervals(
    values: Numbers,
    people: Longs,
    rng: np.random.Generator,
    *,
    n: int = 1000,
    level: float = 0.95,
) -> list[Interval]:
    """The mean of each column of `values` [cases, columns], with a bootstrap interval.

    Whole people are drawn with replacement, since the cases of one person go together (the
    cluster bootstrap, Field and Welsh 2007). All columns are drawn alike, so their differences
    may be compared. people: [cases], who each case belongs to. n: draws. level: e.g. 0.95.
    """
    _, place = np.unique(people, return_inverse=True)
    counts = np.bincount(place).astype(np.float64)  # [people]
    columns = [np.bincount(place, column, minlength=len(counts)) for column in values.T]
    sums = np.stack([counts, *columns], axis=1)  # [people, 1 + columns]
    drawn = np.concatenate([_drawn(sums, min(DRAWS, n - done), rng) for done in range(0, n, DRAWS)])
    means = drawn[:, 1:] / drawn[:, :1]  # [n, columns]
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return [
        Interval(float(m), float(a), float(b))
        for m, a, b in zip(values.mean(0), low, high, strict=True)
    ]


def _drawn(sums: Doubles, n: int, rng: np.random.Generator) -> Doubles:
    """[n, columns] the sums over n draws of as many people as there are."""
    people = len(sums)
    times = np.empty((n, people))  # how often each is drawn
    for row in times:
        row[:] = np.bincount(rng.integers(people, size=people, dtype=np.int32), minlength=people)
    return times @ sums


def interval(
    values: Numbers,
    people: Longs,
    rng: np.random.Generator,
    *,
    n: int = 1000,
    level: float = 0.95,
) -> Interval:
    """The same for one column [cases]."""
    return intervals(values[:, None], people, rng, n=n, level=level)[0]


def paired_interval(
    a: Numbers,
    b: Numbers,
    people: Longs,
    rng: np.random.Generator,
    *,
    n: int = 1000,
    level: float = 0.95,
) -> Interval:
    """Of the mean difference a - b on the same cases; a is better for certain where low > 0."""
    return interval(a - b, people, rng, n=n, level=level)
