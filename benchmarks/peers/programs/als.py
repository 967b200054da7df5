"""implicit's ALS, as its tutorial has it: in: a split, out: lists by its own recommend()."""

import common
import numpy as np
from implicit.als import AlternatingLeastSquares
from implicit.nearest_neighbours import bm25_weight
from scipy import sparse


def matrix(split: common.Split, histories: list[list[int]]) -> sparse.csr_matrix:
    """[histories, items] 1 where an item was taken."""
    rows = np.repeat(np.arange(len(histories)), [len(items) for items in histories])
    columns = np.concatenate([np.asarray(items, np.int64) for items in histories])
    shape = (len(histories), split.items)
    return sparse.csr_matrix((np.ones(len(rows), np.float32), (rows, columns)), shape=shape)


def weighted(plays: sparse.csr_matrix, settings: dict[str, float]) -> sparse.csr_matrix:
    """As in the tutorial: BM25 on items × people, then people × items."""
    return bm25_weight(plays.T, K1=settings["bm25_K1"], B=settings["bm25_B"]).T.tocsr()


def main() -> None:
    asked = common.task()
    split, settings = asked.split, asked.settings
    names = ("factors", "regularization", "alpha", "iterations")
    with common.training(asked):
        model = AlternatingLeastSquares(
            **{name: settings[name] for name in names}, num_threads=1, random_state=0
        )
        model.fit(weighted(matrix(split, split.train), settings), show_progress=False)
    asked.told["epochs"] = settings["iterations"]
    histories = weighted(matrix(split, [split.history(one) for one in split.cases]), settings)
    kept = common.empty(len(split.cases))
    for rows in common.batches(range(len(split.cases))):
        for variant in ("masked", "unmasked"):
            items, scores = model.recommend(
                np.asarray(rows),
                histories[list(rows)],
                N=common.K,
                filter_already_liked_items=variant == "masked",
                recalculate_user=True,
            )
            kept[f"{variant}_items"][rows, : items.shape[1]] = items
            kept[f"{variant}_scores"][rows, : items.shape[1]] = scores
    common.answer(asked, kept, "implicit", "numpy", "scipy")


if __name__ == "__main__":
    main()
