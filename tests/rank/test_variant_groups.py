"""One variant of each group: which, and with whose score."""

import numpy as np
import pytest

from foretaste.domain.data import Feature
from foretaste.rank.variant_groups import VariantGroups

CODES = np.array([0, 0, 1, -1, 1, 0], np.int32)
SCORES = np.array([3.0, 1.0, 2.0, 2.5, -np.inf, 0.0], np.float32)
NOTHING = np.zeros(6, bool)
NO_BOOSTS = np.zeros(6, np.float32)


def hidden(*items: int) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
    mask = NOTHING.copy()
    mask[list(items)] = True
    return mask


@pytest.mark.parametrize(
    ("left_out", "boosted", "pinned", "shown"),
    [
        pytest.param((), {}, (), {0: 3.0, 2: 2.0, 3: 2.5}, id="the best of each"),
        pytest.param((0,), {}, (), {1: 3.0, 2: 2.0, 3: 2.5}, id="the first is sold out"),
        pytest.param((0, 1, 5), {}, (), {2: 2.0, 3: 2.5}, id="the whole group is"),
        pytest.param((), {5: 9.0}, (), {5: 3.0, 2: 2.0, 3: 2.5}, id="a rule wants another"),
        pytest.param((), {}, (1,), {1: 3.0, 2: 2.0, 3: 2.5}, id="another is pinned"),
        pytest.param((2,), {}, (), {0: 3.0, 3: 2.5, 4: 2.0}, id="one that nobody scored"),
    ],
)
def test_chosen(
    left_out: tuple[int, ...],
    boosted: dict[int, float],
    pinned: tuple[int, ...],
    shown: dict[int, float],
) -> None:
    boosts = NO_BOOSTS.copy()
    for item, nats in boosted.items():
        boosts[item] = nats
    chosen = VariantGroups(CODES).choose(SCORES, boosts, hidden(*left_out), pinned)
    assert {item: chosen.scores[item] for item in np.flatnonzero(~chosen.hidden)} == shown


def test_the_terms_are_those_of_the_item_that_has_the_score() -> None:
    chosen = VariantGroups(CODES).choose(SCORES, NO_BOOSTS, hidden(0), ())
    assert chosen.scored_items[1] == 0
    assert chosen.scored_items[3] == 3


def test_an_item_that_is_called_as_its_group_is_of_it() -> None:
    feature = Feature(
        "variant_group", ("tee",), np.array([0, 0, 1, 2, 2]), np.array([0, 0], np.int32)
    )
    groups = VariantGroups.of(feature, {"tee": 0, "tee-red": 1, "tee-blue": 2, "mug": 3})
    assert groups is not None
    assert groups.codes.tolist() == [0, 0, 0, -1]
    assert groups.with_members(np.array([1])).tolist() == [0, 1, 2]


def test_no_groups_where_nothing_is_a_variant() -> None:
    assert VariantGroups.of(None, {}) is None
