"""What a training measured of each taking is found again, of the same takings alone."""

import json

import numpy as np
import pytest

from evaluate.helpers import cases
from foretaste.evaluate.metrics import Ranks
from foretaste.evaluate.protocols import RankingResult
from foretaste.training.measured_cases import MEASURED_CASES, measured_cases, measured_values

TAKINGS = cases([1, 2], [3, 4, 5], [6, 7], [8, 9])


def data(*, hide_seen: bool) -> dict[str, object]:
    ranks = Ranks(np.array([0.0, 9.0, 10.0, np.inf]), np.array([2.0, 0.0, 1.0, 40.0]))
    result = RankingResult(TAKINGS.user_indices, TAKINGS.targets, ranks, 50)
    kept = measured_cases(TAKINGS, result, hide_seen=hide_seen)
    return {MEASURED_CASES: json.loads(json.dumps(kept))}


@pytest.mark.parametrize("hide_seen", [True, False])
def test_each_has_what_its_list_was_worth(hide_seen: bool) -> None:
    expected = [0.5, 1.0, 1 / np.log2(3), 0.0] if hide_seen else [1.0, 1 / np.log2(11), 0.0, 0.0]
    assert measured_values(data(hide_seen=hide_seen), TAKINGS) == pytest.approx(expected)


def test_of_other_takings_nothing_is_known() -> None:
    kept = data(hide_seen=True)
    without_the_first = cases([3, 4, 5], [6, 7], [8, 9])
    another_item = cases([1, 2], [3, 4, 6], [6, 7], [8, 9])
    for others in (without_the_first, another_item, TAKINGS.select(np.arange(3))):
        assert measured_values(kept, others) is None
    assert measured_values({}, TAKINGS) is None, "a version of before"
