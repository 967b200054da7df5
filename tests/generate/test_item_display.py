"""What is shown of an item beside its title."""

from dataclasses import replace
from pathlib import Path

import pytest

from foretaste.domain.feature_types import FeatureSettings, describe_feature
from foretaste.generate.feature_phrases import common_label, feature_phrase
from foretaste.generate.item_display import MAX_FACTS, ItemDisplay, readable_title
from foretaste.generate.messages import LANGUAGES, messages_in
from foretaste.loop import Foretaste

FILM = {
    "year": ("2006",),
    "genres": ("Drama", "Mystery", "Sci-Fi", "Thriller"),
    "director": ("Christopher Nolan",),
    "runtime_minutes": ("130",),
}
SHIRT = {
    "price": ("39.9",),
    "price_band": ("20-50",),
    "price_currency": ("EUR",),
    "category": ("Women > Shirts", "Women"),
    "color": ("Midnight Blue",),
    "sku": ("ab-12",),
    "url": ("https://shop.example/ab-12",),
    "inventory_quantity": ("12",),
    "variant_group": ("ab",),
}


def test_a_title_reads_as_people_say_it() -> None:
    assert readable_title("Prestige, The (2006)", "1") == "The Prestige (2006)"
    assert readable_title("Two\nlines\u202e", "1") == "Two lines"
    assert readable_title(" ", "sku-1") == "sku-1"
    assert readable_title(None, "sku-1") == "sku-1"


@pytest.mark.parametrize(
    ("language", "line"),
    [
        ("en", "2006 · Drama, Mystery, Sci-Fi · Directed by Christopher Nolan · 2 hr 10 min"),
        ("de", "2006 · Drama, Mystery, Sci-Fi · Regie: Christopher Nolan · 2 Std. 10 Min."),
        ("fr", "2006 · Drama, Mystery, Sci-Fi · Réalisé par Christopher Nolan · 2 h 10 min"),
        ("es", "2006 · Drama, Mystery, Sci-Fi · Dirigido por Christopher Nolan · 2 h 10 min"),
    ],
)
def test_a_film_in_four_languages(language: str, line: str) -> None:
    shown = ItemDisplay(messages=messages_in(language)).line(FILM)
    assert shown.replace("\u202f", " ").replace("\u00a0", " ") == line


def test_a_product_shows_its_price_and_nothing_of_the_back_office() -> None:
    assert ItemDisplay().facts(SHIRT) == ("€39.90", "Shirts", "Midnight Blue")
    in_german = ItemDisplay(messages=messages_in("de")).facts(SHIRT)
    assert in_german[0] == "39,90\u00a0€"


def test_the_currency_of_the_settings_where_a_price_names_none() -> None:
    assert ItemDisplay(currency="USD").line({"price": ("5",)}) == "$5.00"
    assert ItemDisplay().line({"price": ("5",)}) == "5"
    assert ItemDisplay().line({"price_band": ("20-50",)}) == "20-50"


def test_numbers_flags_and_phrases_of_the_settings() -> None:
    settings = {"cut": FeatureSettings(phrase="cut by {value}")}
    display = ItemDisplay(settings=settings)
    attributes = {"pages": ("1320",), "vegan": ("true",), "organic": ("no",), "cut": ("hand",)}
    assert display.facts(attributes) == ("Cut by hand", "Pages: 1,320", "Vegan")


def test_hostile_values_make_one_short_line() -> None:
    attributes = {f"column{n}": ("a\nb" * 3_000, "", "\u0000", "x" * 5) for n in range(40)}
    facts = ItemDisplay().facts(attributes | {"price": ("nan", "1e400")} | {"runtime": ("-3",)})
    assert len(facts) <= MAX_FACTS
    assert all("\n" not in fact and len(fact) < 400 for fact in facts)


@pytest.mark.parametrize("value", ["1e25", "-1e308", "9" * 40, "1e-300", "1e15", "0", "-0.0"])
@pytest.mark.parametrize("column", ["price", "runtime_minutes", "year", "released", "weight"])
def test_a_number_that_nobody_counts_to_is_written_too(column: str, value: str) -> None:
    """A price of 10^25 made the page of its item a 500."""
    for language in LANGUAGES:
        display = ItemDisplay(messages=messages_in(language), currency="EUR")
        assert len(display.line({column: (value,)})) < 80
        for feature_type in ("price", "duration", "number", "date", "year"):
            settings = {column: FeatureSettings(type=feature_type, unit="hours")}
            shown = replace(display, settings=settings)
            assert len(shown.line({column: (value,)})) < 80
            description = describe_feature(column, feature_type, (value,), settings[column])
            assert len(shown.value_text(description, value)) < 80
            assert len(shown.amount(description, float(value))) < 120
            phrase = feature_phrase(description, value, messages_in(language))
            assert phrase is None or len(phrase.text) < 120


def test_no_values_no_line() -> None:
    assert ItemDisplay().line({}) == ""
    assert ItemDisplay().line({"genres": (), "year": ("",)}) == ""


def test_a_workspace_shows_items_by_the_types_of_its_catalogue(trained: Path) -> None:
    trained_shop = Foretaste.open(trained)
    features = trained_shop.catch_up().catalogue.features
    _, item = next(iter(trained_shop.store.items()))
    assert trained_shop.reasoning.display("fr-FR,en", features).line(item.attributes)
    trained_shop.close()


def test_columns_are_called_as_people_call_them_in_the_language_of_the_answer() -> None:
    assert common_label("original publication year", "en") == "First published"
    assert common_label("colour", "de") == "Farbe"
    assert common_label("flavour", "fr") == "flavour"
    settings = {"colour": FeatureSettings(label="Shade")}
    display = ItemDisplay(settings=settings, messages=messages_in("de"))
    assert display.column_label(display.describe("colour")) == "Shade"
    assert display.column_label(display.describe("pages")) == "Seiten"


def test_a_colour_is_written_in_the_language_of_the_answer() -> None:
    ((_, text, _),) = ItemDisplay(messages=messages_in("fr")).column_facts({"colour": ("Yellow",)})
    assert text == "jaune"
