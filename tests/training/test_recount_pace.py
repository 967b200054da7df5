"""How often models are counted anew while lists are made beside it."""

import threading

import pytest

from foretaste.errors import StoreError
from foretaste.training import recount_pace
from foretaste.training.recount_pace import PacedThread, pause_after, pause_left, recount_note


def test_counting_has_a_hundredth_of_the_time_within_bounds() -> None:
    assert pause_after(0.01) == 30
    assert pause_after(1.0) == 100
    assert pause_after(3600.0) == 600


def test_the_pause_counts_from_the_last_recount_of_whichever_process() -> None:
    data = recount_note(1000.0, 1.0)
    assert pause_left(data, 1040.0) == 60
    assert pause_left(data, 1100.0) == 0
    assert pause_left(data, 900.0) == 0  # a clock that was set back keeps nobody waiting
    assert pause_left({}, 1000.0) == 0


def test_what_fails_is_done_again(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RECOUNT_DELAY_SECONDS", "MAX_PAUSE_SECONDS"):
        monkeypatch.setattr(recount_pace, name, 0.0)
    done, outcomes = threading.Event(), [StoreError("away"), ValueError("odd"), False, True]

    def work() -> bool:
        outcome = outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        if not outcomes:
            done.set()
        return bool(outcome)

    thread = PacedThread(work, lambda: 0.0)
    thread.request()
    assert done.wait(60)
    thread.close()
    assert outcomes == []


def test_it_waits_until_it_may_begin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recount_pace, "RECOUNT_DELAY_SECONDS", 0.0)
    asked, work = threading.Event(), list[int]()

    def seconds_left() -> float:
        asked.set()
        return 3600.0

    def begun() -> bool:
        work.append(1)
        return True

    thread = PacedThread(begun, seconds_left)
    thread.request()
    assert asked.wait(60)
    thread.close()  # at once, with an hour left
    assert work == []
