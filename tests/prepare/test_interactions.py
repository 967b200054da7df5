import time
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foretaste.domain.data import EVENT_TYPE_WEIGHTS, Event
from foretaste.errors import InputError
from foretaste.prepare import build_interactions as module_function
from foretaste.prepare.interactions import (
    SESSION_PREFIX,
    LoadReport,
    build_interactions,
    build_user_context,
    build_user_histories,
    user_key,
)

from .helpers import LETTERS, made, ml_small_items, ml_small_rows, row


def event(kind: str, at: float, item: str) -> Event:
    return Event(f"{kind}-{at}-{item}", kind, at, user="ann", item=item)


def test_the_package_offers_it() -> None:
    assert module_function is build_interactions


def test_each_person_has_their_rows_together_and_in_time_order() -> None:
    found = made(row("ann", "b", 5), row("bob", "c", 1), row("ann", "a", 2), row("bob", "d", 0))
    assert found.users == ("ann", "bob")
    assert found.offsets.tolist() == [0, 2, 4]
    assert found.item.tolist() == [0, 1, 3, 2]
    assert found.at.tolist() == [2, 5, 0, 1]


def test_at_the_same_time_the_stored_order_stays() -> None:
    found = made(*(row("ann", letter, 3) for letter in "pcadb"))
    assert found.item.tolist() == [15, 2, 0, 3, 1]


def test_values_that_32_bits_cannot_hold_are_the_largest_there_are() -> None:
    """Stores from before there was a limit have them."""
    rows = [row("ann", "a", 0, "rating", value=1e308), row("ann", "b", 1, "rating", value=-1e39)]
    assert made(*rows).value.tolist() == pytest.approx([1e15, -1e15])
    events = [Event("1", "rating", 1.0, user="ann", item="a", value=1e308)]
    context = build_user_context(events, {"a": 0}, EVENT_TYPE_WEIGHTS, ("rating",), now=2.0)
    assert context.value.tolist() == pytest.approx([1e15])


def test_values_kinds_and_weights_stand_in_columns() -> None:
    found = made(row("ann", "a", 0, "rating", value=4.5), row("ann", "b", 1, "hide"))
    assert [found.event_types[code] for code in found.kind] == ["rating", "hide"]
    assert found.weight.tolist() == [1, -1]
    assert found.value[0] == 4.5
    assert np.isnan(found.value[1])
    assert found.positive_mask().tolist() == [True, False]


def test_a_search_stays_with_its_words_and_equal_words_are_kept_once() -> None:
    found = made(
        row("ann", None, 0, "search", query="red shoes", text="not these"),
        row("ann", "a", 1, "review", text="too small", query="nor these"),
        row("bob", None, 2, "search", query="red shoes"),
    )
    assert found.item.tolist() == [-1, 0, -1]
    assert [found.texts[code] for code in found.text] == ["red shoes", "too small", "red shoes"]
    assert len(found.texts) == 2


def test_an_anonymous_session_is_a_person_and_never_a_user() -> None:
    found = made(row(None, "a", 0, session="s1"), row("s1", "b", 0), row("session:s1", "c", 0))
    assert found.users == (f"{SESSION_PREFIX}s1", "s1", "session:s1")
    assert user_key("ann", "s1") == "ann"
    assert user_key(None, "s1") == found.users[0]


def test_what_says_nothing_is_left_out_and_counted() -> None:
    rows = [
        row("ann", "a", 0),
        row("ann", "a", 1, "impression"),
        row("ann", "zzz", 2),
        row("ann", None, 3, "search"),
        row("ann", None, 3, "view"),
        row("cat", "a", 4, "wink"),
    ]
    found, gathering = build_interactions(rows, LETTERS, EVENT_TYPE_WEIGHTS)
    assert found.users == ("ann",)
    assert found.item.tolist() == [0]
    assert gathering == LoadReport(
        read=6,
        kept_events=1,
        weightless=1,
        unknown_item=1,
        empty=2,
        unknown_event_types={"wink": 1},
    )
    known_charges = gathering.with_charges(["zzz", "other"])
    assert (known_charges.charges, known_charges.unknown_item) == (1, 0)


def test_a_return_takes_the_last_purchase_of_the_item_back_and_nothing_else() -> None:
    rows = [
        row("ann", "a", 0, "view"),
        row("ann", "a", 1, "purchase"),
        row("ann", "b", 2, "purchase"),
        row("ann", "a", 3, "purchase"),
        row("ann", "c", 5, "return"),  # bought before the log begins
        row("ann", "a", 4, "return"),
        row("bob", "a", 3, "purchase"),
        row("cat", "b", 6, "return"),
        row("cat", "b", 7, "purchase"),  # bought anew
    ]
    expected = {"ann": [("a", 0), ("a", 1), ("b", 2)], "bob": [("a", 3)], "cat": [("b", 7)]}
    found, gathering = build_interactions(rows, LETTERS, EVENT_TYPE_WEIGHTS)
    assert gathering == LoadReport(read=9, kept_events=5, returned=4)
    for index, user in enumerate(found.users):
        part = found.user_slice(index)
        items = ["abc"[item] for item in found.item[part]]
        assert list(zip(items, found.at[part], strict=True)) == expected[user]
        events = [
            Event(str(n), kind, at, user=user, item=item)
            for n, (owner, _, item, kind, _, at, _, _) in enumerate(rows)
            if owner == user
        ]
        told = build_user_context(events, LETTERS, EVENT_TYPE_WEIGHTS, found.event_types, now=9)
        same = found.user_context(index, int(found.offsets[index + 1]))
        assert told.item.tolist() == same.item.tolist()
        assert told.at.tolist() == same.at.tolist()


def test_a_return_with_a_weight_of_its_own_is_an_event_like_others() -> None:
    weights = {"purchase": 1.0, "return": -0.5}
    rows = [row("ann", "a", 1, "purchase"), row("ann", "a", 2, "return")]
    found, gathering = build_interactions(rows, LETTERS, weights)
    assert found.weight.tolist() == [1, -0.5]
    assert gathering.returned == 0


def test_a_chunk_border_changes_nothing() -> None:
    kinds = ("view", "return", "purchase")
    rows = [
        row(f"p{k % 5}", "abc"[k % 3], -k, kinds[k // 5 % 3], text=f"t{k % 4}") for k in range(40)
    ]
    whole = build_interactions(rows, LETTERS, EVENT_TYPE_WEIGHTS)[0]
    told: list[tuple[int, int]] = []

    def progress(task: str, done: int, total: int, note: str = "") -> None:
        told.append((done, total))

    cut = build_interactions(
        iter(rows), LETTERS, EVENT_TYPE_WEIGHTS, total=40, rows_per_chunk=7, progress=progress
    )[0]
    assert told == [(7, 40), (14, 40), (21, 40), (28, 40), (35, 40), (40, 40)]
    for column in ("offsets", "item", "at", "text", "kind"):
        assert np.array_equal(getattr(whole, column), getattr(cut, column))


def test_no_rows_are_no_people() -> None:
    found, gathering = build_interactions([], LETTERS, EVENT_TYPE_WEIGHTS)
    assert len(found) == found.event_count == 0
    assert found.offsets.tolist() == [0]
    assert found.item.dtype == np.int32
    assert gathering.read == 0


def test_too_many_kinds_are_refused() -> None:
    with pytest.raises(InputError, match="128 kinds"):
        build_interactions([], LETTERS, {f"kind{n}": 1.0 for n in range(128)})


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3), st.sampled_from("abcz"))))
def test_it_agrees_with_python_sorting(rows: list[tuple[int, int, str]]) -> None:
    found = made(*(row(f"p{person}", item, at) for person, at, item in rows))
    kept = [(f"p{person}", at, item) for person, at, item in rows if item != "z"]
    for person, user in enumerate(found.users):
        expected = sorted(((at, item) for who, at, item in kept if who == user), key=lambda e: e[0])
        assert found.item[found.user_slice(person)].tolist() == [
            LETTERS[item] for _, item in expected
        ]
    assert set(found.users) == {who for who, _, _ in kept}


def test_a_behaviour_reads_events_as_the_histories_do() -> None:
    rows = [
        row("ann", None, 1, "search", query="slow film"),
        row("ann", "b", 2, "rating", value=3),
        row("ann", "a", 2, "review", text="fine"),
        row("ann", "zzz", 3),
        row("ann", "c", 4, "impression"),
        row("ann", "d", 5, "hide"),
    ]
    events = [
        Event(str(n), kind, at, user=user, item=item, value=value, text=text, query=query)
        for n, (user, _, item, kind, value, at, text, query) in enumerate(rows)
    ]
    found = made(*rows)
    told = build_user_context(events, LETTERS, EVENT_TYPE_WEIGHTS, found.event_types, now=9)
    same = found.user_context(0, found.event_count)
    for column in ("item", "weight", "kind", "at"):
        assert np.array_equal(getattr(told, column), getattr(same, column))
        assert getattr(told, column).dtype == getattr(same, column).dtype
    assert np.array_equal(told.value, same.value, equal_nan=True)
    assert told.text == same.text == ("slow film", "", "fine", "")
    assert told.now == 9


def test_a_behaviour_is_in_time_order_with_ties_as_stored() -> None:
    events = [event("view", 5, "c"), event("view", 1, "a"), event("view", 5, "b")]
    assert build_user_context(
        events, LETTERS, EVENT_TYPE_WEIGHTS, ("view",), now=9
    ).item.tolist() == [0, 2, 1]


def test_a_kind_that_the_model_does_not_know_is_taken_for_one_of_its_side() -> None:
    weights = {"hide": -1.0, "view": 1.0, "share": 2.0, "block": -3.0, "seen": 0.0}
    kinds = ("hide", "view")
    told = build_user_context(
        [event("share", 0, "a"), event("block", 1, "b"), event("seen", 2, "c")],
        LETTERS,
        weights,
        kinds,
        now=9,
    )
    assert told.kind.tolist() == [1, 0]
    assert told.weight.tolist() == [2, -3]


def test_seeds_come_last_as_views_now() -> None:
    told = build_user_context(
        [event("like", 1, "a")],
        LETTERS,
        EVENT_TYPE_WEIGHTS,
        tuple(EVENT_TYPE_WEIGHTS),
        now=9,
        seeds=["b", "zzz", "c"],
    )
    assert told.consumed_items.tolist() == [0, 1, 2]
    assert [tuple(EVENT_TYPE_WEIGHTS)[code] for code in told.kind] == ["like", "view", "view"]
    assert told.at.tolist() == [1, 9, 9]


def test_query_and_taste_go_with_it_and_nobody_is_an_empty_behaviour() -> None:
    told = build_user_context(
        [], LETTERS, EVENT_TYPE_WEIGHTS, (), now=1, query="red", taste={"genre": ("Drama",)}
    )
    assert (len(told), told.query, told.taste) == (0, "red", {"genre": ("Drama",)})
    assert told.item.dtype == np.int32
    assert build_user_context([], LETTERS, EVENT_TYPE_WEIGHTS, (), now=1, query="").query is None


def test_real_ratings_keep_every_row() -> None:
    index = {item.id: place for place, item in enumerate(ml_small_items())}
    found, gathering = build_interactions(ml_small_rows(), index, EVENT_TYPE_WEIGHTS)
    assert (len(found), found.event_count) == (671, 100_004)
    assert gathering == LoadReport(read=100_004, kept_events=100_004)
    same_person = np.diff(found.row_users()) == 0
    assert np.all(np.diff(found.at)[same_person] >= 0)


@pytest.mark.slow
def test_memory_and_time_grow_with_the_rows_and_no_faster() -> None:
    def cost(n: int) -> tuple[float, float]:
        rows = (row(f"u{k % 997}", "abcd"[k % 4], k) for k in range(n))
        tracemalloc.start()
        started = time.process_time()
        found = build_interactions(rows, LETTERS, EVENT_TYPE_WEIGHTS)[0]
        seconds = time.process_time() - started
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert found.event_count == n
        return seconds, peak / n

    _, few = cost(70_000)
    seconds, many = cost(210_000)
    assert many < few * 1.2
    assert many < 400, "bytes a row at the peak, one chunk of Python objects included"
    assert seconds < 12


def test_the_pasts_of_many_are_the_behaviour_of_each() -> None:
    """Whatever order they come in; numbers say which event each row is."""
    log = [
        ("u", None, "a", "view", None, 5.0, None, None),
        ("u", None, "zzz", "view", None, 1.0, None, None),
        ("v", None, "b", "hide", None, 2.0, None, None),
        ("u", None, "b", "review", 4.0, 5.0, "good", None),
        ("u", None, "a", "impression", None, 6.0, None, None),
        (None, "s", None, "search", None, 3.0, None, "rose"),
        ("u", None, "b", "wish", None, 2.0, None, None),
    ]
    weights, index = {**EVENT_TYPE_WEIGHTS, "wish": 2.0}, {"a": 0, "b": 1}
    kinds = ("view", "hide", "review", "search")  # "wish" came after the training
    found = build_user_histories(list(enumerate(log))[::-1], index, weights, kinds)

    assert {key: numbers.tolist() for key, (numbers, _) in found.items()} == {
        "u": [6, 0, 3],
        "v": [2],
        user_key(None, "s"): [5],
    }
    events = [
        Event(str(n), kind, at, user, session, item, value, text, query)
        for n, (user, session, item, kind, value, at, text, query) in enumerate(log)
    ]
    mine = build_user_context([e for e in events if e.user == "u"], index, weights, kinds, now=0.0)
    one = found["u"][1]
    for name in ("item", "weight", "kind", "value", "at"):
        np.testing.assert_array_equal(getattr(one, name), getattr(mine, name))
    assert one.text == mine.text
