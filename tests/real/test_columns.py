"""Columns of catalogues as people have them: several values in a cell, and what is no taste."""

from typing import Any

import pytest

from foretaste.domain.data import ImportResult, Item

from .conftest import Shop

NETFLIX = """show_id,type,title,director,cast,country,date_added,release_year,listed_in
s1,Movie,Zero,Ann Ho,"Al Bo, Cy Day",United States,"September 25, 2021",2020,"Dramas, Comedies"
s2,TV Show,Blood,,"Cy Day, Ed Fox","India, United States","September 24, 2021",2021,Comedies
s3,Movie,Gang,"Ann Ho, Jo Ko",Al Bo,"France, India","September 24, 2021",2021,"Comedies, Dramas"
s4,Movie,Jail,Jo Ko,"Ed Fox, Al Bo",France,"September 23, 2021",2019,Dramas
"""
SHOPIFY = """Handle,Title,Body (HTML),Vendor,Type,Tags,Published,Variant SKU,Variant Grams,\
Variant Inventory Tracker,Variant Inventory Qty,Variant Price,Variant Taxable,Image Src,\
Image Position,Gift Card,SEO Title,Google Shopping / Condition,Variant Weight Unit,Status
shirt,Shirt,Soft,Acme,Shirts,"red, summer",true,S-1,200,shopify,4,12.50,true,\
https://cdn.x/1.jpg,1,false,Buy,new,g,active
cap,Cap,Warm,Acme,Hats,"blue, winter",true,C-1,100,shopify,9,22.50,true,\
https://cdn.x/2.jpg,1,false,Buy,new,g,draft
scarf,Scarf,Long,Widgets,Hats,"winter, red",false,F-1,90,shopify,2,8.00,true,\
https://cdn.x/3.jpg,1,false,Buy,new,g,active
"""


def added(shop: Shop, text: str, **settings: Any) -> tuple[dict[str, Item], ImportResult]:
    result = shop.add("items", text, **settings)
    assert not result.rejects
    return shop.items, result


def test_each_column_tells_whether_its_cells_have_several_values(shop: Shop) -> None:
    items, result = added(shop, NETFLIX)
    assert items["s2"].attributes["country"] == ("India", "United States")
    assert items["s3"].attributes["director"] == ("Ann Ho", "Jo Ko")
    assert items["s4"].attributes["cast"] == ("Ed Fox", "Al Bo")
    assert items["s1"].attributes["listed_in"] == ("Dramas", "Comedies")
    told = " ".join(result.warnings)
    for column in ("country", "director", "cast", "listed_in"):
        assert f"column '{column}' has several values in a cell, parted by ','" in told


def test_a_setting_says_it_for_a_column(shop: Shop) -> None:
    items, _ = added(shop, NETFLIX, separators={"country": ""})
    assert items["s2"].attributes["country"] == ("India, United States",)
    assert items["s3"].attributes["director"] == ("Ann Ho", "Jo Ko")


def test_an_item_sent_later_is_read_as_the_file_was(shop: Shop) -> None:
    added(shop, NETFLIX)
    shop.send_items({"id": "s5", "title": "Five", "country": "India, France"})
    assert shop.items["s5"].attributes["country"] == ("India", "France")


def test_what_a_back_office_writes_down_is_left_out_and_said(shop: Shop) -> None:
    items, result = added(shop, SHOPIFY, columns={"items": {"id": "Handle"}})
    assert items["shirt"].attributes == {
        "Vendor": ("Acme",),
        "Type": ("Shirts",),
        "Tags": ("red", "summer"),
        "Variant Price": ("12.5",),
        "Variant Price_band": ("10-25",),
        "in_stock": ("4",),
    }
    assert items["shirt"].texts == {"Body (HTML)": "Soft"}
    told = next(warning for warning in result.warnings if "nothing of taste" in warning)
    for column in ("Variant SKU", "Variant Taxable", "Image Position", "SEO Title", "Gift Card"):
        assert f"'{column}'" in told
    assert "behaviour.attribute_columns" in told


def test_two_columns_may_each_hide_an_item(shop: Shop) -> None:
    items, result = added(shop, SHOPIFY, columns={"items": {"id": "Handle"}})
    hidden = {item.id for item in items.values() if item.hidden}
    assert hidden == {"cap", "scarf"}, "a draft, and one that is not published"
    assert any("'Status' says which items are hidden" in warning for warning in result.warnings)
    shop.send_items({"id": "belt", "title": "Belt", "Status": "archived"})
    assert shop.items["belt"].hidden


def test_what_was_left_out_can_be_kept(shop: Shop) -> None:
    items, _ = added(
        shop,
        SHOPIFY,
        columns={"items": {"id": "Handle"}},
        attribute_columns=("Variant Grams",),
        ignored_columns=("Vendor",),
    )
    assert items["cap"].attributes["Variant Grams"] == ("100",)
    assert "Vendor" not in items["cap"].attributes


@pytest.mark.parametrize(
    ("cell", "is_hidden"),
    [("hidden", True), ("visible", False), ("Not Visible Individually", True), ("search", False)],
)
def test_visibility_is_understood(shop: Shop, cell: str, is_hidden: bool) -> None:
    items, _ = added(shop, f"id,title,Visibility\n1,Shirt,{cell}\n2,Cap,visible\n")
    assert items["1"].hidden is is_hidden
    assert "Visibility" not in items["1"].attributes


def test_objects_stand_for_their_names(shop: Shop) -> None:
    """As film databases and the APIs of shops write genres and categories."""
    genres = '[{""id"": 28, ""name"": ""Action""}, {""id"": 12, ""name"": ""Adventure""}]'
    pictures = '[{""src"": ""a.jpg"", ""name"": ""front""}]'
    rows = "".join(
        f'{row},Film {row},"{genres}","{{""id"": 1, ""name"": ""Fox {row % 2}""}}","{pictures}"\n'
        for row in range(6)
    )
    items, _ = added(shop, f"id,title,genres,studio,files\n{rows}")
    assert items["1"].attributes == {"genres": ("Action", "Adventure"), "studio": ("Fox 1",)}
    shop.send_items({"id": "9", "title": "New", "genres": [{"id": 1, "name": "Drama"}]})
    assert shop.items["9"].attributes["genres"] == ("Drama",)


def test_what_only_says_that_there_is_nothing_is_no_value(shop: Shop) -> None:
    rows = "".join(
        f"{row},Show {row},{('Unknown', 'Drama', 'n/a')[row % 3]},{('12', 'Unknown')[row % 2]}\n"
        for row in range(12)
    )
    items, _ = added(shop, f"id,title,genre,episodes\n{rows}")
    assert items["1"].attributes == {"genre": ("Drama",)}
    assert items["4"].attributes == {"genre": ("Drama",), "episodes": ("12",)}
    assert items["0"].attributes == {"episodes": ("12",)}


def test_a_price_with_or_without_tax_is_a_price(shop: Shop) -> None:
    items, _ = added(shop, 'id,title,Price (tax incl.),Tax rule\n1,Lamp,"6,00",3\n2,Mug,"7,50",3\n')
    assert items["2"].attributes["Price (tax incl.)"] == ("7.5",)
    assert "Tax rule" not in items["2"].attributes


def test_taxes_costs_and_scores_are_known_under_their_german_names(shop: Shop) -> None:
    names = "id;title;MwSt.;EK;VK;Ø Bewertung;Farbe"
    rows = [f"{n};Topf {n};19 %;{n},5;{n + 9},9;4,{n % 5};rot" for n in range(1, 6)]
    shop.add("items", "\n".join([names, *rows]))
    assert set(shop.items["1"].attributes) == {"VK", "VK_band", "Farbe"}
