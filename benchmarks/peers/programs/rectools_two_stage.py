"""RecTools' two stages, candidates and a gradient-boosted ranker: in: a split, out: lists.

Candidates come from item neighbours, EASE and popularity, each with its rank and score as features.
The ranker learns from the last item of each history, with the rest as its history.
"""

from typing import Any

import common
import numpy as np
import pandas as pd
from implicit.nearest_neighbours import CosineRecommender
from rectools import Columns
from rectools.dataset import Dataset
from rectools.model_selection import LastNSplitter
from rectools.models import EASEModel, ImplicitItemKNNWrapperModel, PopularModel
from rectools.models.ranking import CandidateGenerator, CandidateRankingModel, Reranker
from sklearn.ensemble import HistGradientBoostingClassifier


def interactions(split: common.Split) -> pd.DataFrame:
    """A row for everything known before the test; the place in the history is the time."""
    histories = [split.history(person) for person in range(len(split.train))]
    lengths = [len(items) for items in histories]
    places = np.concatenate([np.arange(length) for length in lengths])
    return pd.DataFrame(
        {
            Columns.User: np.repeat(np.arange(len(histories)), lengths),
            Columns.Item: np.concatenate(histories),
            Columns.Weight: 1.0,
            Columns.Datetime: pd.to_datetime(places, unit="s"),
        }
    )


def two_stages(settings: dict[str, Any]) -> CandidateRankingModel:
    """With the settings given."""
    first = (
        ImplicitItemKNNWrapperModel(CosineRecommender(K=settings["neighbours"], num_threads=1)),
        EASEModel(regularization=settings["lambda"]),
        PopularModel(),
    )
    candidates = settings["candidates"]
    generators = [
        CandidateGenerator(
            model, candidates, keep_ranks=True, keep_scores=True,
            ranks_fillna_value=candidates + 1, scores_fillna_value=0.0,
        )
        for model in first
    ]  # fmt: skip
    ranker = HistGradientBoostingClassifier(
        max_iter=settings["trees"], learning_rate=settings["learning_rate"], random_state=0
    )
    return CandidateRankingModel(
        generators, splitter=LastNSplitter(n=1, n_splits=1), reranker=Reranker(ranker)
    )


def main() -> None:
    asked = common.task()
    split = asked.split
    dataset = Dataset.construct(interactions(split))
    with common.training(asked):
        model = two_stages(asked.settings).fit(dataset)
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
    common.answer(asked, kept, "rectools", "scikit-learn", "numpy", "pandas")


if __name__ == "__main__":
    main()
