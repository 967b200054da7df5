"""How many items each value and range would show: of variants one, and “or” within a column."""

from typing import Any

import numpy as np
import pytest

from foretaste.domain.data import Catalogue, Item
from foretaste.domain.feature_types import FeatureSettings, FeatureTyping
from foretaste.generate.item_display import ItemDisplay
from foretaste.generate.messages import messages_in
from foretaste.generate.range_labels import range_label
from foretaste.prepare.catalogue_builder import GrowingCatalogue
from foretaste.rank.facet_breaks import breaks_of
from foretaste.rank.facets import (
    Facet,
    Selection,
    count_facet,
    count_shown,
    facet_columns,
    range_filter,
    value_filter,
)
from foretaste.rank.index import FilterIndex, ItemAvailability

ROWS = [
    # id, colours, price, year, sale, group, address
    ("a", ("red", "blue"), "9.90", "1999", "yes", "", "https://x.y/1"),
    ("b", ("red",), "19.00", "2003", "no", "", "https://x.y/2"),
    ("c", ("blue",), "29.00", "2007", "True", "g", "https://x.y/3"),
    ("d", ("blue", "green"), "35.00", "2007", "true", "g", "https://x.y/4"),
    ("e", (), "", "2011", "0", "", "https://x.y/5"),
    ("f", ("green",), "120.00", "2016", "false", "", "https://x.y/6"),
]


@pytest.fixture
def catalogue() -> Catalogue:
    items = []
    for name, colours, price, year, sale, group, address in ROWS:
        attributes: dict[str, tuple[str, ...]] = {
            "year": (year,),
            "sale": (sale,),
            "link": (address,),
        }
        attributes |= {"colour": colours} if colours else {}
        attributes |= {"price": (price,)} if price else {}
        attributes |= {"variant_group": (group,)} if group else {}
        items.append(Item(name, title=f"The {name}", attributes=attributes))
    vectors = np.zeros((len(items), 3), np.float32)
    return GrowingCatalogue.of(items, vectors, FeatureTyping()).catalogue


@pytest.fixture
def index(catalogue: Catalogue) -> FilterIndex:
    items = [Item(name) for name in catalogue.ids]
    return FilterIndex(catalogue, ItemAvailability.of(items))


def count(
    index: FilterIndex, column: str, filter_spec: dict[str, Any], hidden: str = "", n: int = 10
) -> Facet:
    shown = np.array([name not in hidden for name in index.catalogue.ids])
    feature = next(own for own in facet_columns(index.catalogue) if own.column == column)
    return count_facet(index, feature, Selection.of(filter_spec, index), shown, n)


def values(facet: Facet) -> dict[str, int]:
    return {own.value: own.items for own in facet.values}


def test_what_says_nothing_of_choice_is_no_facet(index: FilterIndex) -> None:
    columns = {feature.column for feature in facet_columns(index.catalogue)}
    assert columns == {"colour", "price", "year", "sale"}


def test_counts_are_of_what_would_be_shown_variants_once(index: FilterIndex) -> None:
    assert values(count(index, "colour", {})) == {"blue": 2, "green": 2, "red": 2}
    assert values(count(index, "colour", {}, hidden="ad")) == {"blue": 1, "green": 1, "red": 1}
    assert count_shown(index, np.ones(len(index), bool)) == 5


def test_selected_values_count_as_or_in_their_own_column_alone(index: FilterIndex) -> None:
    chosen = {"colour": ["red"], "year": {"gte": 2000}}
    facet = count(index, "colour", chosen)
    assert values(facet) == {"blue": 1, "green": 2, "red": 1}, "the year holds, the colour does not"
    assert [own.value for own in facet.values if own.selected] == ["red"]
    assert sum(own.items for own in count(index, "year", chosen).ranges) == 2, "red, of any year"
    inner = count(index, "colour", {"and": [{"colour": ["red"]}]})
    assert values(inner) == {"red": 2, "blue": 1}, "what is joined is no selection"


def test_a_selected_value_stays_though_nothing_has_it(index: FilterIndex) -> None:
    facet = count(index, "colour", {"colour": ["green"], "price": {"lt": 10}})
    assert values(facet) == {"blue": 1, "red": 1, "green": 0}


def test_flags_are_one_value_however_they_are_written(index: FilterIndex) -> None:
    facet = count(index, "sale", {"sale": True})
    assert values(facet) == {"true": 2, "false": 3}
    assert [own.value for own in facet.values if own.selected] == ["true"]
    assert value_filter("sale", "true", "flag") == {"sale": [True]}


def test_more_tells_how_many_values_are_not_listed(index: FilterIndex) -> None:
    facet = count(index, "colour", {}, n=1)
    assert (len(facet.values), facet.more) == (1, 2)


def test_each_range_counts_what_its_filter_finds(index: FilterIndex) -> None:
    for column in ("price", "year"):
        facet = count(index, column, {}, n=4)
        assert sum(own.items for own in facet.ranges) == 5
        for own in facet.ranges:
            chosen = range_filter(column, own, facet.type)
            mask = Selection.of(chosen, index).allowed(index, np.ones(len(index), bool))
            assert count_shown(index, mask) == own.items
            again = count(index, column, chosen, n=4)
            assert [one.selected for one in again.ranges if one == own or one.selected] == [True]


def test_a_day_that_is_on_no_calendar_is_in_no_range() -> None:
    days = ("2019-05-01", "2020-06-01", "2021-07-01", "2022-08-01", "1e25", "-1e300")
    items = [Item(str(number), attributes={"released": (day,)}) for number, day in enumerate(days)]
    typing = FeatureTyping(settings={"released": FeatureSettings(type="date")})
    catalogue = GrowingCatalogue.of(items, np.zeros((6, 3), np.float32), typing).catalogue
    index = FilterIndex(catalogue, ItemAvailability.of(items))
    facet = count(index, "released", {}, n=3)
    assert facet.type == "date"
    assert sum(own.items for own in facet.ranges) == 4


def test_prices_are_parted_at_round_numbers() -> None:
    numbers = np.random.default_rng(0).lognormal(3.2, 0.9, 2000)
    breaks = breaks_of(numbers, "price", 6)
    assert 3 <= len(breaks) <= 5
    assert all(number == round(number, 1) and number > 0 for number in breaks)
    parts = np.bincount(np.searchsorted(breaks, numbers, side="right"))
    assert parts.min() > 100, "no part is nearly empty"


def test_years_are_parted_at_decades_and_the_old_are_one() -> None:
    numbers = np.concatenate([np.arange(1960, 2017), np.array([1902.0, 1911.0])])
    assert breaks_of(numbers, "year", 7) == [1960, 1970, 1980, 1990, 2000, 2010]
    assert breaks_of(np.array([2015.0, 2016.0, 2017.0]), "year", 7) == [2016, 2017]


def test_what_is_all_alike_is_not_parted() -> None:
    assert breaks_of(np.array([5.0, 5.0]), "price", 6) == []


@pytest.mark.parametrize(
    ("language", "label", "rest"),
    [("en", "€10.00 to €20.00", "Under €10.00"), ("de", "10,00 € bis 20,00 €", "Unter 10,00 €")],
)
def test_ranges_are_named_as_people_say_them(language: str, label: str, rest: str) -> None:
    display = ItemDisplay(messages=messages_in(language), currency="EUR")
    price = display.describe("price", ["9.90"])
    assert range_label(price, display, (10.0, 20.0)).replace("\xa0", " ") == label
    assert range_label(price, display, (None, 10.0)).replace("\xa0", " ") == rest
    year = display.describe("year", ["1990"])
    assert range_label(year, display, (1980.0, 1990.0)) == "1980–1989"
    assert range_label(year, display, (2010.0, None), 2016.0) == "2010–2016"
    runtime = display.describe("runtime", ["90", "120"])
    assert "1" in range_label(runtime, display, (90.0, None))
