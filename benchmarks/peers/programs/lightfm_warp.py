"""LightFM with the WARP loss, on ids alone: in: a split, out: lists by its own predict()."""

from collections.abc import Sequence

import common
import numpy as np
from lightfm import LightFM
from scipy import sparse


def main() -> None:
    asked = common.task()
    split, settings = asked.split, asked.settings
    rows = np.repeat(np.arange(len(split.train)), [len(items) for items in split.train])
    columns = np.concatenate([np.asarray(items, np.int64) for items in split.train])
    shape = (len(split.train), split.items)
    plays = sparse.coo_matrix((np.ones(len(rows), np.float32), (rows, columns)), shape=shape)
    model = LightFM(
        no_components=settings["no_components"], loss=settings["loss"],
        learning_rate=settings["learning_rate"], random_state=0,
    )  # fmt: skip
    chosen = np.array(split.cases)
    valid = np.array([split.valid[person] for person in split.cases])
    checks: list[dict[str, float]] = []
    best = None

    def scores(people: np.ndarray) -> np.ndarray:
        biases, users = model.get_user_representations()
        item_biases, items = model.get_item_representations()
        return users[people] @ items.T + item_biases + biases[people, None]

    with common.training(asked):
        for epoch in range(1, settings["epochs"] + 1):
            model.fit_partial(plays, epochs=1, num_threads=1)
            found = scores(chosen)
            for row, person in enumerate(chosen):
                found[row, split.train[person]] = -np.inf
            target = found[np.arange(len(chosen)), valid]
            recall = float(((found > target[:, None]).sum(1) < 10).mean())
            if all(recall > check["recall@10"] for check in checks):
                best = scores(chosen)
            spent = round(asked.spent(), 1)
            checks.append({"epoch": epoch, "cpu_seconds": spent, "recall@10": recall})
            top = max(range(len(checks)), key=lambda at: checks[at]["recall@10"])
            asked.told["capped"] = asked.over()
            if asked.over() or len(checks) - 1 - top >= settings["patience"]:
                break
    asked.told["checks"], asked.told["epochs"] = checks, len(checks)
    place = {person: row for row, person in enumerate(split.cases)}

    def score(people: Sequence[int]) -> np.ndarray:
        assert best is not None
        return best[[place[person] for person in people]]

    kept = common.lists(common.scored(asked, score), split)
    common.answer(asked, kept, "lightfm-next", "numpy", "scipy")


if __name__ == "__main__":
    main()
