"""What stays is set aside, so that a full collection is short; once in a while it is looked at."""

import gc
import weakref

import pytest

from foretaste.serve import garbage
from foretaste.serve.garbage import collect_in_copy, collect_in_turns


class Cycle:
    """What only a collection frees."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def nothing_set_aside() -> object:
    yield
    gc.unfreeze()


def ticks(*actions: object) -> object:
    """A pause that does these, one after another, and then ends."""
    left = list(actions)

    def pause(_: float) -> bool:
        if not left:
            return True
        action = left.pop(0)
        if callable(action):
            action()
        return False

    return pause


def test_what_stays_is_set_aside_and_freed_when_nothing_needs_it() -> None:
    kept: list[list[int]] = [[] for _ in range(1000)]
    collect_in_turns(ticks(None))  # type: ignore[arg-type]
    assert gc.get_freeze_count() >= 1000
    assert not any(entry is kept[0] for entry in gc.get_objects())
    value = Cycle()
    value.itself = None  # type: ignore[assignment]
    gone = weakref.ref(value)
    gc.freeze()
    del value
    assert gone() is None


def test_a_cycle_that_was_set_aside_goes_with_the_next_full_collection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(garbage, "FULL_SECONDS", 3 * garbage.SET_ASIDE_SECONDS)
    holder = [Cycle()]
    gone, there = weakref.ref(holder[0]), []

    def look() -> None:
        holder.clear()
        there.append(gone() is not None)

    collect_in_turns(ticks(None, look, look))  # type: ignore[arg-type]
    assert there == [True, True]
    assert gone() is None


def test_a_copy_never_looks_at_what_was_set_aside_and_frees_the_cycles_that_came_since(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(garbage, "FULL_SECONDS", 5 * garbage.SET_ASIDE_SECONDS)
    monkeypatch.setattr(garbage, "WARM_TICKS", 2)
    frozen, later = Cycle(), []
    gc.freeze()
    gone_early, seen = weakref.ref(frozen), []

    def come() -> None:
        later.append(Cycle())
        seen.append(weakref.ref(later[0]))

    def go() -> None:
        later.clear()

    del frozen
    collect_in_copy(ticks(None, None, come, go, None))  # type: ignore[arg-type]
    assert gone_early() is not None, "it was shared: to free it would cost more than it is"
    assert seen[0]() is None
    assert gc.get_freeze_count() > 0
