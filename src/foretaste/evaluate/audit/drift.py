"""Whether what people take changes over the months, and whether lists keep up with it.

Two measures, each from 0, no change: of a column the population stability index (PSI), which is the
symmetrised relative entropy of two mixes; of how popular the items are the distance of Kolmogorov
and Smirnov (KS). Both grow by chance where there is little to go by, so each is corrected, and has
its interval, by leaving out a twentieth of the people at a time (the jackknife; Efron 1982).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from foretaste.domain.data import Doubles, Interactions, Ints, Longs
from foretaste.evaluate.audit.audit_sample import AuditSample
from foretaste.evaluate.audit.figures import AuditFigure, AuditSection
from foretaste.evaluate.audit.item_groups import ItemGroups
from foretaste.evaluate.metrics import Interval

MAX_MONTHS = 6
"""Months that are looked at, the latest."""
MIN_TAKINGS = 200
"""Takings of a month, or of those before it, with fewer of which nothing is said."""
MAX_TAKINGS = 50_000
"""Takings that are compared, of more so many by chance."""
PARTS = 20
"""Parts of the people that are left out, one at a time."""
MAX_DRIFT = 0.1
"""PSI and KS that are let pass; of a PSI up to .1 is commonly called stable, .25 a large change."""
SMOOTHING = 0.5
"""Takings added to each group: one that nobody took any more is no infinite change."""

ItemStatistic = Callable[[Ints, Ints], float]
"""(items of now, items of before) → how far they are apart."""


@dataclass(frozen=True)
class DatedTakings:
    """What was taken, by whom and in which month."""

    items: Ints
    people: Longs
    months: npt.NDArray[np.datetime64]

    @classmethod
    def of(cls, interactions: Interactions) -> "DatedTakings":
        """A row for each event that takes an item."""
        rows = np.flatnonzero(interactions.positive_mask() & (interactions.item >= 0))
        people = np.repeat(np.arange(len(interactions.users)), np.diff(interactions.offsets))
        seconds = interactions.at[rows].astype("datetime64[s]")
        return cls(
            interactions.item[rows], people[rows].astype(np.int64), seconds.astype("datetime64[M]")
        )

    def part(self, mask: npt.NDArray[np.bool_], rng: np.random.Generator) -> "DatedTakings":
        """Those of the mask; of very many some."""
        rows = np.flatnonzero(mask)
        if len(rows) > MAX_TAKINGS:
            rows = np.sort(rng.choice(rows, MAX_TAKINGS, replace=False))
        return DatedTakings(self.items[rows], self.people[rows], self.months[rows])

    def __len__(self) -> int:
        return len(self.items)


def drift_section(
    sample: AuditSample,
    groups: Sequence[ItemGroups],
    interactions: Interactions,
    rng: np.random.Generator,
) -> AuditSection:
    """How what is taken changes by month, and how far lists are from the latest month."""
    takings = DatedTakings.of(interactions)
    months, counts = np.unique(takings.months, return_counts=True)
    figures: list[AuditFigure] = []
    for month in months[-MAX_MONTHS:]:
        monthly = takings.part(takings.months == month, rng)
        earlier = takings.part(takings.months < month, rng)
        if min(len(monthly), len(earlier)) >= MIN_TAKINGS:
            figures += _figures(f"taken in {month}", monthly, earlier, sample, groups, rng)
    is_drifting = any(figure.is_flagged for figure in figures)
    full_months = months[counts >= MIN_TAKINGS]
    late_figures: list[AuditFigure] = []
    if len(full_months):
        latest = takings.part(takings.months == full_months[-1], rng)
        name = f"lists beside what was taken in {full_months[-1]}"
        late_figures = _figures(name, _list_places(sample), latest, sample, groups, rng)
    is_late = any(figure.is_flagged for figure in late_figures)
    return AuditSection(
        "drift",
        "Whether taste changes, and lists with it",
        (*figures, *late_figures),
        "Each month beside all months before it, and lists beside the latest month with at least "
        f"{MIN_TAKINGS} takings. 0 is no change; of a mix (PSI) up to .1 is commonly called stable "
        "and .25 a large change, of popularity (KS) it is the largest difference in the share of "
        "items up to any popularity.",
        _verdict(figures, late_figures, is_drifting=is_drifting, is_late=is_late),
        "train more often ([worker] every_hours), and give recent events more weight by leaving "
        "model.popularity.half_life_days and the like to be chosen from the data"
        if is_drifting and is_late
        else "",
        usual_name="no change",
    )


def _verdict(
    figures: Sequence[AuditFigure],
    late_figures: Sequence[AuditFigure],
    *,
    is_drifting: bool,
    is_late: bool,
) -> str:
    if not figures and not late_figures:
        return f"There is no month with {MIN_TAKINGS} takings to compare."
    change = "What people take stays much the same from month to month."
    if is_drifting:
        change = "What people take changes from month to month."
    if not figures:
        change = f"There are no two months with {MIN_TAKINGS} takings each to compare."
    lists = "Lists are near what was taken last." if late_figures else ""
    if is_late:
        lists = (
            "Lists differ from what was taken last. That they are narrower is usual, as they hold "
            "what is likeliest; what is popular and each person's own mix are looked at above."
        )
    return f"{change} {lists}".strip()


def _figures(
    name: str,
    monthly: DatedTakings,
    earlier: DatedTakings,
    sample: AuditSample,
    groups: Sequence[ItemGroups],
    rng: np.random.Generator,
) -> list[AuditFigure]:
    """By popularity, then by each column."""
    statistics: list[tuple[str, ItemStatistic]] = [
        (
            "popularity (KS)",
            lambda items, earlier_items: _ks_distance(sample.event_counts, items, earlier_items),
        )
    ]
    statistics += [(f"{group.column} (PSI)", _mix_statistic(group)) for group in groups]
    figures = []
    for measure, statistic in statistics:
        value = group_jackknife(statistic, monthly, earlier, rng)
        figures.append(
            AuditFigure(
                f"{measure}: {name}",
                value,
                usual=0.0,
                size=len(monthly),
                is_flagged=value.low > MAX_DRIFT,
            )
        )
    return figures


def _mix_statistic(group: ItemGroups) -> ItemStatistic:
    return lambda items, earlier_items: stability_index(
        group.shares[items].sum(0), group.shares[earlier_items].sum(0)
    )


def _list_places(sample: AuditSample) -> DatedTakings:
    """The places of the lists, each of the person whose list it is."""
    people, positions = np.nonzero(sample.lists >= 0)
    return DatedTakings(
        sample.lists[people, positions],
        people.astype(np.int64),
        np.zeros(len(people), "datetime64[M]"),
    )


def stability_index(counts: Doubles, other_counts: Doubles) -> float:
    """PSI: Σ (p - q) log(p / q), which is the relative entropy either way together.

    counts: [groups], of either.
    """
    from scipy import special

    shares, other_shares = (
        (own + SMOOTHING) / (own + SMOOTHING).sum() for own in (counts, other_counts)
    )
    return float(
        special.rel_entr(shares, other_shares).sum() + special.rel_entr(other_shares, shares).sum()
    )


def _ks_distance(event_counts: Doubles, items: Ints, earlier_items: Ints) -> float:
    from scipy import stats

    counts, earlier_counts = event_counts[items], event_counts[earlier_items]
    return float(stats.ks_2samp(counts, earlier_counts, method="asymp").statistic)


def group_jackknife(
    statistic: ItemStatistic,
    monthly: DatedTakings,
    earlier: DatedTakings,
    rng: np.random.Generator,
) -> Interval:
    """The statistic without its bias, and its 95 % interval, by leaving out a part of the people at
    a time; never below 0.
    """
    people = int(max(monthly.people.max(initial=0), earlier.people.max(initial=0))) + 1
    part_of_person = rng.permutation(people) % PARTS
    own_parts, earlier_parts = part_of_person[monthly.people], part_of_person[earlier.people]
    full_value = statistic(monthly.items, earlier.items)
    values = np.array(
        [
            statistic(monthly.items[own_parts != part], earlier.items[earlier_parts != part])
            for part in range(PARTS)
        ]
    )
    mean = PARTS * full_value - (PARTS - 1) * values.mean()
    deviation = np.sqrt((PARTS - 1) / PARTS * np.square(values - values.mean()).sum())
    margin = 1.96 * deviation
    mean, low, high = (max(float(x), 0.0) for x in (mean, mean - margin, mean + margin))
    return Interval(mean, low, high)
