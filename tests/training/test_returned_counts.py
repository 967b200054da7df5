"""A purchase that is sent back: what answers is as if it had never been, without a training. The
measure is a workspace that never saw the purchase.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from foretaste.domain.data import Event
from foretaste.loop import Foretaste
from foretaste.model.product import ProductOfExperts
from foretaste.training.recount_pace import MIN_PAUSE_SECONDS

from .test_take_back import AT, EVENTS, answers, check_equal, counts

RETURN = Event("back", "return", AT + 50, user="u1", item="kitchen-3")
WITHOUT_PURCHASE = [event for event in EVENTS if event.event_id != "order"]


def order_row(number: str, quantity: int, date: str) -> dict[str, object]:
    """A row of a shop's export of orders."""
    names = ("order_id", "customer_id", "sku", "quantity", "date")
    return dict(zip(names, (number, "u1", "kitchen-3", quantity, date), strict=True))


@pytest.fixture
def shop(trained: Path) -> Iterator[Foretaste]:
    workspace = Foretaste.open(trained)
    yield workspace
    workspace.close()


@pytest.fixture
def other(trained: Path, tmp_path: Path) -> Iterator[Foretaste]:
    """Another workspace with the same model."""
    workspace = Foretaste.open(shutil.copytree(trained, tmp_path / "other"))
    yield workspace
    workspace.close()


def test_the_next_list_is_as_if_it_had_not_been_bought(shop: Foretaste, other: Foretaste) -> None:
    other.record([*WITHOUT_PURCHASE, RETURN])
    shop.record(EVENTS)
    with_purchase = answers(shop)
    shop.record([RETURN])
    assert answers(shop) != with_purchase
    check_equal(shop, other)


def test_another_process_and_a_restart_agree(shop: Foretaste, trained: Path) -> None:
    beside = Foretaste.open(trained)
    shop.record(EVENTS)
    assert answers(beside) == answers(shop)
    shop.record([RETURN])
    check_equal(beside, shop)
    beside.close()
    restarted = Foretaste.open(trained)
    check_equal(restarted, shop)
    restarted.close()


def test_on_postgresql_two_processes_and_a_restart_agree(
    trained: Path, empty_postgres: str, tmp_path: Path
) -> None:
    settings = {"behaviour.database": empty_postgres}
    first = Foretaste.open(tmp_path / "postgres", settings=settings)
    source = Foretaste.open(trained)
    first.store.put_items([item for _, item in source.store.items()])
    first.store.add_events([event for _, event in source.store.events()])
    source.close()
    first.record(EVENTS)
    first.train()
    beside = Foretaste.open(tmp_path / "postgres", settings=settings)
    with_purchase = answers(beside)
    first.record([RETURN])
    check_equal(beside, first)
    assert answers(beside) != with_purchase
    restarted = Foretaste.open(tmp_path / "postgres", settings=settings)
    check_equal(restarted, first)
    for workspace in (first, beside, restarted):
        workspace.close()


def test_what_the_model_was_trained_on_is_counted_anew(shop: Foretaste, other: Foretaste) -> None:
    """Without a training, also where the purchase was counted by it and the return came later."""
    for workspace in (shop, other):
        workspace.record(EVENTS)
        workspace.train()
    version = shop.models.live_name()
    shop.record([RETURN])
    assert shop.models.live_name() != version
    other.store.delete_events("u1", "kitchen-3")
    other.record([RETURN])
    other.recounter.recount()
    check_equal(shop, other)


def test_of_two_purchases_the_last_comes_back(shop: Foretaste, other: Foretaste) -> None:
    """Also where the second came after the training, and the first was counted by it."""
    again = Event("order-2", "purchase", AT + 20, user="u1", item="kitchen-3")
    for workspace in (shop, other):
        workspace.record(EVENTS)
        workspace.train()
    shop.record([again])
    shop.record([RETURN])
    kept = [event.event_id for _, event in shop.store.events() if event.kind == "purchase"]
    assert {"order", "order-2"} <= set(kept)
    for ours, theirs in zip(
        *(counts(workspace.catch_up().product) for workspace in (shop, other)), strict=True
    ):
        np.testing.assert_allclose(ours, theirs)


def test_a_return_before_its_purchase_keeps_it_out(shop: Foretaste, other: Foretaste) -> None:
    other.record([*WITHOUT_PURCHASE, RETURN])
    shop.record([RETURN])
    shop.record(EVENTS)
    check_equal(shop, other)


def test_a_guest_who_signs_in_sends_back_what_they_bought(
    shop: Foretaste, other: Foretaste
) -> None:
    """What was learnt of a visitor is turned back by the return of the user whom they became."""
    bought = Event("order", "purchase", AT + 2, session="visit-1", item="kitchen-3")
    for workspace in (shop, other):
        workspace.record([Event("seen", "click", AT + 1, session="visit-1", item="space-1")])
    shop.record([bought])
    for workspace in (shop, other):
        workspace.identify("visit-1", "u1")
        workspace.record([RETURN])
    check_equal(shop, other)


def test_an_event_that_says_the_same_again_counts_nothing(shop: Foretaste) -> None:
    shop.record([*EVENTS, RETURN])
    erasures, version = shop.store.erasure_count(), shop.models.live_name()
    shop.record([*EVENTS, RETURN])
    shop.record([Event("other", "return", AT + 60, user="u1", item="space-4")])  # never bought
    assert (shop.store.erasure_count(), shop.models.live_name()) == (erasures, version)


def test_a_return_that_is_taken_back_gives_the_purchase_back(
    shop: Foretaste, other: Foretaste
) -> None:
    for workspace in (shop, other):
        workspace.record(EVENTS)
        workspace.train()
    shop.record([RETURN])
    shop.take_back_events(["back"])
    check_equal(shop, other)


def test_an_import_of_returns_and_its_undoing(shop: Foretaste, other: Foretaste) -> None:
    for workspace in (shop, other):
        workspace.add(events=[order_row("o1", 1, "2025-06-15")])
        workspace.train()
    before = counts(shop.catch_up().product)
    shop.add(events=[order_row("r1", -1, "2025-06-16")])
    after = counts(shop.catch_up().product)
    assert not all(map(np.array_equal, before, after))
    shop.undo_import(shop.imports()[-1].number)
    check_equal(shop, other)


def test_returns_settings_that_count_like_other_events_take_nothing_back(trained: Path) -> None:
    settings = {"behaviour.event_weights": {"return": -1.0}}
    workspace = Foretaste.open(trained, settings=settings)
    workspace.record([*EVENTS, RETURN])
    assert workspace.store.returned_numbers() == frozenset()
    assert workspace.store.erasure_count() == 0
    workspace.close()


def test_many_returns_do_not_keep_the_model_busy(
    shop: Foretaste, other: Foretaste, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second is counted with those that follow it, as what pages take back is."""
    shop.record(EVENTS)
    shop.record([RETURN])
    version = shop.models.live_name()
    now = shop.clock()
    monkeypatch.setattr(shop, "clock", lambda: now)
    shop.record([Event("order-9", "purchase", AT + 55, user="u2", item="space-4")])
    other_return = Event("back-9", "return", AT + 60, user="u2", item="space-4")
    shop.record([other_return])
    assert shop.models.live_name() == version
    assert "space-4" not in dict(shop.store.user_counts(AT + 51, AT + 61, ["purchase"]))
    monkeypatch.setattr(shop, "clock", lambda: now + MIN_PAUSE_SECONDS + 1)
    shop.returned_counts.follow()
    assert shop.models.live_name() != version
    other.record([*WITHOUT_PURCHASE, RETURN, other_return])
    check_equal(shop, other)


def test_no_counting_of_the_whole_log_where_it_was_bought_after_the_training(
    shop: Foretaste, monkeypatch: pytest.MonkeyPatch
) -> None:
    def counted(*_: object) -> None:
        raise AssertionError("the log was read again")

    shop.record(EVENTS)
    monkeypatch.setattr(ProductOfExperts, "recount", counted)
    version = shop.models.live_name()
    shop.record([RETURN])
    assert shop.models.live_name() != version
