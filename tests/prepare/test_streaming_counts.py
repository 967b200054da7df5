import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foretaste.prepare.streaming_counts import StreamingCounts, prior_events

from .helpers import made, row


def test_takings_by_anyone_count_from_the_moment_they_happen() -> None:
    histories = made(row("ann", "a", 0), row("ann", "a", 4), row("bob", "a", 2), row("bob", "b", 3))
    # in time: ann a (0), bob a (2), bob b (3), ann a (4)
    assert histories.item.tolist() == [0, 0, 0, 1]
    assert prior_events(histories).tolist() == [0, 2, 1, 0]


def test_a_refusal_and_a_search_are_no_takings_of_an_item() -> None:
    histories = made(
        row("ann", "a", 0, "hide"),
        row("ann", None, 1, "search", query="x"),
        row("ann", "a", 2),
        row("bob", "a", 3, "hide"),
        row("bob", None, 4, "search", query="x"),
    )
    assert prior_events(histories).tolist() == [0, 0, 0, 1, 0]


def test_equal_times_keep_the_order_of_the_rows() -> None:
    histories = made(row("ann", "a", 7), row("ann", "a", 7), row("bob", "a", 7))
    assert prior_events(histories).tolist() == [0, 1, 2]


def test_any_item_can_be_asked_for_at_any_position() -> None:
    histories = made(row("ann", "a", 0), row("ann", "b", 1), row("bob", "a", 2))
    counts = StreamingCounts.from_interactions(histories)
    assert counts.positions.tolist() == [0, 1, 2]
    items = np.array([[0, 1, 5, -1]] * 4, np.int32)
    before = counts.events_before(items, np.arange(4)[:, None])
    assert before.tolist() == [[0, 0, 0, 0], [1, 0, 0, 0], [1, 1, 0, 0], [2, 1, 0, 0]]


def test_without_events_there_is_nothing_to_count() -> None:
    assert prior_events(made()).tolist() == []
    counts = StreamingCounts.from_interactions(made())
    assert counts.events_before(np.array([3], np.int32), np.array([0])).tolist() == [0]


@given(
    st.lists(
        st.tuples(st.sampled_from("pqr"), st.sampled_from("abc"), st.integers(0, 4)), max_size=30
    )
)
def test_the_counts_are_those_of_a_loop_over_time(events: list[tuple[str, str, int]]) -> None:
    histories = made(*(row(person, item, at) for person, item, at in events))
    taken: dict[int, int] = {}
    expected = [0] * histories.event_count
    for place in sorted(range(histories.event_count), key=lambda place: histories.at[place]):
        item = int(histories.item[place])
        expected[place] = taken.get(item, 0)
        taken[item] = expected[place] + 1
    assert prior_events(histories).tolist() == expected


@pytest.mark.slow
def test_a_million_events_take_moments() -> None:
    rng = np.random.default_rng(0)
    n = 1_000_000
    histories = replace(
        made(row("ann", "a", 0)),
        offsets=np.array([0, n]),
        item=rng.integers(0, 50_000, n).astype(np.int32),
        weight=np.ones(n, np.float32),
        at=rng.random(n),
    )
    started = time.process_time()
    prior_events(histories)
    assert time.process_time() - started < 10, "0.6 s on a quiet machine"
