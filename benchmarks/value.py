"""Are lists better liked where ratings count by their stars? `make bench-value`.

    python -m benchmarks.value [SET …] [--counting] [--cases 3000]

Each set is split by time and fitted twice by the same procedure, by the default and with
`behaviour.value.rating.counts = true`; each as it would serve at the time of the test. Of each
case the list of ten; among these, what the person rated from then on: the mean rating, and the
share a standard deviation below the mean of all or lower. Intervals are of the difference, drawn
over people (paired, 95 %). --counting leaves out the sequence network, which takes the longest.
"""

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks.datasets import Absent, write
from benchmarks.tables import keep_result, show
from foretaste.domain.data import Doubles, EvaluationCases, Longs
from foretaste.evaluate.metrics import ndcg
from foretaste.loop import Foretaste
from foretaste.training.candidate import fit_protocol

SETS = ("ml-small", "ml-100k", "movietweetings")
LIST_LENGTH, BATCH, DRAWS = 10, 64, 1000
COUNTING = ["popularity", "transition", "neighbour", "attribute", "content", "lexical", "refusal"]
STARS: dict[str, Any] = {"behaviour.value": {"rating": {"counts": True}}}
VARIANTS: dict[str, dict[str, Any]] = {
    "as if all were five stars": {},
    "by their stars, dislikes pull nothing down": STARS | {"model.negative_feedback.strength": 0.0},
    "by their stars": STARS,
}
PROTOCOL = (
    "By time, lists of ten as in service; rating: mean of recommended items that the person rated "
    "from then on; low: their share a standard deviation below the mean rating or lower"
)


class ListOutcomes(NamedTuple):
    """What became of the lists; each [cases]."""

    users: Longs
    ndcg: Doubles
    rating_sum: Doubles
    rated: Doubles
    low: Doubles

    def figures(self, counts: Doubles) -> Doubles:
        """[N@10, mean rating, share of low] with each case so many times."""
        rated = float(counts @ self.rated)
        return np.array(
            [
                counts @ self.ndcg / counts.sum(),
                counts @ self.rating_sum / rated,
                counts @ self.low / rated,
            ]
        )


def list_outcomes(product: Any, cases: EvaluationCases) -> ListOutcomes:
    """Of the lists of these cases, without what the person had taken before."""
    interactions = cases.interactions
    low_below = float(np.nanmean(interactions.value) - np.nanstd(interactions.value))
    columns = np.zeros((4, len(cases)))
    for start in range(0, len(cases), BATCH):
        contexts = cases.user_contexts(start, min(start + BATCH, len(cases)))
        scores = product.score(contexts)
        for row, context in enumerate(contexts):
            case, own_scores = start + row, scores[row]
            own_scores[context.consumed_items] = -np.inf
            target = cases.targets[case]
            rank = np.array([np.count_nonzero(own_scores > own_scores[target])], np.float64)
            end = interactions.offsets[cases.user_indices[case] + 1]
            later = slice(int(cases.target_rows[case]), int(end))
            items = np.argpartition(-own_scores, LIST_LENGTH)[:LIST_LENGTH]
            ratings = interactions.value[later][np.isin(interactions.item[later], items)]
            low = np.count_nonzero(ratings < low_below)
            columns[:, case] = ndcg(rank, LIST_LENGTH)[0], ratings.sum(), len(ratings), low
    return ListOutcomes(cases.user_indices, *columns)


def differences(outcomes: ListOutcomes, base: ListOutcomes) -> Doubles:
    """[2, figures], low and high of the difference, over people drawn with replacement."""
    rng = np.random.default_rng(0)
    users, codes = np.unique(outcomes.users, return_inverse=True)
    draws = np.empty((DRAWS, 3))
    for draw in range(DRAWS):
        drawn = np.bincount(rng.integers(len(users), size=len(users)), minlength=len(users))
        counts = drawn[codes].astype(np.float64)
        draws[draw] = outcomes.figures(counts) - base.figures(counts)
    return np.asarray(np.percentile(draws, (2.5, 97.5), axis=0))


def outcomes_of(name: str, settings: dict[str, Any], cases: int) -> tuple[ListOutcomes, float]:
    """(what became of the lists, CPU seconds to fit)"""
    with tempfile.TemporaryDirectory() as folder:
        events, items_file = write(name, Path(folder))
        loop = Foretaste.open(Path(folder) / "workspace", settings=settings)
        loop.add(events=events, items=items_file)
        items = {item.id: item for _, item in loop.store.items()}
        start = time.process_time()
        fitted, encoded = fit_protocol(loop, "time", items)
        seconds = time.process_time() - start
        sample = encoded.split.test.sample(cases, np.random.default_rng(0))
        outcomes = list_outcomes(fitted.serving_product, sample)
        loop.close()
    return outcomes, seconds


def measured(name: str, common: dict[str, Any], cases: int) -> list[dict[str, str | float]]:
    """A row a variant."""
    rows: list[dict[str, str | float]] = []
    base: ListOutcomes | None = None
    for variant, settings in VARIANTS.items():
        outcomes, seconds = outcomes_of(name, {**common, **settings}, cases)
        base = outcomes if base is None else base
        means = outcomes.figures(np.ones(len(outcomes.ndcg)))
        low, high = differences(outcomes, base)
        row: dict[str, str | float] = {"set": name, "ratings count": variant}
        for column, figure in enumerate(("N@10", "rating", "low")):
            row |= {figure: float(means[column])}
            row |= {f"{figure} from": float(low[column]), f"{figure} to": float(high[column])}
        rows.append(row | {"CPU s": seconds})
        show(PROTOCOL, rows[-1:])
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("sets", nargs="*", default=list(SETS), metavar="SET")
    parser.add_argument("--counting", action="store_true", help="without the sequence network")
    parser.add_argument("--cases", type=int, default=3000)
    arguments = parser.parse_args()
    common: dict[str, Any] = {"model.experts": COUNTING} if arguments.counting else {}
    for name in arguments.sets:
        try:
            rows = measured(name, common, arguments.cases)
        except Absent as absent:
            print(absent)
            continue
        key = f"{name}, counting experts" if arguments.counting else name
        keep_result("value", key, PROTOCOL, rows)


if __name__ == "__main__":
    main()
