"""What a placement says of a question that names it, and what is wrong with one."""

from typing import Any

import pytest

from foretaste.errors import InputError
from foretaste.rank.placement import (
    check_placement_name,
    parse_placement,
    placement_json,
)

HOME = {
    "n": 12,
    "filter": {"genre": "Drama"},
    "rules": [{"boost": {"genre": "War"}, "by": 2}],
    "diversity": 0.3,
    "fill_up": ["popular"],
    "context": {"surface": "home", "device": "tv"},
    "description": "the first page",
}


def test_the_caller_wins_but_for_filter_and_rules_which_are_added() -> None:
    placement = parse_placement(HOME)
    own = {
        "placement": "home",
        "n": 3,
        "diversity": 0.0,
        "filter": {"year": 1990},
        "rules": ({"pin": "7", "at": 1},),
        "context": {"device": "phone"},
    }
    placed = placement.applied_to(own, {"n", "filter", "rules", "context"})
    assert placed["n"] == 3
    assert placed["diversity"] == 0.3, "the caller did not say 0"
    assert placed["filter"] == {"and": [{"genre": "Drama"}, {"year": 1990}]}
    assert placed["rules"] == ({"boost": {"genre": "War"}, "by": 2}, {"pin": "7", "at": 1})
    assert placed["context"] == {"surface": "home", "device": "phone"}
    assert placed["fill_up"] == ("popular",)
    assert placed["placement_applied"]
    assert placement.applied_to(own, {"diversity"})["diversity"] == 0.0


def test_an_empty_one_says_nothing() -> None:
    own = {"n": 3, "filter": {"a": "b"}}
    assert parse_placement({}).applied_to(own, {"n"}) == {**own, "placement_applied": True}


def test_it_comes_back_as_it_was_written() -> None:
    assert placement_json(parse_placement(HOME)) == HOME
    assert placement_json(parse_placement({})) == {}


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        ([], "it is an object"),
        ({"nn": 3}, "unknown field 'nn'; did you mean"),
        ({"n": 0}, "n: it should be greater than or equal to 1 (sent: 0)"),
        ({"n": "many"}, "n: it should be a valid integer"),
        ({"filter": {"genre": []}}, "genre"),
        ({"filter": {"genre": {"grater": 1}}}, "grater"),
        ({"rules": [{"boots": {}}]}, "rules.0: none of the rules there are; did you mean"),
        ({"rules": [{"pin": "1", "at": 0}]}, "rules.0.at"),
        ({"diversity": 2}, "diversity: it should be less than or equal to 1"),
        ({"diversity": float("nan")}, "diversity"),
        ({"fill_up": ["nothing"]}, "fill_up"),
        ({"fill_up": ["taken", "taken"]}, "names the same twice"),
        ({"timeout_ms": -1}, "timeout_ms"),
        ({"description": "x" * 3000}, "description"),
    ],
)
def test_a_wrong_one_is_refused_and_told(spec: Any, problem: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_placement(spec)
    assert str(caught.value).startswith("placement: ")
    assert problem in str(caught.value)


@pytest.mark.parametrize("name", ["home", "cart-2", "a_b", "7", "a" * 64])
def test_a_name(name: str) -> None:
    assert check_placement_name(name) == name


@pytest.mark.parametrize("name", ["", "Home", "a b", "-a", "a/b", "ü", "a" * 65, "a\n"])
def test_no_name(name: str) -> None:
    with pytest.raises(InputError, match="is no name"):
        check_placement_name(name)
