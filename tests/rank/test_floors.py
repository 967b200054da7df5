"""A list has no fewer of a group than a fair draw would, at each of its places."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foretaste.errors import InputError
from foretaste.rank.floors import (
    PrefixFloor,
    _failure_probability,
    check_joint_floors,
    cumulative_probabilities,
    minimums_at,
    prefix_minimums,
)


def floor(items: list[int], counts: list[int], name: str = "rules.0.floor") -> PrefixFloor:
    mask = np.zeros(10, np.bool_)
    mask[items] = True
    return PrefixFloor(mask, np.array(counts, np.int64), name)


def test_one_test_is_that_of_the_paper() -> None:
    """Zehlike et al. 2017, table 2: the least numbers at α = .1, without the correction."""
    table = {
        0.1: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        0.2: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1],
        0.3: [0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2],
        0.4: [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 3],
        0.5: [0, 0, 0, 1, 1, 1, 2, 2, 3, 3, 3, 4],
        0.6: [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5],
        0.7: [0, 1, 1, 2, 2, 3, 3, 4, 5, 5, 6, 6],
    }
    for share, counts in table.items():
        assert minimums_at(cumulative_probabilities(12, share), 0.1).tolist() == counts, share


def test_the_failure_probability_is_that_of_lists_made_by_chance() -> None:
    minimums = minimums_at(cumulative_probabilities(20, 0.4), 0.1)
    rng = np.random.default_rng(0)
    draws = (rng.random((40_000, 20)) < 0.4).cumsum(axis=1)
    failed = (draws < minimums).any(axis=1).mean()
    assert _failure_probability(minimums, 0.4) == pytest.approx(failed, abs=0.01)


def test_a_list_with_a_floor_imports_nothing_that_takes_longer_than_a_list() -> None:
    """`scipy.stats` takes a second or two: the first list with a floor came too late, and those
    after it were made by popularity alone.
    """
    code = "import sys; from foretaste.rank.floors import prefix_minimums as of; of(10, 0.3, 0.1); "
    code += "assert 'scipy.stats' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


@settings(max_examples=30)
@given(st.floats(0.05, 0.9), st.floats(0.02, 0.4), st.integers(1, 40))
def test_a_fair_list_is_seldom_taken_for_unfair(share: float, significance: float, n: int) -> None:
    counts = prefix_minimums(n, share, significance)
    assert _failure_probability(counts, share) <= significance + 1e-9
    assert (np.diff(counts) >= 0).all()
    assert (np.diff(counts, prepend=0) <= 1).all()  # so the next place can always mend it


def test_floors_of_others_that_want_all_the_places_are_refused_with_what_could_be() -> None:
    first, second = [1, 1, 2, 2], [0, 1, 1, 3]
    shown = np.ones(10, np.bool_)
    floors = [floor([0, 1, 2], first), floor([3, 4, 5], second, "rules.1.floor")]
    check_joint_floors([floors[0], floor([3, 4, 5], [0, 1, 1, 2])], shown)
    with pytest.raises(InputError, match=r"first 3 places .*rules.0.floor 2 \(could be 2\)"):
        check_joint_floors([floors[0], floor([3, 4, 5], [0, 1, 2, 2])], shown)
    # an item of both counts for both
    check_joint_floors([floors[0], floor([0, 1, 2], [1, 1, 2, 3])], shown)


def test_too_few_items_are_no_conflict() -> None:
    shown = np.zeros(10, np.bool_)
    shown[0] = True
    check_joint_floors([floor([0], [1, 1, 2, 2]), floor([5], [1, 2, 2, 2])], shown)
