"""RecTools' two stages, candidates and a gradient-boosted ranker: in: a split, out: lists.

Candidates come from item neighbours, EASE and popularity, each with its rank and score as features.
The ranker learns from the last item of each history, with the rest as its history.
"""

from typing import Any

import common
from implicit.nearest_neighbours import CosineRecommender
from rectools.model_selection import LastNSplitter
from rectools.models import EASEModel, ImplicitItemKNNWrapperModel, PopularModel
from rectools.models.ranking import CandidateGenerator, CandidateRankingModel, Reranker
from rectools_data import dataset_of, ranked
from sklearn.ensemble import HistGradientBoostingClassifier


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
    dataset = dataset_of(asked.split)
    with common.training(asked):
        model = two_stages(asked.settings).fit(dataset)
    kept = ranked(model, dataset, asked.split)
    common.answer(asked, kept, "rectools", "scikit-learn", "numpy", "pandas")


if __name__ == "__main__":
    main()
