"""Popularity, transition counts and SeqKNN, in NumPy and SciPy: in: a split, out: lists.

Simple enough to be exact, and hard to beat by much: what a learned model is worth is what it adds.
"""

from collections.abc import Callable, Sequence

import common
import numpy as np
from scipy import sparse

Score = Callable[[Sequence[int]], np.ndarray]


def popularity(asked: common.Task) -> Score:
    """How often an item is in the training part."""
    counts = taken(asked.split)
    return lambda people: np.tile(counts, (len(people), 1))


def decayed(asked: common.Task) -> Score:
    """The same, an event counting half after each half-life, which the validation items choose."""
    split = asked.split
    assert split.times is not None, "the set has no times"
    items = np.concatenate([np.asarray(items, np.int64) for items in split.train])
    ages = np.concatenate([np.asarray(times) for times in split.times])
    ages = (ages.max() - ages) / 86400
    valid = np.array([split.valid[person] for person in split.cases])

    def counts(days: float) -> np.ndarray:
        return np.bincount(items, 0.5 ** (ages / days), minlength=split.items)

    def mean_rank(days: float) -> float:
        found = counts(days)
        return float(np.mean([np.log1p((found > found[item]).sum()) for item in valid]))

    asked.told["half_life_days"] = days = min(asked.settings["half_lives"], key=mean_rank)
    chosen = counts(days)
    return lambda people: np.tile(chosen, (len(people), 1))


def transition(asked: common.Task) -> Score:
    """How often an item came right after the last one; equal counts by popularity."""
    return followed(asked.split, window=1, decay=1.0)


def seqknn(asked: common.Task) -> Score:
    """The same over the last few items; what came `distance` after counts decay^(distance - 1).

    score(item) = Σ over the last `window` items of decay^age · count(that item, item).
    """
    return followed(asked.split, window=asked.settings["window"], decay=asked.settings["decay"])


def followed(split: common.Split, *, window: int, decay: float) -> Score:
    after = pairs(split, window=window, decay=decay)
    behind = taken(split)
    behind *= decay ** (2 * window) / (behind.max() + 1)  # below any count: orders what is equal

    def score(people: Sequence[int]) -> np.ndarray:
        total = np.tile(behind, (len(people), 1))
        for age in range(window):
            known = [row for row, one in enumerate(people) if len(split.history(one)) > age]
            items = [split.history(people[row])[-1 - age] for row in known]
            total[known] += decay**age * after[items].toarray()
        return total

    return score


def taken(split: common.Split) -> np.ndarray:
    """[items] how often each is in the training part."""
    everything = np.concatenate([np.asarray(items, np.int64) for items in split.train])
    return np.bincount(everything, minlength=split.items).astype(float)


def pairs(split: common.Split, *, window: int, decay: float) -> sparse.csr_array:
    """[items, items] how often the column came after the row, at most `window` later."""
    total = sparse.csr_array((split.items, split.items))
    histories = [np.asarray(items) for items in split.train]
    for distance in range(1, window + 1):
        rows = np.concatenate([items[:-distance] for items in histories])
        columns = np.concatenate([items[distance:] for items in histories])
        weights = np.full(len(rows), decay ** (distance - 1))
        total += sparse.coo_array((weights, (rows, columns)), shape=total.shape).tocsr()
    return total


MODELS = {"popularity": popularity, "decayed": decayed, "transition": transition, "seqknn": seqknn}


def main() -> None:
    asked = common.task()
    with common.training(asked):
        score = MODELS[asked.settings["model"]](asked)
    kept = common.lists(common.scored(asked, score), asked.split)
    common.answer(asked, kept, "numpy", "scipy")


if __name__ == "__main__":
    main()
