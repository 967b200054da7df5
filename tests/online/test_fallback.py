"""The ladder: what cannot finish is not begun, what takes too long is left, and it recovers."""

import gc
import threading
import time
import weakref
from collections.abc import Callable
from functools import partial

import pytest

from foretaste.errors import InputError
from foretaste.online import fallback as ladder
from foretaste.online.fallback import SAFETY, Budget, Costs, Ladder, Way
from foretaste.online.model import Readers

PLENTY, SCARCE = 60_000.0, 40.0
"""Milliseconds."""


def ways(full: Callable[[], str], counting: Callable[[], str] = lambda: "c") -> list[Way[str]]:
    return [Way("full", full), Way("counting", counting), Way("popularity", lambda: "p")]


@pytest.fixture
def gate() -> threading.Event:
    """What is slow waits for it."""
    return threading.Event()


def test_the_best_way_is_taken_where_there_is_time() -> None:
    assert Ladder().climb(ways(lambda: "f"), Budget(PLENTY)) == ("full", "f", None)


def test_without_a_limit_it_waits(gate: threading.Event) -> None:
    threading.Timer(0.05, gate.set).start()
    found = Ladder().climb(ways(lambda: str(gate.wait(60))), Budget(None))
    assert found == ("full", "True", None)


def test_a_way_that_takes_too_long_is_left_behind(gate: threading.Event) -> None:
    one = Ladder()
    began = time.monotonic()
    rung, found, why = one.climb(ways(lambda: str(gate.wait(60))), Budget(SCARCE))
    assert time.monotonic() - began < 10
    assert (rung, found) in (("counting", "c"), ("popularity", "p"))  # as time was left
    assert why is not None
    assert why.startswith("the whole product took longer than the ")
    gate.set()


def test_a_slow_first_way_leaves_time_for_the_next(gate: threading.Event) -> None:
    """Also where nothing is known yet of what the next one costs."""
    rung, found, _ = Ladder().climb(ways(lambda: str(gate.wait(60))), Budget(400.0))
    assert (rung, found) == ("counting", "c")
    gate.set()


def test_what_is_busy_is_not_begun_again(gate: threading.Event) -> None:
    begun: list[int] = []

    def slow() -> str:
        begun.append(1)
        return str(gate.wait(60))

    one = Ladder()
    one.climb(ways(slow), Budget(SCARCE))
    rung, _, why = one.climb(ways(slow), Budget(PLENTY))
    assert begun == [1]
    assert rung != "full"
    assert why == "the whole product is busy with an earlier question"
    gate.set()


def test_what_cannot_finish_is_not_begun_and_the_next_is_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ladder, "AGAIN", 3600)
    one = Ladder()
    for _ in range(3):
        one.costs.note(("full", ()), 2.0)
    one._tried["full", ()] = time.monotonic()

    def never() -> str:
        raise AssertionError("was begun")

    rung, found, why = one.climb(ways(never), Budget(1000))
    assert (rung, found) == ("counting", "c")
    assert why is not None
    assert why.startswith("the whole product takes about 2500 ms and ")


def test_a_slow_way_is_tried_beside_an_answer_and_comes_back() -> None:
    one = Ladder()
    one.costs.note(("full", ()), 100.0)
    assert one.climb(ways(lambda: "f"), Budget(1000))[1] != "f"
    for _ in range(500):
        if one.costs.expected(("full", ())) < 0.5:
            break
        time.sleep(0.01)
    assert one.climb(ways(lambda: "f"), Budget(PLENTY)) == ("full", "f", None)


def test_a_way_that_fails_is_left_for_the_next(caplog: pytest.LogCaptureFixture) -> None:
    def broken() -> str:
        raise ValueError("secret")

    rung, found, why = Ladder().climb(ways(broken), Budget(PLENTY))
    assert (rung, found) == ("counting", "c")
    assert why == "the whole product failed (ValueError); see the log"
    assert "the whole product failed" in caplog.text
    with pytest.raises(ValueError, match="secret"):
        Ladder().climb(ways(broken), Budget(None))


def test_a_mistake_of_the_caller_is_told() -> None:
    def asked() -> str:
        raise InputError("filter: no")

    with pytest.raises(InputError, match="filter: no"):
        Ladder().climb(ways(asked), Budget(PLENTY))


def test_costs_are_the_usual_and_not_the_worst() -> None:
    costs = Costs()
    assert costs.expected("x") == 0
    for seconds in (5.0, 0.1, 0.1, 0.2, 0.1):
        costs.note("x", seconds)
    assert costs.expected("x") == pytest.approx(0.1 * SAFETY)
    for _ in range(5):
        costs.note("x", 3.0)
    assert costs.expected("x") == pytest.approx(3.0 * SAFETY)


def test_a_budget_runs_out() -> None:
    times = iter([0.0, 0.1, 0.3])
    budget = Budget(200, clock=lambda: next(times))
    assert budget.left() == pytest.approx(0.1)
    assert budget.left() < 0
    assert Budget(None).left() == float("inf")


def lanes() -> set[threading.Thread]:
    names = {"full", "counting", "popularity"}
    return {thread for thread in threading.enumerate() if thread.name in names}


def test_a_run_that_has_ended_is_let_go_of() -> None:
    class Model:
        pass

    model, ladder_ = Model(), Ladder()
    alive = weakref.ref(model)
    assert ladder_.climb(ways(partial(str, model)), Budget(PLENTY))[0] == "full"
    del model
    end = time.monotonic() + 10
    while alive() is not None and time.monotonic() < end:
        gc.collect()  # the lane lets go a moment after the answer
    assert alive() is None
    ladder_.close()


def test_closing_ends_the_threads_and_what_is_asked_later_has_the_last_way() -> None:
    before, ladder_ = lanes(), Ladder()
    ladder_.climb(ways(lambda: "f"), Budget(PLENTY))
    assert lanes() - before
    ladder_.close()
    assert not lanes() - before
    answer = ladder_.climb(ways(lambda: "f"), Budget(PLENTY))
    assert answer == ("popularity", "p", "the workspace is closed")
    assert not lanes() - before
    ladder_.close()


def test_closing_does_not_wait_for_ever_for_a_run(
    gate: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ladder, "PATIENCE", 0.05)
    before, ladder_ = lanes(), Ladder()
    ladder_.climb(ways(lambda: str(gate.wait(60))), Budget(SCARCE))
    ladder_.close()
    gate.set()
    for thread in lanes() - before:
        thread.join(10)
    assert not lanes() - before, "it ends when the run does"


def test_a_run_that_was_left_behind_reads_until_it_ends(gate: threading.Event) -> None:
    ladder_, readers = Ladder(), Readers()
    ladder_.climb(ways(lambda: str(gate.wait(60))), Budget(SCARCE), readers)
    assert not readers.wait(0.01)
    gate.set()
    assert readers.wait(10)
    ladder_.close()


def test_a_run_that_nobody_waits_for_reads_until_it_ends(gate: threading.Event) -> None:
    ladder_, readers = Ladder(), Readers()
    ladder_.costs.note(("full", ()), 100.0)
    rung, _, _ = ladder_.climb(ways(lambda: str(gate.wait(60))), Budget(1000), readers)
    assert rung == "counting"
    assert not readers.wait(0.01)
    gate.set()
    assert readers.wait(10)
    ladder_.close()


def test_a_run_that_fails_reads_no_more() -> None:
    def broken() -> str:
        raise ValueError("no")

    ladder_, readers = Ladder(), Readers()
    ladder_.climb(ways(broken), Budget(PLENTY), readers)
    assert readers.wait(10)
    ladder_.close()
