"""What is said of a column of stock, by what lists do with it."""

from contextlib import closing
from pathlib import Path

import pytest

import foretaste

ITEMS = "Artikelnummer;Bezeichnung;{column}\nA1;Gießkanne;0\nA2;Spaten;12\n"
SETTING = '[rank]\nstock_attribute = "{attribute}"\n'


@pytest.mark.parametrize(
    ("column", "attribute", "note"),
    [
        ("Lagerbestand", None, 'what is sold out, too, until rank.stock_attribute = "in_stock"'),
        ("in_stock", None, 'what is sold out, too, until rank.stock_attribute = "in_stock"'),
        ("Lagerbestand", "delivery", "lists go by 'delivery', as rank.stock_attribute says"),
        ("Lagerbestand", "in_stock", None),
        ("Lagerbestand", "Lagerbestand", None),
        ("Farbe", None, None),
    ],
)
def test_a_column_of_stock(
    tmp_path: Path, column: str, attribute: str | None, note: str | None
) -> None:
    if attribute is not None:
        (tmp_path / "foretaste.toml").write_text(SETTING.format(attribute=attribute))
    file = tmp_path / "artikel.csv"
    file.write_text(ITEMS.format(column=column))
    with closing(foretaste.open(tmp_path)) as shop:
        inspected = [*shop.inspect(items=file).files[0].notes]
        (imported,) = shop.add(items=file)
        if column != "Farbe":
            assert shop.store.items_page("", 1)[0].attributes["in_stock"] == ("0",)
    of_folder = foretaste.inspect(items=file, folder=tmp_path).files[0].notes
    for notes in (inspected, imported.warnings, of_folder):
        said = [line for line in notes if "stock_attribute" in line]
        assert len(said) == (note is not None)
        assert note is None or note in said[0]


@pytest.mark.parametrize("kept", ["", '[behaviour]\nattribute_columns = ["in_stock"]\n'])
def test_a_column_of_stock_beside_our_own(tmp_path: Path, kept: str) -> None:
    (tmp_path / "foretaste.toml").write_text(kept)
    file = tmp_path / "artikel.csv"
    file.write_text(
        "Artikelnummer;Bezeichnung;Lagerbestand;in_stock\nA1;Spaten;0;yes\nA2;Axt;3;no\n"
    )
    with closing(foretaste.open(tmp_path)) as shop:
        shop.add(items=file)
        stock = {item.id: item.attributes["in_stock"] for item in shop.store.items_page("", 3)}
    assert stock == {"A1": ("yes",), "A2": ("no",)}


def test_two_columns_of_stock(tmp_path: Path) -> None:
    file = tmp_path / "artikel.csv"
    file.write_text(
        "Artikelnummer;Bezeichnung;Verfügbarkeit;Lagerbestand\n"
        "A1;Bank nach Maß;lieferbar;0\nA2;Spaten;ausverkauft;3\nA3;Harke;;4\n"
    )
    with closing(foretaste.open(tmp_path)) as shop:
        shop.add(items=file)
        stock = {item.id: item.attributes["in_stock"] for item in shop.store.items_page("", 3)}
    assert stock == {"A1": ("lieferbar",), "A2": ("ausverkauft",), "A3": ("4",)}
