"""Types of features: found from names and values, and set."""

import numpy as np
import pytest
from pydantic import ValidationError

from foretaste.behaviour.settings import BehaviourSettings
from foretaste.domain.data import Item
from foretaste.domain.feature_types import (
    FeatureSettings,
    FeatureType,
    FeatureTyping,
    describe_feature,
    feature_number,
    find_feature_type,
)
from foretaste.prepare.catalogue_builder import GrowingCatalogue, build_catalogue

TYPES: list[tuple[str, list[str], FeatureType]] = [
    ("genre", ["Drama", "War", "Drama"], "category"),
    ("year", ["1982", "1983", "1999"], "year"),
    ("original_publication_year", ["2008", "-500", *["1990"] * 20], "year"),
    ("edition_of", ["1895", "1901", "2003"], "year"),
    ("release_date", ["1995-03-01", "1996-05-17"], "date"),
    ("created_at", ["2020-01-01", "2020-02-01"], "office"),
    ("runtime", ["95", "120"], "duration"),
    ("length", ["1 h 35 min", "2 h", "58 min"], "duration"),
    ("playtime", ["PT1H35M", "PT58M"], "duration"),
    ("weight_kg", ["2.5", "0.7"], "number"),
    ("width mm", ["1950", "2010", "1900"], "number"),
    ("price_band", ["10-25", "250+"], "price"),
    ("vegan", ["yes", "no", "yes"], "flag"),
    ("waterproof", ["0", "1", "1"], "flag"),
    ("books_count", ["10", "272"], "count"),
    ("isbn", ["9780143039983", "9780141439518"], "id"),
    ("image_url", ["https://a.example/1.jpg"], "address"),
    ("blurb", ["A cowboy doll is profoundly threatened when a new spaceman arrives."], "text"),
    ("size", ["36", "38"], "category"),
]


@pytest.mark.parametrize(("column", "values", "feature_type"), TYPES)
def test_a_type_is_found(column: str, values: list[str], feature_type: FeatureType) -> None:
    assert find_feature_type(column, values) == feature_type


def test_several_values_of_an_item_make_a_list() -> None:
    assert find_feature_type("tags", ["new", "red"], has_several=True) == "list"


def test_what_is_named_as_an_attribute_is_no_count() -> None:
    typing = BehaviourSettings(attribute_columns=("books_count",)).feature_typing()
    assert typing.find_type("books_count", ["10", "272"]) == "number"


def test_the_settings_win() -> None:
    typing = FeatureTyping({"year": FeatureSettings(type="category")})
    assert typing.find_type("year", ["1982"]) == "category"


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("95", 95), ("1 h 35 min", 95), ("1:35:00", 95), ("PT1H35M", 95), ("2 hours", 120)],
)
def test_a_written_duration_is_minutes(text: str, minutes: float) -> None:
    assert feature_number(text, "duration") == minutes


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("Oct 21, 2008", "2008-10-21"),
        ("September 25, 2021", "2021-09-25"),
        ("3 May 1999", "1999-05-03"),
        ("01-Jan-1995", "1995-01-01"),
        ("Nov 2019", "2019-11-01"),
    ],
)
def test_a_date_may_name_its_month(text: str, day: str) -> None:
    assert feature_number(text, "date") == feature_number(day, "date")
    typing = FeatureTyping({})
    assert typing.find_type("release date", [text, "Dec 1, 2020", "2019-12-10"]) == "date"


def test_words_are_no_number() -> None:
    assert feature_number("Mini 2019", "date") is None
    for feature_type in ("number", "duration", "price", "date"):
        assert feature_number("a while", feature_type) is None


def test_a_label_leaves_the_unit_out_and_a_duration_is_told_by_its_size() -> None:
    weight = describe_feature("weight_kg", "number")
    assert (weight.label, weight.unit) == ("weight", "kg")
    assert describe_feature("duration", "duration", ["210000", "185000"]).unit == "ms"
    assert describe_feature("runtime", "duration", ["95", "120"]).unit == "min"


@pytest.mark.parametrize("phrase", ["directed", "by {value} and {value}", "{who} by {value}"])
def test_a_phrase_has_the_value_once(phrase: str) -> None:
    with pytest.raises(ValidationError, match="value"):
        FeatureSettings(phrase=phrase)


def test_counts_and_ids_are_no_taste_and_the_type_stays_when_items_come() -> None:
    items = [
        Item(f"i{number}", attributes={"year": (str(1950 + number),), "votes": (str(7 * number),)})
        for number in range(60)
    ]
    growing = GrowingCatalogue.of(items, np.zeros((60, 2), np.float32))
    types = {feature.column: feature.feature_type for feature in growing.catalogue.features}
    assert types == {"year": "year", "votes": "count"}
    assert [feature.column for feature in growing.catalogue.descriptive_features] == ["year"]
    odd_item = Item("odd", attributes={"year": ("unknown",)})
    grown, _ = growing.update([odd_item], np.zeros((1, 2), np.float32))
    assert grown.catalogue.features[0].feature_type == "year"


def test_a_catalogue_takes_the_settings() -> None:
    items = [Item("a", attributes={"year": ("1982",)}), Item("b", attributes={"year": ("1983",)})]
    typing = FeatureTyping({"year": FeatureSettings(type="category")})
    catalogue = build_catalogue(items, np.zeros((2, 2), np.float32), typing)
    assert catalogue.features[0].feature_type == "category"


def test_measures_of_one_thing_are_numbers() -> None:
    assert find_feature_type("weight", ["2.75 kg", "500 g", "1 kg"]) == "number"
    assert find_feature_type("capacity", ["20 l", "750 ml", "4.2 kg"]) == "category"
    assert feature_number("2.75 kg") == feature_number("2,75 kg") == 2.75
    assert feature_number("1,250 g") is None  # a thousand and more, or one and a quarter


def test_a_column_is_called_with_its_accents() -> None:
    labels = [describe_feature(name, "category").label for name in ("Künstler", "pageCount")]
    assert labels == ["künstler", "page count"]
    assert describe_feature("Größe_cm", "number").label == "größe"
