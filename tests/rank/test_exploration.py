"""Exploration: what is drawn, and what it says of the probability."""

from collections import Counter

import numpy as np
import pytest

from foretaste.rank.exploration import Exploration

POSITIONS, POOL = [1, 2, 4], [10, 11, 12, 13]


def unused() -> np.random.Generator:
    raise AssertionError("chance was asked")


def test_each_item_comes_as_often_as_its_propensity_says() -> None:
    rng, rounds = np.random.default_rng(5), 4000
    counts: Counter[int] = Counter()
    for _ in range(rounds):
        item, source, propensity = Exploration(0.4, POSITIONS, POOL, lambda: rng).draw_item(2, 7)
        counts[item] += 1
        assert source == ("model" if item == 7 else "explored")
        assert propensity == pytest.approx(0.6 if item == 7 else 0.1)

    assert counts[7] / rounds == pytest.approx(0.6, abs=0.04)
    assert [counts[item] / rounds for item in POOL] == pytest.approx([0.1] * 4, abs=0.03)


@pytest.mark.parametrize("seed", range(8))
def test_no_item_is_drawn_twice(seed: int) -> None:
    exploration = Exploration(1.0, POSITIONS, POOL, lambda: np.random.default_rng(seed))
    items = [exploration.draw_item(position, 7)[0] for position in POSITIONS]

    assert len(set(items)) == len(items)
    assert set(items) <= set(POOL)


def test_another_place_keeps_its_item() -> None:
    exploration = Exploration(1.0, POSITIONS, POOL, np.random.default_rng)

    assert exploration.draw_item(3, 7) == (7, "model", 1.0)


@pytest.mark.parametrize(("positions", "pool"), [(POSITIONS, [10, 11]), ([], POOL)])
def test_with_too_few_to_draw_from_or_no_place_nothing_is_drawn(
    positions: list[int], pool: list[int]
) -> None:
    exploration = Exploration(1.0, positions, pool, unused)

    assert exploration.draw_item(1, 7) == (7, "model", 1.0)
