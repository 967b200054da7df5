"""implicit's ALS, BPR and item neighbours: in: a split, out: lists by their own recommend()."""

from typing import Any

import common
import numpy as np
from implicit.als import AlternatingLeastSquares
from implicit.bpr import BayesianPersonalizedRanking
from implicit.nearest_neighbours import CosineRecommender, bm25_weight
from scipy import sparse


def matrix(split: common.Split, histories: list[list[int]]) -> sparse.csr_matrix:
    """[histories, items] 1 where an item was taken."""
    rows = np.repeat(np.arange(len(histories)), [len(items) for items in histories])
    columns = np.concatenate([np.asarray(items, np.int64) for items in histories])
    shape = (len(histories), split.items)
    return sparse.csr_matrix((np.ones(len(rows), np.float32), (rows, columns)), shape=shape)


def weighted(plays: sparse.csr_matrix, settings: dict[str, Any]) -> sparse.csr_matrix:
    """As in the tutorial of ALS: BM25 on items × people, then people × items."""
    if "bm25_K1" not in settings:
        return plays
    return bm25_weight(plays.T, K1=settings["bm25_K1"], B=settings["bm25_B"]).T.tocsr()


def fit(plays: sparse.csr_matrix, settings: dict[str, Any], iterations: int) -> Any:
    """The one that is named, with its settings. iterations: of those that have them."""
    chosen = {
        name: value
        for name, value in settings.items()
        if name not in ("model", "bm25_K1", "bm25_B", "iterations")
    }
    if settings["model"] == "neighbours":
        model = CosineRecommender(**chosen, num_threads=1)
    else:
        kinds = {"als": AlternatingLeastSquares, "bpr": BayesianPersonalizedRanking}
        kind = kinds[settings["model"]]
        model = kind(**chosen, iterations=iterations, num_threads=1, random_state=0)
    model.fit(plays, show_progress=False)
    return model


def recall(model: Any, plays: sparse.csr_matrix, split: common.Split) -> float:
    """Recall@10 of the validation items, from the training part."""
    rows = np.arange(len(split.cases))
    items, _ = model.recommend(rows, plays[rows], N=10, filter_already_liked_items=True)
    valid = np.array([split.valid[person] for person in split.cases])
    return float((items == valid[:, None]).any(1).mean())


def main() -> None:
    asked = common.task()
    split, settings = asked.split, asked.settings
    # BPR knows people by number: those to be told of first, in the order of the cases
    others = [person for person, item in enumerate(split.valid) if item < 0]
    taught = [split.train[person] for person in (*split.cases, *others)]
    plays = weighted(matrix(split, taught), settings)
    with common.training(asked):
        fitted = max(
            (fit(plays, settings, iterations) for iterations in settings.get("iterations", [0])),
            key=lambda candidate: recall(candidate, plays, split),
        )
    if "iterations" in settings:
        asked.told["epochs"] = fitted.iterations
    histories = weighted(matrix(split, [split.history(one) for one in split.cases]), settings)
    again = {} if settings["model"] == "bpr" else {"recalculate_user": True}
    kept = common.empty(len(split.cases))
    for rows in common.batches(range(len(split.cases))):
        for variant in ("masked", "unmasked"):
            items, scores = fitted.recommend(
                np.asarray(rows),
                histories[list(rows)],
                N=common.K,
                filter_already_liked_items=variant == "masked",
                **again,
            )
            listed = scores > -1e30  # implicit fills short lists up
            kept[f"{variant}_items"][rows, : items.shape[1]] = np.where(listed, items, -1)
            kept[f"{variant}_scores"][rows, : items.shape[1]] = np.where(listed, scores, -np.inf)
    common.answer(asked, kept, "implicit", "numpy", "scipy")


if __name__ == "__main__":
    main()
