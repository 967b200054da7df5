from hypothesis import given
from hypothesis import strategies as st

from foretaste.serve.http import limits
from foretaste.serve.http.limits import Limits


class Ticks:
    """A clock that is set."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_then_the_rate() -> None:
    ticks = Ticks()
    found = Limits(2.0, 3, ticks=ticks)
    assert [found.wait("a") for _ in range(3)] == [0, 0, 0]
    assert found.wait("a") == 1
    ticks.now += 0.5
    assert found.wait("a") == 0
    assert found.wait("a") == 1


def test_each_has_a_bucket_of_its_own() -> None:
    found = Limits(1.0, 1, ticks=Ticks())
    assert found.wait("a") == 0
    assert found.wait("b") == 0
    assert found.wait("a") == 1


def test_the_wait_is_what_it_takes() -> None:
    ticks = Ticks()
    found = Limits(0.1, 1, ticks=ticks)
    found.wait("a")
    ticks.now += 2.0
    assert found.wait("a") == 8
    ticks.now += 8.0
    assert found.wait("a") == 0


def test_no_limit() -> None:
    found = Limits(0.0, 1, ticks=Ticks())
    assert {found.wait("a") for _ in range(100)} == {0}


def test_guesses_do_not_fill_the_memory() -> None:
    found = Limits(1.0, 1, ticks=Ticks())
    for number in range(limits.MOST + 10):
        found.wait(str(number))
    assert len(found._buckets) == limits.MOST


@given(st.lists(st.floats(0, 3), max_size=60))
def test_never_more_than_the_burst_and_the_rate(pauses: list[float]) -> None:
    ticks = Ticks()
    found = Limits(2.0, 5, ticks=ticks)
    passed = 0
    for pause in pauses:
        ticks.now += pause
        passed += found.wait("a") == 0
    assert passed <= 5 + 2.0 * (ticks.now - Ticks.now) + 1e-6
