"""One person changes all counts together by a length of one; what is of few is not told."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from foretaste.domain.data import EVENT_TYPE_WEIGHTS, Doubles, Interactions
from foretaste.domain.privacy_settings import PrivacySettings
from foretaste.model.count_matrix import CountMatrix, item_pair_owners, item_pairs
from foretaste.model.experts.neighbour import NeighbourExpert
from foretaste.model.experts.transition import TransitionExpert
from foretaste.model.privacy_budget import PrivacyBudget
from foretaste.model.private_counts import (
    MAX_PAIRS,
    PrivateRelease,
    bounded_pairs,
    newest_events,
    pairs_of_many,
)
from foretaste.prepare.interactions import build_interactions

from .world import World

SIZE = 12
Histories = list[list[int]]


def interactions_of(histories: Histories) -> Interactions:
    rows = [
        (f"u{person}", None, f"i{item}", "view", None, float(at), None, None)
        for person, items in enumerate(histories)
        for at, item in enumerate(items)
    ]
    index = {f"i{item}": item for item in range(SIZE)}
    return build_interactions(rows, index, EVENT_TYPE_WEIGHTS)[0]


def release(noise: float, pair_delta: float = 1e-6, **settings: Any) -> PrivateRelease:
    budget = PrivacyBudget(4.0, 1e-5, noise, pair_delta, 0.0, 1.0, 0, "RDP")
    made = PrivacySettings(epsilon=4.0, delta=1e-5, **settings)
    return PrivateRelease(made, budget, np.random.default_rng(0))


@given(
    st.lists(st.lists(st.integers(0, SIZE - 1), min_size=2, max_size=20), min_size=2, max_size=6)
)
def test_one_person_changes_all_counts_of_items_by_a_length_of_one(histories: Histories) -> None:
    def counts(some: Histories) -> Doubles:
        return release(0.0).item_counts(interactions_of(some), SIZE)

    assert np.linalg.norm(counts(histories) - counts(histories[1:])) <= 1 + 1e-6


@given(
    st.lists(st.lists(st.integers(0, SIZE - 1), min_size=2, max_size=80), min_size=1, max_size=4)
)
def test_of_nobody_do_pairs_count_for_more_than_of_any_other(histories: Histories) -> None:
    data = interactions_of(histories)
    triples = [item_pairs(data, lag) for lag in (1, 2, 3)]
    owners = [item_pair_owners(data, lag) for lag in (1, 2, 3)]
    users, _, _, weights = bounded_pairs(triples, owners, SIZE, np.random.default_rng(0))

    assert np.bincount(users, minlength=1).max() <= MAX_PAIRS
    assert weights.max() <= 1
    assert np.sqrt(np.bincount(users, weights**2)).max() <= 1 + 1e-6


def test_a_pair_of_few_is_not_told_and_one_of_many_is() -> None:
    histories = [[0, 1]] * 200 + [[2, 3]] * 3
    data = interactions_of(histories)
    triples, owners = [item_pairs(data, 1)], [item_pair_owners(data, 1)]
    rows, columns, counts = release(2.0).pairs(triples, owners, SIZE)[0]
    assert (rows.tolist(), columns.tolist()) == ([0], [1])
    assert counts[0] == pytest.approx(200, abs=10)


def test_counts_are_told_once_with_noise_on_every_item() -> None:
    data = interactions_of([[0, 1]] * 500)
    told = release(3.0)
    first = told.item_counts(data, SIZE)
    assert told.item_counts(data, SIZE) is first
    assert (first[:2] > 300).all()
    assert (first[2:] >= 3.0).all()  # nothing is impossible
    assert len(np.unique(first[2:])) > 2


def test_the_newest_events_of_each_are_kept() -> None:
    data = newest_events(interactions_of([[0, 1, 2, 3], [4], [5, 6, 7]]), 2)
    assert data.item.tolist() == [2, 3, 4, 6, 7]
    assert np.diff(data.offsets).tolist() == [2, 1, 2]


def test_without_a_budget_pairs_of_fewer_people_are_left_out(here: World) -> None:
    data = interactions_of([[0, 1]] * 3 + [[2, 3, 2, 3, 2, 3]] + [[0, 4]])
    triples = pairs_of_many([item_pairs(data, 1)], [item_pair_owners(data, 1)], SIZE, 3)
    assert set(zip(triples[0][0].tolist(), triples[0][1].tolist(), strict=True)) == {(0, 1)}


@pytest.mark.parametrize("kind", [TransitionExpert, NeighbourExpert])
def test_pairs_that_must_be_of_many_learn_nothing_of_one_alone(here: World, kind: Any) -> None:
    training = replace(here.training(), privacy=PrivacySettings(min_people=3))
    expert, free = kind.fit(training)[0], kind.fit(here.training())[0]
    counts = getattr(expert, "successor_counts", None) or expert.neighbour_counts
    free_counts = getattr(free, "successor_counts", None) or free.neighbour_counts
    assert 0 < counts.to_csr().nnz < free_counts.to_csr().nnz

    before = counts.to_csr().sum()
    expert.learn(here.took(1, 2), 50, 1.0, 2e9)
    assert counts.to_csr().sum() == before
    arrays, metadata = expert.state()
    again = kind.from_state(arrays, metadata, here.catalogue)
    again.learn(here.took(1, 2), 50, 1.0, 2e9)
    assert all(np.array_equal(value, again.state()[0][name]) for name, value in arrays.items()
               if name != "popular")  # fmt: skip


def test_a_closed_matrix_stays_as_it_is() -> None:
    matrix = CountMatrix(sp.csr_matrix((3, 3), dtype=np.float32), is_closed=True)
    matrix.add(0, 1, 1.0)
    assert matrix.total(0) == 0
    assert CountMatrix.from_arrays("x", matrix.arrays("x")).is_closed
