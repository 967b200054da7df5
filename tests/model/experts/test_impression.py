"""Impressions: what was shown on visit after visit and left alone falls, and nothing else does."""

from dataclasses import replace

import numpy as np
import pytest

from foretaste.domain.data import UserContext
from foretaste.domain.impressions import Impressions
from foretaste.model.expert_weights import SCALE_BOUNDS
from foretaste.model.experts.impression import ImpressionExpert
from foretaste.model.fit import fit_product
from foretaste.model.settings import ImpressionSettings, ModelSettings

from ..world import HOUR, ITEMS, START, World, did

DAYS_AGO = -24


def shown(
    here: World, *pairs: tuple[int, float], taken: tuple[int, float] | None = None
) -> UserContext:
    """pairs: (item, when it was shown, in hours from now). taken: the same of what was taken."""
    items, hours = zip(*pairs, strict=True)
    impressions = Impressions(np.array(items, np.int32), START + np.array(hours) * HOUR)
    context = here.behaviour(did(*taken)) if taken else here.took()
    return replace(context, impressions=impressions)


def fall(here: World, context: UserContext, **settings: float) -> np.ndarray:
    """[items], what each loses against an item that was not shown."""
    expert = ImpressionExpert(ImpressionSettings(**settings), here.catalogue)
    row = expert.log_prob([context])[0]
    assert np.exp(row.astype(np.float64)).sum() == pytest.approx(1, abs=1e-5)
    return row - row[ITEMS - 1]


def test_what_was_left_alone_falls_and_nothing_else(here: World) -> None:
    loss = fall(here, shown(here, (7, -2)), strength=0.5, half_life_days=1e9)

    assert loss[7] == pytest.approx(-0.5 * np.log(2), abs=1e-5)
    assert not np.delete(loss, 7).any()


def test_it_falls_with_each_visit_and_by_less_each_time(here: World) -> None:
    visits = [
        fall(here, shown(here, *((7, -5 * n) for n in range(1, k + 1))))[7] for k in (1, 2, 3)
    ]

    assert visits[0] > visits[1] > visits[2]
    assert visits[0] - visits[1] > visits[1] - visits[2]


def test_what_is_seen_twice_on_one_visit_counts_once(here: World) -> None:
    once = fall(here, shown(here, (7, -5.0)))
    assert np.array_equal(fall(here, shown(here, (7, -5.0), (7, -4.9), (7, -4.5))), once)
    assert fall(here, shown(here, (7, -5.0), (7, -4.9), (7, -4.2)))[7] < once[7]


def test_a_visit_that_goes_on_changes_nothing(here: World) -> None:
    expert = ImpressionExpert(ImpressionSettings(), here.catalogue)

    assert not expert.is_active(shown(here, (7, -0.4), (8, 3)))
    assert expert.is_active(shown(here, (7, -0.6)))


def test_an_older_visit_counts_less(here: World) -> None:
    week = 7 * DAYS_AGO
    loss = fall(here, shown(here, (7, week), (8, 2 * week)), strength=1)

    assert loss[7] == pytest.approx(-np.log1p(0.5), abs=1e-4)
    assert loss[8] == pytest.approx(-np.log1p(0.25), abs=1e-4)


def test_who_takes_an_item_did_not_leave_it_alone(here: World) -> None:
    assert not fall(here, shown(here, (7, -9), taken=(7, -8)))[7]
    assert fall(here, shown(here, (7, -9), (7, -2), taken=(7, -8)))[7] < 0, "shown again since"
    assert fall(here, shown(here, (7, -9), taken=(8, -8)))[7] < 0, "another was taken"


def test_it_is_off_without_strength_and_without_impressions(here: World) -> None:
    off = ImpressionExpert(ImpressionSettings(strength=0), here.catalogue)
    assert not off.is_active(shown(here, (7, -9)))
    assert not ImpressionExpert(ImpressionSettings(), here.catalogue).is_active(here.took(1, 2))


def test_its_weight_in_the_product_is_the_usual_one(here: World) -> None:
    """No training knows what was shown, so none may fit it away."""
    settings = ModelSettings(experts=("impression", "popularity", "transition"))
    product = fit_product(here.training(settings))
    context = shown(here, *((7, -5.0 * n) for n in range(1, 9)), taken=(3, -1))
    scores = product.score([context, replace(context, impressions=None)])

    change = scores[0] - scores[1]
    weight = (change[7] - change[8]) / fall(here, context)[7]
    assert SCALE_BOUNDS[0] <= weight <= SCALE_BOUNDS[1], "the usual 1, to the scale of the others"
