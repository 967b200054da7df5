from hypothesis import given
from hypothesis import strategies as st

from foretaste.serve.http import limits
from foretaste.serve.http.limits import RateLimiter


class Ticks:
    """A clock that is set."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_then_the_rate() -> None:
    ticks = Ticks()
    found = RateLimiter(2.0, 3, ticks=ticks)
    assert [found.take_token("a") for _ in range(3)] == [0, 0, 0]
    assert found.take_token("a") == 1
    ticks.now += 0.5
    assert found.take_token("a") == 0
    assert found.take_token("a") == 1


def test_each_has_a_bucket_of_its_own() -> None:
    found = RateLimiter(1.0, 1, ticks=Ticks())
    assert found.take_token("a") == 0
    assert found.take_token("b") == 0
    assert found.take_token("a") == 1


def test_the_wait_is_what_it_takes() -> None:
    ticks = Ticks()
    found = RateLimiter(0.1, 1, ticks=ticks)
    found.take_token("a")
    ticks.now += 2.0
    assert found.take_token("a") == 8
    ticks.now += 8.0
    assert found.take_token("a") == 0


def test_no_limit() -> None:
    found = RateLimiter(0.0, 1, ticks=Ticks())
    assert {found.take_token("a") for _ in range(100)} == {0}


def test_guesses_do_not_fill_the_memory() -> None:
    found = RateLimiter(1.0, 1, ticks=Ticks())
    for number in range(limits.MAX_BUCKETS + 10):
        found.take_token(str(number))
    assert len(found._buckets) == limits.MAX_BUCKETS


@given(st.lists(st.floats(0, 3), max_size=60))
def test_never_more_than_the_burst_and_the_rate(pauses: list[float]) -> None:
    ticks = Ticks()
    found = RateLimiter(2.0, 5, ticks=ticks)
    passed = 0
    for pause in pauses:
        ticks.now += pause
        passed += found.take_token("a") == 0
    assert passed <= 5 + 2.0 * (ticks.now - Ticks.now) + 1e-6
