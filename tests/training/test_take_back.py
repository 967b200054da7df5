"""An event that is taken back: what answers is as if it had never been, and it does not come again.
The measure is a workspace that never saw it.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from foretaste.domain.data import Event, Floats, Recommendation, Request
from foretaste.domain.store import EventOwner
from foretaste.errors import InputError
from foretaste.loop import Foretaste
from foretaste.model.product import ProductOfExperts
from foretaste.training.erasure_receipt import PENDING_TAKE_BACK_NOTE

AT = 1_750_000_000.0
EVENTS = [
    Event("e1", "click", AT + 1, user="u1", item="space-1"),
    Event("order", "purchase", AT + 2, user="u1", item="kitchen-3"),
    Event("e2", "search", AT + 3, user="u1", query="bread"),
    Event("e3", "click", AT + 4, user="u1", item="space-4"),
    Event("mistake", "hide", AT + 5, user="u2", item="space-6"),
    Event("e4", "click", AT + 6, user="u2", item="kitchen-3"),
    Event("e5", "like", AT + 7, session="visit", item="kitchen-3"),
]
TAKEN_BACK = ["order", "mistake"]
QUESTIONS: tuple[dict[str, Any], ...] = (
    {"user": "u1"},
    {"user": "u2"},
    {"session": "visit"},
    {"query": "bread"},
    {"items": ("space-1",)},
    {"user": "u3", "query": "moon"},
)


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


def answers(workspace: Foretaste) -> list[tuple[list[str], list[float]]]:
    lists: list[Recommendation] = [
        workspace.recommend(Request(n=12, now=AT + 100, explain=True, explore=0.0, **question))
        for question in QUESTIONS
    ]
    lists.append(workspace.trending("7d", now=AT + 100))
    return [([item.id for item in one], [item.score for item in one]) for one in lists]


def counts(product: ProductOfExperts) -> list[Floats]:
    experts = [expert for expert in product.experts if expert.is_counting]
    return [array for expert in experts for array in expert.state()[0].values()]


def check_equal(first: Foretaste, second: Foretaste) -> None:
    for (ids, scores), (other_ids, other_scores) in zip(
        answers(first), answers(second), strict=True
    ):
        assert ids == other_ids
        np.testing.assert_allclose(scores, other_scores, rtol=1e-6)
    products = [workspace.catch_up().product for workspace in (first, second)]
    for ours, theirs in zip(*map(counts, products), strict=True):
        np.testing.assert_allclose(ours, theirs)


def test_the_next_list_is_as_if_it_had_not_been(shop: Foretaste, other: Foretaste) -> None:
    other.record([event for event in EVENTS if event.event_id not in TAKEN_BACK])
    shop.record(EVENTS)
    with_them = answers(shop)
    receipt = shop.take_back_events(TAKEN_BACK)
    assert receipt.counts == (("order", "mistake"), (), ())
    assert receipt.pending_notes == ()
    assert answers(shop) != with_them
    check_equal(shop, other)


def test_also_after_a_restart_and_in_another_process(shop: Foretaste, trained: Path) -> None:
    beside = Foretaste.open(trained)
    shop.record(EVENTS)
    assert answers(beside) == answers(shop)
    shop.take_back_events(TAKEN_BACK)
    check_equal(beside, shop)
    beside.close()
    restarted = Foretaste.open(trained)
    check_equal(restarted, shop)
    restarted.close()


def test_an_event_that_the_model_was_trained_on(shop: Foretaste, other: Foretaste) -> None:
    """What was counted is counted anew; weights stay until the next training, as at an erasure."""
    event = next(event for _, event in shop.store.events() if event.item == "space-3")
    receipt = shop.take_back_events([event.event_id])
    assert receipt.counts.taken_back == (event.event_id,)
    assert receipt.recounted_versions == (shop.models.live_name(),)
    other.store.delete_events(event.user or "", "space-3")
    other.train()
    ours, theirs = (workspace.catch_up().product for workspace in (shop, other))
    for mine, trained_anew in zip(counts(ours), counts(theirs), strict=True):
        np.testing.assert_allclose(mine, trained_anew)


def test_a_later_event_costs_no_counting_of_the_whole_log(
    shop: Foretaste, monkeypatch: pytest.MonkeyPatch
) -> None:
    def counted(*_: object) -> None:
        raise AssertionError("the log was read again")

    shop.record(EVENTS)
    monkeypatch.setattr(ProductOfExperts, "recount", counted)
    assert shop.take_back_events(["order"]).recounted_versions == (shop.models.live_name(),)


def test_it_does_not_come_again_and_a_retry_changes_nothing(shop: Foretaste) -> None:
    shop.record(EVENTS)
    shop.take_back_events(TAKEN_BACK)
    version = shop.models.live_name()
    again = shop.take_back_events([*TAKEN_BACK, "order", "never"])
    assert again.counts == ((), ("order", "mistake"), ("never",))
    assert (again.recounted_versions, shop.models.live_name()) == ((), version)
    with pytest.raises(InputError, match=r"events\[1\].event_id: an event with this id was erased"):
        shop.record(EVENTS)
    assert shop.store.add_events(EVENTS) == 0
    anew = Event("order-2", "purchase", AT + 9, user="u1", item="kitchen-3")
    assert shop.record([anew]) == 1


def test_what_was_broken_off_is_made_good_by_a_retry(shop: Foretaste, other: Foretaste) -> None:
    other.record([event for event in EVENTS if event.event_id not in TAKEN_BACK])
    shop.record(EVENTS)
    shop.catch_up()
    shop.store.take_back_events([EventOwner(name) for name in TAKEN_BACK])  # then it died
    assert shop.take_back_events(TAKEN_BACK).recounted_versions == (shop.models.live_name(),)
    check_equal(shop, other)


def test_a_page_that_takes_back_all_the_time_does_not_keep_the_model_busy(
    shop: Foretaste,
) -> None:
    shop.record(EVENTS)
    shop.catch_up()
    first = shop.recounter.take_back([EventOwner("order")], by_page=True)
    assert (len(first.recounted_versions), first.pending_notes) == (1, ())
    second = shop.recounter.take_back([EventOwner("mistake")], by_page=True)
    assert (second.recounted_versions, second.pending_notes) == ((), (PENDING_TAKE_BACK_NOTE,))
    # their own list is right at once
    assert "space-6" in [item.id for item in shop.recommend("u2", n=20, now=AT + 100)]


def test_what_a_page_takes_back_before_it_arrives_is_kept_out(shop: Foretaste) -> None:
    late = Event("late", "hide", AT, session="visit", item="space-1")
    receipt = shop.recounter.take_back([EventOwner("late", None, "visit")], by_page=True)
    assert receipt.counts == ((), (), ("late",))
    assert shop.store.add_events([late]) == 0
    assert shop.recounter.take_back([EventOwner("other", None, "visit")]).counts.unknown
    assert shop.store.add_events([Event("other", "hide", AT, session="visit", item="i")]) == 1


def test_one_without_an_id_is_a_mistake(shop: Foretaste) -> None:
    with pytest.raises(InputError, match="event_ids has an empty id"):
        shop.take_back_events(["order", ""])
