"""A taste that changes is told from one that does not, whatever little there is to go by."""

from collections.abc import Sequence

import numpy as np
import pytest
from scipy import stats

from evaluate.audit.samples import sample
from foretaste.domain.data import Interactions
from foretaste.evaluate.audit.drift import (
    DatedTakings,
    drift_section,
    group_jackknife,
    stability_index,
)
from foretaste.evaluate.audit.item_groups import ItemGroups

ITEMS, PEOPLE = 20, 150
MONTH = 31 * 86_400.0
THEMES = ItemGroups(
    "theme", ("space", "kitchen"), np.repeat(np.eye(2), [ITEMS // 2, ITEMS // 2], axis=0)
)


def interactions(items_by_month: Sequence[np.ndarray]) -> Interactions:
    """Each person takes three items a month. items_by_month: [months], [people, 3]."""
    items = np.concatenate([*items_by_month], axis=1)
    months = len(items_by_month)
    at = 1.7e9 + np.repeat(np.arange(months) * MONTH, 3)
    count = items.size
    return Interactions(
        users=tuple(f"u{person}" for person in range(PEOPLE)),
        offsets=np.arange(PEOPLE + 1, dtype=np.int64) * items.shape[1],
        item=items.ravel().astype(np.int32),
        weight=np.ones(count, np.float32),
        kind=np.zeros(count, np.int8),
        value=np.full(count, np.nan, np.float32),
        at=np.tile(at, PEOPLE),
        text=np.full(count, -1, np.int32),
        event_types=("click",),
        texts=(),
    )


def drawn(rng: np.random.Generator, low: int, high: int) -> np.ndarray:
    return rng.integers(low, high, (PEOPLE, 3))


def section_of(items_by_month: Sequence[np.ndarray], shown: np.ndarray):  # type: ignore[no-untyped-def]
    rng = np.random.default_rng(1)
    histories = [list(row) for row in np.concatenate([*items_by_month], axis=1)]
    return drift_section(
        sample(shown.tolist(), histories, ITEMS), [THEMES], interactions(items_by_month), rng
    )


def test_the_same_taste_month_after_month_is_no_drift() -> None:
    rng = np.random.default_rng(0)
    months = [drawn(rng, 0, ITEMS) for _ in range(4)]
    section = section_of(months, drawn(rng, 0, ITEMS))
    assert len(section.figures) == 2 * 3 + 2  # three months have others before them
    assert section.flagged == []
    assert section.remedy == ""
    assert "stays much the same" in section.verdict
    for figure in section.figures:
        assert figure.value.low <= figure.value.mean <= figure.value.high


def test_another_taste_is_told_by_its_month_and_lists_of_before_are_late() -> None:
    rng = np.random.default_rng(0)
    months = [drawn(rng, 0, 10), drawn(rng, 0, 10), drawn(rng, 10, 20)]
    section = section_of(months, drawn(rng, 0, 10))
    flagged = [figure.name for figure in section.flagged]
    assert "theme (PSI): taken in 2024-01" in flagged
    assert not any("2023-12" in name for name in flagged)
    assert any(name.startswith("theme (PSI): lists beside") for name in flagged)
    assert "train more often" in section.remedy
    keeping_up = section_of(months, drawn(rng, 10, 20))
    names = [figure.name for figure in keeping_up.flagged]
    assert not any(name.startswith("theme (PSI): lists") for name in names)


def test_too_little_is_said_to_be_too_little() -> None:
    rng = np.random.default_rng(0)
    months = [drawn(rng, 0, ITEMS)[:, :1].repeat(3, 1)]
    assert "no two months" in section_of(months, drawn(rng, 0, ITEMS)).verdict


def test_the_index_is_that_of_the_books() -> None:
    p, q = np.array([300.0, 700.0]), np.array([500.0, 500.0])
    expected = (0.3 - 0.5) * np.log(0.3 / 0.5) + (0.7 - 0.5) * np.log(0.7 / 0.5)
    assert stability_index(p, q) == pytest.approx(expected, rel=0.01)
    assert stability_index(p, p) == 0


def test_chance_is_taken_off() -> None:
    """Of one taste seen twice the plain index is above 0; what is left is near it."""
    rng = np.random.default_rng(3)

    def takings() -> DatedTakings:
        items = rng.integers(0, ITEMS, 300, dtype=np.int32)
        return DatedTakings(items, np.arange(300, dtype=np.int32), np.zeros(300, "datetime64[M]"))

    def statistic(items: np.ndarray, others: np.ndarray) -> float:
        return stability_index(
            np.bincount(items, minlength=ITEMS).astype(float),
            np.bincount(others, minlength=ITEMS).astype(float),
        )

    plain, corrected = [], []
    for _ in range(20):
        now, before = takings(), takings()
        plain.append(statistic(now.items, before.items))
        corrected.append(group_jackknife(statistic, now, before, rng).mean)
    assert np.mean(plain) > 0.1
    assert np.mean(corrected) < 0.04


def test_popularity_is_compared_by_scipy() -> None:
    rng = np.random.default_rng(0)
    months = [drawn(rng, 0, ITEMS), np.minimum(drawn(rng, 0, ITEMS), drawn(rng, 0, ITEMS))]
    section = section_of(months, drawn(rng, 0, ITEMS))
    counts = np.bincount(np.concatenate([*months], axis=1).ravel(), minlength=ITEMS)
    expected = stats.ks_2samp(counts[months[1].ravel()], counts[months[0].ravel()]).statistic
    figure = next(figure for figure in section.figures if "KS" in figure.name)
    assert figure.value.mean == pytest.approx(expected, abs=0.05)
