"""What a judged list leaves out is what a shown list leaves out."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foretaste.domain.data import UserContext
from foretaste.domain.request import Request
from foretaste.evaluate.masking import find_negative_feedback, hidden_items
from foretaste.prepare.catalogue_builder import build_catalogue
from foretaste.rank.filters import FilterContext, consumed_items, negative_feedback_items
from foretaste.rank.index import FilterIndex, ItemAvailability


def behaviour(*events: tuple[int, float]) -> UserContext:
    """(item, weight) of each event; no item is -1."""
    items, weights = ([event[column] for event in events] for column in (0, 1))
    return UserContext(
        item=np.array(items, np.int32),
        weight=np.array(weights, np.float32),
        kind=np.zeros(len(events), np.int8),
        value=np.full(len(events), np.nan, np.float32),
        at=np.arange(len(events), dtype=np.float64),
    )


def test_a_refusal_holds_until_the_item_is_taken_again() -> None:
    past = behaviour((0, -1), (1, 1), (2, -1), (0, 1), (1, -1), (-1, 1))
    assert sorted(find_negative_feedback(past).tolist()) == [1, 2]
    assert set(hidden_items(past, hide_seen=True).tolist()) == {0, 1, 2}
    assert set(hidden_items(past, hide_seen=False).tolist()) == {1, 2}


@pytest.mark.parametrize("hide_seen", [True, False])
@given(events=st.lists(st.tuples(st.integers(-1, 4), st.sampled_from([1.0, -1.0])), max_size=8))
def test_it_agrees_with_the_filters_of_a_list(
    events: list[tuple[int, float]], hide_seen: bool
) -> None:
    past = behaviour(*events)
    index = FilterIndex(build_catalogue([], np.empty((0, 2), np.float32)), ItemAvailability.of([]))
    question = FilterContext(Request(), past, index, hide_seen, 0.0)
    shown = {*negative_feedback_items(question).tolist(), *consumed_items(question).tolist()}
    assert set(hidden_items(past, hide_seen=hide_seen).tolist()) == shown
