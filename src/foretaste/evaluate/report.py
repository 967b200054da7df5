"""Results in; a table to read and one JSON object out."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from foretaste.domain import Doubles
from foretaste.evaluate.metrics import intervals
from foretaste.evaluate.protocols import VARIANTS, Result

COLUMNS = tuple((metric, variant) for variant in VARIANTS for metric in ("recall@10", "ndcg@10"))
"""Of the table, left to right."""


def table(
    results: Mapping[str, Result],
    rng: np.random.Generator,
    *,
    protocol: str,
    columns: tuple[tuple[str, str], ...] = COLUMNS,
) -> str:
    """A row a model, in the order given: each figure with half the width of its 95 % interval.

    The first row is compared with the others: a row that is not below it for certain in the first
    column that is an NDCG (paired, by person) is marked with `~`.
    columns: (metric, variant). All results must be of the same cases.
    """
    first = next(iter(results.values()))
    judged = next((place for place, pair in enumerate(columns) if pair[0].startswith("ndcg")), 0)
    cells = [_cells(result, columns) for result in results.values()]  # each [cases, columns]
    ahead = [cells[0][:, judged] - other[:, judged] for other in cells]
    ranges = intervals(np.column_stack([*cells, *ahead]), first.people, rng)
    width = max(len(name) for name in results) + 2
    lines = [
        _heading(first, protocol),
        "",
        " " * width + "".join(f"{f'{metric} {variant}':>22}" for metric, variant in columns),
    ]
    for row, name in enumerate(results):
        shown = ranges[row * len(columns) : (row + 1) * len(columns)]
        figures = "".join(f"{f'{x.mean:.4f} ± {(x.high - x.low) / 2:.4f}':>22}" for x in shown)
        near = row > 0 and ranges[len(cells) * len(columns) + row].low <= 0
        lines.append(f"{name:<{width}}{figures}{' ~' if near else ''}")
    if any(line.endswith(" ~") for line in lines):
        lines += ["", f"~ not below {next(iter(results))} for certain (paired over people, 95 %)"]
    return "\n".join(lines)


def _cells(result: Result, columns: tuple[tuple[str, str], ...]) -> Doubles:
    """[cases, columns] what each case adds to each figure."""
    values = [result.values(metric, masked=variant == "masked") for metric, variant in columns]
    return np.stack(values, axis=1)


def _heading(result: Result, protocol: str) -> str:
    people = len(np.unique(result.people))
    return (
        f"{protocol}: {len(result):,} cases of {people:,} people, all {result.items:,} items "
        "ranked; ± is half of the 95 % interval over people"
    )


def summary(
    protocol: str,
    product: Result,
    experts: Mapping[str, Result],
    *,
    weights: Any,
    cpu_seconds: float,
    wall_seconds: float,
    users: int | None = None,
) -> dict[str, Any]:
    """What `foretaste evaluate --json` prints.

    weights: anything JSON can hold. cpu_seconds, wall_seconds: of the training.
    users: in the data; those of the cases where not given.
    """
    return {
        "protocol": protocol,
        "users": len(np.unique(product.people)) if users is None else users,
        "items": product.items,
        "cases": len(product),
        **product.figures(),
        "experts": {name: result.figures() for name, result in experts.items()},
        "weights": weights,
        "cpu_seconds": round(cpu_seconds, 2),
        "wall_seconds": round(wall_seconds, 2),
    }
