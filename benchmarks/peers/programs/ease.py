"""EASE, the linear model in closed form (Steck 2019, algorithm 1): in: a split, out: lists."""

from collections.abc import Sequence

import common
import numpy as np
from scipy import linalg, sparse


def weights(asked: common.Task) -> np.ndarray:
    """[items, items]: B = I - P · diag(1 / diag P), P = (XᵀX + λI)⁻¹."""
    taken = matrix(asked.split, asked.split.train)
    gram = (taken.T @ taken).toarray()
    gram[np.diag_indices_from(gram)] += asked.settings["lambda"]
    inverse = linalg.inv(gram, overwrite_a=True, check_finite=False)
    found = inverse / -np.diag(inverse)
    np.fill_diagonal(found, 0)
    return found


def matrix(split: common.Split, histories: Sequence[Sequence[int]]) -> sparse.csr_array:
    """[histories, items] 1 where an item was taken."""
    rows = np.repeat(np.arange(len(histories)), [len(items) for items in histories])
    columns = np.concatenate([np.asarray(items, np.int64) for items in histories])
    shape = (len(histories), split.items)
    found = sparse.csr_array((np.ones(len(rows), np.float32), (rows, columns)), shape=shape)
    found.data[:] = 1  # taken twice is taken
    return found


def main() -> None:
    asked = common.task()
    with common.training(asked):
        found = weights(asked)

    def score(people: Sequence[int]) -> np.ndarray:
        return matrix(asked.split, [asked.split.history(person) for person in people]) @ found

    kept = common.lists(common.scored(asked, score), asked.split)
    common.answer(asked, kept, "numpy", "scipy")


if __name__ == "__main__":
    main()
