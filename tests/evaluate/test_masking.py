"""What a judged list leaves out is what a shown list leaves out."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foretaste.domain.data import Behaviour
from foretaste.domain.request import Request
from foretaste.evaluate.masking import hidden_items, refused_items
from foretaste.prepare.catalogue import catalogue
from foretaste.rank.filters import Question, refused, seen
from foretaste.rank.index import Index, Shelf


def behaviour(*events: tuple[int, float]) -> Behaviour:
    """(item, weight) of each event; no item is -1."""
    items, weights = ([event[column] for event in events] for column in (0, 1))
    return Behaviour(
        item=np.array(items, np.int32),
        weight=np.array(weights, np.float32),
        kind=np.zeros(len(events), np.int8),
        value=np.full(len(events), np.nan, np.float32),
        at=np.arange(len(events), dtype=np.float64),
    )


def test_a_refusal_holds_until_the_item_is_taken_again() -> None:
    past = behaviour((0, -1), (1, 1), (2, -1), (0, 1), (1, -1), (-1, 1))
    assert sorted(refused_items(past).tolist()) == [1, 2]
    assert set(hidden_items(past, hide_seen=True).tolist()) == {0, 1, 2}
    assert set(hidden_items(past, hide_seen=False).tolist()) == {1, 2}


@pytest.mark.parametrize("hide_seen", [True, False])
@given(events=st.lists(st.tuples(st.integers(-1, 4), st.sampled_from([1.0, -1.0])), max_size=8))
def test_it_agrees_with_the_filters_of_a_list(
    events: list[tuple[int, float]], hide_seen: bool
) -> None:
    past = behaviour(*events)
    index = Index(catalogue([], np.empty((0, 2), np.float32)), Shelf.of([]))
    question = Question(Request(), past, index, hide_seen, 0.0)
    shown = {*refused(question).tolist(), *seen(question).tolist()}
    assert set(hidden_items(past, hide_seen=hide_seen).tolist()) == shown
