"""The best n: what a full sort would give, without sorting all."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foretaste.rank.top import top_items

rows = st.lists(
    st.tuples(
        st.one_of(st.sampled_from([0.0, -1.0, 2.5]), st.floats(-50, 0, width=32)), st.booleans()
    ),
    min_size=1,
    max_size=40,
)


@given(rows, st.integers(0, 12))
def test_is_the_head_of_a_stable_sort(row: list[tuple[float, bool]], n: int) -> None:
    scores = np.array([score for score, _ in row], np.float32)
    hide = np.array([hidden for _, hidden in row], bool)
    order = [place for place in np.argsort(-scores, kind="stable") if not hide[place]]

    found = top_items(scores, n, hidden=hide)

    assert found.tolist() == order[:n]
    assert found.dtype == np.int32


def test_among_many_equal_scores_the_first_of_the_catalogue_win() -> None:
    scores = np.random.default_rng(0).integers(3, size=5000).astype(np.float32)

    found = top_items(scores, 2000, hidden=np.zeros(5000, bool))
    assert found.tolist() == np.argsort(-scores, kind="stable")[:2000].tolist()


@pytest.mark.parametrize("n", [0, -1])
def test_none_are_none(n: int) -> None:
    assert top_items(np.zeros(3, np.float32), n, hidden=np.zeros(3, bool)).tolist() == []


def test_where_all_are_hidden_the_list_is_empty() -> None:
    assert top_items(np.zeros(3, np.float32), 2, hidden=np.ones(3, bool)).tolist() == []


def test_equal_scores_come_in_catalogue_order() -> None:
    row = np.array([1, 0, 1, 1, 0, 1], np.float32)

    assert top_items(row, 3, hidden=np.array([1, 0, 0, 0, 0, 0], bool)).tolist() == [2, 3, 5]
