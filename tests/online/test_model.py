"""A live model passes over no item and no event, and is not changed while somebody reads it."""

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from foretaste.domain.data import Event, Floats, Item
from foretaste.loop import Foretaste
from foretaste.online import model as live_module
from foretaste.online.model import Live

ITEM = Item("space-new", "The nebula [space]", attributes={"genre": ("space",)})


@pytest.fixture
def shop(trained: Path) -> Iterator[Foretaste]:
    workspace = Foretaste.open(trained)
    yield workspace
    workspace.close()


def click(number: int, item: str) -> Event:
    return Event(f"click-{number}", "click", 1_800_000_000.0 + number, user="u1", item=item)


def broken(items: Sequence[Item]) -> Floats:
    raise MemoryError("no room for the encoder")


def test_an_item_that_could_not_be_read_is_met_the_next_time(
    shop: Foretaste, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = shop.catch_up()
    before = live.revision, live.event
    shop.store.put_items([ITEM])
    shop.record([click(1, ITEM.id)])
    with monkeypatch.context() as patch:
        patch.setattr(live, "read", broken)
        with pytest.raises(MemoryError):
            live.catch_up(shop.store)
    assert (live.revision, live.event) == before
    assert ITEM.id not in live.catalogue.index

    live.catch_up(shop.store)
    place = live.catalogue.index[ITEM.id]
    events = live.product.events()
    assert (live.event, live.revision) == shop.store.position()
    assert events is not None
    assert events[place] == 1, "nor is what somebody did with it"


def test_a_long_tail_is_learnt_some_events_at_a_time_and_to_the_same_end(
    shop: Foretaste, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once, in_parts = shop.catch_up(), shop.at_snapshot(shop.models.live() or "")
    shop.record([click(number, f"space-{number % 3}") for number in range(5)])
    at_once.learn(shop.store)
    sizes, lessons = [], in_parts.lessons

    def counted(store: object, tail: Sequence[tuple[int, Event]]) -> object:
        sizes.append(len(tail))
        return lessons(shop.store, tail)

    monkeypatch.setattr(live_module, "LEARNT", 2)
    monkeypatch.setattr(in_parts, "lessons", counted)
    in_parts.learn(shop.store)
    assert sizes == [2, 2, 1]
    assert in_parts.event == at_once.event
    for ours, theirs in zip(counts(at_once), counts(in_parts), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6)


def counts(live: Live) -> list[Floats]:
    """All that the counting experts have counted."""
    experts = [expert for expert in live.product.experts if expert.counting]
    return [array for expert in experts for array in expert.state()[0].values()]


@pytest.mark.parametrize("change", ["item", "event"])
def test_it_is_changed_when_those_who_read_it_have_ended(shop: Foretaste, change: str) -> None:
    live = shop.catch_up()
    before = live.event, live.revision, len(live.catalogue)
    if change == "item":
        shop.store.put_items([ITEM])
    else:
        shop.record([click(1, "space-1")])
    live.readers.enter()
    live.readers.enter()
    updater = threading.Thread(target=live.catch_up, args=(shop.store,))
    updater.start()
    live.readers.leave()
    updater.join(0.2)
    assert updater.is_alive()
    assert (live.event, live.revision, len(live.catalogue)) == before
    live.readers.leave()
    updater.join(60)
    assert not updater.is_alive()
    assert (live.event, live.revision) == shop.store.position()
