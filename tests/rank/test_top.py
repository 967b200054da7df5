"""The best n: what a full sort would give, without sorting all."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foretaste.rank.top import top

scores = st.lists(
    st.one_of(st.sampled_from([0.0, -1.0, 2.5]), st.floats(-50, 0, width=32)), max_size=40
)


@given(scores, st.integers(0, 60), st.randoms(use_true_random=False))
def test_is_the_head_of_a_stable_sort(given_scores: list[float], n: int, chance: Any) -> None:
    row = np.array(given_scores, np.float32)
    hide = np.array([chance.random() < 0.3 for _ in given_scores], bool)
    order = [place for place in np.argsort(-row, kind="stable") if not hide[place]]

    found = top(row, n, hide=hide)

    assert found.tolist() == order[:n]
    assert found.dtype == np.int32


@pytest.mark.parametrize("n", [0, -1])
def test_none_are_none(n: int) -> None:
    assert top(np.zeros(3, np.float32), n, hide=np.zeros(3, bool)).tolist() == []


def test_where_all_are_hidden_the_list_is_empty() -> None:
    assert top(np.zeros(3, np.float32), 2, hide=np.ones(3, bool)).tolist() == []


def test_equal_scores_come_in_catalogue_order() -> None:
    row = np.array([1, 0, 1, 1, 0, 1], np.float32)

    assert top(row, 3, hide=np.array([1, 0, 0, 0, 0, 0], bool)).tolist() == [2, 3, 5]
