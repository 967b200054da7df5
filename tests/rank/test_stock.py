"""What is sold out, however a shop writes it."""

import pytest

from foretaste.domain.data import Item
from foretaste.rank.stock import sold_out_items

from .shop import index_of


@pytest.mark.parametrize(
    ("value", "is_out"),
    [
        ("yes", False),
        ("no", True),
        ("0", True),
        ("12", False),
        ("-3", True),
        ("0.0", True),
        ("Out of stock", True),
        ("out_of_stock", True),
        ("in_stock", False),
        ("preorder", False),
        ("false", True),
        ("Ausverkauft", True),
    ],
)
def test_a_value(value: str, is_out: bool) -> None:
    items = [
        Item("a", title="a", attributes={"stock": (value,)}),
        Item("b", title="b"),
    ]
    mask = sold_out_items(index_of(items), "stock")
    assert mask is not None
    assert mask.tolist() == [is_out, False]


def test_the_name_that_a_file_had_for_it() -> None:
    items = [Item("a", title="a", attributes={"in_stock": ("0",)}), Item("b", title="b")]
    mask = sold_out_items(index_of(items), "Lagerbestand")
    assert mask is not None
    assert mask.tolist() == [True, False]
    assert sold_out_items(index_of(items), "colour") is None


def test_a_catalogue_without_the_column_has_everything() -> None:
    assert sold_out_items(index_of([Item("b", title="b")]), "stock") is None
