"""What is added to the probability of some items, as additions to scores."""

import numpy as np
import pytest

from foretaste.rank.probability_shift import ProbabilityShift, shift_boosts

PROBABILITIES = np.array([0.5, 0.3, 0.15, 0.05])
SCORES = np.asarray(np.log(PROBABILITIES) + 7.0, np.float32)  # of any level
RARE = np.array([False, False, True, True])


def shifted(scores: np.ndarray, *shifts: ProbabilityShift) -> np.ndarray:
    return np.exp(scores - 7.0 + sum(boost.row for boost in shift_boosts(shifts, scores)))


def test_each_of_the_items_has_so_much_more() -> None:
    got = shifted(SCORES, ProbabilityShift(RARE, 0.2, "rare", "exposure"))
    assert got == pytest.approx([0.5, 0.3, 0.35, 0.25], rel=1e-5)


def test_of_what_is_likely_a_ceiling_leaves_more() -> None:
    got = shifted(SCORES, ProbabilityShift(~RARE, -0.1, "known", "exposure"))
    assert got == pytest.approx([0.5 * 0.5 / 0.6, 0.3 * 0.3 / 0.4, 0.15, 0.05], rel=1e-5)


def test_an_item_of_two_groups_has_both() -> None:
    shifts = [
        ProbabilityShift(np.array(mask), amount, "group", "exposure")
        for mask, amount in (([False, False, True, True], 0.2), ([False, False, False, True], 0.1))
    ]
    assert shifted(SCORES, *shifts) == pytest.approx([0.5, 0.3, 0.35, 0.35], rel=1e-5)


def test_what_is_not_scored_stays_out_and_of_nothing_there_is_nothing() -> None:
    hidden = np.where(np.arange(4) == 3, -np.inf, SCORES).astype(np.float32)
    shift = ProbabilityShift(RARE, 0.2, "rare", "exposure")
    (boost,) = shift_boosts([shift], hidden)
    assert boost.mask.tolist() == [False, False, True, False]
    assert boost.row[3] == 0
    assert shift_boosts([shift], np.full(4, -np.inf, np.float32)) == []
    assert shift_boosts([], SCORES) == []


def test_what_is_hardly_likely_at_all_counts_as_what_is_added() -> None:
    scores = np.array([0.0, -2000.0], np.float32)
    (boost,) = shift_boosts([ProbabilityShift(np.array([False, True]), 0.01, "x", "e")], scores)
    assert float((scores + boost.row)[1]) == pytest.approx(np.log(0.01), abs=1e-3)
