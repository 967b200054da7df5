"""How good the lists are for groups of people, and for what two groups have in common.

Each group is compared with everybody else by a permutation of whole people, and the p values are
corrected for how many groups were looked at, so that a long table raises no alarm by chance alone.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from foretaste.domain.audit_settings import AuditSettings
from foretaste.domain.data import Doubles, Longs
from foretaste.domain.feature_types import feature_number
from foretaste.evaluate.audit.audit_sample import HeldOutQuality
from foretaste.evaluate.audit.figures import AuditFigure, AuditSection, corrected
from foretaste.evaluate.case_groups import number_ranges
from foretaste.evaluate.metrics import interval

Mask = npt.NDArray[np.bool_]

ACTIVITY, POPULARITY_TASTE = "items taken before", "taste"
"""The columns that every workspace has."""
TASTES = ("for the little known", "in between", "for the best known")
"""Fifths as in Abdollahpouri et al. 2019: the lowest, the three in the middle, the highest."""
MIN_RATIO = 0.9
"""Of what everybody else gets, that is let pass."""
PERMUTATION_BATCHES, PERMUTATIONS_PER_BATCH = 20, 500
TIE_TOLERANCE = 1e-12
BANDS = 4
MAX_INTERSECTION_COLUMNS = 6
MAX_SHOWN_INTERSECTIONS = 12
"""The least likely to be chance; the others are counted."""


class PeopleGroup(NamedTuple):
    """Some of the cases."""

    name: str
    members: Mask
    """[cases]"""


def people_groups(
    quality: HeldOutQuality, settings: AuditSettings
) -> tuple[list[PeopleGroup], list[PeopleGroup], int]:
    """(groups of one column, groups that two columns have in common, how many were too small)."""
    by_column = {
        ACTIVITY: list(_activity_groups(quality.history_lengths)),
        POPULARITY_TASTE: list(_taste_groups(quality.popularity_tastes)),
    }
    for column, values in quality.attributes.items():
        by_column[column] = list(_attribute_groups(column, values, settings.max_values))
    single = [group for groups in by_column.values() for group in groups]
    common = [
        PeopleGroup(f"{first.name} and {second.name}", first.members & second.members)
        for one_groups, other_groups in combinations(
            list(by_column.values())[:MAX_INTERSECTION_COLUMNS], 2
        )
        for first in one_groups
        for second in other_groups
    ]
    large_single = [group for group in single if _people(group, quality) >= _limit(settings)]
    large_common = [group for group in common if _people(group, quality) >= _limit(settings)]
    empty = sum(not group.members.any() for group in (*single, *common))
    withheld = len(single) + len(common) - len(large_single) - len(large_common) - empty
    return large_single, large_common, withheld


def _limit(settings: AuditSettings) -> int:
    return settings.min_group_people


def _people(group: PeopleGroup, quality: HeldOutQuality) -> int:
    return len(np.unique(quality.users[group.members]))


def _activity_groups(lengths: Longs) -> Iterator[PeopleGroup]:
    for numbers in number_ranges(lengths):
        members = (lengths >= numbers.low) & (lengths <= numbers.high)
        yield PeopleGroup(f"{ACTIVITY}: {numbers}", members)


def _taste_groups(tastes: Doubles) -> Iterator[PeopleGroup]:
    known_tastes = tastes[~np.isnan(tastes)]
    if not len(known_tastes):
        return
    edges = np.quantile(known_tastes, [0.2, 0.8])
    levels = np.searchsorted(edges, tastes, side="right")
    for level, name in enumerate(TASTES):
        yield PeopleGroup(f"{POPULARITY_TASTE} {name}", (levels == level) & ~np.isnan(tastes))


def _attribute_groups(
    column: str, values: Sequence[tuple[str, ...]], max_values: int
) -> Iterator[PeopleGroup]:
    """A group a value, or four of about equal size where the values are many numbers."""
    distinct = sorted({value for row in values for value in row})
    numbers = [feature_number(value) for value in distinct]
    if len(distinct) > max_values and all(number is not None for number in numbers):
        own_numbers = np.array(
            [np.nan if not row else float(feature_number(row[0]) or 0.0) for row in values]
        )
        edges = np.unique(
            np.quantile(own_numbers[~np.isnan(own_numbers)], np.arange(BANDS) / BANDS)
        )
        bands = np.searchsorted(edges, own_numbers, side="right")
        for band in range(1, len(edges) + 1):
            members = (bands == band) & ~np.isnan(own_numbers)
            if members.any():
                low, high = own_numbers[members].min(), own_numbers[members].max()
                yield PeopleGroup(f"{column}: {low:g} to {high:g}", members)
    else:
        counts = {value: sum(value in row for row in values) for value in distinct}
        for value in sorted(distinct, key=lambda name: -counts[name])[:max_values]:
            yield PeopleGroup(f"{column}: {value}", np.array([value in row for row in values]))
    if distinct:
        yield PeopleGroup(f"{column}: not known", np.array([not row for row in values]))


def people_section(
    quality: HeldOutQuality, settings: AuditSettings, rng: np.random.Generator
) -> AuditSection:
    """How good the lists are for each group, beside everybody else."""
    single, common, withheld_count = people_groups(quality, settings)
    common = [group for group in common if not group.members.all()]
    groups = [*(group for group in single if not group.members.all()), *common]
    p_values = corrected(_permutation_p_values(quality, groups, rng).tolist())
    figures = [_everybody(quality, rng)]
    for group, p_value in zip(groups, p_values.tolist(), strict=True):
        own = interval(quality.values[group.members], quality.users[group.members], rng)
        other_mean = float(quality.values[~group.members].mean())
        is_worse = p_value < settings.level and own.mean < MIN_RATIO * other_mean
        figures.append(
            AuditFigure(
                group.name, own, "score", other_mean, _people(group, quality), p_value, is_worse
            )
        )
    single_count = len(groups) - len(common)
    shown_figures = (
        figures[: 1 + single_count]
        + sorted(
            figures[1 + single_count :],
            key=lambda figure: (figure.p_value or 0.0, figure.value.mean),
        )[:MAX_SHOWN_INTERSECTIONS]
    )
    return AuditSection(
        "people",
        "How good the lists are for groups of people",
        tuple(shown_figures),
        "NDCG@10 on what was kept back from the training: 1 is always first, 0 never in the list. "
        f"Of {len(groups)} groups of at least {settings.min_group_people} people; the p values "
        f"are corrected for how many there are. {_hidden_text(len(common), withheld_count)}",
        _verdict([figure for figure in shown_figures if figure.is_flagged]),
        "look at what these people take: is it in the catalogue, is it recorded, do the columns "
        "describe it? More events of them help most; model.group_weights, which has them count "
        "for more in a training, may help"
        if any(figure.is_flagged for figure in shown_figures)
        else "",
        usual_name="everybody else",
    )


def _hidden_text(common_count: int, withheld_count: int) -> str:
    """Which groups the table does not have."""
    text = f"{withheld_count} smaller groups are not looked at."
    if common_count <= MAX_SHOWN_INTERSECTIONS:
        return text
    return (
        f"Of {common_count} that are what two columns have in common the "
        f"{MAX_SHOWN_INTERSECTIONS} least likely to be chance are shown. {text}"
    )


def _everybody(quality: HeldOutQuality, rng: np.random.Generator) -> AuditFigure:
    own = interval(quality.values, quality.users, rng)
    return AuditFigure("everybody", own, "score", None, len(np.unique(quality.users)))


def _verdict(flagged: Sequence[AuditFigure]) -> str:
    if not flagged:
        return "No group gets lists that are worse than everybody else's beyond chance."
    names = ", ".join(
        f"{figure.name} ({figure.value_text} beside {figure.text(figure.usual)})"
        for figure in sorted(flagged, key=lambda figure: figure.value.mean)[:4]
    )
    return f"Lists are worse, and not by chance, for: {names}."


def _permutation_p_values(
    quality: HeldOutQuality, groups: Sequence[PeopleGroup], rng: np.random.Generator
) -> Doubles:
    """[groups], two-sided, of no difference of the means: how often the mean of a group is as far
    from that of everybody where the figures of whole people are dealt out by chance.
    """
    people, codes = np.unique(quality.users, return_inverse=True)
    sizes = np.bincount(codes, minlength=len(people))
    means = np.bincount(codes, quality.values, minlength=len(people)) / sizes
    membership = np.stack(
        [np.bincount(codes, group.members, minlength=len(people)) / sizes for group in groups]
        or [np.zeros(len(people))],
        axis=1,
    )  # [people, groups]
    membership /= np.maximum(membership.sum(0), 1e-12)
    distance = np.abs(means @ membership - means.mean()) - TIE_TOLERANCE
    exceeded = np.zeros(membership.shape[1])
    for _ in range(PERMUTATION_BATCHES):
        dealt = rng.permuted(np.tile(means, (PERMUTATIONS_PER_BATCH, 1)), axis=1)
        exceeded += (np.abs(dealt @ membership - means.mean()) >= distance).sum(0)
    total = PERMUTATION_BATCHES * PERMUTATIONS_PER_BATCH
    return np.asarray((exceeded + 1) / (total + 1))[: len(groups)]


def attribute_columns(
    users: Sequence[Mapping[str, tuple[str, ...]]],
) -> dict[str, list[tuple[str, ...]]]:
    """Column → [people], from the attributes of each person."""
    columns = sorted({column for attributes in users for column in attributes})
    return {
        column: [tuple(attributes.get(column, ())) for attributes in users] for column in columns
    }
