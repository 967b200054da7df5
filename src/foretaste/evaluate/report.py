"""Results in; a table to read and one JSON object out."""

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from foretaste.display.words import expert_with_setting, plain_expert
from foretaste.evaluate.metrics import Interval, intervals
from foretaste.evaluate.protocols import RankingResult

PRODUCT_NAME, POPULARITY_NAME = "product", "popularity"
SERVED_NAME = "as in service"
"""The product with its counting experts fed up to the test event."""
SERVED_WORDS = "Foretaste in service"

TABLE_METRICS = ("recall@10", "ndcg@10")
"""Of the table, left to right."""


def results_table(
    results: Mapping[str, RankingResult],
    rng: np.random.Generator,
    *,
    protocol: str,
    masked: bool = True,
    hide_seen: bool = True,
    metrics: tuple[str, ...] = TABLE_METRICS,
    unmarked: Collection[str] = (),
) -> str:
    """A row a model, in the order given and in plain words: each figure with half the width of its
    95 % interval.

    The first row is compared with the others in the first metric that is an NDCG (paired, by
    person): a row that is not below it for certain is marked with `~`, one that is above it for
    certain with `!`. All results must be of the same cases.
    masked: the variant of the figures. hide_seen: the setting by which people's lists are made.
    unmarked: rows that are the first one in another state, which get no mark.
    """
    first_model = next(iter(results))
    figures, margins = row_intervals(results, rng, metrics, masked=masked)
    marks = {name: _mark(margins[name]) for name in results if name not in {first_model, *unmarked}}
    labels = {name: row_label(name) for name in results}
    width = max(map(len, labels.values())) + 2
    variant = "masked" if masked else "unmasked"
    lines = [
        _heading(results[first_model], protocol),
        *_exclusion_lines(results[first_model], masked=masked, hide_seen=hide_seen),
        "",
        " " * width + "".join(f"{f'{metric} {variant}':>22}" for metric in metrics),
    ]
    for name, row in figures.items():
        cells = "".join(
            f"{f'{interval.mean:.4f} ± {(interval.high - interval.low) / 2:.4f}':>22}"
            for interval in row
        )
        lines.append(f"{labels[name]:<{width}}{cells} {marks.get(name, '')}".rstrip())
    return "\n".join([*lines, *_legend(first_model, marks)])


def row_label(name: str) -> str:
    """What the row of a model or an expert is called."""
    return SERVED_WORDS if name == SERVED_NAME else plain_expert(name)


def row_intervals(
    results: Mapping[str, RankingResult],
    rng: np.random.Generator,
    metrics: tuple[str, ...],
    *,
    masked: bool,
) -> tuple[dict[str, list[Interval]], dict[str, Interval]]:
    """By row of each metric, and of how far the first row is ahead of it; all drawn alike."""
    values = {
        name: np.stack([result.values(metric, masked=masked) for metric in metrics], axis=1)
        for name, result in results.items()
    }  # each [cases, metrics]
    first_model = next(iter(results))
    compared_column = next(
        (column for column, name in enumerate(metrics) if name.startswith("ndcg")), 0
    )
    differences = [
        values[first_model][:, compared_column] - model_values[:, compared_column]
        for model_values in values.values()
    ]
    estimates = intervals(
        np.column_stack([*values.values(), *differences]), results[first_model].users, rng
    )
    columns = len(metrics)
    figures = {
        name: estimates[row * columns : (row + 1) * columns] for row, name in enumerate(results)
    }
    return figures, dict(zip(results, estimates[len(results) * columns :], strict=True))


def _mark(margin: Interval) -> str:
    """Of a row that the first one is ahead of by so much."""
    if margin.high < 0:
        return "!"
    return "~" if margin.low <= 0 else ""


def _legend(first_model: str, marks: Mapping[str, str]) -> list[str]:
    """What the marks mean, where there are any."""
    better = [expert_with_setting(name) for name, mark in marks.items() if mark == "!"]
    first_label = row_label(first_model)
    lines = []
    if "~" in marks.values():
        lines.append(f"~ not below {first_label} for certain (paired over people, 95 %)")
    if better:
        lines.append(f"! better than {first_label} for certain: {', '.join(better)}")
    return ["", *lines] if lines else []


def _heading(result: RankingResult, protocol: str) -> str:
    user_count = len(np.unique(result.users))
    return (
        f"{protocol}: {len(result):,} cases of {user_count:,} people, all {result.items:,} items "
        "ranked; ± is half of the 95 % interval over people"
    )


def _exclusion_lines(result: RankingResult, *, masked: bool, hide_seen: bool) -> list[str]:
    """What the lists leave out and how ties are broken, in plain words."""
    exclusion_text = (
        "leave out what the person already took or refused"
        if masked
        else "keep what the person took, not what they refused"
    )
    setting = f"rank.hide_seen = {str(masked).lower()}"
    as_shown = f"({setting})" if masked == hide_seen else f"(not as shown; as with {setting})"
    lines = [f"lists {exclusion_text} {as_shown}; equal scores keep catalogue order"]
    excluded_count = result.never_shown(masked=masked)
    if excluded_count:
        lines.append(
            f"{excluded_count:,} of the {len(result):,} test items are left out so, as the person "
            "took or "
            "refused them before; they count as misses"
        )
    return lines


def evaluation_summary(
    protocol: str,
    product: RankingResult,
    experts: Mapping[str, RankingResult],
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
        "users": len(np.unique(product.users)) if users is None else users,
        "items": product.items,
        "cases": len(product),
        **product.figures(),
        "experts": {name: result.figures() for name, result in experts.items()},
        "weights": weights,
        "cpu_seconds": round(cpu_seconds, 2),
        "wall_seconds": round(wall_seconds, 2),
    }
