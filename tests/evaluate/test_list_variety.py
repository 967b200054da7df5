import numpy as np
import pytest

from foretaste.evaluate.list_variety import gini, list_variety

from .helpers import cases
from .shops import items, shop


def test_gini_is_none_when_all_are_shown_alike_and_near_one_when_one_is_shown_alone() -> None:
    assert gini(np.array([3, 3, 3, 3]), 4) == pytest.approx(0)
    assert gini(np.array([5]), 100) == pytest.approx(0.99)
    assert gini(np.array([], np.int64), 10) == 0


def test_gini_counts_items_that_are_never_shown() -> None:
    # by the definition: half the mean distance of all pairs, over the mean
    counts = np.array([0, 0, 1, 2, 5])
    expected = np.abs(counts[:, None] - counts).mean() / (2 * counts.mean())
    assert gini(counts[counts > 0], 5) == pytest.approx(expected)


def test_what_lists_hold() -> None:
    held = cases([0, 1, 2], [0, 1, 3], [0, 2, 1])  # item 0 three times, 1 three, 2 two, 3 once
    vectors = np.array([[1, 0], [1, 0], [0, 1], [0, 0]], np.float32)
    place = shop(held, items(4), vectors)
    positions = np.array([9, 9])
    variety = list_variety(np.array([[0, 1], [0, 2]], np.int32), positions, 4, place)
    assert variety.median_events == 3  # 3, 3, 3, 2
    assert variety.diversity == pytest.approx(0.5)  # 0 in the one list, 1 in the other
    shares = np.array([4, 4, 4, 3]) / 13
    assert variety.novelty == pytest.approx(-np.log2(shares).mean())
    assert variety.gini == pytest.approx(
        np.abs(np.subtract.outer([2, 1, 1, 0], [2, 1, 1, 0])).mean() / 2
    )


def test_a_rarer_item_is_more_of_a_surprise() -> None:
    held = cases([0, 0, 0, 1])
    place = shop(held, items(2))
    known, rare = (
        list_variety(np.array([[item]], np.int32), np.array([4]), 2, place) for item in (0, 1)
    )
    assert rare.novelty is not None
    assert known.novelty is not None
    assert rare.novelty > known.novelty


def test_of_empty_lists_and_of_items_without_texts_nothing_is_said() -> None:
    held = cases([0, 1])
    place = shop(held, items(2))
    empty = list_variety(np.full((2, 3), -1, np.int32), np.array([1, 1]), 2, place)
    assert (empty.gini, empty.novelty, empty.median_events, empty.diversity) == (
        0,
        None,
        None,
        None,
    )
    silent = list_variety(np.array([[0, 1]], np.int32), np.array([2]), 2, place)
    assert silent.diversity is None
