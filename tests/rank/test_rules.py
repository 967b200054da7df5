"""Rules: what each does to a list, and what is said of one that cannot be read."""

import math
from typing import Any

import numpy as np
import pytest

from foretaste.domain.data import Request
from foretaste.errors import InputError
from foretaste.rank.rules import (
    RULE_TYPE_BY_NAME,
    RULE_TYPES,
    add_default_floors,
    parse_rule,
    parse_rules,
    settle_floors,
)
from foretaste.rank.slate import Slate, SlateDraft

from .shop import film, index_of

FILMS = [
    film("a", "drama"),
    film("b", "drama"),
    film("c", "drama|war"),
    film("d", "comedy"),
    film("e", "comedy"),
    film("f", "odd"),
]
SCORES = np.array([6, 5, 4, 3, 2, 1], np.float32)


def drafted(
    asked: list[Any], n: int = 4, hidden: str = "", **more: Any
) -> tuple[SlateDraft, Slate]:
    hide = np.array([one.id in hidden for one in FILMS])
    draft = SlateDraft(SCORES, hide, hide, index_of(FILMS), n, **more)
    for one in parse_rules(asked):
        one.apply(draft, "rules.0")
    return draft, draft.build_slate(np.random.default_rng)


def listed(asked: list[Any], n: int = 4, **more: Any) -> str:
    _, choice = drafted(asked, n, **more)
    return "".join(FILMS[item].id for item in choice.items)


def test_without_rules_the_best_come_first() -> None:
    assert listed([]) == "abcd"


def test_a_boost_adds_to_the_score_and_a_bury_takes_off() -> None:
    assert listed([{"boost": {"genre": "comedy"}, "by": math.exp(2.5)}]) == "adbe"
    assert listed([{"bury": {"genre": "drama"}, "by": math.exp(4.5)}], n=6) == "deafbc"
    _, choice = drafted([{"boost": {"genre": "comedy"}, "by": 2}])
    assert choice.scores[-1] == pytest.approx(3 + math.log(2))
    assert choice.boosts[0].name == "boosted, genre: comedy"
    assert choice.boosts[0].nats == pytest.approx(math.log(2))


def test_a_pin_is_at_its_place() -> None:
    assert listed([{"pin": "f", "at": 2}]) == "afbc"
    assert listed([{"pin": "a", "at": 3}]) == "bcad"
    assert listed([{"pin": "f", "at": 2}, {"pin": "e", "at": 2}]) == "afbc"  # the first holds
    assert drafted([{"pin": "f", "at": 2}])[1].sources == ("model", "pinned", "model", "model")


def test_a_pin_of_what_may_not_be_shown_is_not_shown() -> None:
    assert listed([{"pin": "f", "at": 2}], hidden="f") == "abcd"


def test_a_pin_past_the_end_of_a_short_list_is_its_last() -> None:
    _, choice = drafted([{"pin": "a", "at": 5}], n=6, hidden="cdef")
    assert [FILMS[item].id for item in choice.items] == ["b", "a"]
    assert choice.positions == (1, 2)


def test_pins_are_places_of_the_whole_list() -> None:
    assert listed([{"pin": "f", "at": 2}], offset=4) == "abcd"  # page two has the places 5 to 8
    assert listed([{"pin": "f", "at": 6}], offset=4) == "afbc"


def test_a_quota_of_an_attribute_holds_for_each_of_its_values() -> None:
    assert listed([{"quota": "genre", "max_items": 1}], n=6) == "adf"
    assert listed([{"quota": "genre", "max_items": 2}], n=6) == "abdef"


def test_a_quota_of_a_filter_has_a_most_and_a_least() -> None:
    assert listed([{"quota": {"genre": "drama"}, "max_items": 1}]) == "adef"
    assert listed([{"quota": {"genre": "comedy"}, "min_items": 2}]) == "abed"
    assert listed([{"quota": {"genre": "odd"}, "min_items": 1}]) == "abcf"
    assert (
        listed([{"quota": {"genre": "odd"}, "min_items": 3}]) == "abcf"
    )  # as far as there are any


def test_pins_count_for_a_quota() -> None:
    asked = [{"pin": "c", "at": 4}, {"quota": {"genre": "drama"}, "max_items": 1}]
    assert listed(asked) == "defc"


def test_a_promotion_gets_its_share_spread_over_the_list() -> None:
    asked = [{"promote": {"genre": "comedy"}, "percent": 50}]
    assert listed(asked, n=4) == "adbe"
    assert drafted(asked, n=4)[1].sources == ("model", "promoted", "model", "promoted")
    assert listed([{"promote": {"genre": "odd"}, "percent": 100}], n=3) == "fab"
    assert listed([{"promote": {"genre": "odd"}, "percent": 1}], n=3) == "abc"


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("x", "rules: a rule is an object"),
        ({}, "rules: none of the rules there are; expected one of boost"),
        ({"bost": {}}, "rules: none of the rules there are; did you mean 'boost'?"),
        ({"pin": "a", "boost": {}}, "rules: both boost and pin; one rule an object"),
        ({"pin": "a"}, "rules.at: is missing"),
        ({"pin": "a", "at": 0}, "rules.at: it should be greater than or equal to 1 (sent: 0)"),
        ({"pin": "a", "at": 1, "by": 2}, "rules.by: unknown field"),
        ({"boost": {"a": []}}, "rules.boost.a: 0 values"),
        ({"boost": {"a": "1"}, "by": -1}, "rules.by: it should be greater than 0"),
        ({"boost": {"a": "1"}, "by": math.nan}, "rules.by: "),
        ({"quota": "genre"}, "rules.quota: how many?"),
        ({"quota": "genre", "min_items": 1}, 'rules.quota: "min_items" needs a filter'),
        (
            {"quota": {"a": "1"}, "min_items": 2, "max_items": 1},
            'rules.quota: "min_items" is more than "max_items"',
        ),
        ({"promote": {"a": "1"}, "percent": 101}, "rules.percent: it should be less than or equal"),
    ],
)
def test_a_rule_that_cannot_be_read_is_told(asked: Any, told: str) -> None:
    with pytest.raises(InputError) as error:
        parse_rule(asked)
    assert str(error.value).startswith(told)


def test_what_the_catalogue_does_not_have_is_told() -> None:
    with pytest.raises(InputError, match=r"rules\.0.pin: there is no item 'zz'"):
        listed([{"pin": "zz", "at": 1}])
    with pytest.raises(InputError, match=r"rules\.0\.quota: unknown attribute 'gerne'"):
        listed([{"quota": "gerne", "max_items": 1}])


def test_too_many_rules_are_refused() -> None:
    with pytest.raises(InputError, match="51 rules; give at most 50"):
        parse_rules([{"pin": "a", "at": 1}] * 51)


def test_every_rule_has_a_name_of_its_own() -> None:
    assert list(RULE_TYPE_BY_NAME) == [*("boost", "bury", "pin", "quota", "promote", "floor")]
    assert len(RULE_TYPE_BY_NAME) == len(RULE_TYPES)


def test_a_floor_takes_the_places_where_there_would_be_too_few() -> None:
    comedies = {"floor": {"genre": "comedy"}, "percent": 60, "significance": 0.4}
    draft, choice = drafted([comedies], n=6)
    assert draft.floors[0].minimum_counts.tolist() == [0, 1, 1, 2, 3, 3]
    # the best come first, and of the comedies the better one before the other
    assert "".join(FILMS[item].id for item in choice.items) == "adbecf"
    assert choice.sources == ("model", "promoted", "model", "promoted", "model", "model")


def test_floors_hold_beside_pins_quotas_and_chance() -> None:
    comedies = {"floor": {"genre": "comedy"}, "percent": 60, "significance": 0.4}
    pinned = listed([comedies, {"pin": "f", "at": 2}], n=5)
    assert pinned == "afdeb"  # the pin has its place, and the floor the next
    quota = {"quota": {"genre": "odd"}, "min_items": 1}
    assert set(listed([comedies, quota], n=5)) >= set("def")
    for seed in range(20):
        draft, _ = drafted([comedies], n=5)
        draft.exploration_rate = 1.0
        draft.unexplored_positions = 0
        choice = draft.build_slate(lambda seed=seed: np.random.default_rng(seed))  # type: ignore[misc]
        comedy_count = np.cumsum([FILMS[item].id in "de" for item in choice.items])
        wanted = np.minimum(draft.floors[0].minimum_counts, 2)  # there are two comedies
        assert (comedy_count >= wanted).all()


def test_an_item_of_two_floors_meets_both() -> None:
    common = {"percent": 60, "significance": 0.4}
    floors = [{"floor": {"genre": genre}, **common} for genre in ("war", "drama")]
    choice = drafted(floors, n=3, hidden="ab")[1]
    assert [FILMS[item].id for item in choice.items] == ["c", "d", "e"]


def test_floors_of_the_settings_give_way_and_those_of_a_request_are_refused() -> None:
    def floor(genre: str) -> dict[str, Any]:
        return {"floor": {"genre": genre}, "percent": 90, "significance": 0.4}

    both = [parse_rule(floor("comedy")), parse_rule(floor("odd"))]
    draft = SlateDraft(SCORES, np.zeros(6, bool), np.zeros(6, bool), index_of(FILMS), 5)
    for rule in both:
        rule.apply(draft, "rules.0")
    with pytest.raises(InputError, match=r"cannot be met together.*could be"):
        settle_floors(draft)
    draft.floors.clear()
    both[0].apply(draft, "rules.0")
    add_default_floors(draft, [both[1]], Request())  # type: ignore[list-item]
    settle_floors(draft)
    assert [own.name for own in draft.floors] == ["rules.0.floor"]
    add_default_floors(draft, [both[1]], Request(query="x"))  # type: ignore[list-item]
    assert len(draft.floors) == 1
