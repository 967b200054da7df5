"""A list keeps to the mix of what a person takes, as far as is wanted."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluate.shops import items
from foretaste.domain.data import Catalogue, Floats
from foretaste.domain.mixes import divergence
from foretaste.errors import InputError
from foretaste.prepare.catalogue_builder import build_catalogue
from foretaste.rank.own_mix import OwnMix, item_shares, mix_feature

GENRES = [("drama",)] * 20 + [("comedy",)] * 20
HISTORY = np.array([*range(7), *range(20, 23)], np.int32)  # seven dramas and three comedies
SCORES: Floats = np.linspace(0, -4, 40, dtype=np.float32)  # every drama before every comedy


@pytest.fixture(scope="module")
def shelf() -> Catalogue:
    return build_catalogue(items(40, genre=GENRES), np.zeros((40, 2), np.float32))


def own_mix(shelf: Catalogue, strength: float) -> OwnMix:
    feature = mix_feature(shelf, "genre")
    assert feature is not None
    mix = OwnMix.of(feature, HISTORY, strength)
    assert mix is not None
    return mix


def comedies(order: list[int], n: int = 10) -> int:
    return sum(item >= 20 for item in order[:n])


def test_the_mix_alone_gives_seven_dramas_and_three_comedies(shelf: Catalogue) -> None:
    order = own_mix(shelf, 1.0).rerank(range(40), SCORES, 20)
    assert comedies(order) == 3
    assert [item for item in order[:10] if item < 20] == list(range(7))  # the best of each kind


@given(st.floats(0.01, 1))
def test_more_strength_is_never_further_from_the_mix(shelf: Catalogue, strength: float) -> None:
    mix = own_mix(shelf, strength)
    order = mix.rerank(range(40), SCORES, 20)
    assert sorted(order) == list(range(40))

    def distance(listed: list[int]) -> float:
        shares = item_shares(mix.feature, np.array(listed[:10], np.int32)).mean(0)
        return float(divergence(mix.shares, shares))

    assert distance(order) <= distance(list(range(40)))


def test_somebody_with_little_history_has_no_mix(shelf: Catalogue) -> None:
    feature = mix_feature(shelf, "genre")
    assert feature is not None
    assert OwnMix.of(feature, HISTORY[:4], 1.0) is None
    assert OwnMix.of(feature, HISTORY, 0.0) is None


def test_items_without_a_value_neither_help_nor_harm() -> None:
    shelf = build_catalogue(
        items(40, genre=[*GENRES[:10], *[()] * 10, *GENRES[20:]]), np.zeros((40, 2), np.float32)
    )
    order = own_mix(shelf, 0.9).rerank(range(40), SCORES, 20)
    assert sorted(order) == list(range(40))
    assert comedies(order) >= 1


def test_the_first_column_of_kinds_is_taken_and_another_refused(shelf: Catalogue) -> None:
    feature = mix_feature(shelf, None)
    assert feature is not None
    assert feature.column == "genre"
    with pytest.raises(InputError, match="did you mean 'genre'"):
        mix_feature(shelf, "genres")
    assert mix_feature(build_catalogue(items(2), np.zeros((2, 2), np.float32)), None) is None
