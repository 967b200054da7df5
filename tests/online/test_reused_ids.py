"""An id that was deleted and is used again: an item is the item that it was, with other words if it
has others; a person is somebody new.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from foretaste.domain.data import Event, Item, Request, User
from foretaste.loop import Foretaste

AT = 1_750_000_000.0
NEW = Item("space-1", "A cookbook of the stars", {"blurb": "Bread, soup."}, {"genre": ("kitchen",)})
EVENTS = [
    Event("before", "click", AT, user="ann", item="space-1"),
    Event("like", "like", AT + 1, user="bob", item="space-1"),
]


@pytest.fixture
def shop(trained: Path) -> Iterator[Foretaste]:
    workspace = Foretaste.open(trained)
    yield workspace
    workspace.close()


@pytest.fixture
def other(trained: Path, tmp_path: Path) -> Iterator[Foretaste]:
    workspace = Foretaste.open(shutil.copytree(trained, tmp_path / "other"))
    yield workspace
    workspace.close()


def answers(shop: Foretaste) -> list[tuple[list[str], list[float]]]:
    questions = [
        Request(user="ann", n=20, now=AT + 99),
        Request(user="u1", n=20, now=AT + 99),
        Request(query="bread and soup", n=20, now=AT + 99),
        Request(items=("space-1",), n=20, now=AT + 99),
        Request(filter={"genre": "kitchen"}, n=20, now=AT + 99),
    ]
    lists = [shop.recommend(question) for question in questions]
    return [([item.id for item in one], [item.score for item in one]) for one in lists]


def check_equal(first: Foretaste, second: Foretaste) -> None:
    for (ids, scores), (other_ids, other_scores) in zip(
        answers(first), answers(second), strict=True
    ):
        assert ids == other_ids
        np.testing.assert_allclose(scores, other_scores, rtol=1e-5)


def test_an_item_that_comes_back_is_the_item_that_it_was(shop: Foretaste, other: Foretaste) -> None:
    """As if it had never been away: only what it is now counts, and what people did with it."""
    for workspace in (shop, other):
        workspace.record(EVENTS)
        workspace.recommend("ann")
    shop.store.delete_items(["space-1"])
    assert "space-1" not in [item.id for item in shop.recommend("u3", n=20)]
    for workspace in (shop, other):
        workspace.store.put_items([NEW])
    check_equal(shop, other)
    assert "space-1" not in [item.id for item in shop.recommend("ann", n=20)], "ann took it"


def test_and_so_it_is_after_a_restart(shop: Foretaste, other: Foretaste) -> None:
    shop.store.delete_items(["space-1"])
    for workspace in (shop, other):
        workspace.record(EVENTS)
        workspace.store.put_items([NEW])
    restarted = [Foretaste.open(workspace.folder) for workspace in (shop, other)]
    check_equal(*restarted)
    check_equal(restarted[0], shop)
    for workspace in restarted:
        workspace.close()


def test_an_item_is_no_more_until_it_is_sent_again(shop: Foretaste) -> None:
    shop.store.delete_items(["space-1"])
    shop.record([Event("late", "click", AT, user="ann", item="space-1")])
    assert shop.store.item("space-1") is None
    assert "space-1" not in [item.id for item in shop.recommend("u3", n=20)]
    assert shop.store.change_item("space-1", lambda item: item) is None
    assert shop.store.delete_items(["space-1"]) == 0


def test_a_person_who_comes_back_is_somebody_new(shop: Foretaste, other: Foretaste) -> None:
    shop.store.put_users([User("ann", {"genre": ("space",)})])
    shop.record(EVENTS)
    shop.steer("ann", changes=[{"filter": {"genre": "space"}, "mute": True}])
    shop.erase("ann")
    other.record([event for event in EVENTS if event.user != "ann"])
    check_equal(shop, other)
    again = Event("again", "click", shop.clock() + 1, user="ann", item="kitchen-2")
    for workspace in (shop, other):
        workspace.record([again])
    check_equal(shop, other)
    assert shop.personal("ann") is not None
    assert len(shop.store.history("ann", None)) == 1
