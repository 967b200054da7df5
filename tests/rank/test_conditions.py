"""Filters as people write them: what can be read, and what is said of what cannot."""

import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foretaste.errors import InputError
from foretaste.rank.conditions import (
    MAX_DEPTH,
    About,
    And,
    AnyOf,
    Exists,
    IdIn,
    Not,
    Or,
    Range,
    condition_columns,
    parse_condition,
    parse_decimal,
    parse_number,
)


def test_the_simple_form() -> None:
    assert parse_condition({"genre": "Drama"}) == AnyOf("genre", ("Drama",))
    assert parse_condition({"genre": ["Drama", "War", "Drama"]}) == AnyOf("genre", ("Drama", "War"))
    assert parse_condition({"genre": "Drama", "year": 1995.0}) == And(
        (AnyOf("genre", ("Drama",)), AnyOf("year", numbers=(Decimal(1995),)))
    )
    assert parse_condition({"new": True}) == AnyOf("new", flags=(True,))
    assert parse_condition({}) == And(())


def test_topics_are_read_as_words() -> None:
    assert parse_condition({"about": " Space  Ships\n"}) == About("space ships")
    assert parse_condition({"about": ["soup", "SALT", "soup"]}) == Or(
        (About("soup"), About("salt"))
    )


def test_a_text_a_number_and_a_flag_are_three_conditions() -> None:
    conditions = [parse_condition({"new": value}) for value in ("1", 1, True, "true", False, 0)]
    assert len(set(conditions)) == len(conditions)
    assert parse_condition({"size": [1.0, 1]}) == parse_condition({"size": 1})
    assert str(parse_condition({"size": ["S", 40.0, 40.5, True]})) == "size: S, 40, 40.5, true"


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        (" 4.50 ", Decimal("4.5")),
        ("1e3", Decimal(1000)),
        ("-.5", Decimal("-0.5")),
        ("1750000000000000001", Decimal(1750000000000000001)),
        ("1_000", None),
        ("2026-02-01", None),
        ("inf", None),
        ("nan", None),
        ("1e" + "9" * 30, None),
    ],
)
def test_what_is_a_number_exactly(text: str, amount: Decimal | None) -> None:
    assert parse_decimal(text) == amount


def test_tests_of_values() -> None:
    assert parse_condition({"genre": {"in": ["a", "b"]}}) == AnyOf("genre", ("a", "b"))
    assert parse_condition({"genre": {"not_in": "a"}}) == Not(AnyOf("genre", ("a",)))
    assert parse_condition({"genre": {"all": ["a", "b"]}}) == And(
        (AnyOf("genre", ("a",)), AnyOf("genre", ("b",)))
    )
    assert parse_condition({"genre": {"exists": True}}) == Exists("genre")
    assert parse_condition({"genre": {"exists": False}}) == Not(Exists("genre"))
    assert parse_condition({"id": ["7", 8]}) == IdIn(("7", "8"))


def test_ranges_are_open_or_closed_and_take_dates() -> None:
    assert parse_condition({"year": {"gte": 1990, "lt": 2000}}) == Range(
        "year", 1990, 2000, False, True
    )
    assert parse_condition({"year": {"gt": "1990"}}) == Range("year", 1990, math.inf, True, False)
    assert parse_condition({"day": {"lte": "1970-01-02"}}) == Range("day", -math.inf, 86400.0)
    both = parse_condition({"year": {"gte": 1990, "not_in": ["1995"]}})
    assert both == And((Range("year", 1990), Not(AnyOf("year", ("1995",)))))


def test_filters_are_joined() -> None:
    asked = {"or": [{"a": "1"}, {"and": [{"b": "2"}, {"not": {"c": "3"}}]}], "d": "4"}
    assert parse_condition(asked) == And(
        (
            Or((AnyOf("a", ("1",)), And((AnyOf("b", ("2",)), Not(AnyOf("c", ("3",))))))),
            AnyOf("d", ("4",)),
        )
    )
    assert list(condition_columns(parse_condition(asked))) == ["a", "b", "c", "d"]


def test_a_condition_says_what_it_is() -> None:
    asked = {"year": {"gte": 1990, "lt": 2000}, "not": {"genre": ["War", "Horror"]}}
    assert str(parse_condition(asked)) == "year ≥ 1990, < 2000 and not (genre: War, Horror)"


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("Drama", "filter: a filter is an object; write it like"),
        ({"or": {"a": "1"}}, "filter.or: it needs a list of filters"),
        ({"and": []}, "filter.and: it needs a list of filters"),
        ({"and": ["x"]}, "filter.and.0: a filter is an object"),
        ({"year": {"gte": "old"}}, "filter.year.gte: 'old' is not a number; give one, or an ISO"),
        ({"year": {"gte": True}}, "filter.year.gte: True is not a number"),
        ({"year": math.inf}, "filter.year: inf is no value; give text, a number or true/false"),
        ({"year": {"gt": 1, "gte": 2}}, "filter.year: both gt and gte; leave one out"),
        ({"year": {"ge": 1}}, "filter.year: unknown test 'ge'; did you mean 'gte'?"),
        ({"year": {}}, "filter.year: an empty object; expected one of in, not_in"),
        ({"genre": []}, "filter.genre: 0 values; give 1 to 1,000"),
        ({"genre": [None]}, "filter.genre: None is no value; give text, a number or true/false"),
        ({"genre": {"exists": "yes"}}, "filter.genre.exists: it is true or false, this is 'yes'"),
        ({"id": {"gt": 3}}, "filter.id: ids have no order"),
        ({"available_until": "soon"}, "filter.available_until: it is a time; give a range"),
        ({"a": [str(n) for n in range(1001)]}, "filter.a: 1,001 values"),
        ({"or": [{"a": "1"}] * 201}, "filter: more than 200 conditions"),
    ],
)
def test_what_cannot_be_read_is_named(asked: object, told: str) -> None:
    with pytest.raises(InputError) as error:
        parse_condition(asked)
    assert str(error.value).startswith(told)


def test_nesting_has_an_end() -> None:
    asked: dict[str, object] = {"a": "1"}
    for _ in range(MAX_DEPTH):
        asked = {"not": asked}
    with pytest.raises(InputError, match="nested more than 10 levels"):
        parse_condition(asked)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_are_read_as_written(value: float) -> None:
    assert parse_number(value) == parse_number(repr(value)) == value


def test_what_is_no_number() -> None:
    assert [parse_number(one) for one in ("", "nan", "inf", "abc", None, True, [1])] == [None] * 7
