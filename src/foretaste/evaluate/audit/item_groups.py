"""Groups of items by the values of a column; how much they are shown against what people take.

Exposure is the share of attention, a place counting 1 / log2(1 + place) as in NDCG; merit is the
share of what the same people took last (Singh and Joachims 2018, disparate treatment). An item of
several values counts for each in equal parts, so that the shares of a column sum to one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from foretaste.domain.audit_settings import AuditSettings
from foretaste.domain.data import Catalogue, Doubles, Feature, Ints
from foretaste.domain.feature_types import ORDERED_TYPES, feature_number
from foretaste.errors import InputError, did_you_mean
from foretaste.evaluate.audit.audit_sample import AuditSample
from foretaste.evaluate.audit.figures import AuditFigure, AuditSection, corrected, normal_p_value
from foretaste.evaluate.metrics import Interval, statistic_interval

NEWNESS = "how new"
"""The group column that every catalogue has: items by how often they had been taken."""
NEW_ITEM_EVENTS = 2
"""An item taken at most so often is new."""
MIN_RATIO, MAX_RATIO = 0.8, 1.25
"""Exposure over merit that is let pass: the four-fifths rule of US equal-employment practice."""
BANDS = 4
"""Groups of about equal size that a column of numbers makes."""
MIN_SHARE = 0.005
"""Of what people take, or of what is shown, that a group must have to be spoken of."""


class ItemGroups(NamedTuple):
    """A column, as what each item is of each of its groups."""

    column: str
    names: tuple[str, ...]
    shares: Doubles
    """[items + 1, groups], how much of each item is of each group; the last row is of no item"""


def item_groups(catalogue: Catalogue, column: str, max_values: int) -> ItemGroups:
    """The groups of a column. Raises InputError, with those there are, for one there is not."""
    features = {feature.column: feature for feature in catalogue.features}
    feature = features.get(column)
    if feature is None:
        raise InputError(_unknown_column(column, (*features, NEWNESS), "items"))
    names, codes = _coded_groups(feature, max_values)
    shares = np.zeros((len(catalogue) + 1, len(names)))
    for item in range(len(catalogue)):
        groups = codes[feature.item_codes(item)]
        groups = groups[groups >= 0]
        for group in groups.tolist():
            shares[item, group] += 1 / len(groups)
    return ItemGroups(column, names, shares)


def default_columns(catalogue: Catalogue) -> list[str]:
    """The columns whose values are kinds of items."""
    return [
        feature.column
        for feature in catalogue.descriptive_features
        if feature.feature_type in ("category", "list")
    ]


def _unknown_column(column: str, names: Sequence[str], of_what: str) -> str:
    if not names:
        return f"there is no column '{column}' of {of_what}: no columns of theirs are stored"
    known_columns = ", ".join(sorted(names))
    return (
        f"there is no column '{column}' of {of_what}; {did_you_mean(column, names)} "
        f"(columns of {of_what}: {known_columns})"
    )


def check_user_column(column: str, names: Sequence[str]) -> None:
    """Raises InputError, with the columns there are, for one there is not."""
    if column not in names:
        raise InputError(_unknown_column(column, names, "people"))


def _coded_groups(feature: Feature, max_values: int) -> tuple[tuple[str, ...], Ints]:
    """(names of the groups, [values] group of each value, -1 for none)."""
    counts = np.bincount(feature.codes, minlength=len(feature.values))
    if feature.feature_type in ORDERED_TYPES:
        numbers = [feature_number(value, feature.feature_type) for value in feature.values]
        known_numbers = np.array([np.nan if number is None else number for number in numbers])
        if np.unique(known_numbers[~np.isnan(known_numbers)]).size > BANDS:
            return _banded(feature.values, known_numbers, counts)
    frequent_values = np.argsort(-counts, kind="stable")[:max_values]
    codes = np.full(len(feature.values), -1, np.int32)
    codes[frequent_values] = np.arange(len(frequent_values))
    names = tuple(feature.values[value] for value in frequent_values.tolist())
    if len(feature.values) > max_values:
        codes[codes < 0] = len(names)
        names = (*names, f"other {feature.column}")
    return names, codes


def _banded(
    values: Sequence[str], numbers: Doubles, counts: np.ndarray
) -> tuple[tuple[str, ...], Ints]:
    """Groups of about equally many items, by their number."""
    repeated = np.repeat(numbers, counts)
    repeated = repeated[~np.isnan(repeated)]
    edges = np.unique(np.quantile(repeated, np.arange(BANDS) / BANDS, method="higher"))
    codes = (np.searchsorted(edges, numbers, side="right") - 1).astype(np.int32)
    codes[np.isnan(numbers)] = -1
    names = []
    for group in range(len(edges)):
        members = np.flatnonzero(codes == group)
        low, high = members[np.argmin(numbers[members])], members[np.argmax(numbers[members])]
        names.append(values[low] if low == high else f"{values[low]} to {values[high]}")
    return tuple(names), codes


@dataclass(frozen=True, slots=True)
class _GroupSums:
    names: tuple[str, ...]
    sums: Doubles
    """[people, 2 · groups]: exposure of each group, then what they took of each"""


def exposure_section(
    sample: AuditSample,
    groups: Sequence[ItemGroups],
    settings: AuditSettings,
    rng: np.random.Generator,
) -> AuditSection:
    """How much each group of items is shown against what people take of it."""
    measured = {group.column: _sums(sample, group) for group in groups}
    if (sample.event_counts <= NEW_ITEM_EVENTS).any():
        measured[NEWNESS] = _newness_sums(sample)
    rows = [
        (f"{column}: {name}", _share_ratio(sums, number, rng), _shares(sums, number, rng))
        for column, sums in measured.items()
        for number, name in enumerate(sums.names)
    ]
    rows = [row for row in rows if max(row[2][1], row[2][2]) >= MIN_SHARE]
    p_values = corrected([normal_p_value(shares[0]) for _, _, shares in rows])
    figures = [
        AuditFigure(
            name,
            ratio,
            "times",
            usual=1.0,
            size=sample.place_count,
            p_value=float(p_value),
            is_flagged=bool(p_value < settings.level) and not MIN_RATIO <= ratio.mean <= MAX_RATIO,
        )
        for (name, ratio, _), p_value in zip(rows, p_values, strict=True)
    ]
    return AuditSection(
        "exposure",
        "What is shown of each group of items, against what people take of it",
        tuple(figures),
        "1 is as much as people take; a place further down counts less, as it is seen less. "
        f"{len(figures)} groups were looked at, and the p values are corrected for that. "
        f"“{NEWNESS}” groups items by whether they had been taken at most {NEW_ITEM_EVENTS} times.",
        _exposure_verdict([figure for figure in figures if figure.is_flagged], len(figures)),
        "give what is shown too little a share of all lists ([[rank.exposure]], docs/control.md), "
        "or re-rank lists to what each person takes: [rank] own_mix = 0.1, own_mix_column = "
        '"…"'
        if any(figure.is_flagged for figure in figures)
        else "",
        usual_name="as people take it",
    )


def _exposure_verdict(flagged: Sequence[AuditFigure], count: int) -> str:
    if not count:
        return "There are no groups of items to compare: name a column with --column."
    if not flagged:
        return (
            "No group of items is shown much more or less than people take of it (beyond "
            f"{MIN_RATIO:g} to {MAX_RATIO:g} times, and not by chance)."
        )
    lowest = sorted(flagged, key=lambda figure: figure.value.mean)
    too_little = [figure for figure in lowest if figure.value.mean < 1][:3]
    too_much = [figure for figure in reversed(lowest) if figure.value.mean > 1][:3]
    parts = []
    if too_little:
        parts.append("less than people take it: " + _names_with_values(too_little))
    if too_much:
        parts.append("more: " + _names_with_values(too_much))
    return "Shown " + "; ".join(parts) + "."


def _names_with_values(figures: Sequence[AuditFigure]) -> str:
    return ", ".join(f"{figure.name} ({figure.value_text})" for figure in figures)


def _sums(sample: AuditSample, groups: ItemGroups) -> _GroupSums:
    attention = 1 / np.log2(np.arange(sample.lists.shape[1]) + 2)
    exposure = np.einsum("pnk,n->pk", groups.shares[sample.lists], attention)
    merit = np.stack([groups.shares[sample.latest(person)].sum(0) for person in range(len(sample))])
    return _GroupSums(groups.names, np.concatenate([exposure, merit], axis=1))


def _newness_sums(sample: AuditSample) -> _GroupSums:
    attention = 1 / np.log2(np.arange(sample.lists.shape[1]) + 2)
    is_new = np.append(sample.event_counts <= NEW_ITEM_EVENTS, False)[sample.lists]
    is_shown = sample.lists >= 0
    rows = []
    for person in range(len(sample)):
        events_then = (
            sample.event_counts_then[person][-len(sample.latest(person)) :]
            if len(sample.event_counts_then) and len(sample.latest(person))
            else np.empty(0)
        )
        new_taken = float((events_then <= NEW_ITEM_EVENTS).sum())
        rows.append((new_taken, len(events_then) - new_taken))
    exposure = np.stack([(is_new & is_shown) @ attention, (~is_new & is_shown) @ attention], axis=1)
    names = (f"taken at most {NEW_ITEM_EVENTS} times", f"taken more than {NEW_ITEM_EVENTS} times")
    return _GroupSums(names, np.concatenate([exposure, np.array(rows)], axis=1))


def _share_ratio(group_sums: _GroupSums, number: int, rng: np.random.Generator) -> Interval:
    def ratio(sums: Doubles) -> Doubles:
        exposure_share, merit_share = _both_shares(sums, number)
        with np.errstate(divide="ignore", invalid="ignore"):
            return exposure_share / merit_share

    return statistic_interval(group_sums.sums, ratio, rng)


def _shares(
    group_sums: _GroupSums, number: int, rng: np.random.Generator
) -> tuple[Interval, float, float]:
    """(difference of the shares, share shown, share taken)."""

    def difference(sums: Doubles) -> Doubles:
        exposure_share, merit_share = _both_shares(sums, number)
        return exposure_share - merit_share

    exposure_share, merit_share = _both_shares(group_sums.sums.sum(0, keepdims=True), number)
    interval = statistic_interval(group_sums.sums, difference, rng)
    return interval, float(exposure_share[0]), float(merit_share[0])


def _both_shares(sums: Doubles, number: int) -> tuple[Doubles, Doubles]:
    """[draws] each, of what is shown and of what is taken; sums: [draws, 2 · groups]."""
    half = sums.shape[1] // 2
    return (
        sums[:, number] / np.maximum(sums[:, :half].sum(1), 1e-12),
        sums[:, half + number] / np.maximum(sums[:, half:].sum(1), 1e-12),
    )
