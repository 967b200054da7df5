"""Exports of shops as they are written in other languages than English, with what orders carry."""

import pytest

from foretaste.domain.order_charges import articles_of, is_article
from foretaste.errors import InputError

from .conftest import Shop

GERMAN_ITEMS = """Artikelnummer;Bezeichnung;Warengruppe;Preis;Lagerbestand;Beschreibung;EAN
0041;Riesling Alte Reben;Wein > Weiß;6,90 €;3;Trocken und fruchtig;0561423994714
0042;Spätburgunder Rosé;Wein > Rosé;17,90 €;0;Samtig;0710085427120
Z1;Versandkosten;Zubehör;5,90 €;99;;
"""
GERMAN_ORDERS = """Bestellnummer;Bestelldatum;Kundennummer;Art.-Nr.;Menge;Einzelpreis;Status
B-1;04.01.2023 18:24;K1;0041;6;6,90 €;versendet
B-1;04.01.2023 18:24;K1;Z1;1;5,90 €;versendet
B-2;05.01.2023 09:00;K2;0042;1;17,90 €;Storniert
B-3;06.01.2023 10:30;;0041;1;6,90 €;retourniert
B-4;07.01.2023 11:00;K2;0041;-2;6,90 €;versendet
B-5;08.01.2023 12:00;K2;0041;2;6,90 €;versendet
"""


def test_german_orders(shop: Shop) -> None:
    shop.add("items", GERMAN_ITEMS.encode("cp1252"), "artikel.csv")
    wine = shop.items["0041"]
    assert (wine.title, wine.texts) == (
        "Riesling Alte Reben",
        {"Beschreibung": "Trocken und fruchtig"},
    )
    assert wine.attributes["Warengruppe"] == ("Wein", "Wein > Weiß")
    assert wine.attributes["Preis"] == ("6.9",)
    assert wine.attributes["in_stock"] == ("3",)
    assert wine.attributes.keys().isdisjoint(("Lagerbestand", "EAN"))

    result = shop.add("events", GERMAN_ORDERS.encode("cp1252"), "bestellungen.csv")
    assert [(event.user, event.session, event.item, event.kind) for event in shop.events] == [
        ("K1", "B-1", "0041", "purchase"),
        ("K1", "B-1", "Z1", "purchase"),
        ("K2", "B-5", "0041", "purchase"),
        ("K2", "B-4", "0041", "return"),
    ]
    assert shop.events[0].at == 1_672_856_640.0  # 18:24 UTC
    assert not result.rejects
    told = " ".join(result.warnings)
    for reason in ("1 (Status is storniert)", "1 (Status is retourniert)"):
        assert reason in told


@pytest.mark.parametrize(
    ("columns", "fields"),
    [
        ("N° client;Réf. produit;Date de commande;Quantité", "client"),
        ("ID Cliente;Código de producto;Fecha de pedido;Cantidad", "cliente"),
        ("Codice cliente;Codice articolo;Data ordine;Quantità", "cliente"),
        ("Klantnummer;Artikelnummer;Besteldatum;Aantal", "klant"),
    ],
)
def test_orders_of_other_languages(shop: Shop, columns: str, fields: str) -> None:
    shop.add("events", f"{columns}\n{fields}-1;a1;03.02.2024;2\n{fields}-1;a2;14.02.2024;1\n")
    assert [(event.user, event.item, event.kind) for event in shop.events] == [
        (f"{fields}-1", "a1", "purchase"),
        (f"{fields}-1", "a2", "purchase"),
    ]
    assert shop.events[0].at == 1_706_918_400.0  # 3 February


def test_orders_are_purchases_beside_a_recipe_that_says_view(shop: Shop) -> None:
    orders = "order_id,customer,sku,quantity\no1,u1,a1,1\no1,u1,a2,2\n"
    shop.add("events", orders, default_event_type="view")
    assert {event.kind for event in shop.events} == {"purchase"}


def test_a_status_of_a_table_without_orders_is_left_alone(shop: Shop) -> None:
    shop.add("items", "sku,title,status,quantity\na1,Shirt,returned,-1\n")
    assert "a1" in shop.items


def test_titles_in_a_column_of_any_name(shop: Shop) -> None:
    rows = [f"{number};Großer Krug aus Ton Nr{number};Krüge" for number in range(30)]
    result = shop.add("items", "sku;Wie es heißt;Gruppe\n" + "\n".join(rows))
    assert shop.items["3"].title == "Großer Krug aus Ton Nr3"
    assert "took column 'Wie es heißt' for the title" in " ".join(result.warnings)


def test_words_that_differ_in_every_row_are_read(shop: Shop) -> None:
    rows = [f"{n};Krug {n};made by hand in village number {n}" for n in range(80)]
    shop.add("items", "sku;title;story\n" + "\n".join(rows))
    assert shop.items["3"].texts == {"story": "made by hand in village number 3"}


def test_charges_are_kept_and_are_no_articles(shop: Shop) -> None:
    result = shop.add("items", GERMAN_ITEMS, "artikel.csv")
    assert not is_article(shop.items["Z1"])
    assert set(articles_of(shop.store.items())) == {"0041", "0042"}
    assert any("Versandkosten (Z1)" in warning for warning in result.warnings)
    shop.send_items({"id": "z2", "title": "Postage"})
    assert not is_article(shop.items["z2"])


def test_the_settings_say_which_items_are_charges(shop: Shop) -> None:
    shop.add("items", GERMAN_ITEMS, charges=("0042",))
    assert set(articles_of(shop.store.items())) == {"0041", "Z1"}


RETAIL = """InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
536365,85123A,WHITE HANGING HEART T-LIGHT HOLDER,6,12/1/2010 8:26,2.55,17850,United Kingdom
536365,POST,POSTAGE,1,12/1/2010 8:26,18.00,17850,United Kingdom
536366,85123A,damaged,1,12/12/2010 9:00,2.55,17851,United Kingdom
536367,85123A,WHITE HANGING HEART T-LIGHT HOLDER,2,12/13/2010 9:00,2.55,17852,United Kingdom
C536368,85123A,WHITE HANGING HEART T-LIGHT HOLDER,-2,12/14/2010 9:00,2.55,17852,United Kingdom
"""


def test_lines_of_orders_bring_the_titles_of_their_items(shop: Shop) -> None:
    result = shop.add("events", RETAIL, "Online Retail.csv")
    assert {item.id: item.title for item in shop.items.values()} == {
        "85123A": "WHITE HANGING HEART T-LIGHT HOLDER",
        "POST": "POSTAGE",
    }
    assert set(articles_of(shop.store.items())) == {"85123A"}
    assert [event.kind for event in shop.events] == [*["purchase"] * 4, "return"]
    told = " ".join(result.warnings)
    assert "2 items were not in the catalogue and were created from the events, with their" in told
    assert "POSTAGE (POST)" in told
    assert "the day first" not in told  # 12/12 is either
    assert "Description" not in told.partition("left alone: ")[2].partition(";")[0].split()

    more = RETAIL.replace("85123A", "71053").replace("WHITE HANGING HEART", "METAL")
    shop.add("events", more, "Online Retail 2.csv")  # a title is no mistyped id
    assert shop.items["71053"].title == "METAL T-LIGHT HOLDER"


def test_without_titles_an_unknown_id_is_refused_as_before(shop: Shop) -> None:
    shop.add("items", GERMAN_ITEMS)
    orders = "order_id,customer,sku,quantity\no1,u1,mistyped,1\n"
    assert len(shop.add("events", orders).rejects) == 1
    assert "mistyped" not in shop.items


def test_items_that_are_named_by_their_title_have_it(shop: Shop) -> None:
    shop.add("events", "user,Product Name\nu1,Blue shirt\nu1,Red hat\n")
    assert {item.title for item in shop.items.values()} == {"Blue shirt", "Red hat"}


@pytest.mark.parametrize(
    ("column", "shown", "hidden"),
    [
        ("Aktiv", "ja", "nein"),
        ("Aktiv", "1", "0"),
        ("Versteckt", "nein", "ja"),
        ("Versteckt", "0", "1"),
        ("Publié", "oui", "non"),
        ("Activo", "sí", "no"),
    ],
)
def test_what_is_hidden(shop: Shop, column: str, shown: str, hidden: str) -> None:
    shop.add("items", f"sku;title;{column}\na;Kettle;{shown}\nb;Ladle;{hidden}\n")
    assert {item.id: item.hidden for item in shop.items.values()} == {"a": False, "b": True}


def test_an_app_is_no_user(shop: Shop) -> None:
    """`client` is an app as often as a person, so it is taken for neither."""
    with pytest.raises(InputError, match="name yours under"):
        shop.add("events", "client,item,at\nios,a,2024-01-01\nweb,b,2024-01-02\n")


def test_a_charge_is_known_by_its_id_where_it_has_no_title(shop: Shop) -> None:
    """An order's line for its postage is no mistake, and no article."""
    shop.add("items", GERMAN_ITEMS)
    lines = ["Auftrag;Datum;Kunde;Artikelnr.;Preis", "B1;2026-01-02;K1;VERSAND;4,90"]
    lines += [f"B{n};2026-01-0{n};K{n};VERSAND;4,90" for n in range(2, 9)]
    result = shop.add("events", "\n".join(lines))
    assert result.rejected == 0
    assert "taken for charges of an order and not for articles" in " ".join(result.warnings)
    postage = shop.store.item("VERSAND")
    assert postage is not None
    assert not is_article(postage)
    assert shop.store.item_count() == shop.store.counts()["items"] == 2, "two wines, no postage"
