"""Whether lists show what is popular more than people take it: means, lift, tail, Gini, coverage.

The lift is that of Abdollahpouri et al. 2019: how much more popular the items of a list are than
those that the person took. How often an item was taken is counted without the person themselves,
or what few take would seem twice as popular to those who took it.
"""

import numpy as np

from foretaste.domain.data import Doubles, Ints
from foretaste.evaluate.audit.audit_sample import AuditSample
from foretaste.evaluate.audit.figures import AuditFigure, AuditSection
from foretaste.evaluate.list_variety import gini
from foretaste.evaluate.metrics import Interval, statistic_interval

TAIL_SHARE = 0.2
"""Share of all takings that goes to the long tail: the least taken items that make it up."""
MAX_LIFT = 1.5
"""How many times as popular as what people take lists may be: what a list holds is what is likely,
which is more popular than what is taken now and then."""
MIN_TAIL_RATIO = 0.5
"""Share of the long tail in lists, of its share in what people take, that is let pass."""
MILD_LIFT, FULL_LIFT = 1.2, 1.0
"""What is advised: the first where lists are more popular than is usual, the second where they are
not and the long tail is missed all the same."""


def tail_mask(event_counts: Doubles) -> np.ndarray:
    """[items], which are of the long tail; those that nobody took are."""
    order = np.argsort(event_counts, kind="stable")
    running = np.cumsum(event_counts[order])
    mask = np.zeros(len(event_counts), np.bool_)
    mask[order[running <= TAIL_SHARE * event_counts.sum()]] = True
    return mask


def popularity_section(sample: AuditSample, rng: np.random.Generator) -> AuditSection:
    """How popular what is shown is, beside what the same people took."""
    sums = _popularity_sums(sample)
    shown_mean, taken_mean, ratio, tail = (
        statistic_interval(sums, statistic, rng)
        for statistic in (_shown_mean, _taken_mean, _lift, _tail_share)
    )
    tail_taken = float(sums[:, 5].sum() / max(sums[:, 3].sum(), 1))
    reference = _reference_counts(sample, rng)
    shown_gini, coverage = _spread_intervals(sample)
    is_lifted = ratio.low > MAX_LIFT
    is_short_tailed = tail.high < MIN_TAIL_RATIO * tail_taken
    figures = (
        AuditFigure("how often an item shown was taken, mean", shown_mean, usual=taken_mean.mean),
        AuditFigure(
            "lift: times as popular as what people take",
            ratio,
            "times",
            usual=1.0,
            is_flagged=is_lifted,
        ),
        AuditFigure(
            "places with an item of the long tail",
            tail,
            "share",
            usual=tail_taken,
            is_flagged=is_short_tailed,
        ),
        AuditFigure(
            "Gini of how often items are shown (0 all alike, 1 one alone)",
            shown_gini,
            usual=gini(reference[reference > 0], sample.available_items),
        ),
        AuditFigure(
            "coverage: items on offer that somebody is shown",
            coverage,
            "share",
            usual=float((reference > 0).sum() / max(sample.available_items, 1)),
        ),
    )
    return AuditSection(
        "popularity",
        "What is popular",
        figures,
        f"Of {sample.place_count:,} places in the lists of {len(sample):,} people. The long tail "
        f"is the least taken items that together make {TAIL_SHARE:.0%} of what is taken. Gini and "
        "coverage are beside as many takings, drawn by chance from all.",
        _verdict(ratio, tail, tail_taken, is_flagged=is_lifted or is_short_tailed),
        "lower it: foretaste.toml, [rank] popularity_lift = "
        f"{MILD_LIFT if is_lifted else FULL_LIFT:.1f}, or `popularity_lift` in a request; what it "
        "costs is in docs/operations.md"
        if is_lifted or is_short_tailed
        else "",
    )


def _verdict(ratio: Interval, tail: Interval, tail_taken: float, *, is_flagged: bool) -> str:
    text = (
        f"Lists are {ratio.mean:.2f} times as popular as what the same people take; the long tail "
        f"has {tail.mean:.1%} of the places and {tail_taken:.1%} of what they take."
    )
    ordinary = "Lists that are made to be right are commonly 1 to 1.5 times as popular."
    if is_flagged:
        return f"{text} {ordinary} Here what is popular crowds out the rest."
    return f"{text} {ordinary}"


def _popularity_sums(sample: AuditSample) -> Doubles:
    """[people, 6]: places, how often their items were taken; takings, the same of them; places and
    takings of the long tail.
    """
    is_tail = tail_mask(sample.event_counts)
    rows = []
    for items, history in zip(sample.lists, sample.histories, strict=True):
        shown_items = items[items >= 0]
        rows.append(
            (
                len(shown_items),
                sample.event_counts[shown_items].sum(),
                len(shown_items) and is_tail[shown_items].sum(),
                len(history),
                (sample.event_counts[history] - 1).sum(),
                is_tail[history].sum(),
            )
        )
    return np.array(rows, np.float64)


def _shown_mean(sums: Doubles) -> Doubles:
    return sums[:, 1] / np.maximum(sums[:, 0], 1)


def _taken_mean(sums: Doubles) -> Doubles:
    return sums[:, 4] / np.maximum(sums[:, 3], 1)


def _lift(sums: Doubles) -> Doubles:
    with np.errstate(divide="ignore", invalid="ignore"):
        return _shown_mean(sums) / _taken_mean(sums)


def _tail_share(sums: Doubles) -> Doubles:
    return sums[:, 2] / np.maximum(sums[:, 0], 1)


def _reference_counts(sample: AuditSample, rng: np.random.Generator) -> np.ndarray:
    """[items], of as many takings as there are places, drawn from all takings."""
    counts = sample.event_counts.astype(np.int64)
    return rng.multivariate_hypergeometric(
        counts, min(sample.place_count, int(counts.sum())), method="marginals"
    )


def _spread_intervals(sample: AuditSample) -> tuple[Interval, Interval]:
    """(Gini, coverage) of what is shown. The intervals are those of the jackknife over people: a
    bootstrap draws some lists twice, which always covers less. For the Gini its first derivative.
    """
    lists, size = sample.lists, sample.available_items
    counts = np.bincount(lists[lists >= 0], minlength=len(sample.event_counts)).astype(np.int64)
    size = max(size, int((counts > 0).sum()), 1)
    covered = float((counts > 0).sum() / size)
    coverage_change = np.array([_sole_items(row, counts) for row in lists]) / size
    inequality = gini(counts[counts > 0], size)
    slopes = _gini_slopes(counts, size)
    gini_change = np.array([slopes[row[row >= 0]].sum() for row in lists])
    return _jackknife(inequality, gini_change), _jackknife(covered, coverage_change)


def _sole_items(row: Ints, counts: np.ndarray) -> int:
    return int((counts[row[row >= 0]] == 1).sum())


def _gini_slopes(counts: np.ndarray, size: int) -> Doubles:
    """[items], how the Gini changes with one more place for each. Equal counts share their rank."""
    total = float(counts.sum())
    if not total:
        return np.zeros(len(counts))
    values, indices, frequency = np.unique(counts, return_inverse=True, return_counts=True)
    frequency = frequency.astype(np.float64)
    frequency[0] += size - len(counts)  # on offer and not shown, or shown and gone
    ranks = np.cumsum(frequency) - (frequency - 1) / 2
    weighted = float((ranks * values * np.bincount(indices)).sum())
    return 2 * ranks[indices] / (size * total) - 2 * weighted / (size * total**2)


def _jackknife(value: float, changes: Doubles) -> Interval:
    """changes: [people], what each of them adds to the value."""
    people = len(changes)
    deviation = np.sqrt((people - 1) / people * np.square(changes - changes.mean()).sum())
    return Interval(value, max(value - 1.96 * deviation, 0.0), min(value + 1.96 * deviation, 1.0))
