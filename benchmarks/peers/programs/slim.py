"""SLIM by scikit-learn's elastic net (Ning and Karypis 2011): in: a split, out: lists.

For each item, a sparse and non-negative combination of the other items that gives back who had it.
"""

from collections.abc import Sequence

import common
import numpy as np
from scipy import sparse
from sklearn.linear_model import ElasticNet


def matrix(split: common.Split, histories: Sequence[Sequence[int]]) -> sparse.csc_matrix:
    """[histories, items] 1 where an item was taken."""
    rows = np.repeat(np.arange(len(histories)), [len(items) for items in histories])
    columns = np.concatenate([np.asarray(items, np.int64) for items in histories])
    shape = (len(histories), split.items)
    places = (rows.astype(np.int32), columns.astype(np.int32))  # scikit-learn takes no wider
    taken = sparse.csc_matrix((np.ones(len(rows)), places), shape=shape)
    taken.data[:] = 1  # taken twice is taken
    return taken


def weights(asked: common.Task) -> sparse.csc_array:
    """[items, items]: a column is what an item is made of."""
    taken = matrix(asked.split, asked.split.train)
    together = (taken.T @ taken).tocsc()
    net = ElasticNet(
        alpha=asked.settings["alpha"],
        l1_ratio=asked.settings["l1_ratio"],
        positive=True,
        fit_intercept=False,
        max_iter=asked.settings["max_iter"],
        tol=1e-3,
    )
    columns = []
    for item in range(asked.split.items):
        # an item that nobody had together with this one has no weight
        others = together.indices[together.indptr[item] : together.indptr[item + 1]]
        others = others[others != item]
        column = np.zeros(asked.split.items)
        if len(others):
            net.fit(taken[:, others], taken[:, item].toarray().ravel())
            column[others] = net.coef_
        columns.append(sparse.csc_array(column[:, None]))
    return sparse.hstack(columns, format="csc")


def main() -> None:
    asked = common.task()
    with common.training(asked):
        found = weights(asked)

    def score(people: Sequence[int]) -> np.ndarray:
        histories = [asked.split.history(person) for person in people]
        return (matrix(asked.split, histories) @ found).toarray()

    kept = common.lists(common.scored(asked, score), asked.split)
    common.answer(asked, kept, "scikit-learn", "numpy", "scipy")


if __name__ == "__main__":
    main()
