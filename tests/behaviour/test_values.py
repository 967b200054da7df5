"""Cells: what is read from each way of writing it, and what is refused."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest

from foretaste.behaviour import values
from foretaste.behaviour.values import CellError

NOTHING = [None, "", "  ", float("nan"), pd.NaT]


@pytest.mark.parametrize("nothing", NOTHING)
def test_missing(nothing: Any) -> None:
    assert values.is_missing(nothing)
    assert values.parse_identifier(nothing, "user") is None
    assert values.parse_text(nothing, "text") is None
    assert values.parse_number(nothing, "value") is None
    assert values.parse_json_object(nothing, "context") == {}
    assert values.split_values(nothing, "|") == []


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (" ann ", "ann"),
        (31, "31"),
        (31.0, "31"),
        (np.int64(31), "31"),
        (np.float32(31), "31"),
        (1.5, "1.5"),
        ("31.0", "31.0"),
        (b"ann", "ann"),
        (0, "0"),
    ],
)
def test_identifiers(raw: Any, expected: str) -> None:
    assert values.parse_identifier(raw, "user") == expected


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        ("x" * 513, "user of 513 characters"),
        ("a\0b", "user has a NUL character in it"),
        ("a\ud800", "user holds half a character, '\\ud800'"),
        (["a"], "user is a list"),
        ({"a": 1}, "user is an object"),
        (b"\xff", r"is not UTF-8"),
        (1_750_000_000_000_000_001.0, "may have lost its last digits"),
        (np.float64(2**53), "may have lost its last digits"),
        (-1e300, "may have lost its last digits"),
    ],
)
def test_what_is_no_identifier(raw: Any, problem: str) -> None:
    with pytest.raises(CellError) as raised:
        values.parse_identifier(raw, "user")
    assert problem in raised.value.problem


@pytest.mark.parametrize(
    ("raw", "expected"),
    [("4.5", 4.5), (" 4 ", 4.0), (4, 4.0), (Decimal("4.5"), 4.5), ("-1e3", -1000)],
)
def test_numbers(raw: Any, expected: float) -> None:
    assert values.parse_number(raw, "value") == expected


@pytest.mark.parametrize(
    "raw", ["five", "4,5", True, [4], "inf", float("-inf"), "nan", "1e999", {}]
)
def test_what_is_no_number(raw: Any) -> None:
    with pytest.raises(CellError, match=r"value '.*' is not (a number|finite); write a number"):
        values.parse_number(raw, "value")


def test_a_decimal_comma_gets_a_hint() -> None:
    with pytest.raises(CellError, match="with a point for the decimals"):
        values.parse_number("4,5", "value")


AT = datetime(2024, 1, 31, 18, 30, tzinfo=UTC).timestamp()


def test_places() -> None:
    assert [values.parse_positive_integer(raw, "position") for raw in (1, "2", 3.0, None)] == [
        1,
        2,
        3,
        None,
    ]
    for raw in (0, -1, 1.5, "x", 2**40):
        with pytest.raises(CellError):
            values.parse_positive_integer(raw, "position")


def test_mappings() -> None:
    assert values.parse_json_object('{"page": "home", "gone": null}', "context") == {"page": "home"}
    assert values.parse_json_object({"a": [1, {"b": 2}]}, "context") == {"a": [1, {"b": 2}]}
    for raw in ("page=home", "[1]", 7, '{"a": "\\u0000"}', {"a": ["\ud800"]}):
        with pytest.raises(CellError):
            values.parse_json_object(raw, "context")


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("Drama|War", ["Drama", "War"]),
        ("Drama", ["Drama"]),
        (" Drama | |War ", ["Drama", "War"]),
        ('["Drama", "War"]', ["Drama", "War"]),
        ("['Drama', 'War']", ["Drama", "War"]),
        ("[Deluxe edition]", ["[Deluxe edition]"]),
        (["Drama", None, "", "War"], ["Drama", "War"]),
        (np.array(["Drama", "War"]), ["Drama", "War"]),
        (("Drama",), ["Drama"]),
        (1995, [1995]),
        ("[]", []),
    ],
)
def test_lists(raw: Any, expected: list[Any]) -> None:
    assert values.split_values(raw, "|") == expected


def test_a_message_shows_a_value_on_one_line() -> None:
    assert values.display_text("a\nb\x1b") == "a\\nb\\x1b"
    assert len(values.display_text("x" * 500)) == 80
    assert values.display_text("\ud800") == "\\ud800"


@pytest.mark.parametrize(
    "values_of_a_cell",
    [
        ["Drama", "War"],
        ["it's", 'say "so"', "back\\slash", "new\nline", "tab\t", "é", "\x07"],
        [1, 2.5, -3, 1e20, True, False],
        [("i1", 4.5), ("i2", 3.0)],
        [("i1",), ["a", ["b"]]],
        [{"item": "i1", "at": 5}],
        ["[", "](", "a, b", "'"],
        ["\U0001f600", "\u200b"],
    ],
)
def test_a_list_as_python_writes_it(values_of_a_cell: list[Any]) -> None:
    def plain(value: Any) -> Any:
        return [plain(part) for part in value] if isinstance(value, list | tuple) else value

    assert values.split_values(str(values_of_a_cell), "|") == plain(values_of_a_cell)
    assert values.split_values(f" {values_of_a_cell}\n", "|") == plain(values_of_a_cell)


def test_missing_values_in_a_list_as_python_writes_it() -> None:
    assert values.split_values("['a', None, nan, 'b']", "|") == ["a", "b"]


@pytest.mark.parametrize(
    "text",
    [
        "['a', __import__('os')]",
        "['a' + 'b']",
        "[1, 2] and [3]",
        "[" * 5_000 + "]" * 5_000,
        "[('a'," * 20_000 + "]",
        "['" + "\\'" * 50_000 + "]",
        "[9" + "9" * 5_000 + ", 'a']",
        "[lambda: 1]",
        "['a' 'b']",
    ],
)
def test_what_only_looks_like_a_list_is_a_text(text: str) -> None:
    found = values.split_values(text, "|")
    assert found == [text]
