"""Whether a column says what is left, and a cell that none is."""

from typing import Any

import pytest

from foretaste.domain.stock import is_sold_out, is_stock_column, stock_of_variants


@pytest.mark.parametrize(
    ("column", "values"),
    [
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
        ("in_stock", ["yes"]),  # is ours already
        ("stock", ["walnut", "beech"]),
        ("quantity", [1, 2]),
        ("stock", []),
    ],
)
def test_other_columns(column: str, values: list[Any]) -> None:
    assert not is_stock_column(column, values)


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
