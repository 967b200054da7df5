"""What is used up comes back when it is due, and not before."""

import numpy as np
import pytest

from foretaste.domain.data import Event, UserContext
from foretaste.prepare.interactions import build_interactions, build_user_context
from foretaste.rank.returning import learn_intervals, recent_items, returning_items
from foretaste.rank.trade_settings import ReplenishSettings

DAY = 86_400.0
START = 1_700_000_000.0
INDEX = {"coffee": 0, "tent": 1, "gift": 2}
WEIGHTS = {"view": 1.0, "purchase": 3.0}
KINDS = ("view", "purchase")
SETTINGS = ReplenishSettings()


def bought(days_ago: float, item: str = "coffee", kind: str = "purchase") -> Event:
    return Event(f"{item}{days_ago}{kind}", kind, START - days_ago * DAY, user="u", item=item)


def context(*events: Event) -> UserContext:
    return build_user_context(events, INDEX, WEIGHTS, KINDS, now=START)


def test_intervals_are_of_what_people_buy_again_at_about_the_same_time() -> None:
    rows = [
        (
            f"u{user}",
            None,
            "coffee",
            "purchase",
            None,
            START + (28 * turn + user % 3) * DAY,
            None,
            None,
        )
        for user in range(5)
        for turn in range(3)
    ]
    rows += [
        (f"u{user}", None, "gift", "purchase", None, START + gap * DAY, None, None)
        for user, gaps in enumerate(([0, 3], [0, 300], [0, 40], [0, 9], [0, 120], [0, 700]))
        for gap in gaps
    ]
    rows += [(f"u{user}", None, "tent", "purchase", None, START, None, None) for user in range(9)]
    interactions, _ = build_interactions(rows, INDEX, WEIGHTS)
    intervals = learn_intervals(interactions, SETTINGS)
    assert set(intervals) == {INDEX["coffee"]}
    assert intervals[INDEX["coffee"]] == pytest.approx(28 * DAY)


@pytest.mark.parametrize(
    ("days_ago", "due", "early"),
    [
        pytest.param((3,), [], [0], id="just bought"),
        pytest.param((27,), [0], [], id="due"),
        pytest.param((200,), [], [], id="bought elsewhere since"),
        pytest.param((100, 86, 72, 58, 14), [0], [], id="who comes back sooner than others"),
    ],
)
def test_an_item_is_due_by_its_interval(
    days_ago: tuple[float, ...], due: list[int], early: list[int]
) -> None:
    intervals = np.array([28 * DAY, np.nan, np.nan])
    found = returning_items(context(*map(bought, days_ago)), KINDS, intervals, SETTINGS)
    assert found.due_items.tolist() == due
    assert found.early_items.tolist() == early


def test_the_habit_of_one_person_is_not_everybodys() -> None:
    rows = [
        ("u", None, "coffee", "purchase", None, START + 28 * turn * DAY, None, None)
        for turn in range(9)
    ]
    interactions, _ = build_interactions(rows, INDEX, WEIGHTS)
    assert not learn_intervals(interactions, SETTINGS)


def test_of_what_nobody_bought_again_nothing_is_known() -> None:
    interactions, _ = build_interactions([], INDEX, WEIGHTS)
    assert not learn_intervals(interactions, SETTINGS)


def test_a_look_uses_nothing_up_and_a_tent_does_not_run_out() -> None:
    intervals = np.array([28 * DAY, np.nan, np.nan])
    events = (bought(27, kind="view"), bought(27, "tent"))
    found = returning_items(context(*events), KINDS, intervals, SETTINGS)
    assert not len(found.due_items)
    assert not len(found.early_items)


def test_a_pause_holds_for_what_was_taken_within_it() -> None:
    assert recent_items(context(bought(0.01), bought(2, "tent")), DAY).tolist() == [0]
