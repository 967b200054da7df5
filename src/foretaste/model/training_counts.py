"""In: what an expert is fitted on. Out: counts of items and of pairs, as many as privacy allows."""

from collections.abc import Callable

import numpy as np

from foretaste.domain.data import Doubles, Longs
from foretaste.model.count_matrix import CountMatrix, positive_interactions
from foretaste.model.private_counts import Triples, pairs_of_many
from foretaste.model.training import Training


def count_items(training: Training) -> Doubles:
    """[items], how often each was taken; with noise where there is a budget."""
    size = len(training.catalogue)
    if training.release is not None:
        return training.release.item_counts(training.interactions, size)
    _, items, weight = positive_interactions(training.interactions)
    return np.asarray(np.bincount(items, weight, minlength=size), np.float64)


def count_pairs(
    training: Training, triples: Triples, owners: Callable[[], list[Longs]]
) -> CountMatrix | None:
    """The pairs that may be told; None where a budget lets none through.

    owners: of each triple, whose each pair is; asked for only where that matters.
    """
    size, min_people = len(training.catalogue), training.privacy.fewest_people
    if training.release is not None:
        triples = training.release.pairs(triples, owners(), size)
        if not len(triples[0][0]):
            return None
    elif min_people > 1:
        triples = pairs_of_many(triples, owners(), size, min_people)
    return CountMatrix.from_triples(size, triples, is_closed=min_people > 1)
