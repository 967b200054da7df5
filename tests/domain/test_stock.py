"""Whether a column says what is left, and a cell that none is."""

from typing import Any

import pytest

from foretaste.domain.stock import (
    is_sold_out,
    is_stock_column,
    stock_of_columns,
    stock_of_variants,
)


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("in_stock", ["yes", "no"]),
        ("Lagerbestand", ["0", "12 Stück", "3,5"]),
        ("Stock quantity", [4, 0]),
        ("availability", ["in stock", "out_of_stock", "preorder"]),
        ("Disponibilité", ["oui", "en rupture de stock"]),
    ],
)
def test_stock_columns(column: str, values: list[Any]) -> None:
    assert is_stock_column(column, values)


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("stock", ["walnut", "beech"]),
        ("quantity", [1, 2]),
        ("stock", []),
    ],
)
def test_other_columns(column: str, values: list[Any]) -> None:
    assert not is_stock_column(column, values)


@pytest.mark.parametrize(
    ("first", "second", "is_out"),
    [
        ("0", "lieferbar", False),  # made to order
        ("ausverkauft", "12", True),  # it may not be sold
        ("5", "0", True),
        ("0", "5", True),
        ("5", "3", False),
        ("in stock", "out of stock", True),
    ],
)
def test_stock_of_two_columns(first: str, second: str, is_out: bool) -> None:
    assert is_sold_out(stock_of_columns(first, second)) is is_out
    assert is_sold_out(stock_of_columns(second, first)) is is_out


@pytest.mark.parametrize(
    "text", ["0", "-2", "0.00", "no", "Out_of_Stock", "ausverkauft", "0 Stück"]
)
def test_sold_out(text: str) -> None:
    assert is_sold_out(text)


@pytest.mark.parametrize("text", ["1", "12 Stück", "yes", "in stock", "1.200"])
def test_there_are_some(text: str) -> None:
    assert not is_sold_out(text)


@pytest.mark.parametrize(
    ("values", "left"),
    [
        (["0", "5", "-2"], 5),  # sold beyond what was there is no debt of the others
        ([0, 0], 0),
        (["0", "in stock"], "in stock"),
        (["out of stock", "0"], 0),
        (["out of stock"], "out of stock"),
        ([], None),
    ],
)
def test_what_is_left_of_a_product_is_the_sum_of_its_variants(
    values: list[Any], left: object
) -> None:
    assert stock_of_variants(values) == left
