"""Numbers that are near one another speak of one another."""

from dataclasses import replace

import numpy as np

from foretaste.domain.data import Catalogue, Event, Feature, Item
from foretaste.model.experts.attribute import AttributeExpert
from foretaste.model.settings import AttributeSettings
from foretaste.model.value_kernel import ValueKernel, ValueScale
from foretaste.prepare.catalogue_builder import build_catalogue
from foretaste.prepare.interactions import build_user_context

YEARS = [Item(f"y{year}", attributes={"year": (str(year),)}) for year in range(1970, 2010)]


def catalogue(items: list[Item] = YEARS) -> Catalogue:
    return build_catalogue(items, np.zeros((len(items), 2), np.float32))


def expert_of(width: float, shelf: Catalogue) -> AttributeExpert:
    scale = ValueScale.of(shelf.features[0])
    return AttributeExpert("year", AttributeSettings(kernel_width=width), shelf, scale)


def lifts(expert: AttributeExpert, shelf: Catalogue, year: int) -> dict[str, float]:
    """Value → how much likelier it is for somebody who took one item of this year."""
    event = Event("e", "view", 1.0, user="u", item=f"y{year}")
    context = build_user_context([event], shelf.index, {"view": 1.0}, ("view",), now=2.0)
    rows = expert.log_preference(context) - expert.log_value_shares
    return dict(zip(shelf.features[0].values, rows.tolist(), strict=True))


def test_1983_says_something_of_1982_and_nothing_of_2009() -> None:
    shelf = catalogue()
    expert = expert_of(0.05, shelf)
    liked = lifts(expert, shelf, 1983)
    assert liked["1983"] > liked["1982"] > liked["1980"] > liked["2009"]
    without = lifts(expert_of(0, shelf), shelf, 1983)
    assert without["1982"] == without["2009"]


def test_the_mass_stays_and_a_value_that_is_no_number_keeps_its_own() -> None:
    items = [*YEARS, Item("old", attributes={"year": ("long ago",)})]
    feature = catalogue(items).features[0]
    scale = ValueScale.of(feature)
    assert scale is not None
    kernel = ValueKernel.of(feature, scale, 0.05)
    assert kernel is not None
    mass = np.zeros(41, np.float32)
    mass[[5, 40]] = 2.0, 3.0
    spread = kernel.spread(mass, np.full(41, 1 / 41, np.float32))
    np.testing.assert_allclose(spread.sum(), 5.0, rtol=1e-5)
    assert spread[40] == 3.0
    assert np.isnan(scale.place(feature)[40])


def test_what_has_no_order_has_no_kernel() -> None:
    feature = catalogue().features[0]
    assert ValueScale.of(replace(feature, feature_type="category")) is None
    assert ValueKernel.of(feature, ValueScale.of(feature), 0.0) is None
    few_values = Feature("year", ("1", "2"), np.array([0, 1]), np.zeros(1, np.int32), "year")
    assert ValueScale.of(few_values) is None


def test_a_state_without_a_kernel_reads_as_it_was_and_one_with_it_comes_back() -> None:
    shelf = catalogue()
    expert = expert_of(0.1, shelf)
    arrays, metadata = expert.state()
    again = AttributeExpert.from_state(arrays, metadata, shelf)
    assert lifts(again, shelf, 1983) == lifts(expert, shelf, 1983)
    old_settings = {k: v for k, v in metadata["settings"].items() if k != "kernel_width"}
    old_arrays = {"counts": arrays["counts"]}
    old = AttributeExpert.from_state(old_arrays, {**metadata, "settings": old_settings}, shelf)
    assert lifts(old, shelf, 1983)["1982"] == lifts(old, shelf, 1983)["2009"]


def test_a_year_that_comes_later_is_near_the_others() -> None:
    shelf = catalogue([item for item in YEARS if item.id != "y1984"])
    expert = expert_of(0.05, shelf)
    grown = catalogue([*(item for item in YEARS if item.id != "y1984"), YEARS[14]])
    expert.grow(grown, ())
    liked = lifts(expert, grown, 1983)
    assert liked["1984"] > liked["1990"]


def test_what_comes_later_moves_nothing_of_what_was_learnt() -> None:
    """Else who starts now would answer otherwise than who saw the items come."""
    shelf = catalogue()
    expert = expert_of(0.05, shelf)
    before = expert._kernel
    more = [*YEARS, *(Item(f"more-{n}", attributes={"year": ("1983",)}) for n in range(50))]
    expert.grow(catalogue(more), ())
    again = AttributeExpert.from_state(*expert_of(0.05, shelf).state(), catalogue(more))
    assert before is not None
    assert again._kernel is not None
    np.testing.assert_array_equal(before.nearness, again._kernel.nearness)
