from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foretaste.domain.data import Floats, Item, UserContext
from foretaste.evaluate import sampled_lists as module
from foretaste.evaluate.sampled_lists import (
    SECONDS_PER_YEAR,
    AvailabilityWindows,
    best_items,
    sampled_lists,
)
from foretaste.rank.top import top_items

from .helpers import cases
from .shops import at, everybody, items, sample, shop

NOTHING = -1


def filled(*places: int) -> list[int]:
    """A list with nothing in its last places."""
    return [*places, *[NOTHING] * (10 - len(places))]


def test_a_list_leaves_out_what_was_taken_and_keeps_catalogue_order() -> None:
    held = cases([0, 1, 2], [3, 4])
    product = sample(held, shop(held, items(5)), 1, 1, 1, 2, 1)
    by_person = dict(zip(product.users.tolist(), product.lists["product"].tolist(), strict=True))
    assert by_person == {0: filled(3, 2, 4), 1: filled(0, 1, 2, 4)}


def test_a_list_keeps_what_was_taken_where_repeats_are_shown_but_nothing_refused() -> None:
    held = cases([0, 1, 2], refused=(0,))
    lists = sample(held, shop(held, items(4)), 9, 8, 7, 6, hide_seen=False).lists["product"]
    assert lists.tolist() == [filled(1, 2, 3)]


def test_a_target_that_no_list_can_show_is_left_out_of_the_comparison() -> None:
    held = cases([0, 1, 0], [0, 1, 2])
    again = sample(held, shop(held, items(3)), 1, 1, 1)
    assert again.targets.tolist() == [[NOTHING], [2]]
    shown = sample(held, shop(held, items(3)), 1, 1, 1, hide_seen=False)
    assert shown.targets.tolist() == [[0], [2]]


def test_what_is_not_on_offer_at_that_moment_is_not_shown() -> None:
    year = 40 * SECONDS_PER_YEAR
    held = at(cases([0, 4], [0, 4]), [year, year + 1, year, year + 9])
    goods = items(6)
    goods[1] = replace(goods[1], hidden=True)
    goods[2] = replace(goods[2], available_from=year + 5)
    goods[3] = replace(goods[3], available_until=year + 5)
    lists = sample(held, shop(held, goods), *[1] * 6)
    assert lists.lists["product"].tolist() == [filled(3, 4, 5), filled(2, 4, 5)]
    assert lists.available.tolist() == [True, False, True, True, True, True]


def test_times_that_are_an_order_do_not_say_what_is_on_offer() -> None:
    goods = [Item("new", available_from=40 * SECONDS_PER_YEAR), Item("old", hidden=True)]
    assert AvailabilityWindows.of(goods).available_at(3).tolist() == [True, False]
    assert AvailabilityWindows.of(goods).available_at(39 * SECONDS_PER_YEAR).tolist() == [
        False,
        False,
    ]


def test_random_items_are_drawn_from_all_that_could_be_shown() -> None:
    held = cases(*([0, 1, 2] for _ in range(60)))
    drawn = sample(held, shop(held, items(5)), *[1] * 5).random
    share = np.bincount(drawn.ravel(), minlength=5) / drawn.size
    assert share == pytest.approx([0, 0, 1 / 3, 1 / 3, 1 / 3], abs=0.08)


def test_the_last_items_taken_stand_for_the_taste_of_a_person() -> None:
    held = cases([*range(60), 60], refused=(59,))
    lists = sample(held, shop(held, items(70)), *[1] * 70)
    assert lists.recent[0].tolist() == list(range(9, 59))


def test_each_case_has_its_own_list_whatever_the_batch() -> None:
    chance = np.random.default_rng(0)
    held = cases(*(chance.permutation(30)[: chance.integers(1, 9)].tolist() for _ in range(40)))
    table = chance.random((30, 30), dtype=np.float32)

    def scores(behaviours: list[UserContext]) -> dict[str, Floats]:
        return {"a": np.stack([table[b.item.sum() % 30] for b in behaviours])}

    goods = shop(held, items(30))
    whole = sampled_lists(scores, held, goods, hide_seen=True)
    parts = sampled_lists(scores, held, goods, hide_seen=True, batch_size=7)
    assert whole.lists["a"].tolist() == parts.lists["a"].tolist()
    behaviours = held.user_contexts(0, 40)
    for person, list_ in zip(whole.users, whole.lists["a"], strict=True):
        row = table[behaviours[person].item.sum() % 30].copy()
        hide = np.zeros(30, np.bool_)
        hide[behaviours[person].item] = True
        assert list_.tolist() == top_items(row, 10, hidden=hide).tolist()


def test_no_more_cases_are_looked_at_than_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_CASES", 5)
    held = cases(*([0, 1] for _ in range(20)))
    asked = 0

    def scores(behaviours: list[UserContext]) -> dict[str, Floats]:
        nonlocal asked
        asked += len(behaviours)
        return everybody(product=[1, 2, 3])(behaviours)

    lists = sampled_lists(scores, held, shop(held, items(3)), hide_seen=True)
    assert asked == len(lists) == 5
    assert len(set(lists.users.tolist())) == 5


def test_one_case_a_person_is_their_last() -> None:
    held = cases([0, 1, 2], [3, 4])
    more = replace(held, user_indices=np.array([0, 0, 1]), target_rows=np.array([1, 2, 4]))
    lists = sample(more, shop(held, items(6)), *[1] * 6)
    assert lists.positions[lists.latest_cases()].tolist() == [2, 4]


@given(st.data(), st.integers(1, 14), st.integers(1, 12))
def test_the_best_items_are_those_of_a_shown_list(data: st.DataObject, size: int, n: int) -> None:
    row = data.draw(st.lists(st.integers(-2, 2), min_size=size, max_size=size))
    hide = np.array(data.draw(st.lists(st.booleans(), min_size=size, max_size=size)))
    scores = np.array(row, np.float32)
    best = best_items(scores, np.flatnonzero(~hide), n).tolist()
    shown = top_items(scores, n, hidden=hide).tolist()
    assert best == shown + [NOTHING] * (n - len(shown))
