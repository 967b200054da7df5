"""Named features: is a value of the next film among the three likeliest, column by column?

    python -m benchmarks.features [--keep DIR]

ml-100k, leave-one-out, test cases whose film has a value in the column. “Expert”: P(value | U) of
the attribute expert alone, smoothed as the program does. “Product”: the share of P(R | U) of the
whole product that falls on films with the value, films already taken left out. “Most frequent”: the
three values that people took most, the same for everyone. Hit: the next film has one of the three.
Result: benchmarks/results/features.json.
"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp

from benchmarks.datasets import Absent
from benchmarks.tables import keep_result, show
from benchmarks.worlds import World, world
from foretaste.domain import Cases, Feature, Floats
from foretaste.evaluate.metrics import paired_interval
from foretaste.model.experts.attribute import Attribute
from foretaste.model.product import Product
from foretaste.prepare.splits import leave_one_out

COLUMNS = ("genres", "directors", "cast")
TOP = 3


def having(feature: Feature) -> sp.csr_matrix:
    """[items, values], 1 where the item has the value."""
    size = len(feature.offsets) - 1, len(feature.values)
    return sp.csr_matrix((np.ones(len(feature.codes)), feature.codes, feature.offsets), size)


def hits(scores: Any, has: sp.csr_matrix, targets: Any) -> Any:
    """[cases], whether the film has one of the three values of the highest scores."""
    best = np.argsort(-scores, axis=1, kind="stable")[:, :TOP]
    own = np.asarray(has[targets].todense())
    return np.take_along_axis(own, best, axis=1).any(axis=1).astype(np.float64)


def expected(product: Product, cases: Cases) -> Floats:
    """[cases, items], P(R | U) over the films not taken yet."""
    parts = []
    for start in range(0, len(cases), 128):
        behaviours = cases.behaviours(start, start + 128)
        chances = np.exp(product.log_prob(behaviours))
        for row, one in zip(chances, behaviours, strict=True):
            row[one.taken] = 0
        parts.append(chances / chances.sum(axis=1, keepdims=True))
    return np.concatenate(parts)


def rows_of(here: World) -> list[dict[str, Any]]:
    split = leave_one_out(here.histories)
    product = here.fitted(split.train, split.valid)
    experts = {e.column: e for e in product.experts if isinstance(e, Attribute)}
    chances = expected(product, split.test)
    rows = []
    for column in COLUMNS:
        feature = next(one for one in here.shelf.features if one.column == column)
        has, expert = having(feature), experts[column]
        known = np.flatnonzero(np.diff(feature.offsets)[split.test.targets] > 0)
        targets, people = split.test.targets[known], split.test.people[known]
        behaviours = split.test.behaviours(0, len(split.test))
        own = np.stack([expert.preference(behaviours[place]) for place in known])
        everyone = np.broadcast_to(expert.everyone, own.shape)
        usual = hits(everyone, has, targets)
        for model, scores in (
            ("most frequent", everyone),
            ("expert", own),
            ("product", np.asarray(chances[known] @ has)),
        ):
            found = hits(scores, has, targets)
            ahead = paired_interval(found, usual, people, np.random.default_rng(0))
            rows.append(
                {
                    "case": column,
                    "model": model,
                    f"hit@{TOP}": float(found.mean()),
                    "ahead of most frequent": ahead.mean,
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
