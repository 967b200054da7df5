"""What a goal costs and brings: more worth in a list for fewer items that are taken.

    python -m benchmarks.goal [SET …] [--counting] [--cases 3000]

Split by time. No public set here has prices, so each item has an invented one: log-normal, and
without any relation to what people take. Of each case the list of ten, ordered by log P +
weight · log price: the share of lists that have the item which was taken next, and the sum of the
prices of these items for each list. If probabilities are right, no weight brings in more than 1.
Intervals are of the difference to weight 0, drawn over cases (paired, 95 %).
"""

import argparse
import tempfile
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

from benchmarks.datasets import Absent, write
from benchmarks.tables import RESULTS, keep_result, show
from benchmarks.value import BATCH, COUNTING, DRAWS, LIST_LENGTH
from foretaste.domain.data import Doubles, EvaluationCases
from foretaste.loop import Foretaste
from foretaste.rank.goal import worth_shift
from foretaste.training.candidate import fit_protocol

SETS = ("ml-small", "movietweetings", "beauty")
WEIGHTS = (0.0, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.25, 1.5)
PRICE_SPREAD = 1.0
"""Standard deviation of the logarithm of the prices; the middle one is 1."""
PROTOCOL = "By time, lists of ten as in service, invented log-normal prices of middle 1"


def hits_by_weight(product: Any, cases: EvaluationCases, prices: Doubles) -> Doubles:
    """[weights, cases], 1 where the list has the item that was taken next."""
    hits = np.zeros((len(WEIGHTS), len(cases)))
    for start in range(0, len(cases), BATCH):
        contexts = cases.user_contexts(start, min(start + BATCH, len(cases)))
        scores = product.score(contexts)
        for row, context in enumerate(contexts):
            case, own_scores = start + row, scores[row]
            own_scores[context.consumed_items] = -np.inf
            for number, weight in enumerate(WEIGHTS):
                shifted = own_scores + worth_shift(prices, weight)
                items = np.argpartition(-shifted, LIST_LENGTH)[:LIST_LENGTH]
                hits[number, case] = cases.targets[case] in items
    return hits


def intervals(outcomes: Doubles) -> Doubles:
    """[weights, 2], low and high of the difference to weight 0; outcomes: [weights, cases]."""
    rng = np.random.default_rng(0)
    differences = outcomes - outcomes[0]
    means = [
        differences[:, rng.integers(outcomes.shape[1], size=outcomes.shape[1])].mean(axis=1)
        for _ in range(DRAWS)
    ]
    return np.asarray(np.percentile(means, (2.5, 97.5), axis=0).T)


def measured(name: str, settings: dict[str, Any], case_count: int) -> list[dict[str, Any]]:
    """A row a weight."""
    with tempfile.TemporaryDirectory() as folder:
        events, items_file = write(name, Path(folder))
        loop = Foretaste.open(Path(folder) / "workspace", settings=settings)
        loop.add(events=events, items=items_file)
        items = {item.id: item for _, item in loop.store.items()}
        fitted, encoded = fit_protocol(loop, "time", items)
        cases = encoded.split.test.sample(case_count, np.random.default_rng(0))
        prices = np.exp(PRICE_SPREAD * np.random.default_rng(1).normal(size=len(items)))
        hits = hits_by_weight(fitted.serving_product, cases, prices)
        loop.close()
    sums = hits * prices[cases.targets]
    hit_bounds, sum_bounds = intervals(hits), intervals(sums)
    return [
        {
            "set": name,
            "weight": weight,
            "taken@10": float(hits[number].mean()),
            "taken from": float(hit_bounds[number, 0]),
            "taken to": float(hit_bounds[number, 1]),
            "worth@10": float(sums[number].mean()),
            "worth from": float(sum_bounds[number, 0]),
            "worth to": float(sum_bounds[number, 1]),
        }
        for number, weight in enumerate(WEIGHTS)
    ]


def plot(tables: dict[str, list[dict[str, Any]]], path: Path) -> None:
    """Worth against taken, both beside weight 0; a line a set."""
    figure, axis = plt.subplots(figsize=(6, 4.5), layout="constrained")
    for name, rows in tables.items():
        taken = [row["taken@10"] / rows[0]["taken@10"] for row in rows]
        worth = [row["worth@10"] / rows[0]["worth@10"] for row in rows]
        axis.plot(taken, worth, "o-", label=name)
        for row, across, up in zip(rows, taken, worth, strict=True):
            axis.annotate(f" {row['weight']:g}", (across, up), fontsize=7)
    axis.set(xlabel="items taken, beside lists without a goal", ylabel="worth brought in")
    axis.grid(alpha=0.3)
    axis.legend()
    figure.savefig(path, dpi=110)
    plt.close(figure)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("sets", nargs="*", default=list(SETS), metavar="SET")
    parser.add_argument("--counting", action="store_true", help="without the sequence network")
    parser.add_argument("--cases", type=int, default=3000)
    arguments = parser.parse_args()
    settings: dict[str, Any] = {"model.experts": COUNTING} if arguments.counting else {}
    tables = {}
    for name in arguments.sets:
        try:
            rows = measured(name, settings, arguments.cases)
        except Absent as absent:
            print(absent)
            continue
        show(PROTOCOL, rows)
        tables[name] = rows
        keep_result(
            "goal", f"{name}, counting experts" if arguments.counting else name, PROTOCOL, rows
        )
    plot(tables, RESULTS / "goal.png")


if __name__ == "__main__":
    main()
