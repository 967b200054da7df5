"""Popularity: counts that halve, worked out by hand."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from foretaste.domain.data import Catalogue, EvaluationCases
from foretaste.domain.sharing import forked
from foretaste.model.experts.popularity import HALF_LIVES, SECONDS_PER_DAY, PopularityExpert
from foretaste.model.settings import ModelSettings, PopularitySettings

from ..world import START, World, did, item, shelf

NOBODY: Any = None


def catalogue(items: int) -> Catalogue:
    return shelf([item(n) for n in range(items)])


def made(
    counts: list[float], half_life: float | None = None, prior: float = 1.0
) -> PopularityExpert:
    return PopularityExpert(np.array(counts, np.float64), START, half_life, prior)


def read(expert: PopularityExpert) -> PopularityExpert:
    """As from the disk."""
    arrays, facts = expert.state()
    copies = {name: array.copy() for name, array in arrays.items()}
    return PopularityExpert.from_state(
        copies, json.loads(json.dumps(facts)), catalogue(len(expert.taken))
    )


def test_is_the_share_of_the_counts_and_the_prior() -> None:
    expert = made([3, 1, 0])

    np.testing.assert_allclose(np.exp(expert.log_prob_row()), np.array([4, 2, 1]) / 7, rtol=1e-6)


def test_an_event_counts_half_after_a_half_life() -> None:
    expert = made([0, 0], half_life=7.0, prior=1e-9)
    expert.learn(NOBODY, 0, 1.0, START)
    expert.learn(NOBODY, 1, 1.0, START + 7 * SECONDS_PER_DAY)

    np.testing.assert_allclose(np.exp(expert.log_prob_row()), [1 / 3, 2 / 3], rtol=1e-6)


def test_a_late_event_counts_at_its_own_time() -> None:
    in_order, late = made([0, 0], 7.0), made([0, 0], 7.0)
    events = [(0, START), (1, START + 3 * SECONDS_PER_DAY), (0, START + 9 * SECONDS_PER_DAY)]
    for number, at in events:
        in_order.learn(NOBODY, number, 1.0, at)
    for number, at in reversed(events):
        late.learn(NOBODY, number, 1.0, at)

    np.testing.assert_allclose(late.log_prob_row(), in_order.log_prob_row(), atol=1e-6)


def test_bringing_counts_forward_changes_nothing() -> None:
    expert = made([5, 0, 0], half_life=1.0)
    for day in range(100):
        expert.learn(NOBODY, 1 + day % 2, 1.0, START + day * SECONDS_PER_DAY)

    ages = 99.0 - np.arange(100)
    mass = np.array([5 * 2.0**-99, np.exp2(-ages[::2]).sum(), np.exp2(-ages[1::2]).sum()])
    np.testing.assert_allclose(
        np.exp(expert.log_prob_row()), (mass + 1) / (mass + 1).sum(), rtol=1e-5
    )


@pytest.mark.parametrize("years", [1, 5, 50, 3000])
def test_what_was_learnt_before_a_silence_is_not_forgotten(years: int) -> None:
    expert = made([5, 0, 0], half_life=1.0)
    back = read(expert)
    for one in (expert, back):
        one.learn(NOBODY, 1, 1.0, START + years * 365 * SECONDS_PER_DAY)
    back = read(back)
    for one in (expert, back):
        one.learn(NOBODY, 2, 1.0, START + (years * 365 + 1) * SECONDS_PER_DAY)
        one.learn(NOBODY, 2, 4.0, START)  # late, of before it

    wanted = np.array([1 + 5 / 8, 1 + 1 / 2, 1 + 1 + 4 / 8])
    for one in (expert, back):
        np.testing.assert_allclose(np.exp(one.log_prob_row()), wanted / wanted.sum(), rtol=1e-5)


def test_a_service_that_began_without_events_learns() -> None:
    expert = PopularityExpert(np.zeros(3), 0.0, 1.0, 1.0)
    expert.learn(NOBODY, 2, 1.0, START)

    np.testing.assert_allclose(np.exp(expert.log_prob_row()), [0.25, 0.25, 0.5], rtol=1e-6)


def test_taking_back_never_goes_below_nothing() -> None:
    expert = made([1, 1])
    expert.learn(NOBODY, 0, -5.0, START)

    np.testing.assert_allclose(np.exp(expert.log_prob_row()), [1 / 3, 2 / 3], rtol=1e-6)


def test_the_half_life_is_the_likeliest_for_the_validation_events(here: World) -> None:
    """Fashions of a week each: what was taken long ago says nothing of the last week."""
    found = here.histories
    order = np.argsort(found.at)
    at, taken = found.at.copy(), found.item.copy()
    at[order] = START + np.arange(found.event_count) * 0.2 * SECONDS_PER_DAY
    taken[order] = np.minimum(np.arange(found.event_count) // 35, 59)
    fashion = replace(found, at=at, item=taken)
    late = np.argsort(at)[-100:]
    valid = EvaluationCases(fashion, fashion.row_users()[late], late)
    learnt = fashion.filter_rows(at < at[late].min())
    settings = ModelSettings()
    chosen = PopularityExpert.fit(
        here.training(settings, interactions=learnt, validation_cases=valid)
    )[0]

    assert 0 < chosen.half_life_days <= 7
    assert chosen.half_life_days in HALF_LIVES


@pytest.mark.parametrize(("days", "kept"), [(3.0, 3.0), (0.0, 0.0)])
def test_a_half_life_of_the_settings_is_not_chosen(here: World, days: float, kept: float) -> None:
    settings = ModelSettings(popularity=PopularitySettings(half_life_days=days))

    assert PopularityExpert.fit(here.training(settings))[0].half_life_days == kept


def test_searches_and_refusals_are_not_counted(here: World) -> None:
    found = here.histories
    with_all = PopularityExpert.fit(here.training(interactions=found))[0]
    takings = PopularityExpert.fit(
        here.training(interactions=found.filter_rows(found.positive_mask()))
    )[0]

    np.testing.assert_allclose(with_all.log_prob_row(), takings.log_prob_row(), atol=1e-6)


def test_is_the_same_for_everyone_and_always_there(here: World) -> None:
    expert = made([1.0] * 60)

    assert expert.is_active(here.took())
    two = expert.log_prob([here.took(), here.behaviour(did(1, 0))])
    np.testing.assert_array_equal(two[0], two[1])


def test_a_new_item_has_the_prior() -> None:
    expert = made([3, 1, 0])
    expert.grow(catalogue(4))

    np.testing.assert_allclose(np.exp(expert.log_prob_row()), np.array([4, 2, 1, 1]) / 8, rtol=1e-6)


def test_what_the_catalogue_got_since_the_training_is_known_after_a_restart() -> None:
    """And a version from before this was written down has trained on all that it has."""
    expert = made([3, 1])
    expert.grow(catalogue(5))
    assert read(expert).trained_items == 2
    arrays, metadata = expert.state()
    older = {name: value for name, value in metadata.items() if name != "trained_items"}
    assert PopularityExpert.from_state(arrays, older, catalogue(5)).trained_items == 5


def test_what_is_learnt_is_in_the_next_row() -> None:
    """Also where a row was asked for before, and of a fork alone."""
    expert = PopularityExpert(np.ones(3), START, None, 1.0)
    before = expert.log_prob_row().copy()
    fork = forked(expert)
    fork.learn(NOBODY, 1, 1.0, START)

    np.testing.assert_allclose(np.exp(fork.log_prob_row()), [2 / 7, 3 / 7, 2 / 7], rtol=1e-6)
    np.testing.assert_array_equal(expert.log_prob_row(), before)
