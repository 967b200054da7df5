"""Lists bring in what they are asked to, and say in their terms by how much an item is moved."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from foretaste.domain.data import Event
from foretaste.errors import InputError
from foretaste.loop import Foretaste
from foretaste.online.list_goal import GOAL_TERM

START = 1_700_500_000.0
SETTINGS = '[rank]\ngoal = "revenue"\n[rank.goals]\nrevenue = "price * 0.5"\n'


@pytest.fixture
def folder(trained: Path) -> Path:
    """The items of each theme cost 1, 2, 4, … by their number."""
    loop = Foretaste.open(trained)
    items = [item for _, item in loop.store.items()]
    for item in items:
        price = str(2 ** int(item.id.rpartition("-")[2]))
        loop.store.put_items([replace(item, attributes={**item.attributes, "price": (price,)})])
    loop.close()
    return trained


@pytest.fixture
def shop(folder: Path) -> Iterator[Foretaste]:
    loop = Foretaste.open(folder)
    yield loop
    loop.close()


def test_expected_worth_orders_the_list(shop: Foretaste) -> None:
    likely = {item.id: item.score for item in shop.recommend("u1", n=20)}
    worthy = shop.recommend("u1", n=20, goal="price", goal_weight=1.0, explain=True)

    middle = np.median([2.0**number for number in range(10)])
    for item in worthy:
        expected = likely[item.id] + np.log(2.0 ** int(item.id[-1]) / middle)
        assert item.score == pytest.approx(expected, abs=1e-4)
        assert sum(term.nats for term in item.terms) == pytest.approx(item.score, abs=1e-4)
        assert GOAL_TERM in [term.expert for term in item.terms]
    assert [item.id for item in worthy] != list(likely)


def test_the_goal_of_the_settings_holds_for_lists_and_not_for_searches(folder: Path) -> None:
    (folder / "foretaste.toml").write_text((folder / "foretaste.toml").read_text() + SETTINGS)
    shop = Foretaste.open(folder)
    by_goal, off = shop.recommend("u1"), shop.recommend("u1", goal="")
    half = shop.recommend("u1", explain=True)
    search, search_by_price = shop.search("moon"), shop.search("moon", goal="revenue")
    shop.close()

    assert [item.id for item in by_goal] != [item.id for item in off]
    goal_terms = [term.nats for item in half for term in item.terms if term.expert == GOAL_TERM]
    assert max(goal_terms) <= 0.5 * np.log(2.0**9 / np.median([2.0**n for n in range(10)])) + 1e-4
    assert [item.score for item in search] != [item.score for item in search_by_price]
    assert [item.score for item in search] == sorted((item.score for item in search), reverse=True)


def test_events_say_what_an_item_is_worth(shop: Foretaste) -> None:
    shop.record(
        [
            Event(f"r{number}", "rating", START, f"rater{number}", item="space-3", value=5.0)
            for number in range(20)
        ]
        + [
            Event(f"s{number}", "rating", START, f"rater{number}", item="space-5", value=1.0)
            for number in range(20)
        ]
    )
    terms = {
        item.id: term.nats
        for item in shop.recommend("u1", n=20, goal="event_value", explain=True)
        for term in item.terms
        if term.expert == GOAL_TERM
    }
    likely = {item.id for item in shop.recommend("u1", n=20)}
    assert terms.keys() == likely
    if "space-3" in terms:
        assert terms["space-3"] > 0
    if "space-5" in terms:
        assert terms["space-5"] < 0


def test_a_wrong_goal_of_the_settings_is_logged_and_lists_go_on(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    wrong = SETTINGS.replace("price", "prise")
    (folder / "foretaste.toml").write_text((folder / "foretaste.toml").read_text() + wrong)
    shop = Foretaste.open(folder)
    lists = [[item.id for item in shop.recommend("u1", goal=goal)] for goal in (None, None, "")]
    shop.close()

    assert lists[0] == lists[1] == lists[2]
    messages = [record.message for record in caplog.records if "rank.goal" in record.message]
    assert len(messages) == 1
    assert "no column of numbers 'prise'; did you mean 'price'?" in messages[0]


def test_a_goal_that_is_not_there_is_said(shop: Foretaste) -> None:
    with pytest.raises(InputError, match=r"goal: 'prise' is no goal.*did you mean 'price'"):
        shop.recommend("u1", goal="prise")


def test_why_not_says_that_it_brings_in_less(shop: Foretaste) -> None:
    *_, worthless = shop.recommend("u1", n=20, goal="price")
    answer = shop.why_not(worthless.id, "u1", n=3, goal="price")
    differences = {term.expert: term.difference for term in answer.terms}

    assert differences[GOAL_TERM] < 0
