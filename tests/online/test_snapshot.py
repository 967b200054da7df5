"""A snapshot stays as it is; the next one passes over no item and no event, in whatever parts."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from foretaste.domain import packed_rows
from foretaste.domain.data import Event, Floats, Item, Request, UserContext
from foretaste.domain.order_charges import CHARGE_COLUMN
from foretaste.domain.packed_rows import PackedRows
from foretaste.loop import Foretaste
from foretaste.online import snapshot as snapshot_module
from foretaste.online.snapshot import Snapshot, item_changes

ITEM = Item("space-new", "The nebula [space]", attributes={"genre": ("space",)})


@pytest.fixture
def shop(trained: Path) -> Iterator[Foretaste]:
    workspace = Foretaste.open(trained)
    yield workspace
    workspace.close()


def click(number: int, item: str, user: str = "u1") -> Event:
    return Event(f"click-{number}", "click", 1_750_000_000.0 + number, user=user, item=item)


def broken(items: Sequence[Item]) -> Floats:
    raise MemoryError("no room for the encoder")


def counts(snapshot: Snapshot) -> list[Floats]:
    """All that the counting experts have counted."""
    experts = [expert for expert in snapshot.product.experts if expert.is_counting]
    return [array.copy() for expert in experts for array in expert.state()[0].values()]


def context_of(shop: Foretaste, snapshot: Snapshot, user: str) -> UserContext:
    """What all experts are asked about."""
    request = Request(user=user, query="a comet", now=1_750_001_000.0)
    return shop.listen(shop.slates.user_context(request, snapshot), snapshot.encoder)


def test_its_position_moves_with_each_update_and_that_of_those_before_stays(
    shop: Foretaste,
) -> None:
    first = shop.catch_up()
    start = first.event, first.revision
    shop.record([click(1, "space-1")])
    second = shop.catch_up()
    shop.store.put_items([ITEM])
    third = shop.catch_up()

    assert (first.event, first.revision) == start
    assert (second.event, second.revision) == (start[0] + 1, start[1])
    assert (
        (third.event, third.revision) == shop.store.log_position() == (start[0] + 1, start[1] + 1)
    )
    assert third.has(shop.store.log_position())
    assert not second.has(shop.store.log_position())
    assert not first.has((start[0] + 1, start[1]))


def test_what_happens_changes_nothing_of_the_snapshot_before(shop: Foretaste) -> None:
    before = shop.catch_up()
    counted, context = counts(before), context_of(shop, before, "u2")
    scored = before.product.scorer(context).scores()
    changed = Item("space-4", "The orbit of bread", attributes={"genre": ("space", "kitchen")})
    shop.store.put_items([ITEM, changed, Item("space-5", hidden=True)])
    shop.record([click(n, f"space-{n % 4}", f"u{n % 3}") for n in range(20)])
    shop.record([click(99, ITEM.id)])

    after = shop.catch_up()

    for ours, theirs in zip(counted, counts(before), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(scored, before.product.scorer(context).scores())
    assert ITEM.id not in before.items
    assert (before.items["space-4"].title, after.items["space-4"].title) == (
        "The orbit [space]",
        changed.title,
    )
    assert not before.shelf.hidden.any()
    assert after.shelf.hidden[after.catalogue.index["space-5"]]
    assert np.abs(scored - after.product.scorer(context).scores()[: len(scored)]).max() > 1e-3


def test_an_item_that_could_not_be_read_is_met_the_next_time(shop: Foretaste) -> None:
    before = shop.catch_up()
    shop.store.put_items([ITEM])
    shop.record([click(1, ITEM.id)])
    with pytest.raises(MemoryError):
        replace(before, read=broken).caught_up(shop.store)

    after = before.caught_up(shop.store)
    events = after.product.event_counts()
    assert (after.event, after.revision) == shop.store.log_position()
    assert events is not None
    assert events[after.catalogue.index[ITEM.id]] == 1, "nor is what somebody did with it"


def test_an_item_that_is_hidden_or_shown_is_not_read_again(shop: Foretaste) -> None:
    before = replace(shop.catch_up(), read=broken)
    item = before.items["space-3"]
    shop.store.put_items([replace(item, hidden=True)])
    after = before.caught_up(shop.store)

    assert after.product is before.product
    assert after.catalogue is before.catalogue
    assert after.items["space-3"].hidden
    assert after.shelf.hidden.sum() == before.shelf.hidden.sum() + 1


def test_an_event_of_an_item_that_is_still_to_be_met_waits_and_so_do_those_after_it(
    shop: Foretaste,
) -> None:
    before = shop.catch_up()
    shop.record([click(1, "space-1")])
    shop.store.put_items([ITEM])
    shop.record([click(2, ITEM.id), click(3, "space-2"), click(4, "never met")])
    position = shop.store.log_position()

    waiting = before.next_events(shop.store, position, 100)
    assert waiting.event == position[0] - 3
    assert waiting.next_events(shop.store, position, 100).event == position[0] - 3

    batch = waiting.read_batch([ITEM], position[1])
    after = waiting.with_items(batch).next_events(shop.store, position, 100)
    assert after.has(position)
    for ours, theirs in zip(counts(after), counts(before.caught_up(shop.store)), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6)


def test_a_long_tail_is_learnt_some_events_at_a_time_and_to_the_same_end(
    shop: Foretaste, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = shop.catch_up()
    shop.record([click(number, f"space-{number % 3}") for number in range(5)])
    at_once = before.learned(shop.store)
    one_by_one = before
    while not one_by_one.has(shop.store.log_position()):
        one_by_one = one_by_one.next_events(shop.store, shop.store.log_position(), 1)
    monkeypatch.setattr(snapshot_module, "EVENTS_PER_PART", 2)
    in_parts = before.learned(shop.store)

    assert in_parts.event == at_once.event == one_by_one.event == before.event + 5
    assert before.learned(shop.store, until=before.event + 3).event == before.event + 3
    for other in (in_parts, one_by_one):
        for ours, theirs in zip(counts(at_once), counts(other), strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-6)


@pytest.mark.parametrize("is_large", [True, False], ids=["packed", "as objects"])
def test_deletions_and_changes_are_met_in_their_order(
    shop: Foretaste, monkeypatch: pytest.MonkeyPatch, *, is_large: bool
) -> None:
    if is_large:
        monkeypatch.setattr(packed_rows, "MAX_UNPACKED_ROWS", 10)
    before = shop.catch_up()
    shop.store.put_items([ITEM, Item("brief", "Soon gone")])
    shop.store.delete_items(["brief", "space-2"])
    shop.store.put_items([replace(before.items["space-2"], title="Back")])
    shop.store.delete_items(["space-3"])
    _, revision = shop.store.log_position()
    names = [item.id for _, item in item_changes(shop.store, before.revision, revision)]
    assert names == [ITEM.id, "brief", "space-2", "space-3"]
    part = [item.id for _, item in item_changes(shop.store, before.revision, before.revision + 1)]
    assert part == [ITEM.id]

    after = before.caught_up(shop.store)
    assert "brief" not in after.items
    assert after.items["space-2"].title == "Back"
    assert after.items["space-3"].hidden
    assert tuple(after.catalogue.ids) == (*before.catalogue.ids, ITEM.id)


def test_a_charge_of_orders_is_no_item_of_a_snapshot(shop: Foretaste) -> None:
    before = shop.catch_up()
    charge = Item("ship", "Shipping", attributes={CHARGE_COLUMN: ("yes",)})
    shop.store.put_items([charge, ITEM])
    shop.record([click(1, "ship"), click(2, ITEM.id)])
    after = shop.catch_up()
    assert tuple(after.catalogue.ids) == (*before.catalogue.ids, ITEM.id)
    assert after.has(shop.store.log_position())


@pytest.mark.parametrize("is_large", [True, False], ids=["packed", "as objects"])
def test_an_item_that_is_gone_keeps_its_place_and_its_name(
    shop: Foretaste, trained: Path, monkeypatch: pytest.MonkeyPatch, *, is_large: bool
) -> None:
    """A model counts its items by their positions."""
    if is_large:
        monkeypatch.setattr(packed_rows, "MAX_UNPACKED_ROWS", 10)
    position = shop.catch_up().catalogue.index["space-2"]
    shop.store.delete_items(["space-2"])
    shop.store.put_items([ITEM])
    again = Foretaste.open(trained)
    snapshot = again.catch_up()
    again.close()
    assert isinstance(snapshot.items.rows, PackedRows) == is_large
    assert snapshot.items[ITEM.id] == ITEM
    (gone,) = snapshot.items.at([position])
    assert (gone.id, gone.hidden) == ("space-2", True)
    assert snapshot.catalogue.ids[position] == "space-2"
    assert snapshot.deleted_mask().nonzero()[0].tolist() == [position]


def test_whoever_does_much_is_put_off_behind_the_others(shop: Foretaste) -> None:
    before = shop.catch_up()
    many = [click(number, f"space-{number % 5}", "busy") for number in range(600)]
    shop.record([*many, click(900, "space-1", "u2")])
    snapshot = before.next_events(shop.store, shop.store.log_position(), 20, in_turns=True)
    assert snapshot.deferred
    while not snapshot.has(shop.store.log_position()):
        snapshot = snapshot.next_events(shop.store, shop.store.log_position(), 20, in_turns=True)
    learnt = sum(array.sum() for array in counts(snapshot))
    assert learnt > sum(array.sum() for array in counts(before))
