"""Scores and targets in; ranks, figures and their intervals out. All of it in whole arrays.

A rank counts from 0. Equal scores stand as in a list that is shown: in the order of internal ids,
so an equal item with a lower id comes before the target. A model that gives every item the same
score shows everybody the first items of the catalogue, and is judged by those.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from foretaste.domain.data import Doubles, Floats, Ints, Longs
from foretaste.errors import ModelError

Numbers = npt.NDArray[np.floating]


DRAWS_PER_BATCH = 50
"""Bootstrap draws multiplied at a time: one matrix product, and little memory."""
MAX_DRAWN_AT_ONCE = 65_536
"""People drawn and counted at a time: of few people many draws, of many one."""


class Interval(NamedTuple):
    """A mean and what it might have been with other people."""

    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.mean:.4f} [{self.low:.4f}, {self.high:.4f}]"


NEVER_SHOWN = np.inf
"""The rank of a target that the list leaves out: beyond every k, however small the catalogue."""


class Ranks(NamedTuple):
    """Where the targets stand, from 0 in whole numbers; `NEVER_SHOWN` where they are left out."""

    unmasked: Doubles
    """[cases], among all items but those the person refused: lists with `hide_seen` off."""
    masked: Doubles
    """[cases], without what the person took before as well: lists with `hide_seen` on."""


def ranks(
    scores: Floats,
    targets: Ints,
    consumed: Sequence[Ints] | None = None,
    negative_feedback: Sequence[Ints] | None = None,
) -> Ranks:
    """The rank of each target: how many items a list shows before it.

    Those are the items of greater score, and of equal score and lower id.

    scores: [cases, items], higher is better, -inf allowed. targets: [cases], columns.
    consumed: for each case the items that the masked ranking leaves out; repeats and values below 0
    are passed over. negative_feedback: the same for both rankings. A target among them is never
    shown.

    Raises ModelError where a score is not a number, or a target's is missing.
    """
    if np.isnan(scores).any():
        raise ModelError("a score is not a number (nan); the model is damaged or did not train")
    cases = zip(scores, targets.tolist(), strict=True)
    among_all = np.array([_items_before(row, target) for row, target in cases], np.float64)
    if negative_feedback is None:
        negative_feedback = [np.empty(0, np.int32)] * len(targets)
    unmasked = among_all - _hidden_before(scores, targets, negative_feedback)
    if consumed is None:
        return Ranks(unmasked, unmasked.copy())
    hidden = [np.concatenate(items) for items in zip(consumed, negative_feedback, strict=True)]
    return Ranks(unmasked, among_all - _hidden_before(scores, targets, hidden))


def _items_before(scores: Floats, target: int) -> int:
    """How many of [items] stand before the target."""
    own = scores[target]
    return int(np.count_nonzero(scores[:target] >= own) + np.count_nonzero(scores[target:] > own))


def _hidden_before(scores: Floats, targets: Ints, hidden: Sequence[Ints]) -> Doubles:
    """[cases] how many hidden items stand before the target, without a copy of the scores.

    -inf where the target itself is hidden, so that its rank is `NEVER_SHOWN`.
    """
    width = scores.shape[1]
    rows = np.repeat(np.arange(len(targets)), [len(items) for items in hidden])
    items = np.concatenate([np.empty(0, np.int64), *hidden]).astype(np.int64)
    distinct_cells = np.unique(
        (rows * width + items)[items >= 0]
    )  # an item hidden twice counts once
    rows, items = distinct_cells // width, distinct_cells % width
    score, own = scores[rows, items], scores[rows, targets[rows]]
    precedes_target = (score > own) | ((score == own) & (items < targets[rows]))
    hidden_counts = np.bincount(rows, precedes_target, minlength=len(targets)).astype(np.float64)
    hidden_counts[rows[items == targets[rows]]] = -NEVER_SHOWN
    return hidden_counts


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
    users: Longs,
    rng: np.random.Generator,
    *,
    n: int = 1000,
    level: float = 0.95,
) -> list[Interval]:
    """The mean of each column of `values` [cases, columns], with a bootstrap interval.

    Whole people are drawn with replacement, since the cases of one person go together (the
    cluster bootstrap, Field and Welsh 2007). All columns are drawn alike, so their differences
    may be compared. users: [cases], who each case belongs to. n: draws. level: e.g. 0.95.
    """
    _, user_index = np.unique(users, return_inverse=True)
    counts = np.bincount(user_index).astype(np.float64)  # [people]
    columns = [np.bincount(user_index, column, minlength=len(counts)) for column in values.T]
    sums = np.stack([counts, *columns], axis=1)  # [people, 1 + columns]
    bootstrap_sums = np.concatenate(
        [
            _bootstrap_sums(sums, min(DRAWS_PER_BATCH, n - drawn_count), rng)
            for drawn_count in range(0, n, DRAWS_PER_BATCH)
        ]
    )
    means = bootstrap_sums[:, 1:] / bootstrap_sums[:, :1]  # [n, columns]
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return [
        Interval(float(m), float(a), float(b))
        for m, a, b in zip(values.mean(0), low, high, strict=True)
    ]


def _bootstrap_sums(sums: Doubles, n: int, rng: np.random.Generator) -> Doubles:
    """[n, columns] the sums over n draws of as many people as there are."""
    user_count = len(sums)
    draw_counts = np.empty((n, user_count))  # how often each is drawn
    rows_at_once = max(MAX_DRAWN_AT_ONCE // max(user_count, 1), 1)
    for start in range(0, n, rows_at_once):
        rows = draw_counts[start : start + rows_at_once]
        drawn = rng.integers(user_count, size=rows.shape, dtype=np.int32)
        cells = drawn + user_count * np.arange(len(rows))[:, None]
        rows[:] = np.bincount(cells.ravel(), minlength=rows.size).reshape(rows.shape)
    return draw_counts @ sums


def interval(
    values: Numbers,
    users: Longs,
    rng: np.random.Generator,
    *,
    n: int = 1000,
    level: float = 0.95,
) -> Interval:
    """The same for one column [cases]."""
    return intervals(values[:, None], users, rng, n=n, level=level)[0]


def paired_interval(
    a: Numbers,
    b: Numbers,
    users: Longs,
    rng: np.random.Generator,
    *,
    n: int = 1000,
    level: float = 0.95,
) -> Interval:
    """Of the mean difference a - b on the same cases; a is better for certain where low > 0."""
    return interval(a - b, users, rng, n=n, level=level)


def statistic_interval(
    sums: Doubles,
    statistic: Callable[[Doubles], Doubles],
    rng: np.random.Generator,
    *,
    n: int = 1000,
    level: float = 0.95,
) -> Interval:
    """Of what is made of sums over people, such as a ratio of two, with a bootstrap interval.

    Whole people are drawn, as in `intervals`. sums: [people, columns], what each adds. statistic:
    [draws, columns] → [draws]; nan where a draw has too little to say, which is passed over.
    """
    draws = np.concatenate(
        [
            statistic(_bootstrap_sums(sums, min(DRAWS_PER_BATCH, n - drawn_count), rng))
            for drawn_count in range(0, n, DRAWS_PER_BATCH)
        ]
    )
    draws = draws[np.isfinite(draws)]
    value = float(statistic(sums.sum(0, keepdims=True))[0])
    if not len(draws):
        return Interval(value, value, value)
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2])
    return Interval(value, float(low), float(high))
