"""Numbers and prices as shops write them: the price that was meant, or a refusal that says why."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import foretaste
from foretaste.behaviour.settings import BehaviourSettings
from foretaste.errors import InputError

from .conftest import Shop


def prices(shop: Shop, cells: list[str], **settings: Any) -> list[tuple[str, ...]]:
    """The prices of items with these cells."""
    frame = pd.DataFrame({"id": [f"i{n}" for n in range(len(cells))], "price": cells})
    path = shop.folder / "items.csv"
    frame.to_csv(path, index=False)
    shop.add("items", path, **settings)
    return [item.attributes.get("price", ()) for item in shop.items.values()]


@pytest.mark.parametrize(
    ("cell", "price"),
    [
        ("1.299,00", "1299"),
        ("8,79", "8.79"),
        ("1 299,00", "1299"),
        ("1\u00a0299,00", "1299"),
        ("1\u202f299,00 €", "1299"),
        ("$1,299.00", "1299"),
        ("1'299.50", "1299.5"),
        ("CHF 1’299.50", "1299.5"),
        ("₹1,29,900.00", "129900"),
        ("1299.-", "1299"),
        ("5,-", "5"),
        ("EUR 5", "5"),
        ("12,50 zł", "12.5"),
        ("kr 1.299,00", "1299"),
        ("R$ 5,00", "5"),
        ("1.299.000", "1299000"),
        ("1,299,000", "1299000"),
        ("0.125", "0.125"),
        (",50", "0.5"),
        ("From $10", "10"),
        ("Rs. 1,200.00", "1200"),
        ("free", "0"),
        ("5", "5"),
    ],
)
def test_a_price_is_the_one_that_was_meant(shop: Shop, cell: str, price: str) -> None:
    assert prices(shop, [cell]) == [(price,)]


def test_a_cell_that_could_be_two_is_told_by_its_column(shop: Shop) -> None:
    assert prices(shop, ["1.299", "8,79"]) == [("1299",), ("8.79",)]
    assert prices(shop, ["1.299", "0.5"]) == [("1.299",), ("0.5",)]


def test_the_column_is_told_by_a_row_far_down(shop: Shop) -> None:
    assert prices(shop, ["1.299"] * 2_100 + ["8,79"])[0] == ("1299",)


def test_a_column_that_could_be_two_is_left_out_until_the_setting_tells(shop: Shop) -> None:
    frame = pd.DataFrame({"id": ["a", "b"], "title": ["A", "B"], "price": ["1.299", "2.450"]})
    result = shop.add("items", frame)
    assert result.rejected == 0
    assert "price" not in shop.items["a"].attributes
    assert any(
        "'1.299' could be 1.299 or 1299" in warning and "behaviour.locale" in warning
        for warning in result.warnings
    )
    shop.add("items", frame, locale="de_DE")
    assert shop.items["a"].attributes["price"] == ("1299",), "the remedy works"
    shop.add("items", frame, locale="en_US")
    assert shop.items["a"].attributes["price"] == ("1.299",)


def test_a_column_with_both_marks_has_each_read_that_tells_by_itself(shop: Shop) -> None:
    frame = pd.DataFrame({"id": list("abc"), "price": ["8,79", "8.79", "1.299"]})
    result = shop.add("items", frame)
    assert [item.attributes["price"] for item in shop.items.values()] == [("8.79",), ("8.79",)]
    assert "could be two numbers" in result.rejects[0].problem
    assert any("with a point and with a comma" in warning for warning in result.warnings)


@pytest.mark.parametrize("cell", ["-5.00", "−5.00", "(5.00)", "$-5", "-$5", "- 5,00 €", "5.00-"])
def test_a_price_below_0_is_refused(shop: Shop, cell: str) -> None:
    frame = pd.DataFrame({"id": ["a", "b"], "price": [cell, "7"]})
    result = shop.add("items", frame)
    assert "is below 0" in result.rejects[0].problem
    assert list(shop.items) == ["b"]
    assert "is below 0" in shop.send_items({"id": "c", "price": cell}).rejected[0].problem


def test_the_currency_is_kept_and_several_are_said(shop: Shop) -> None:
    frame = pd.DataFrame({"id": ["a", "b"], "title": ["A", "B"], "price": ["$5.50", "7 EUR"]})
    result = shop.add("items", frame)
    item = shop.items["a"]
    assert item.attributes["price_currency"] == ("$",)
    assert "$" not in item.reading(), "it says nothing of the item"
    assert any("several currencies ($, EUR)" in warning for warning in result.warnings)


@pytest.mark.parametrize("column", ["Preis", "sale_price", "Prix TTC", "unitPrice", "RRP", "worth"])
def test_a_column_of_prices_is_found_by_its_name_or_its_currency(shop: Shop, column: str) -> None:
    shop.add("items", pd.DataFrame({"id": ["a", "b"], column: ["8,79 €", "1.299,00 €"]}))
    assert shop.items["a"].attributes[column] == ("8.79",)
    assert shop.items["b"].attributes[f"{column}_band"] == ("250+",)


@pytest.mark.parametrize("column", ["price_range", "costume", "currency", "price_level"])
def test_other_columns_are_no_prices(shop: Shop, column: str) -> None:
    shop.add("items", pd.DataFrame({"id": ["a"], column: ["5-7"]}))
    assert shop.items["a"].attributes == {column: ("5-7",)}


@pytest.mark.parametrize("cell", ["12.50-15.00", "1.5k", "3x5", "call us", "10 - 20", "20%"])
def test_what_is_not_one_price_is_none(shop: Shop, cell: str) -> None:
    rows = [{"id": f"i{n}", "price": "5,50"} for n in range(2_000)]
    result = shop.add("items", [*rows, {"id": "x", "price": cell}])
    assert not shop.items["x"].attributes.get("price")
    assert any("1 prices could not be read" in warning for warning in result.warnings)
    assert "is not a number" in shop.send_items({"id": "y", "price": cell}).rejected[0].problem


def test_a_single_item_is_read_as_the_import_was(shop: Shop) -> None:
    prices(shop, ["1.299", "8,79"])
    shop.send_items({"id": "x", "price": "2.450"}, {"id": "y", "price": 2.45})
    assert shop.items["x"].attributes["price"] == ("2450",)
    assert shop.items["y"].attributes["price"] == ("2.45",)


def test_a_single_item_without_an_import_is_read_by_what_its_value_says(shop: Shop) -> None:
    shop.send_items({"id": "x", "price": "1.299,00"}, {"id": "y", "price": "8,79"})
    assert shop.items["x"].attributes["price"] == ("1299",)
    assert shop.items["y"].attributes["price"] == ("8.79",)


# Values of events -------------------------------------------------------------------------------

EVENTS = "user;item;kind;at;value\n"


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (["4,5", "3,0"], [4.5, 3.0]),
        (["1.299,00", "8,79"], [1299.0, 8.79]),
        (["4.5", "3"], [4.5, 3.0]),
        (["$8.79", "1,299.00"], [8.79, 1299.0]),
        (["", "7"], [None, 7.0]),
        (["n/a", "7"], [None, 7.0]),
    ],
)
def test_values_of_events(shop: Shop, cells: list[str], values: list[float | None]) -> None:
    rows = [f"u{n};i;purchase;2026-01-01;{cell}" for n, cell in enumerate(cells)]
    assert shop.add("events", EVENTS + "\n".join(rows)).rejected == 0
    assert [event.value for event in shop.events] == values


def test_values_that_could_be_two_are_not_taken_without_the_setting(shop: Shop) -> None:
    text = EVENTS + "u;i;purchase;2026-01-01;1.299\n"
    with pytest.raises(InputError, match=r"could be 1.299 or 1299, .* behaviour\.locale"):
        shop.add("events", text)
    shop.add("events", text, locale="de_DE")
    assert shop.events[0].value == 1299.0


def test_a_purchase_of_less_than_nothing_is_none(shop: Shop) -> None:
    result = shop.add("events", EVENTS + "u;i;purchase;2026-01-01;-5,00\nu;i;view;2026-01-01;-1,5")
    assert "below 0" in result.rejects[0].problem
    assert [event.kind for event in shop.events] == ["view"]
    assert shop.send({"user": "u", "item": "i", "kind": "purchase", "value": -5}).rejected


def test_a_live_value_is_read_by_what_it_says(shop: Shop) -> None:
    cells: list[Any] = ["8,79", "1.299,00", 8.79, "8.79"]
    summary = shop.send(*({"user": "u", "item": "i", "value": cell} for cell in cells))
    assert summary.rejected == []
    assert [event.value for event in shop.events] == [8.79, 1299.0, 8.79, 8.79]


def test_prices_without_a_currency_have_that_of_the_settings(shop: Shop) -> None:
    table = "id,title,price,weight\na,A,12.50,3\nb,B,$3.00,4\nc,C,,5\n"
    shop.add("items", table, currency="eur")
    assert shop.items["a"].attributes["price_currency"] == ("EUR",)
    assert shop.items["b"].attributes["price_currency"] == ("$",)
    assert "price_currency" not in shop.items["c"].attributes
    shop.send_items({"id": "d", "title": "D", "price": 9.5}, currency="EUR")
    shop.send_items({"id": "e", "title": "E", "sale_price": 9.5}, currency="EUR")
    assert shop.items["d"].attributes["price_currency"] == ("EUR",)
    assert shop.items["e"].attributes["sale_price_currency"] == ("EUR",)


def test_currency_and_units_are_shown_where_columns_are(tmp_path: Path) -> None:
    (tmp_path / "items.csv").write_text("id,title,price,weight\na,A,12.50,3\nb,B,3.00,4\n")
    settings = '[behaviour]\ncurrency = "EUR"\n[behaviour.features.weight]\nunit = "kg"\n'
    (tmp_path / "foretaste.toml").write_text(settings)
    inspection = foretaste.inspect(tmp_path / "items.csv", folder=tmp_path)
    uses = {use.column: use.how for use in inspection.files[0].columns}
    assert uses["price"] == "prices in EUR, as the settings say"
    assert uses["weight"] == "in kg"


def test_what_is_no_currency_is_refused() -> None:
    with pytest.raises(ValueError, match="three letters"):
        BehaviourSettings(currency="euros")


def test_a_price_by_a_compound_word(shop: Shop) -> None:
    shop.add("items", "id;Titel;Einzelpreis\n1;Riesling;28,90\n2;Silvaner;9,50\n")
    assert shop.items["1"].attributes["Einzelpreis"] == ("28.9",)
    assert "Einzelpreis_band" in shop.items["1"].attributes
