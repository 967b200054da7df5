"""Turns of threads while something long computes beside requests."""

import sys
from collections.abc import Iterator

import pytest

from foretaste.domain import switching
from foretaste.domain.switching import SHORT_TURN_SECONDS, give_way, short_turns


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


class WorkClock:
    """The processor time that the work of a test took, and how long it rested."""

    def __init__(self) -> None:
        self.worked, self.rests = 0.0, list[float]()

    def thread_time(self) -> float:
        return self.worked

    def sleep(self, seconds: float) -> None:
        self.rests.append(seconds)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> WorkClock:
    clock = WorkClock()
    monkeypatch.setattr(switching, "time", clock)
    return clock


def test_work_that_may_rest_has_a_quarter_of_the_time(clock: WorkClock) -> None:
    with short_turns(1.0):
        give_way()
        assert clock.rests == []  # nothing was done yet
        clock.worked = 0.1
        give_way()
        give_way()
        assert clock.rests == [pytest.approx(0.3)]
        clock.worked = 1.0
        give_way()
        clock.worked = 2.0
        give_way()
        assert sum(clock.rests) == pytest.approx(1.0)  # and no more than it may


def test_other_work_never_rests(clock: WorkClock) -> None:
    clock.worked = 1.0
    give_way()
    with short_turns():
        clock.worked = 2.0
        give_way()
    with short_turns(5.0), short_turns(0.0):  # while it holds what requests wait for
        clock.worked = 3.0
        give_way()
    assert clock.rests == []
    with short_turns(5.0):
        with short_turns(0.0):
            pass
        clock.worked = 3.1
        give_way()
    assert clock.rests == [pytest.approx(0.3)]
