"""Which attributes are amounts: by what their values are, whatever their names."""

import numpy as np
import pytest

from foretaste.domain.data import Catalogue, Floats, Item
from foretaste.domain.feature_types import FeatureSettings, FeatureTyping
from foretaste.prepare.catalogue_builder import build_catalogue
from foretaste.understand.number_columns import NumberColumns
from foretaste.understand.numbers import Bound

PRICES = ("123.9", "17.73", "401.02")
WEIGHTS = ("0.8 kg", "12 kg", "2.75 kg")


def attributes(price: str, weight: str) -> dict[str, tuple[str, ...]]:
    return {"VK brutto": (price,), "VK brutto_band": ("25-50",), "Gewicht": (weight,)}


def catalogue() -> Catalogue:
    items = [
        Item(str(row), f"Grill {row}", attributes=attributes(price, weight))
        for row, (price, weight) in enumerate(zip(PRICES, WEIGHTS, strict=True))
    ]
    price = FeatureSettings(type="price")
    settings = {"VK brutto": price, "VK brutto_band": price}
    vectors: Floats = np.eye(3, 4, dtype=np.float32)
    return build_catalogue(items, vectors, FeatureTyping(settings))


@pytest.mark.parametrize("subject", ["price", "any"])
def test_a_price_is_one_whatever_it_is_called(subject: str) -> None:
    columns = NumberColumns(catalogue())
    price = columns.of_dimension("price")
    assert price is not None
    assert price.name == "VK brutto"
    bound = Bound(subject, high=100.0)  # type: ignore[arg-type]
    assert columns.column_for(bound).name == "VK brutto"


def test_a_weight_is_a_number_and_no_price() -> None:
    columns = NumberColumns(catalogue())
    [weight] = [column for column in columns.columns if column.name == "Gewicht"]
    assert (weight.dimension, weight.low, weight.high) == ("any", 0.8, 12.0)


def test_bands_of_a_price_are_no_amounts_of_their_own() -> None:
    names = {column.name for column in NumberColumns(catalogue()).columns}
    assert names == {"VK brutto", "Gewicht"}


def test_numbers_of_some_items_or_of_all_in_their_order() -> None:
    columns = NumberColumns(catalogue())
    price = columns.of_dimension("price")
    assert price is not None
    assert columns.values_where(price).tolist() == [17.73, 123.9, 401.02]
    mask = np.array([True, False, True])
    assert columns.values_where(price, mask).tolist() == [123.9, 401.02]
    assert columns.values_of(price, ["2", "no item", "1"]) == [401.02, 17.73]
