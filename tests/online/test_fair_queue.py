"""Who computes next: the one who has used least lately; and nobody takes the last slot from the
others.
"""

import threading
from concurrent.futures import Future
from contextlib import ExitStack

import pytest

from foretaste.online import fair_queue
from foretaste.online.fair_queue import (
    HEAVY_REST,
    HEAVY_SECONDS,
    MAX_HEAVY_REST,
    MEMORY_SECONDS,
    OVERLAP_SECONDS,
    FairQueue,
    Slot,
)

PLENTY = 60.0
"""Seconds."""


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def use(queue: FairQueue, clock: Clock, owner: str, seconds: float) -> None:
    """Somebody computes for so long."""
    with queue.slot(owner, PLENTY) as slot:
        assert slot.granted
        clock.now += seconds


class Asking:
    """Callers in threads of their own, and the order in which they had their turn."""

    def __init__(self, queue: FairQueue) -> None:
        self._queue = queue
        self.order: list[str] = []
        self._threads: list[threading.Thread] = []

    def ask(self, owner: str) -> None:
        """Returns when it waits in the queue, or has its turn."""
        count = len(self._queue._waiting)
        thread = threading.Thread(target=self._run, args=(owner,), daemon=True)
        self._threads.append(thread)
        thread.start()
        while len(self._queue._waiting) == count and owner not in self.order:
            thread.join(0.001)

    def _run(self, owner: str) -> None:
        with self._queue.slot(owner, PLENTY):
            self.order.append(owner)

    def wait_for_first(self) -> None:
        """Until somebody has had their turn."""
        while not self.order:
            self._threads[-1].join(0.001)

    def join(self) -> None:
        for thread in self._threads:
            thread.join(PLENTY)


def test_no_more_compute_at_once_than_there_are_slots(clock: Clock) -> None:
    queue = FairQueue(2, clock)
    with queue.slot("a", PLENTY) as first, queue.slot("b", 0) as second:
        assert (first.granted, second.granted) == (True, True)
        with queue.slot("c", 0) as third:
            assert not third.granted
    with queue.slot("c", 0) as third:
        assert third.granted


def test_another_begins_only_beside_what_takes_long(clock: Clock) -> None:
    """Two that take turns cost more than one after another."""
    queue = FairQueue(2, clock)
    asking = Asking(queue)
    with queue.slot("a", PLENTY):
        asking.ask("b")
        assert asking.order == []
        clock.now += OVERLAP_SECONDS
        asking.join()
        assert asking.order == ["b"]


def test_whose_time_is_over_begins_beside_what_has_just_begun(clock: Clock) -> None:
    queue = FairQueue(2, clock)
    with queue.slot("a", PLENTY), queue.slot("hurried", 0.001) as slot:
        assert slot.granted


def test_who_has_used_least_lately_comes_first(clock: Clock) -> None:
    queue = FairQueue(1, clock)
    use(queue, clock, "much", 3.0)
    use(queue, clock, "little", 0.2)
    asking = Asking(queue)
    with queue.slot("b", PLENTY):
        for owner in ("much", "little", "nothing"):
            asking.ask(owner)
    asking.join()
    assert asking.order == ["nothing", "little", "much"]


def test_among_equals_the_earliest_comes_first(clock: Clock) -> None:
    queue = FairQueue(1, clock)
    asking = Asking(queue)
    with queue.slot("other", PLENTY):
        for owner in ("a", "b", "c"):
            asking.ask(owner)
    asking.join()
    assert asking.order == ["a", "b", "c"]


def test_who_has_used_much_leaves_the_last_slot_to_others(clock: Clock) -> None:
    queue = FairQueue(2, clock)
    use(queue, clock, "heavy", 2 * HEAVY_SECONDS)
    use(queue, clock, "light", 0.1)
    with queue.slot("heavy", PLENTY) as only:
        assert only.granted, "nobody else computes"
        with queue.slot("heavy", 0) as second:
            assert not second.granted
        with queue.slot("light", 0) as last:
            assert last.granted


def test_who_has_used_much_computes_beside_others_only_after_a_pause(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = FairQueue(3, clock)
    use(queue, clock, "heavy", 2 * HEAVY_SECONDS)
    use(queue, clock, "light", 0.1)
    monkeypatch.setattr(fair_queue, "HEAVY_PAUSE", PLENTY)
    with queue.slot("light", PLENTY), queue.slot("heavy", 0.01) as hurried:
        assert not hurried.granted
    monkeypatch.setattr(fair_queue, "HEAVY_PAUSE", 0.01)
    with queue.slot("light", PLENTY), queue.slot("heavy", 0.05) as patient:
        assert patient.granted
    monkeypatch.setattr(fair_queue, "HEAVY_PAUSE", PLENTY)
    with queue.slot("heavy", 0) as alone:
        assert alone.granted, "nobody else computes now"


def test_who_has_used_much_rests_after_each_turn_while_others_ask(clock: Clock) -> None:
    queue = FairQueue(3, clock)
    use(queue, clock, "heavy", 2 * HEAVY_SECONDS)
    use(queue, clock, "light", 0.1)
    use(queue, clock, "heavy", 0.4)
    with queue.slot("heavy", 0) as hurried, queue.slot("light", 0) as other:
        assert (hurried.granted, other.granted) == (False, True)
    clock.now += HEAVY_REST * 0.4 + 0.01
    use(queue, clock, "heavy", 100.0)
    clock.now += MAX_HEAVY_REST
    with queue.slot("heavy", 0) as rested:
        assert rested.granted


def test_a_rest_that_ends_lets_whoever_waits_compute(clock: Clock) -> None:
    queue = FairQueue(2, clock)
    use(queue, clock, "heavy", 2 * HEAVY_SECONDS)
    use(queue, clock, "light", 0.1)
    use(queue, clock, "heavy", 0.4)
    asking = Asking(queue)
    asking.ask("heavy")
    clock.now += HEAVY_REST * 0.4 + 0.01
    asking.join()
    assert asking.order == ["heavy"]


def test_who_computes_already_leaves_the_last_slot_to_others(clock: Clock) -> None:
    """Also where nothing is known yet of what it takes."""
    queue = FairQueue(2, clock)
    use(queue, clock, "c", 0.1)
    with queue.slot("a", PLENTY):
        with queue.slot("a", 0) as second:
            assert not second.granted
        with queue.slot(None, 0) as nobody:
            assert nobody.granted
        with queue.slot("b", 0):
            asking = Asking(queue)
            asking.ask("a")
            asking.ask("c")
            clock.now += OVERLAP_SECONDS
        asking.wait_for_first()
        assert asking.order == ["c"]
    asking.join()
    assert asking.order == ["c", "a"]


def test_who_asks_alone_has_all_slots(clock: Clock) -> None:
    """One person in a notebook, or at a page: what they left behind keeps them from nothing."""
    queue = FairQueue(2, clock)
    use(queue, clock, "a", 2 * HEAVY_SECONDS)
    with queue.slot("a", PLENTY), queue.slot("a", 0) as second:
        assert second.granted


def test_where_there_is_one_slot_whoever_asks_alone_has_it(clock: Clock) -> None:
    queue = FairQueue(1, clock)
    use(queue, clock, "heavy", 10.0)
    with queue.slot("heavy", 0) as slot:
        assert slot.granted


def test_what_was_used_long_ago_counts_no_more(clock: Clock) -> None:
    queue = FairQueue(2, clock)
    use(queue, clock, "heavy", 2.0)
    assert queue.used("heavy") == pytest.approx(2.0)
    clock.now += MEMORY_SECONDS
    assert queue.used("heavy") == pytest.approx(2.0 / 2.718281828)
    assert queue.used(None) == 0


def test_nobody_in_particular_has_used_nothing(clock: Clock) -> None:
    queue = FairQueue(2, clock)
    with queue.slot(None, PLENTY):
        clock.now += 100
    assert queue.used(None) == 0


def test_a_slot_is_free_when_what_was_left_behind_has_ended(clock: Clock) -> None:
    """And its time counts as theirs who asked."""
    queue, run = FairQueue(1, clock), Future[None]()
    with queue.slot("slow", PLENTY) as slot:
        slot.hold_until(run)
    with queue.slot("b", 0) as early:
        assert not early.granted
    clock.now += 7
    run.set_result(None)
    assert queue.used("slow") == pytest.approx(7)
    with queue.slot("b", 0) as later:
        assert later.granted


def test_a_failure_gives_the_slot_back(clock: Clock) -> None:
    queue = FairQueue(1, clock)
    with pytest.raises(ValueError, match="no"), queue.slot("a", PLENTY):
        raise ValueError("no")
    with queue.slot("b", 0) as slot:
        assert slot.granted


def test_owners_of_long_ago_are_forgotten(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fair_queue, "MAX_OWNERS", 3)
    queue = FairQueue(1, clock)
    for number in range(3):
        use(queue, clock, str(number), 1.0)
    clock.now += 100 * MEMORY_SECONDS
    use(queue, clock, "new", 1.0)
    assert set(queue._used) == {"new"}


def test_many_threads_lose_no_slot() -> None:
    queue = FairQueue(3)
    counts: list[int] = []
    running: list[Slot] = []

    def ask(owner: str) -> None:
        for _ in range(50):
            with queue.slot(owner, PLENTY) as slot:
                assert slot.granted
                running.append(slot)
                counts.append(len(running))
                running.remove(slot)

    threads = [threading.Thread(target=ask, args=(str(number % 5),)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PLENTY)
    assert len(counts) == 600
    assert max(counts) <= 3
    with ExitStack() as stack:
        slots = [stack.enter_context(queue.slot(None, 0)) for _ in range(4)]
        assert [slot.granted for slot in slots] == [True, True, True, False]
