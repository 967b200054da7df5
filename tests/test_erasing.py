"""Erasure reaches the models, also past a crash, a restart, a rollback and a training under way."""

import threading
import time
from pathlib import Path

import numpy as np
import pytest

from foretaste import erasing
from foretaste.domain import Event
from foretaste.erasing import KNOWN
from foretaste.loop import Foretaste
from foretaste.model.artefacts import WAS
from foretaste.model.experts.popularity import Popularity


def taken(loop: Foretaste, version: str | None = None) -> float:
    """Events that a version, or what answers, has counted."""
    live = loop.catch_up() if version is None else loop.at_snapshot(version)
    expert = next(one for one in live.product.experts if isinstance(one, Popularity))
    return float(np.round(expert.taken.sum(), 3))


@pytest.fixture
def loop(trained: Path) -> Foretaste:
    return Foretaste.open(trained)


def test_what_answers_has_forgotten_them_when_it_returns(loop: Foretaste) -> None:
    loop.record([Event("late", "click", 1.8e9, user="u1", item="space-9")])
    assert taken(loop) == 151

    receipt = loop.erase("u1")

    assert taken(loop) == 145
    assert receipt.erased.events == 6
    assert receipt.recounted == (loop.catch_up().version,)
    assert loop.erase("u1").recounted == ()
    loop.close()


def test_what_is_taken_back_soon_counts_no_more(
    loop: Foretaste, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("MOMENT", "REST"):
        monkeypatch.setattr(erasing, name, 0.0)
    late = [Event(f"late-{n}", "click", 1.8e9, user="u1", item="space-9") for n in range(2)]
    loop.record([*late, Event("other", "like", 1.8e9, user="u1", item="space-9")])
    assert taken(loop) == 153
    assert loop.take_back("u1", "space-8", "like") == 0
    assert loop.take_back("u1", "space-9", "click") == 2
    assert loop.take_back("u1", "space-9") == 1
    end = time.monotonic() + 60
    while taken(loop) != 150:
        assert time.monotonic() < end
        threading.Event().wait(0.01)
    loop.close()


def test_what_was_taken_back_is_made_good_after_a_crash(loop: Foretaste) -> None:
    assert taken(loop) == 150
    (event,) = [one for _, one in loop.store.events() if one.user == "u1"][:1]
    assert event.item is not None
    gone = loop.store.delete_events("u1", event.item)
    loop.settler.settle()
    loop.keeper.renew()
    assert taken(loop) == 150 - gone
    loop.close()


def test_a_crash_between_the_store_and_the_model_is_made_good(loop: Foretaste) -> None:
    before = loop.models.live()
    loop.store.erase("u1")  # and no more: the process died here
    assert taken(loop) == 150

    assert loop.settler.settle() == [loop.models.live()] != [before]

    loop.keeper.renew()
    assert taken(loop) == 145
    assert loop.settler.settle() == []
    loop.close()


def test_a_version_to_roll_back_to_has_forgotten_them_too(loop: Foretaste) -> None:
    first = loop.models.live()
    loop.train()
    loop.erase("u1")
    assert taken(loop) == 145
    earlier = loop.models.rollback()
    assert earlier != first
    assert loop.models.version(earlier).created == min(v.created for v in loop.models.versions())
    assert taken(loop) == 145
    assert [v.data[KNOWN] for v in loop.models.versions()] == [1, 1]
    loop.close()


def test_a_training_that_began_before_forgets_them_as_well(
    loop: Foretaste, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = loop.reading.histories

    def meanwhile(found: object, encoder: str | None) -> object:
        loop.store.erase("u1")
        return read(found, encoder)  # type: ignore[arg-type]

    monkeypatch.setattr(loop.reading, "histories", meanwhile)
    trained = loop.candidate()
    assert trained.data[KNOWN] == 1
    loop.models.promote(trained.data[WAS][0])  # by the name it had before
    assert loop.models.live() == trained.name
    assert taken(loop) == 145
    loop.close()


def test_a_stranger_changes_nothing(loop: Foretaste) -> None:
    before = loop.models.live()
    receipt = loop.erase("nobody")
    assert (receipt.recounted, receipt.waits, loop.models.live()) == ((), (), before)
    assert loop.personal("nobody") is None
    loop.close()
