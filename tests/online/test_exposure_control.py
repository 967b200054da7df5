"""Over many lists each group has the share that it is to have, and no more is paid than that."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from foretaste.domain.data import Request
from foretaste.errors import SettingsError
from foretaste.loop import Foretaste
from foretaste.online.exposure_control import (
    FIRST_PRICE,
    MAX_PRICE,
    MIN_PRICE,
    ExposureState,
    attention_share,
)

SPACE, KITCHEN = {"genre": "space"}, {"genre": "kitchen"}


@pytest.fixture
def trained_once(trained: Path) -> Iterator[Any]:
    opened: list[Foretaste] = []

    def open_with(*targets: dict[str, Any]) -> Foretaste:
        shop = Foretaste.open(trained, settings={"rank.exposure": list(targets), "rank.n": 6})
        opened.append(shop)
        return shop

    yield open_with
    for shop in opened:
        shop.close()


def serve(shop: Foretaste, rounds: int, people: tuple[str, ...] = ("u1", "u3", "u5")) -> float:
    """The share of attention that something about space had in the last third."""
    shares = []
    for number in range(rounds):
        user = people[number % len(people)]
        items = shop.recommend(user, incognito=True).items
        is_space = np.array([item.id.startswith("space") for item in items])
        shares.append(attention_share(is_space))
    last = shares[-rounds // 3 :]
    return sum(last) / len(last)


def state(shop: Foretaste) -> ExposureState:
    return shop.slates.exposure.states()[0]


def test_a_floor_is_reached_and_told(trained_once: Any) -> None:
    """These people are shown space alone; the kitchen is to have two fifths."""
    assert serve(trained_once(), 6) > 0.85
    shop = trained_once({"filter": KITCHEN, "min_share": 0.4})
    assert serve(shop, 90) == pytest.approx(0.6, abs=0.1)
    assert state(shop).share == pytest.approx(0.4, abs=0.12)
    assert FIRST_PRICE < state(shop).probability < MAX_PRICE
    gauges = shop.slates.exposure.gauges()
    (share_name,) = [name for name in gauges if name.startswith("foretaste_exposure_share:")]
    assert gauges[share_name] == state(shop).share
    explained = shop.recommend("u1", explain=True)
    kitchen = [item for item in explained if item.id.startswith("kitchen")]
    for item in kitchen:
        terms = {term.expert: term.nats for term in item.terms}
        assert terms["exposure"] > 0


def test_a_ceiling_is_kept_and_what_has_its_share_is_left_alone(trained_once: Any) -> None:
    shop = trained_once({"filter": SPACE, "max_share": 0.5}, {"filter": KITCHEN, "max_share": 0.9})
    assert serve(shop, 90) == pytest.approx(0.5, abs=0.1)
    kitchen = shop.slates.exposure.states()[1]
    assert kitchen.probability == pytest.approx(-MIN_PRICE, rel=1e-3)


def test_searches_and_lists_of_ones_own_are_left_alone(trained_once: Any) -> None:
    shop = trained_once({"filter": KITCHEN, "min_share": 0.4})
    serve(shop, 30)
    before = state(shop)
    for fields in ({"query": "a rocket"}, {"candidates": ("space-1", "kitchen-1")}):
        listed = shop.recommend(Request(user="u1", explain=True, **fields))
        assert not any(term.expert == "exposure" for item in listed for term in item.terms)
    assert state(shop) == before
    shop.why_not("space-1", "u1")  # asked, and not served
    assert state(shop) == before


def test_a_column_that_is_not_there_changes_nothing(trained_once: Any) -> None:
    shop = trained_once({"filter": {"maker": "small"}, "min_share": 0.4})
    assert shop.recommend("u1").items
    assert state(shop).lists == 0


def test_what_cannot_be_met_together_is_refused_with_what_could_be(tmp_path: Path) -> None:
    targets = [{"filter": SPACE, "min_share": 0.8}, {"filter": KITCHEN, "min_share": 0.4}]
    with pytest.raises(
        SettingsError, match=r"want 1\.20 of the places.*space 0\.67, kitchen 0\.33"
    ):
        Foretaste.open(tmp_path, settings={"rank.exposure": targets})
    for wrong in ({"filter": SPACE}, {"filter": SPACE, "min_share": 0.5, "max_share": 0.4}):
        with pytest.raises(SettingsError, match="exposure"):
            Foretaste.open(tmp_path, settings={"rank.exposure": [wrong]})


def test_floors_of_the_settings_hold_in_each_list(trained: Path) -> None:
    floors = [{"floor": KITCHEN, "percent": 60, "significance": 0.4}]
    shop = Foretaste.open(trained, settings={"rank.floors": floors, "rank.n": 6})
    for user in ("u1", "u3"):
        items = shop.recommend(user).items
        kitchen = [item for item in items if item.id.startswith("kitchen")]
        assert len(kitchen) >= 3
        assert kitchen[0].position <= 3
    assert not shop.recommend("u1", query="a rocket", n=3).items[2].id.startswith("kitchen")
    shop.close()
