"""The values of attributes, and what the store remembers of their columns."""

from typing import Any

import pytest

from foretaste.behaviour.attributes import (
    attribute_values,
    load_column_decisions,
    save_column_decisions,
)
from foretaste.behaviour.column_roles import ColumnDecision
from foretaste.behaviour.reading.prices import price_band
from foretaste.behaviour.store import SqlStore


@pytest.mark.parametrize(
    ("raw", "separator", "expected"),
    [
        (1995.0, "|", ("1995",)),
        ("1995.0", "|", ("1995",)),
        ("8.3", "|", ("8.3",)),
        (True, "|", ("true",)),
        ("Drama| War |Drama|", "|", ("Drama", "War")),
        ("Drama, War", "|", ("Drama, War",)),
        ("Drama, War", ",", ("Drama", "War")),
        ("Drama| War", "", ("Drama| War",)),
        ('["Drama", "War"]', "", ("Drama", "War")),
        (["Drama", None], "|", ("Drama",)),
        ("(no genres listed)", "|", ()),
        (None, "|", ()),
    ],
)
def test_values(raw: Any, separator: str, expected: tuple[str, ...]) -> None:
    assert attribute_values("x", raw, "attribute", separator) == {"x": expected}


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
    assert load_column_decisions(store, "items") == {}
    genre, asin = ColumnDecision("attribute", 60, ";"), ColumnDecision("skip", 60)
    save_column_decisions(store, "items", {"genre": genre, "asin": asin})
    assert load_column_decisions(store, "items") == {"genre": genre, "asin": asin}
    save_column_decisions(store, "items", {"genre": ColumnDecision("text", 90)})
    again = load_column_decisions(store, "items")
    assert again == {"genre": ColumnDecision("text", 90), "asin": asin}
    assert load_column_decisions(store, "users") == {}


def test_what_older_versions_remembered_is_understood(store: SqlStore) -> None:
    store.put_meta_text("items_columns", '{"genre": ["commas", 60], "brand": ["attribute", 9]}')
    assert load_column_decisions(store, "items") == {
        "genre": ColumnDecision("attribute", 60, ","),
        "brand": ColumnDecision("attribute", 9),
    }
