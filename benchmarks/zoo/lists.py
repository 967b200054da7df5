"""Lists of many people in; how alike they are and how often their items were taken out."""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np

from foretaste.domain.data import EvaluationCases, Interactions, Longs

FEW = (0, 1, 2, 5)
"""Events up to which an item is counted as hardly taken."""


def commonest(lists: Sequence[Sequence[str]], top: int = 5) -> float:
    """Share of people whose first places hold the item that most of them hold."""
    counts = Counter(item for ranking in lists for item in set(ranking[:top]))
    return max(counts.values(), default=0) / max(len(lists), 1)


def overlap(lists: Sequence[Sequence[str]], top: int = 10) -> float:
    """Mean share of the first places that two people have in common."""
    sets = [set(ranking[:top]) for ranking in lists if ranking]
    shares = [len(a & b) / max(len(a), len(b)) for a, b in combinations(sets, 2)]
    return float(np.mean(shares)) if shares else 0.0


def rare_shares(counts: Longs | Sequence[int], user_indices: Longs | None = None) -> list[float]:
    """Of items with these counts of events, the share with at most 0, 1, 2, 5.

    user_indices: [items], who took each: then every user counts alike, as where lists are looked
    at of users drawn evenly.
    """
    values = np.asarray(counts)
    if not len(values):
        return [0.0 for _ in FEW]
    weights = None if user_indices is None else 1 / np.bincount(user_indices)[user_indices]
    return [float(np.average(values <= few, weights=weights)) for few in FEW]


def own_share(
    lists: Mapping[str, Sequence[str]], clusters: Mapping[str, str], tastes: Mapping[str, str]
) -> float | None:
    """Share of places with an item of the reader's own cluster; None where there are none."""
    matches = [
        clusters[item] == tastes[person]
        for person, ranking in lists.items()
        if person in tastes
        for item in ranking
    ]
    return float(np.mean(matches)) if matches else None


def counts_before(cases: EvaluationCases, *, timed: bool, served: Interactions) -> Longs:
    """[cases] how often each target had been taken by then: before its time, or in `served`."""
    if not timed:
        taken = served.item[served.positive_mask()]
        counts = np.bincount(taken, minlength=int(cases.targets.max(initial=0)) + 1)
        return counts[cases.targets]
    histories = cases.interactions
    takes = histories.positive_mask()
    order = np.lexsort((histories.at[takes], histories.item[takes]))
    item, at = histories.item[takes][order], histories.at[takes][order]
    starts = np.searchsorted(item, cases.targets, side="left")
    stops = np.searchsorted(item, cases.targets, side="right")
    moments = histories.at[cases.target_rows]
    return np.array(
        [
            np.searchsorted(at[start:stop], moment, side="left")
            for start, stop, moment in zip(starts, stops, moments, strict=True)
        ],
        np.int64,
    )
