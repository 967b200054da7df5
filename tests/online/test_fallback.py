"""The chain: what cannot finish is not begun, what takes too long is left, and it recovers."""

import gc
import threading
import time
import weakref
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Any

import pytest

from foretaste.errors import InputError
from foretaste.online import fallback
from foretaste.online.fallback import SAFETY_FACTOR, Budget, Costs, FallbackChain, Level

PLENTY, SCARCE = 60_000.0, 40.0
"""Milliseconds."""


def levels(full: Callable[[], str], counting: Callable[[], str] = lambda: "c") -> list[Level[str]]:
    return [Level("full", full), Level("counting", counting), Level("popularity", lambda: "p")]


@pytest.fixture
def gate() -> threading.Event:
    """What is slow waits for it."""
    return threading.Event()


def test_the_best_way_is_taken_where_there_is_time() -> None:
    assert FallbackChain().first_in_time(levels(lambda: "f"), Budget(PLENTY)) == ("full", "f", None)


def test_without_a_limit_it_waits(gate: threading.Event) -> None:
    threading.Timer(0.05, gate.set).start()
    found = FallbackChain().first_in_time(levels(lambda: str(gate.wait(60))), Budget(None))
    assert found == ("full", "True", None)


def test_a_way_that_takes_too_long_is_left_behind(gate: threading.Event) -> None:
    one = FallbackChain()
    began = time.monotonic()
    rung, found, why = one.first_in_time(levels(lambda: str(gate.wait(60))), Budget(SCARCE))
    assert time.monotonic() - began < 10
    assert (rung, found) in (("counting", "c"), ("popularity", "p"))  # as time was left
    assert why is not None
    assert why.startswith("the whole product took longer than the ")
    gate.set()


def test_a_slow_first_way_leaves_time_for_the_next(
    gate: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where nothing is known yet of what the next one costs."""
    monkeypatch.setattr(fallback, "UNKNOWN_COST_SECONDS", 60.0)
    rung, found, _ = FallbackChain().first_in_time(
        levels(lambda: str(gate.wait(60))), Budget(2000.0)
    )
    assert (rung, found) == ("counting", "c")
    gate.set()


def test_what_is_busy_is_not_begun_again(gate: threading.Event) -> None:
    begun: list[int] = []

    def slow() -> str:
        begun.append(1)
        return str(gate.wait(60))

    one = FallbackChain()
    one.first_in_time(levels(slow), Budget(SCARCE))
    rung, _, why = one.first_in_time(levels(slow), Budget(PLENTY))
    assert begun == [1]
    assert rung != "full"
    assert why == "the whole product is busy with an earlier question"
    gate.set()


def test_what_cannot_finish_is_not_begun_and_the_next_is_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fallback, "RETRY_SECONDS", 3600)
    one = FallbackChain()
    for _ in range(3):
        one.costs.note(("full", ()), 2.0)
    one._started["full", ()] = time.monotonic()

    def never() -> str:
        raise AssertionError("was begun")

    rung, found, why = one.first_in_time(levels(never), Budget(1000))
    assert (rung, found) == ("counting", "c")
    assert why is not None
    assert why.startswith("the whole product takes about 2500 ms and ")


def test_a_slow_way_is_tried_beside_an_answer_and_comes_back() -> None:
    one = FallbackChain()
    one.costs.note(("full", ()), 100.0)
    assert one.first_in_time(levels(lambda: "f"), Budget(1000))[1] != "f"
    for _ in range(500):
        if one.costs.expected(("full", ())) < 0.5:
            break
        time.sleep(0.01)
    assert one.first_in_time(levels(lambda: "f"), Budget(PLENTY)) == ("full", "f", None)


def test_a_way_that_fails_is_left_for_the_next(caplog: pytest.LogCaptureFixture) -> None:
    def broken() -> str:
        raise ValueError("secret")

    rung, found, why = FallbackChain().first_in_time(levels(broken), Budget(PLENTY))
    assert (rung, found) == ("counting", "c")
    assert why == "the whole product failed (ValueError); see the log"
    assert "the whole product failed" in caplog.text
    with pytest.raises(ValueError, match="secret"):
        FallbackChain().first_in_time(levels(broken), Budget(None))


def test_a_mistake_of_the_caller_is_told() -> None:
    def asked() -> str:
        raise InputError("filter: no")

    with pytest.raises(InputError, match="filter: no"):
        FallbackChain().first_in_time(levels(asked), Budget(PLENTY))


def test_costs_are_the_usual_and_not_the_worst() -> None:
    costs = Costs()
    assert costs.expected("x") == 0
    for seconds in (5.0, 0.1, 0.1, 0.2, 0.1):
        costs.note("x", seconds)
    assert costs.expected("x") == pytest.approx(0.1 * SAFETY_FACTOR)
    for _ in range(5):
        costs.note("x", 3.0)
    assert costs.expected("x") == pytest.approx(3.0 * SAFETY_FACTOR)


def level_threads() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.name == fallback.THREAD_NAME}


def test_a_run_that_has_ended_is_let_go_of() -> None:
    class Model:
        pass

    model, chain = Model(), FallbackChain()
    alive = weakref.ref(model)
    assert chain.first_in_time(levels(partial(str, model)), Budget(PLENTY))[0] == "full"
    del model
    end = time.monotonic() + 10
    while alive() is not None and time.monotonic() < end:
        gc.collect()  # the thread lets go a moment after the answer
    assert alive() is None
    chain.close()


def test_closing_ends_the_threads_and_what_is_asked_later_has_the_last_way() -> None:
    before, chain = level_threads(), FallbackChain()
    chain.first_in_time(levels(lambda: "f"), Budget(PLENTY))
    assert level_threads() - before
    chain.close()
    assert not level_threads() - before
    answer = chain.first_in_time(levels(lambda: "f"), Budget(PLENTY))
    assert answer == ("popularity", "p", "the workspace is closed")
    assert not level_threads() - before
    chain.close()


def test_closing_does_not_wait_for_ever_for_a_run(
    gate: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fallback, "CLOSE_TIMEOUT", 0.05)
    before, chain = level_threads(), FallbackChain()
    chain.first_in_time(levels(lambda: str(gate.wait(60))), Budget(SCARCE))
    chain.close()
    gate.set()
    for thread in level_threads() - before:
        thread.join(10)
    assert not level_threads() - before, "it ends when the run does"


def test_what_is_left_behind_is_told_to_who_asked(gate: threading.Event) -> None:
    """Also what is begun beside an answer."""
    chain, left = FallbackChain(), list[Future[Any]]()
    chain.first_in_time(levels(lambda: str(gate.wait(60))), Budget(SCARCE), left.append)
    assert [run.done() for run in left[:1]] == [False]
    for run in left[1:]:  # on a machine that is busy the next level may be left behind as well
        run.result(10)
    left = left[:1]
    chain._started.clear()  # else it would be tried again only after some seconds
    chain.costs.note(("counting", ()), 100.0)
    chain.first_in_time(levels(str, lambda: str(gate.wait(60))), Budget(SCARCE), left.append)
    assert [run.done() for run in left] == [False, False]
    gate.set()
    assert [run.result(10) for run in left] == ["True", "True"]
    chain.close()


def test_one_kind_that_is_busy_keeps_no_other_waiting(gate: threading.Event) -> None:
    """A thousand explained items of one, ten of another."""
    chain = FallbackChain()
    slow = [Level("full", lambda: str(gate.wait(60)), "long"), *levels(str)[1:]]
    chain.first_in_time(slow, Budget(SCARCE))
    assert chain.first_in_time(levels(lambda: "f"), Budget(PLENTY)) == ("full", "f", None)
    gate.set()
    chain.close()


def test_two_are_answered_at_once(gate: threading.Event) -> None:
    chain = FallbackChain()
    answers: list[str] = []
    first = threading.Thread(
        target=lambda: answers.append(
            chain.first_in_time(levels(lambda: str(gate.wait(60))), Budget(PLENTY)).level
        )
    )
    first.start()
    assert chain.first_in_time(levels(lambda: "f"), Budget(PLENTY)).level == "full"
    gate.set()
    first.join(60)
    assert answers == ["full"]
    chain.close()


def test_what_was_left_behind_is_begun_again_once_it_has_ended(gate: threading.Event) -> None:
    chain, left = FallbackChain(), list[Future[Any]]()
    chain.first_in_time(levels(lambda: str(gate.wait(60))), Budget(SCARCE), left.append)
    gate.set()
    left[0].result(10)
    chain.costs = Costs()  # as if it were usually quick
    assert chain.first_in_time(levels(lambda: "f"), Budget(PLENTY)).level == "full"
    chain.close()


def known(milliseconds: float) -> FallbackChain:
    """A chain whose best level has lately taken so long."""
    chain = FallbackChain()
    for _ in range(fallback.MAX_DURATIONS):
        chain.costs.note(("full", ()), milliseconds / 1000)
    return chain


@pytest.mark.parametrize(
    ("milliseconds", "only_computes", "is_here"),
    [(1, True, True), (PLENTY / 5, True, False), (1, False, False)],
)
def test_what_is_quick_and_waits_for_nobody_is_done_where_it_is_asked_for(
    milliseconds: float, *, only_computes: bool, is_here: bool
) -> None:
    full = Level("full", threading.get_ident, (), only_computes)
    chain = [full, Level("popularity", threading.get_ident)]
    level, thread, _ = known(milliseconds).first_in_time(chain, Budget(PLENTY))
    assert (level, thread == threading.get_ident()) == ("full", is_here)


def test_what_is_not_well_known_can_be_left_behind(gate: threading.Event) -> None:
    one = FallbackChain()
    one.costs.note(("full", ()), 1e-6)
    full = Level("full", lambda: str(gate.wait(60)), (), only_computes=True)
    assert one.first_in_time([full, *levels(str)[1:]], Budget(SCARCE))[0] != "full"
    gate.set()


def test_what_fails_where_it_is_asked_for_is_left_for_the_next() -> None:
    def broken() -> str:
        raise ValueError("secret")

    full = Level("full", broken, (), only_computes=True)
    level, found, why = known(1).first_in_time([full, *levels(str)[1:]], Budget(PLENTY))
    assert (level, found) == ("counting", "c")
    assert why == "the whole product failed (ValueError); see the log"
