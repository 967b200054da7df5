"""Named features: is a value of the next film among the three that are expected, column by column?

    python -m benchmarks.features [--keep DIR]

ml-100k, leave-one-out, test cases whose film has a value in the column. “Expert”: P(value | U) of
the attribute expert alone, over films: popularity tilted by it. “Product”: P(R | U) of the whole
product. “Most frequent”: what people took most, the same for everyone. Films already taken are left
out. Hit: the next film has one of the three values; “likeliest”: those of the highest probability
each; “together”: those that together cover the most probability, chosen one after another, as
genres overlap (who likes adventures is offered science fiction by the same films). Nats: mean log
P of the next film's values. Result: benchmarks/results/features.json.
"""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp

from benchmarks.datasets import Absent
from benchmarks.tables import keep_result, show
from benchmarks.worlds import World, world
from foretaste.domain.data import EvaluationCases, Feature, Floats, Ints, UserContext
from foretaste.evaluate.metrics import paired_interval
from foretaste.model.experts.attribute import AttributeExpert
from foretaste.prepare.splits import split_leave_one_out

COLUMNS = ("genres", "directors", "cast")
TOP = 3

Row = dict[str, Any]


def having(feature: Feature) -> sp.csr_matrix:
    """[items, values], 1 where the item has the value."""
    size = len(feature.offsets) - 1, len(feature.values)
    return sp.csr_matrix((np.ones(len(feature.codes)), feature.codes, feature.offsets), size)


def likeliest(films: Floats, has: sp.csr_matrix) -> Ints:
    """[cases, TOP], the values of the highest probability each."""
    return np.argsort(-np.asarray(films @ has), axis=1, kind="stable")[:, :TOP].astype(np.int32)


def together(films: Floats, has: sp.csr_matrix) -> Ints:
    """[cases, TOP], values that cover the most probability, greedily (Nemhauser et al. 1978)."""
    chosen = np.empty((len(films), TOP), np.int32)
    for row, left in enumerate(films.copy()):
        for place in range(TOP):
            value = chosen[row, place] = int(np.argmax(left @ has))
            left[has[:, [value]].nonzero()[0]] = 0
    return chosen


def hits(chosen: Ints, has: sp.csr_matrix, targets: Ints) -> Any:
    """[cases], whether the film has one of the chosen values."""
    own = np.asarray(has[targets].todense())
    return np.take_along_axis(own, chosen, axis=1).any(axis=1).astype(np.float64)


def nats(films: Floats, has: sp.csr_matrix, targets: Ints) -> float:
    """Mean log P of a value of the next film; a film's probability is shared by its values."""
    each = sp.diags(1 / np.maximum(np.asarray(has.sum(axis=1)).ravel(), 1)) @ has
    shares = np.asarray(films @ each)
    own = np.asarray(each[targets].todense())
    known = shares.sum(axis=1, keepdims=True)
    return float((own * np.log(np.maximum(shares / known, 1e-12))).sum(axis=1).mean())


def unseen(chances: Floats, behaviours: Sequence[UserContext]) -> Floats:
    """[cases, items], P over the films not taken yet."""
    for row, one in zip(chances, behaviours, strict=True):
        row[one.consumed_items] = 0
    return chances / chances.sum(axis=1, keepdims=True)


def rows_of(here: World) -> list[Row]:
    split = split_leave_one_out(here.histories)
    product = here.fitted(split.train, split.valid)
    behaviours = split.test.user_contexts(0, len(split.test))
    popularity = next(e for e in product.experts if e.name == "popularity").log_prob(behaviours)
    films = {
        "most frequent": unseen(np.exp(popularity), behaviours),
        "product": unseen(np.exp(product.log_prob(behaviours)), behaviours),
    }
    rows = []
    for expert in product.experts:
        if isinstance(expert, AttributeExpert) and expert.column in COLUMNS:
            own = unseen(np.exp(popularity + expert.log_prob(behaviours)), behaviours)
            models = {
                "most frequent": films["most frequent"],
                "expert": own,
                "product": films["product"],
            }
            rows += rows_of_column(here, expert, models, split.test)
    return rows


def rows_of_column(
    here: World, expert: AttributeExpert, models: Mapping[str, Floats], test: EvaluationCases
) -> list[Row]:
    feature = next(one for one in here.shelf.features if one.column == expert.column)
    has = having(feature)
    known = np.flatnonzero(np.diff(feature.offsets)[test.targets] > 0)
    targets, people = test.targets[known], test.user_indices[known]
    usual = hits(together(models["most frequent"][known], has), has, targets)
    rows = []
    for model, films in models.items():
        chances = films[known]
        both = hits(together(chances, has), has, targets)
        ahead = paired_interval(both, usual, people, np.random.default_rng(0))
        rows.append(
            {
                "case": expert.column,
                "model": model,
                "nats": nats(chances, has, targets),
                f"likeliest {TOP}": float(hits(likeliest(chances, has), has, targets).mean()),
                f"{TOP} together": float(both.mean()),
                "ahead": ahead.mean,
                "low": ahead.low,
                "high": ahead.high,
            }
        )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--keep", type=Path, help="the workspace stays here for the next time")
    asked = parser.parse_args()
    try:
        with world("ml-100k", asked.keep) as here:
            protocol = f"ml-100k: {len(here.histories):,} people, leave-one-out, top {TOP} values"
            rows = rows_of(here)
            show(protocol, rows)
            keep_result("features", "ml-100k", protocol, rows)
    except Absent as absent:
        print(absent)


if __name__ == "__main__":
    main()
