"""Neighbour: what is taken close to the last few items, the less the further apart."""

import numpy as np
import pytest

from foretaste.model.count_matrix import CountMatrix
from foretaste.model.experts.neighbour import NeighbourExpert
from foretaste.model.settings import NeighbourSettings

from ..world import SETTINGS, World

SET = NeighbourSettings(
    window=2, decay=0.5, backward=0.25, popularity_damping=0.0, smoothing=1e-6, max_recent_items=2
)


def made(here: World, settings: NeighbourSettings = SET) -> NeighbourExpert:
    nothing = np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0, np.float32)
    counts = CountMatrix.from_triples(60, [nothing])
    return NeighbourExpert(counts, np.ones(60, np.float32), settings, here.catalogue)


def shares(expert: NeighbourExpert, here: World, *past: int) -> dict[int, float]:
    row = np.exp(expert.log_prob([here.took(*past)])[0])
    return {int(item): float(row[item]) for item in np.flatnonzero(row > 1e-4)}


def test_counts_within_the_window_both_ways(here: World) -> None:
    expert = made(here)
    expert.learn(here.took(1, 2, 3), 4, 1.0, 0.0)  # 3 is one apart, 2 is two, 1 is out of reach

    assert expert.neighbour_counts.row(3)[0].tolist() == [4]
    assert expert.neighbour_counts.row(3)[1].tolist() == [1.0]
    assert expert.neighbour_counts.row(2)[1].tolist() == [0.5]
    assert len(expert.neighbour_counts.row(1)[0]) == 0
    assert dict(zip(*(part.tolist() for part in expert.neighbour_counts.row(4)), strict=True)) == {
        3: 0.25,
        2: 0.125,
    }


def test_adds_up_what_the_last_few_items_say(here: World) -> None:
    expert = made(here)
    expert.learn(here.took(1), 11, 1.0, 0.0)
    expert.learn(here.took(2), 12, 1.0, 0.0)
    expert.learn(here.took(3), 13, 1.0, 0.0)

    assert shares(expert, here, 2) == pytest.approx({12: 1.0}, abs=1e-4)
    # the item before the last is worth a half, the one before it nothing
    assert shares(expert, here, 1, 2, 3) == pytest.approx({13: 2 / 3, 12: 1 / 3}, abs=1e-3)


def test_neighbours_of_everything_are_toned_down(here: World) -> None:
    plain, toned = (
        made(here, SET.model_copy(update={"popularity_damping": p})) for p in (0.0, 1.0)
    )
    for expert in (plain, toned):
        expert.learn(here.took(1), 11, 1.0, 0.0)
        for other in (1, 2, 3, 4, 5, 6):
            expert.learn(here.took(other), 50, 1.0, 0.0)

    assert shares(plain, here, 1)[50] == pytest.approx(shares(plain, here, 1)[11], abs=1e-3)
    assert shares(toned, here, 1)[50] < shares(toned, here, 1)[11] / 2


def test_fitting_is_the_same_as_by_hand(here: World) -> None:
    settings = SETTINGS.model_copy(update={"neighbour": SET})
    expert = NeighbourExpert.fit(here.training(settings, interactions=here.histories))[0]
    wanted = np.zeros((60, 60))
    for person in range(len(here.histories)):
        past = here.histories.user_context(
            person, int(here.histories.offsets[person + 1])
        ).consumed_items
        for place, later in enumerate(past):
            for lag in (1, 2):
                if place >= lag:
                    wanted[past[place - lag], later] += 0.5 ** (lag - 1)
                    wanted[later, past[place - lag]] += 0.5 ** (lag - 1) * 0.25

    np.testing.assert_allclose(expert.neighbour_counts.to_csr().toarray(), wanted, rtol=1e-5)


def test_each_reason_is_the_item_it_comes_from(here: World) -> None:
    expert = made(here)
    expert.learn(here.took(1), 11, 1.0, 0.0)
    expert.learn(here.took(2), 12, 1.0, 0.0)
    terms = expert.terms(here.took(1, 2), np.array([11, 12], np.int32))
    by_event = [{term.event: term.nats for term in some if term.event} for some in terms]

    assert by_event[0]["i1"] > 1
    assert by_event[0]["i2"] == 0
    assert by_event[1]["i2"] > 1
    assert by_event[1]["i1"] == 0


def test_two_that_come_from_one_event_are_told_apart(here: World) -> None:
    expert = made(here)
    expert.learn(here.took(1), 11, 1.0, 0.0)
    (terms,) = expert.terms(here.took(1, 1), np.array([11], np.int32))

    newest, before = (term.nats for term in terms if term.event == "i1")
    assert newest == pytest.approx(2 * before, rel=1e-3)
