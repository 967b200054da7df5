"""Turns of threads while something long computes beside requests."""

import sys
from collections.abc import Iterator

import pytest

from foretaste.domain.switching import SHORT_TURN_SECONDS, short_turns


@pytest.fixture(autouse=True)
def usual() -> Iterator[float]:
    usual = sys.getswitchinterval()
    yield usual
    sys.setswitchinterval(usual)


def test_turns_are_short_until_the_last_work_is_over(usual: float) -> None:
    first, second = short_turns(), short_turns()
    first.__enter__()
    assert sys.getswitchinterval() == pytest.approx(SHORT_TURN_SECONDS, abs=3e-6)
    second.__enter__()
    first.__exit__(None, None, None)
    assert sys.getswitchinterval() == pytest.approx(SHORT_TURN_SECONDS, abs=3e-6)
    second.__exit__(None, None, None)
    assert sys.getswitchinterval() == pytest.approx(usual, abs=3e-6)


def test_they_are_as_before_also_where_the_work_failed(usual: float) -> None:
    with pytest.raises(ValueError, match="failed"), short_turns():
        raise ValueError("failed")
    assert sys.getswitchinterval() == pytest.approx(usual, abs=3e-6)


def test_shorter_ones_stay_as_they_are() -> None:
    sys.setswitchinterval(0.0001)
    with short_turns():
        assert sys.getswitchinterval() == pytest.approx(0.0001, abs=3e-6)
    assert sys.getswitchinterval() == pytest.approx(0.0001, abs=3e-6)
