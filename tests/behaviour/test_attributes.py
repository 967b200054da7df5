"""Which columns of items are text, attributes, prices or nothing."""

from typing import Any

import pytest

from foretaste.behaviour.attributes import (
    ColumnRole,
    attribute_values,
    column_roles,
    load_column_roles,
    role_of_value,
    save_column_roles,
)
from foretaste.behaviour.reading.prices import price_band
from foretaste.behaviour.settings import BehaviourSettings
from foretaste.behaviour.store import SqlStore
from foretaste.behaviour.values import CellError

SETTINGS = BehaviourSettings()
SENTENCE = "A long sentence about what happens in the film and why it matters so much to them"


def role(column: str, values: list[Any], settings: BehaviourSettings = SETTINGS) -> ColumnRole:
    rows = [{column: value} for value in values]
    return column_roles([column], rows, settings, {})[column][0]


@pytest.mark.parametrize(
    ("column", "values", "expected"),
    [
        ("genres", ["Drama|War", "Comedy"] * 50, "attribute"),
        ("genres", [["Drama", "War"], ["Comedy"]] * 50, "attribute"),
        ("genres", ["Drama, War", "Comedy", "War, Drama, Comedy"] * 50, "commas"),
        ("year", [1995.0, 1996.0] * 50, "attribute"),
        ("brand", ["Acme, Inc", "Widgets"] * 10, "attribute"),
        ("plot", ["short", None], "text"),
        ("Product Description", ["short"], "text"),
        ("blurb", [SENTENCE] * 3, "text"),
        ("cast", ["|".join(f"Actor {n % 7}" for n in range(20))] * 60, "attribute"),
        ("price", ["12.50", 3, None], "price"),
        ("price", [["12.50"], [3, "4"]], "price"),
        ("price", [["12.50", "call us"]], "attribute"),
        ("price", ["12.50", "call us"], "attribute"),
        ("price_band", ["10-25"], "attribute"),
        ("asin", [f"B00{n}" for n in range(60)], "skip"),
        ("asin", [f"B00{n}" for n in range(50)], "attribute"),
        ("details", [{"a": 1}], "skip"),
        ("empty", [None, ""], "attribute"),
    ],
)
def test_decided_on_the_first_rows(column: str, values: list[Any], expected: ColumnRole) -> None:
    assert role(column, values) == expected


def test_the_settings_win() -> None:
    settings = BehaviourSettings(attribute_columns=("asin", "plot"), text_columns=("genres",))
    assert role("asin", [f"B00{n}" for n in range(60)], settings) == "attribute"
    assert role("plot", [SENTENCE], settings) == "attribute"
    assert role("genres", ["Drama"], settings) == "text"


def test_the_decision_on_more_values_stays() -> None:
    rows = [{"brand": f"brand {n}"} for n in range(60)]
    before: dict[str, tuple[ColumnRole, int]] = {"brand": ("attribute", 2_000)}
    assert column_roles(["brand"], rows, SETTINGS, before) == before
    few: dict[str, tuple[ColumnRole, int]] = {"brand": ("attribute", 3)}
    assert column_roles(["brand"], rows, SETTINGS, few) == {"brand": ("skip", 60)}


def test_a_single_value_decides_for_an_item_sent_alone() -> None:
    assert role_of_value("mood", "dark", "|") == "attribute"
    assert role_of_value("mood", ["dark"], "|") == "attribute"
    assert role_of_value("blurb", SENTENCE, "|") == "text"
    assert role_of_value("price", 3, "|") == "price"
    with pytest.raises(CellError, match="mood is an object; give a word"):
        role_of_value("mood", {"a": 1}, "|")


@pytest.mark.parametrize(
    ("raw", "role", "expected"),
    [
        (1995.0, "attribute", ("1995",)),
        ("1995.0", "attribute", ("1995",)),
        ("8.3", "attribute", ("8.3",)),
        (True, "attribute", ("true",)),
        ("Drama| War |Drama|", "attribute", ("Drama", "War")),
        ("Drama, War", "attribute", ("Drama, War",)),
        ("Drama, War", "commas", ("Drama", "War")),
        (["Drama", None], "attribute", ("Drama",)),
        ("(no genres listed)", "attribute", ()),
        (None, "attribute", ()),
    ],
)
def test_values(raw: Any, role: ColumnRole, expected: tuple[str, ...]) -> None:
    assert attribute_values("x", raw, role, "|") == {"x": expected}


@pytest.mark.parametrize(
    ("raw", "exact", "bands"),
    [
        (0, ["0"], ["0-10"]),
        (9.99, ["9.99"], ["0-10"]),
        (10, ["10"], ["10-25"]),
        ("$99.99", ["99.99"], ["50-100"]),
        ("1,299.00 EUR", ["1299"], ["250+"]),
        (250, ["250"], ["250+"]),
        (["7.5"], ["7.5"], ["0-10"]),
        ([7.5, 9, 12, 9], ["7.5", "9", "12"], ["0-10", "10-25"]),
    ],
)
def test_a_price_is_kept_as_it_is_and_as_a_band(
    raw: Any, exact: list[str], bands: list[str]
) -> None:
    found = dict(attribute_values("price", raw, "price", "|"))
    found.pop("price_currency", None)
    assert found == {"price": tuple(exact), "price_band": tuple(bands)}
    again = attribute_values("price", list(found["price"]), "price", "|")
    assert again == found, "as it is told, it may be sent again"


def test_the_currency_of_a_price_is_kept() -> None:
    found = attribute_values("price", ["$5.50", "7 EUR", "$6"], "price", "|")
    assert found["price_currency"] == ("$", "EUR")


def test_without_an_amount_there_is_no_price() -> None:
    for nothing in (None, "call us", True, float("inf"), [], [3, "?"]):
        assert not any(attribute_values("price", nothing, "price", "|").values())
    assert price_band(30) == "25-50"


def test_what_is_decided_is_remembered(store: SqlStore) -> None:
    assert load_column_roles(store, "items") == {}
    save_column_roles(store, "items", {"genre": ("commas", 60), "asin": ("skip", 60)})
    save_column_roles(store, "items", {"genre": ("attribute", 90)})
    assert load_column_roles(store, "items") == {"genre": ("attribute", 90), "asin": ("skip", 60)}
    assert load_column_roles(store, "users") == {}
