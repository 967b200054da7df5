"""The ways to a list, and that a run which was left behind races nothing."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from foretaste.domain.data import Event, Item, Request
from foretaste.loop import Foretaste
from foretaste.online.answer import ways

ITEM = Item("space-new", "The nebula [space]", attributes={"genre": ("space",)})


@pytest.fixture
def shop(trained: Path) -> Iterator[Foretaste]:
    workspace = Foretaste.open(trained)
    yield workspace
    workspace.close()


class Held:
    """Stops a model in the midst of reading its counts, in the thread of the whole product."""

    def __init__(self, shop: Foretaste, monkeypatch: pytest.MonkeyPatch) -> None:
        self.inside, self.gate = threading.Event(), threading.Event()
        popularity = shop.catch_up().product.popularity
        assert popularity is not None
        self.popularity, self._growth = popularity, popularity._growth
        popularity._log = None  # so that the next reader counts anew
        monkeypatch.setattr(popularity, "_growth", self._wait)

    def _wait(self, at: float) -> float:
        if threading.current_thread().name == "full" and not self.inside.is_set():
            self.inside.set()  # the counts have been fetched, what they say is not yet kept
            self.gate.wait(60)
        return self._growth(at)


def test_the_best_way_comes_first_and_what_most_took_has_one(shop: Foretaste) -> None:
    live = shop.catch_up()
    names = []
    for request in (Request(user="u1"), Request(window=60.0)):
        asked = shop.lists.asked(request, None, {})
        question = shop.lists.question(asked, shop.lists.behaviour(request, live), live)
        choices = ways(shop.lists, asked, question, live, shop.listen, None)
        names.append([way.rung for way in choices])

    assert names == [["full", "counting", "popularity"], ["full"]]


def test_a_model_is_not_changed_under_a_run_that_was_left_behind(
    shop: Foretaste, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = Held(shop, monkeypatch)
    shop.recommend("u1", n=3, timeout_ms=100)
    assert held.inside.wait(60)
    counted = held.popularity.events.sum()

    shop.store.put_items([ITEM])
    shop.record([Event("race", "click", 1_800_000_000.0, user="u1", item=ITEM.id)])
    began = time.monotonic()
    answer = shop.recommend("u1", n=3, timeout_ms=300)
    assert time.monotonic() - began < 5
    assert answer.degraded is not None
    assert (answer.degraded.to, answer.degraded.why) == (
        "popularity",
        "the model is still read for an earlier question",
    )
    assert len(answer) == 3
    assert held.popularity.events.sum() == counted

    held.gate.set()
    answer = shop.recommend("u2", n=20, timeout_ms=60_000)  # waits for the run, then learns
    live = shop.catch_up()
    assert ITEM.id in [item.id for item in answer]
    assert held.popularity.events.sum() == counted + 1
    assert len(held.popularity.row()) == len(live.catalogue)
    mass = held.popularity._mass + held.popularity._prior * held.popularity._growth(
        held.popularity._latest
    )
    np.testing.assert_allclose(held.popularity.row(), np.log(mass / mass.sum()), rtol=1e-5)


def test_who_has_time_waits_for_the_run_and_then_has_what_was_accepted(
    shop: Foretaste, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = Held(shop, monkeypatch)
    shop.recommend("u1", n=3, timeout_ms=100)
    assert held.inside.wait(60)
    shop.store.put_items([ITEM])
    answers: list[list[str]] = []
    asking = threading.Thread(
        target=lambda: answers.append([item.id for item in shop.recommend("u2", n=20)])
    )
    asking.start()
    asking.join(0.2)
    assert not answers
    held.gate.set()
    asking.join(60)
    assert ITEM.id in answers[0]


def test_a_run_that_was_left_behind_holds_no_answer_up_while_nothing_happens(
    shop: Foretaste, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = Held(shop, monkeypatch)
    shop.recommend("u1", n=3, timeout_ms=100)
    assert held.inside.wait(60)
    answer = shop.recommend("u1", n=3, timeout_ms=60_000)
    assert answer.rung == "counting"
    held.gate.set()
