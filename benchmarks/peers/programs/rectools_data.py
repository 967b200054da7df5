"""What RecTools' programs share: in: a split, out: its data set; a model in, its lists out."""

from typing import Any

import common
import numpy as np
import pandas as pd
from rectools import Columns
from rectools.dataset import Dataset


def dataset_of(split: common.Split) -> Dataset:
    """A row for everything known before the test; the place in the history is the time."""
    histories = [split.history(person) for person in range(len(split.train))]
    lengths = [len(items) for items in histories]
    places = np.concatenate([np.arange(length) for length in lengths])
    return Dataset.construct(
        pd.DataFrame(
            {
                Columns.User: np.repeat(np.arange(len(histories)), lengths),
                Columns.Item: np.concatenate(histories),
                Columns.Weight: 1.0,
                Columns.Datetime: pd.to_datetime(places, unit="s"),
            }
        )
    )


def ranked(model: Any, dataset: Dataset, split: common.Split) -> dict[str, np.ndarray]:
    """The lists of the library's own recommend()."""
    kept = common.empty(len(split.cases))
    place = {person: row for row, person in enumerate(split.cases)}
    for variant in ("masked", "unmasked"):
        found = model.recommend(
            users=split.cases, dataset=dataset, k=common.K, filter_viewed=variant == "masked"
        )
        rows = found[Columns.User].map(place).to_numpy()
        ranks = found[Columns.Rank].to_numpy() - 1
        kept[f"{variant}_items"][rows, ranks] = found[Columns.Item].to_numpy()
        kept[f"{variant}_scores"][rows, ranks] = found[Columns.Score].to_numpy()
    return kept
