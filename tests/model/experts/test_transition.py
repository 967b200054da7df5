"""Transition: what followed the last item, worked out by hand."""

import numpy as np
import pytest

from foretaste.model.count_matrix import CountMatrix
from foretaste.model.experts.transition import TransitionExpert

from ..world import EACH, World, did


def made(here: World, smoothing: float = 5.0) -> TransitionExpert:
    nothing = np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0, np.float32)
    return TransitionExpert(
        CountMatrix.from_triples(60, [nothing]), np.ones(60, np.float32), smoothing, here.catalogue
    )


def test_is_the_counts_and_so_many_events_of_popularity(here: World) -> None:
    expert = made(here)
    for _ in range(3):
        expert.learn(here.took(7), 8, 1.0, 0.0)
    expert.learn(here.took(7), 9, 1.0, 0.0)
    prior = np.ones(60)
    prior[[8, 9]] += 3, 1
    prior /= prior.sum()
    wanted = 5 * prior
    wanted[[8, 9]] += 3, 1

    np.testing.assert_allclose(
        np.exp(expert.log_prob([here.took(1, 7)])[0]), wanted / wanted.sum(), rtol=1e-4
    )


def test_only_the_last_taking_counts(here: World) -> None:
    expert = made(here)
    expert.learn(here.took(7), 8, 1.0, 0.0)
    plain = here.took(3, 7)
    refused = here.behaviour(did(3, 0), did(7, 1), did(20, 2, "hide"))
    searched = here.behaviour(did(3, 0), did(7, 1), did(None, 2, "search", query="rose"))

    rows = expert.log_prob([plain, refused, searched, here.took(7, 3)])
    np.testing.assert_array_equal(rows[0], rows[1])
    np.testing.assert_array_equal(rows[0], rows[2])
    assert rows[0].argmax() == 8
    assert rows[3][8] < rows[0][8] - 1


def test_fitted_it_knows_the_cycle(here: World) -> None:
    expert = TransitionExpert.fit(here.training())[0]
    last = [3, EACH + 3, 2 * EACH + 3, 3 * EACH + 3]
    rows = expert.log_prob([here.took(item) for item in last])

    assert rows.argmax(axis=1).tolist() == [item + 1 for item in last]


def test_the_reason_is_the_last_item(here: World) -> None:
    expert = TransitionExpert.fit(here.training())[0]
    ((*_, term),) = expert.terms(here.took(1, 7), np.array([8], np.int32))

    assert term.event == "i7"
    assert term.nats > 1


def test_an_event_that_weighs_more_counts_more(here: World) -> None:
    one, three = made(here), made(here)
    for _ in range(3):
        one.learn(here.took(7), 8, 1.0, 0.0)
    three.learn(here.took(7), 8, 3.0, 0.0)

    asked = [here.took(7)]
    np.testing.assert_allclose(one.log_prob(asked), three.log_prob(asked), atol=1e-6)


def test_is_silent_before_the_first_item(here: World) -> None:
    expert = made(here)

    assert not expert.is_active(here.took())
    assert not expert.is_active(here.behaviour(did(None, 0, "search", query="rose")))
    assert expert.log_prob([here.took()])[0] == pytest.approx(-np.log(60), abs=1e-5)
