"""In: a question and its time. Out: nothing, but what its conditions mean is known from then on.

An expert that is too slow is left out of a list, and the list says so. A filter cannot be left out,
nor what a person never wants to see: so what is told by the texts of all items, topics above all,
is looked up before anything is scored, in a thread of its own. Where the time is over first, the
question is not answered; the thread goes on, what it finds is kept, and the question can be asked
again.
"""

import threading
from collections.abc import Sequence
from concurrent.futures import Future, wait

from foretaste.errors import InputError, Overdue
from foretaste.online.request_checks import request_conditions
from foretaste.online.work_thread import CLOSE_TIMEOUT, Budget, WorkThread
from foretaste.rank.conditions import About, Condition, nested_conditions, parse_condition
from foretaste.rank.filters import FilterContext
from foretaste.rank.index import FilterIndex

LOOKUP_SHARE = 0.7
"""Of the time that is left what a look-up may take."""
MAX_QUICK_CONDITIONS = 20
"""Conditions on attributes that are looked up at once, without a thread: each takes well below a
millisecond for 100,000 items."""
MAX_WAITING_QUESTIONS = 8
"""Questions that may wait for their turn."""


class ConditionLookup:
    """Looks up what conditions mean, one question after another."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._thread: WorkThread | None = None
        self._runs: list[Future[None]] = []
        self._closed = False

    def look_up(self, question: FilterContext, budget: Budget) -> None:
        """Raises Overdue where it takes longer than the question may."""
        if not budget.limited:
            return  # it is looked up when it is needed
        index = question.index
        unknown_parts = [
            part
            for condition in _conditions(question)
            for part in nested_conditions(condition)
            if not index.knows(part)
        ]
        topics = sum(isinstance(part, About) for part in unknown_parts)
        if not topics and len(unknown_parts) <= MAX_QUICK_CONDITIONS:
            return
        seconds = max(budget.part(LOOKUP_SHARE).seconds_left(), 0)
        run = self._start(index, unknown_parts)
        done = () if run is None else wait([run], seconds).done
        if run is None or not done:
            raise Overdue(
                f"{len(unknown_parts)} conditions, of them {topics} topics, could not be looked up "
                f"in {seconds * 1000:.0f} ms; ask again in a moment, since what is looked up is "
                "kept, or ask for fewer, or with a longer timeout_ms"
            )
        run.result()

    def close(self) -> None:
        """Let go of the thread."""
        with self._lock:
            self._closed = True
            thread, self._thread = self._thread, None
        if thread is not None:
            thread.close()
            thread.join(CLOSE_TIMEOUT)

    def _start(self, index: FilterIndex, parts: Sequence[Condition]) -> "Future[None] | None":
        """None where too many wait already, or none is waited for any more."""
        with self._lock:
            self._runs = [run for run in self._runs if not run.done()]
            if self._closed or len(self._runs) >= MAX_WAITING_QUESTIONS:
                return None
            if self._thread is None:
                self._thread = WorkThread("look-up")
            run = self._thread.start(lambda: _know_all(index, parts))
            self._runs.append(run)
            return run


def _conditions(question: FilterContext) -> list[Condition]:
    """All that decides which items are shown."""
    own_conditions = []
    for preference in question.preferences:
        try:
            own_conditions.append(parse_condition(preference.filter))
        except InputError:  # of before there was a limit
            continue
    return request_conditions(question.request) + own_conditions


def _know_all(index: FilterIndex, parts: Sequence[Condition]) -> None:
    for part in parts:
        try:
            index.mask(part)
        except InputError:  # told where it is used
            continue
