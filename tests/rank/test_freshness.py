"""What age adds to a score."""

import numpy as np
import pytest

from foretaste.rank.freshness import MAX_HALF_LIVES, freshness_boost


def test_a_half_life_halves_down_to_a_floor() -> None:
    hour = 3_600.0
    arrivals = np.array([0.0, -hour, -2 * hour, -100 * hour, -200 * hour, -np.inf])
    row = freshness_boost(arrivals, 0.0, hour).row
    assert row[0] - row[1] == pytest.approx(np.log(2), abs=1e-5)
    assert row[1] - row[2] == pytest.approx(np.log(2), abs=1e-5)
    assert row[0] == pytest.approx(MAX_HALF_LIVES * np.log(2), abs=1e-5)
    assert row[3:].tolist() == [0, 0, 0]
