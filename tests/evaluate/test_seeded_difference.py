import numpy as np
import pytest

from foretaste.evaluate.seeded_difference import seeded_difference


def coverage(seed_spread: float, seeds: int, rounds: int = 300) -> float:
    """Share of made-up measurements whose interval holds the true difference of .1."""
    rng = np.random.default_rng(7)
    people = np.repeat(np.arange(60), 2)  # two cases each, which go together
    hits = 0
    for _ in range(rounds):
        person_effect = rng.normal(0, 0.3, 60)[people]
        noise = rng.normal(0, 0.3, (seeds, len(people)))
        seed_effect = rng.normal(0, seed_spread, (seeds, 1))
        difference = 0.1 + person_effect + seed_effect + noise
        interval = seeded_difference(np.zeros_like(difference), difference, people)
        hits += interval.low <= 0.1 <= interval.high
    return hits / rounds


@pytest.mark.parametrize(
    ("seed_spread", "seeds"), [(0.0, 1), (0.0, 3), (0.1, 3), (0.3, 3), (0.1, 8)]
)
def test_the_interval_holds_the_truth_as_often_as_it_says(seed_spread: float, seeds: int) -> None:
    assert 0.91 <= coverage(seed_spread, seeds) <= 0.995


def test_without_the_seeds_the_interval_would_promise_too_much() -> None:
    assert coverage(0.3, 1) < 0.5  # one seed cannot tell


def test_the_same_values_differ_by_nothing() -> None:
    values = np.random.default_rng(0).random((3, 10))
    assert tuple(seeded_difference(values, values, np.arange(10))) == (0, 0, 0)


def test_with_one_seed_it_is_the_interval_of_a_paired_mean() -> None:
    from scipy import stats

    a, b = np.random.default_rng(1).random((2, 1, 50))
    interval = seeded_difference(a, b, np.arange(50))
    expected = stats.ttest_rel(b[0], a[0]).confidence_interval()
    assert interval.low == pytest.approx(expected.low)
    assert interval.high == pytest.approx(expected.high)


def test_one_person_tells_nothing() -> None:
    interval = seeded_difference(np.zeros((2, 3)), np.ones((2, 3)), np.zeros(3, np.int64))
    assert (interval.mean, interval.low, interval.high) == (1, -np.inf, np.inf)
