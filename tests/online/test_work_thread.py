"""A budget of time that runs out, and a thread whose work can be left behind."""

import threading
from collections.abc import Callable, Iterator

import pytest

from foretaste.domain.patience import LIST, REQUEST, WORK, current_patience, patience
from foretaste.online.work_thread import Budget, WorkThread


def at(*seconds: float) -> Callable[[], float]:
    """A clock that shows these, one after another."""
    times = iter(seconds)
    return lambda: next(times)


def test_a_budget_runs_out() -> None:
    budget = Budget(200, clock=at(5.0, 5.1, 5.3))
    assert budget.limited
    assert budget.seconds_left() == pytest.approx(0.1)
    assert budget.seconds_left() == pytest.approx(-0.1)
    assert not Budget(None).limited
    assert Budget(None).seconds_left() == float("inf")


def test_a_part_of_a_budget_is_a_share_of_what_is_left() -> None:
    part = Budget(300, clock=at(0.0, 0.1, 0.1, 0.1)).part(0.25)
    assert part.seconds_left() == pytest.approx(0.05)
    over = Budget(300, clock=at(0.0, 9.0, 9.0, 9.0)).part(0.25)
    assert over.seconds_left() == 0
    assert not Budget(None).part(0.25).limited


def test_nobody_waits_for_less_than_nothing() -> None:
    over = Budget(100, clock=at(0.0, 9.0, 9.0))
    assert (over.timeout, over.lock_timeout) == (0, 0)
    left = Budget(100, clock=at(0.0, 0.06, 0.06))
    assert left.timeout == pytest.approx(0.04)
    assert left.lock_timeout == pytest.approx(0.04)
    assert (Budget(None).timeout, Budget(None).lock_timeout) == (None, -1), "without end"


def test_a_limited_budget_waits_for_a_store_as_a_list_does() -> None:
    with Budget(100).store_patience():
        assert current_patience() == LIST
    assert current_patience() == WORK
    with patience(REQUEST), Budget(None).store_patience():
        assert current_patience() == REQUEST


@pytest.fixture
def thread() -> Iterator[WorkThread]:
    opened = WorkThread("work of a test")
    yield opened
    opened.close()
    opened.join(10)


def test_what_is_begun_runs_in_a_thread_of_that_name(thread: WorkThread) -> None:
    assert not thread.busy
    worker = thread.start(threading.current_thread).result(10)
    assert (worker.name, worker.daemon) == ("work of a test", True)
    assert not thread.busy, "it is free before its result is there"


def test_runs_are_done_one_after_another_and_it_is_busy_until_the_newest_ends(
    thread: WorkThread,
) -> None:
    gates, order = (threading.Event(), threading.Event()), list[int]()

    def work(number: int) -> int:
        gates[number].wait(60)
        order.append(number)
        return number

    first, second = thread.start(lambda: work(0)), thread.start(lambda: work(1))
    gates[0].set()
    assert first.result(10) == 0
    assert thread.busy
    gates[1].set()
    assert second.result(10) == 1
    assert not thread.busy
    assert order == [0, 1]


@pytest.mark.parametrize("failure", [ValueError("secret"), SystemExit(3)])
def test_what_fails_is_raised_where_it_is_waited_for_and_the_thread_goes_on(
    thread: WorkThread, failure: BaseException
) -> None:
    def fail() -> None:
        raise failure

    assert thread.start(fail).exception(10) is failure
    assert thread.start(lambda: "next").result(10) == "next"


def test_closing_ends_it_after_what_it_was_left_with() -> None:
    thread, gate = WorkThread("work of a test"), threading.Event()
    run = thread.start(lambda: gate.wait(60))
    thread.close()
    thread.join(0.01)
    assert thread._thread.is_alive(), "it is not waited for longer than that"
    gate.set()
    thread.join(10)
    assert run.result(0)
    assert not thread._thread.is_alive()
