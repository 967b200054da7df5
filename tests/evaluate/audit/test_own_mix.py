"""Lists that leave a person's own mix are told from lists that keep it."""

import numpy as np
import pytest

from evaluate.audit.samples import sample
from foretaste.domain.mixes import divergence
from foretaste.evaluate.audit.item_groups import item_groups
from foretaste.evaluate.audit.own_mix import mix, own_mix_section

GENRES = [("drama",)] * 50 + [("comedy",)] * 50
HISTORY = [*range(7), *range(50, 53)]  # seven dramas and three comedies


def test_divergence_is_that_of_steck() -> None:
    own, shown = np.array([0.7, 0.3]), np.array([1.0, 0.0])
    by_hand = 0.7 * np.log(0.7 / (0.99 + 0.007)) + 0.3 * np.log(0.3 / 0.003)
    assert divergence(own[None], shown[None])[0] == pytest.approx(by_hand)
    assert divergence(own[None], own[None])[0] == pytest.approx(0, abs=1e-12)


def test_an_item_of_two_kinds_counts_half_for_each() -> None:
    data = sample([[0]], [[0]], 2, genre=[("drama", "comedy"), ("drama",)])
    groups = item_groups(data.catalogue, "genre", 12)
    shares = dict(zip(groups.names, mix(np.array([0, 1]), groups), strict=True))
    assert shares == {"drama": 0.75, "comedy": 0.25}


@pytest.mark.parametrize(
    ("shown", "is_flagged"), [([*range(10, 20)], True), ([*range(10, 17), 60, 61, 62], False)]
)
def test_lists_of_dramas_alone_are_flagged(shown: list[int], is_flagged: bool) -> None:
    others = [[*range(25), *range(50, 75)] for _ in range(5)]  # else what is popular is the same
    data = sample([shown] * 45, [HISTORY] * 40 + others, 100, genre=GENRES)
    groups = item_groups(data.catalogue, "genre", 12)
    section = own_mix_section(data, [groups], np.random.default_rng(0))
    assert bool(section.flagged) == is_flagged
    assert ("own_mix" in section.remedy) == is_flagged


def test_without_kinds_it_says_what_to_name() -> None:
    section = own_mix_section(sample([[0]], [[1]], 2), [], np.random.default_rng(0))
    assert "--column" in section.verdict
    assert section.figures == ()
