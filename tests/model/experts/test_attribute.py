"""Attribute: how much more a person likes a value than people do."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from foretaste.domain.data import Catalogue, Item
from foretaste.model.experts.attribute import AttributeExpert
from foretaste.model.settings import AttributeSettings
from foretaste.prepare.splits import split_leave_one_out

from ..world import EACH, ITEMS, SETTINGS, World, again, item, shelf


def genre(here: World) -> AttributeExpert:
    return next(e for e in AttributeExpert.fit(here.training()) if e.column == "genre")


def films(*genres: tuple[str, ...]) -> Catalogue:
    return shelf(
        [Item(str(n), f"film {n}", attributes={"genre": some}) for n, some in enumerate(genres)]
    )


def made(catalogue: Catalogue) -> AttributeExpert:
    return AttributeExpert("genre", AttributeSettings(), catalogue)


def test_one_for_each_column_with_shared_values(here: World) -> None:
    assert [e.name for e in AttributeExpert.fit(here.training())] == [
        "attribute:genre",
        "attribute:year",
    ]
    unique = shelf([replace(one, attributes={"sku": (one.id,)}) for one in here.items])
    assert AttributeExpert.fit(replace(here.training(), catalogue=unique)) == []


def test_a_price_is_learnt_by_its_band_alone(here: World) -> None:
    def priced(one: Item, n: int) -> Item:
        price = str(5 + n % 10)
        return replace(one, attributes={"price": (price,), "price_band": (f"{n % 2}",)})

    items = shelf([priced(one, n) for n, one in enumerate(here.items)])
    experts = AttributeExpert.fit(replace(here.training(), catalogue=items))
    assert [one.name for one in experts] == ["attribute:price_band"]


def test_only_the_columns_of_the_settings(here: World) -> None:
    for chosen, names in ((("year",), ["attribute:year"]), ((), [])):
        settings = SETTINGS.model_copy(update={"attribute": AttributeSettings(columns=chosen)})
        assert [e.name for e in AttributeExpert.fit(here.training(settings))] == names


def test_a_column_of_too_many_values_is_left_out(here: World) -> None:
    settings = SETTINGS.model_copy(update={"attribute": AttributeSettings(max_values=5)})

    # five years, but four genres and "odd" make five as well
    assert len(AttributeExpert.fit(here.training(settings))) == 2
    settings = SETTINGS.model_copy(update={"attribute": AttributeSettings(max_values=4)})
    assert AttributeExpert.fit(here.training(settings)) == []


def test_who_takes_a_value_is_given_it(here: World) -> None:
    row = np.exp(genre(here).log_prob([here.took(*range(15, 22))])[0])

    assert row[EACH : 2 * EACH].sum() > 0.5


def test_a_stated_taste_works_without_any_event(here: World) -> None:
    expert = genre(here)
    stated = here.took(taste={"genre": ("g2",)})

    assert expert.is_active(stated)
    assert not expert.is_active(here.took())
    assert not expert.is_active(here.took(taste={"genre": ("unheard of",), "year": ("2001",)}))
    row = np.exp(expert.log_prob([stated])[0])
    assert row[2 * EACH : 3 * EACH].sum() > 0.5


def test_validation_chooses_how_fast_a_taste_fades_and_how_much_is_everyones(here: World) -> None:
    """Who stays with a genre is followed at once; who takes anything is like everyone."""
    chosen = genre(here).state()[1]["settings"]
    anything = np.random.default_rng(0).permutation(here.histories.item)
    split = split_leave_one_out(replace(here.histories, item=anything))
    of_any = AttributeExpert.fit(
        replace(here.training(), interactions=split.train, validation_cases=split.valid)
    )[0]

    assert chosen["smoothing"] <= 3
    assert of_any.state()[1]["settings"]["smoothing"] >= 30
    given = AttributeSettings(decay=0.7, smoothing=2.0)
    settings = SETTINGS.model_copy(update={"attribute": given})
    assert AttributeExpert.fit(here.training(settings))[0].state()[1]["settings"]["decay"] == 0.7
    assert (
        AttributeExpert.fit(here.training(validation_cases=here.none()))[0].state()[1]["settings"][
            "decay"
        ]
        is None
    )


def test_the_lift_is_against_everyone(here: World) -> None:
    """Who takes what everybody takes, in the same shares, has no preference."""
    expert = made(films(("a",), ("b",)))
    for number, count in ((0, 300), (1, 100)):
        expert.learn(here.took(), number, float(count), 0.0)
    like_all = np.tile([0, 0, 0, 1], 200)
    lift = expert.log_prob([here.took(*like_all.tolist())])[0]

    assert abs(lift[0] - lift[1]) < 0.3
    assert expert.log_prob([here.took(1, 1, 1)])[0].argmax() == 1


def test_an_item_of_several_values_is_their_mean(here: World) -> None:
    expert = made(films(("a",), ("b",), ("a", "b"), ()))
    row = expert.log_prob([here.took(0, 0, 0)])[0]

    assert row[2] == pytest.approx((row[0] + row[1]) / 2, abs=1e-5)
    assert row[0] > row[2] > row[1]


def test_each_reason_names_the_value(here: World) -> None:
    (terms,) = genre(here).terms(here.took(15, 16, 17), np.array([18], np.int32))

    assert {term.feature for term in terms} == {"average item", "genre: g1", "genre: odd"}
    assert next(term.nats for term in terms if term.feature == "genre: g1") > 0


def test_a_value_named_twice_counts_whole(here: World) -> None:
    twice, once = made(films(("a", "a"), ("b",))), made(films(("a",), ("b",)))
    for expert in (twice, once):
        expert.learn(here.took(), 0, 2.0, 0.0)

    asked = [here.took(1)]
    np.testing.assert_allclose(twice.log_prob(asked), once.log_prob(asked), atol=1e-6)


def test_a_changed_item_moves_no_count_to_another_value(here: World) -> None:
    """Codes follow the first item with a value; counts follow the value."""
    expert = made(films(("a",), ("b",), ("a",)))
    expert.learn(here.took(), 1, 9.0, 0.0)
    expert.grow(films(("new",), ("b",), ("a",)))
    by_value = dict(zip(expert._feature.values, expert._value_counts.rows.tolist(), strict=True))

    assert by_value == {"new": 0.0, "b": 9.0, "a": 0.0}


def test_fewer_values_than_before(here: World) -> None:
    expert = made(films(("a",), ("b",), ("c",)))
    expert.grow(films(("a",), ("a",), ("a",)))

    assert np.isfinite(expert.log_prob([here.took(0, 1)])).all()


def test_a_column_that_is_gone_says_nothing(here: World, folder: Path) -> None:
    expert = genre(here)
    bare = shelf([replace(one, attributes={}) for one in here.items])
    back = again(expert, bare, folder)
    expert.grow(bare)

    for one in (expert, back):
        asked = here.took(1, taste={"genre": ("g1",)})
        np.testing.assert_allclose(one.log_prob([asked]), -np.log(ITEMS), atol=1e-5)
        one.learn(asked, 3, 1.0, 0.0)
        terms = one.terms(asked, np.array([2], np.int32))
        assert sum(term.nats for term in terms[0]) == pytest.approx(-np.log(ITEMS), abs=1e-4)


def test_a_new_item_of_a_new_value(here: World) -> None:
    expert = genre(here)
    new = Item("i60", "unheard of", attributes={"genre": ("g9",)})
    expert.grow(shelf([*here.items, item(60, 2), new]))
    row = expert.log_prob([here.took(*range(30, 36))])[0]

    assert row[60] > row[:30].max()
    assert row[61] < row[60]
