"""Readers beside updates, with threads changing as often as they can: every list is the one that a
model of the same position gives in quiet.
"""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from foretaste.domain.data import Event, Item, Request
from foretaste.loop import Foretaste
from foretaste.online.fallback import Budget
from foretaste.online.manager import Newest
from foretaste.online.snapshot import Snapshot, item_changes

NOW = 1_750_100_000.0
MAX_NEW_ITEMS = 12
"""Of more that read alike those met one by one are placed otherwise than those met at once."""
REQUESTS = (
    Request(user="u1", n=8, explore=0.0, now=NOW, incognito=True),
    Request(user="u4", n=8, explore=0.0, now=NOW, incognito=True, explain=True, timeout_ms=60_000),
    Request(query="a comet", n=8, explore=0.0, now=NOW, incognito=True),
    Request(items=("space-2",), n=8, explore=0.0, now=NOW, incognito=True, timeout_ms=60_000),
)


class Seen(NamedTuple):
    """A list, by which snapshot, and to which request."""

    event: int
    revision: int
    request: Request
    items: list[tuple[str, float]]


@pytest.fixture
def shop(trained: Path) -> Iterator[Foretaste]:
    workspace = Foretaste.open(trained)
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield workspace
    sys.setswitchinterval(before)
    workspace.close()


def listed(shop: Foretaste, request: Request, newest: Newest) -> list[tuple[str, float]]:
    page = shop.slates.page_request(request, None, {})
    answer = shop.list_by(page, Budget(None), shop.slates, newest)
    return [(item.id, item.score) for item in answer]


def happens(shop: Foretaste, number: int) -> None:
    """Events of others than those who are asked about; now and then an item comes or is hidden."""
    shop.record(
        [
            Event(
                f"busy-{number}-{k}",
                "click",
                1_750_000_000.0 + number,
                user=f"busy-{(number + k) % 5}",
                item=f"{('space', 'kitchen')[k]}-{number * 3 % 10}",
            )
            for k in range(2)
        ]
    )
    if number % 5 == 0 and number < MAX_NEW_ITEMS * 5:
        shop.store.put_items(
            [Item(f"new-{number}", f"The {number}th moon", attributes={"genre": ("space",)})]
        )


@pytest.mark.parametrize("seconds", [2.0, pytest.param(30.0, marks=pytest.mark.slow)])
def test_every_list_is_that_of_a_quiet_model_of_the_same_position(
    shop: Foretaste, seconds: float
) -> None:
    start = shop.catch_up()
    seen: list[Seen] = []
    failures: list[BaseException] = []
    end = time.monotonic() + seconds

    def update() -> None:
        number = 0
        while time.monotonic() < end or number < 20:
            happens(shop, number)
            shop.manager.newest(Budget(60_000 if number % 2 else None))
            number += 1

    def ask(turn: int) -> None:
        while time.monotonic() < end or turn < 20:
            request = REQUESTS[turn % len(REQUESTS)]
            newest = shop.manager.newest(Budget(request.timeout_ms))
            items = listed(shop, request, newest)
            position = newest.snapshot.event, newest.snapshot.revision
            seen.append(Seen(*position, request, items))
            turn += 1

    def noting(work: Callable[..., None], *arguments: int) -> None:
        try:
            work(*arguments)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=noting, args=(update,))]
    threads += [threading.Thread(target=noting, args=(ask, turn)) for turn in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert not failures
    assert len({row[:2] for row in seen}) > 5, "lists by many snapshots"
    quiet = start
    for row in sorted(seen, key=lambda row: row[:2]):
        quiet = at(shop, quiet, row.event, row.revision)
        assert_same(row.items, listed(shop, row.request, Newest(quiet)))
    fresh = shop.at_snapshot(start.version).caught_up(shop.store)
    for request in REQUESTS:
        newest = shop.manager.newest(Budget(None))
        assert_same(listed(shop, request, newest), listed(shop, request, Newest(fresh)))


def at(shop: Foretaste, quiet: Snapshot, event: int, revision: int) -> Snapshot:
    """The same with the items and events up to a position."""
    if quiet.revision < revision:
        changes = [item for _, item in item_changes(shop.store, quiet.revision, revision)]
        quiet = quiet.with_items(quiet.read_batch(changes, revision))
    return quiet.learned(shop.store, event) if quiet.event < event else quiet


def assert_same(items: list[tuple[str, float]], wanted: list[tuple[str, float]]) -> None:
    assert [item for item, _ in items] == [item for item, _ in wanted]
    scores = [score for _, score in wanted]
    assert [score for _, score in items] == pytest.approx(scores, abs=2e-4)
