"""Which columns of items are text, attributes, prices, or of no taste, and what parts values."""

from typing import Any

import pytest

from foretaste.behaviour.column_roles import (
    ColumnDecision,
    ColumnRole,
    decide_column,
    decide_columns,
    role_of_value,
)
from foretaste.behaviour.settings import BehaviourSettings
from foretaste.behaviour.values import CellError
from foretaste.domain.feature_types import FeatureSettings

SETTINGS = BehaviourSettings()
SENTENCE = "A long sentence about what happens in the film and why it matters so much to them"


def decided(
    column: str, values: list[Any], settings: BehaviourSettings = SETTINGS
) -> ColumnDecision:
    rows = [{column: value} for value in values]
    return decide_columns([column], rows, settings, {})[column]


def role(column: str, values: list[Any], settings: BehaviourSettings = SETTINGS) -> ColumnRole:
    return decided(column, values, settings).role


@pytest.mark.parametrize(
    ("column", "values", "expected"),
    [
        ("genres", ["Drama|War", "Comedy"] * 50, "attribute"),
        ("genres", [["Drama", "War"], ["Comedy"]] * 50, "attribute"),
        ("genres", ["Drama, War", "Comedy", "War, Drama, Comedy"] * 50, "attribute"),
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
        ("edition", [f"B00{n}" for n in range(60)], "skip"),
        ("edition", [f"B00{n}" for n in range(50)], "attribute"),
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


def test_a_column_of_no_taste_is_kept_where_it_is_named() -> None:
    features = {"rated": FeatureSettings(type="office")}
    assert role("rated", ["PG", "R"] * 50, BehaviourSettings(features=features)) == "skip"
    named = BehaviourSettings(features=features, attribute_columns=("rated",))
    assert role("rated", ["PG", "R"] * 50, named) == "attribute"


def test_the_decision_on_more_values_stays() -> None:
    rows = [{"brand": f"brand {n}"} for n in range(60)]
    earlier = {"brand": ColumnDecision("attribute", 2_000, ",", levels="")}
    assert decide_columns(["brand"], rows, SETTINGS, earlier) == earlier
    few = {"brand": ColumnDecision("attribute", 3)}
    assert decide_columns(["brand"], rows, SETTINGS, few)["brand"].role == "skip"


@pytest.mark.parametrize("mark", [",", "."])
def test_measures_that_all_differ_are_kept_of_items(mark: str) -> None:
    weights = [f"{0.25 + 0.07 * number:.2f}".replace(".", mark) for number in range(200)]
    codes = [str(10_000 + 7 * number) for number in range(200)]
    kept = decide_column("Gewicht kg", weights, SETTINGS, row_count=200)
    assert kept.role == "attribute"
    for column, values, is_of_items in (
        ("Bestellcode", codes, True),
        ("Umsatz", weights, False),  # what a customer has spent
    ):
        left_out = decide_column(column, values, SETTINGS, row_count=200, is_of_items=is_of_items)
        assert (left_out.role, left_out.reason) == (
            "skip",
            "it has a different value in nearly every row",
        )


def test_a_single_value_decides_for_an_item_sent_alone() -> None:
    assert role_of_value("mood", "dark", "|") == "attribute"
    assert role_of_value("mood", ["dark"], "|") == "attribute"
    assert role_of_value("blurb", SENTENCE, "|") == "text"
    assert role_of_value("price", 3, "|") == "price"
    with pytest.raises(CellError, match="mood is an object; give a word"):
        role_of_value("mood", {"a": 1}, "|")


# Several values in a cell -------------------------------------------------------------------------

LISTS = [
    ("listed_in", ["TV Dramas, Docuseries", "Docuseries, Kids' TV", "Kids' TV, TV Dramas"], ","),
    ("country", ["United States", "India", "United States, India", "France, United States"], ","),
    ("country", ["United States, India"], ","),
    ("director", ["Joel Coen, Ethan Coen", "Ethan Coen", "Joel Coen", "Jane Campion"], ","),
    ("cast", [f"Ann {n % 7}, Bob {n % 5}, Ann {n % 3}" for n in range(80)], ","),
    ("Tags", ["red, summer", "blue, summer", "summer, green"], ","),
    ("authors", ["J.K. Rowling/Mary GrandPré", "J.K. Rowling", "Mary GrandPré/Jim Kay"], "/"),
    ("authors", ["King, Stephen; Straub, Peter", "Straub, Peter", "King, Stephen"], ";"),
    ("mood", ["dark;slow", "slow;warm", "warm;dark"], ";"),
    ("genres", ["Drama|War", "War"], None),
    ("genres", ["['Drama', 'War']", "['War']"], None),
    ("author", ["King, Stephen", "Straub, Peter", "Austen, Jane", "Eyre, Jane"], None),
    ("location", ["Austin, TX", "Dallas, TX", "Boston, MA", "Salem, MA"], None),
    ("brand", ["Acme, Inc", "Acme, Inc", "Widgets, Inc", "Widgets"], None),
    ("format", ["16/9", "4/3", "16/9"], None),
    ("band", ["AC/DC", "Queen", "AC/DC"], None),
    ("motto", ["Buy now, pay later", "Now or never", "Pay now, smile"], None),
]


@pytest.mark.parametrize(("column", "values", "separator"), LISTS)
def test_what_stands_between_several_values(
    column: str, values: list[str], separator: str | None
) -> None:
    decision = decided(column, values)
    assert (decision.role, decision.separator) == ("attribute", separator)


def test_the_setting_of_a_column_says_what_parts_its_values() -> None:
    settings = BehaviourSettings(separators={"cast": "", "brand": " & "})
    assert decided("cast", ["Ann, Bob", "Bob, Ann"], settings).separator == ""
    assert decided("brand", ["C & A"], settings).separator == " & "


# Columns that are no taste ------------------------------------------------------------------------

NO_TASTE = [
    ("imdbId", ["114709", "113497", "113228"], "ids"),
    ("work_id", ["41335427", "4640799", "3212258"], "ids"),
    ("Variant Barcode", ["4006381333931", "4006381333948"], "ids"),
    ("isbn13", [9780439554930.0, 9780316015840.0], "ids"),
    ("Handle", ["shirt", "shirt", "cap"], "ids"),
    ("books_count", ["10", "272", "10"], "counts"),
    ("ratings_5", [3011543, 3011, 120], "counts"),
    ("Shares", ["4", "0", "12"], "counts"),
    ("num_votes", [12, 4, 9], "counts"),
    ("average_rating", [4.34, 3.99, 4.1], "scores"),
    ("rating", ["9.37", "9.26", "8.1"], "scores"),
    ("Position", ["0", "1", "2"], "places"),
    ("Unnamed: 0", list(range(3)), "places"),
    ("nr", [str(n) for n in range(1, 30)], "running numbers"),
    ("Image Src", ["https://cdn.x/1.jpg", "https://cdn.x/2.jpg"], "addresses"),
    ("Images", ["https://x/1.jpg, https://x/2.jpg", "https://x/3.jpg"], "addresses"),
    ("thumb", ["/t/a/tent.jpg", "/m/b/mat.png"], "addresses"),
    ("contact", ["a@b.de", "c@d.org"], "addresses"),
    ("date_added", ["2021-09-25", "2021-09-24"], "times"),
    ("created", ["2026-01-02T10:00:00Z", "2026-01-03T10:00:00+01:00"], "times"),
    ("Variant Taxable", ["true", "true", "false"], "back office"),
    ("Variant Inventory Policy", ["deny", "continue"], "back office"),
    ("Variant Requires Shipping", [True, True], "back office"),
    ("Gift Card", ["false", "false"], "back office"),
    ("SEO Title", ["Buy shirts", "Buy caps"], "back office"),
    ("Google Shopping / Condition", ["new", "new"], "back office"),
    ("Cost per item", ["3.10", "4.20"], "back office"),
    ("tax_class_name", ["Taxable Goods", "None"], "back office"),
    ("product_type", ["simple", "configurable"], "back office"),
    ("token", ["0cc175b9c0f1b6a831c399e269772661", "92eb5ffee6ae2fec3ad71c777531578f"], "code"),
    ("options", ['{"size": "S"}', '{"size": "M"}'], "objects"),
]


@pytest.mark.parametrize(("column", "values", "reason"), NO_TASTE)
def test_what_is_no_taste_is_left_out_with_the_reason(
    column: str, values: list[Any], reason: str
) -> None:
    decision = decided(column, values)
    assert decision.role == "skip"
    assert reason in decision.reason
    settings = BehaviourSettings(attribute_columns=(column,))
    assert decided(column, values, settings).role in ("attribute", "price")


TASTE = [
    ("category_id", ["7", "8", "9"]),
    ("author_id", ["7", "7", "9"]),
    ("year", ["1995", "1996", "1997"]),
    ("release_date", ["1995-11-22", "1996-02-09"]),
    ("original_publication_year", [1995.0, 2008.0]),
    ("num_players", ["2", "4", "2"]),
    ("Size", ["38", "39", "40"]),
    ("Vendor", ["Acme", "Widgets"]),
    ("product_type", ["Shoes", "Hats"]),
    ("age_rating", ["12", "16", "18"]),
    ("rating", ["PG-13", "R", "TV-MA"]),
    ("vegan", ["true", "false"]),
    ("Google", ["Pixel", "Home"]),
    ("featured_artist", ["Ann", "Bob"]),
    ("说明", ["这是一个很长的中文说明没有任何空格但是有数字2的文字内容在这里", "短的"]),
    ("seating", ["3/4", "1/2"]),
]


@pytest.mark.parametrize(("column", "values"), TASTE)
def test_what_may_be_taste_stays(column: str, values: list[Any]) -> None:
    assert role(column, values) in ("attribute", "text")


def test_a_column_can_be_left_out_by_a_setting() -> None:
    decision = decided("colour", ["red"], BehaviourSettings(ignored_columns=("colour",)))
    assert (decision.role, decision.reason) == ("skip", "the settings")


@pytest.mark.parametrize(
    ("column", "values", "expected"),
    [
        ("Visibility", ["visible", "hidden"], "hidden"),
        ("Status", ["active", "draft", "archived"], "hidden"),
        ("status", ["airing", "finished"], "attribute"),
        ("Published", ["TRUE", "FALSE"], "hidden"),
    ],
)
def test_a_column_that_says_what_is_shown(
    column: str, values: list[str], expected: ColumnRole
) -> None:
    assert role(column, values) == expected
