"""A list that is asked for at once after an item was changed, while that is still being read: what
is sold out or no longer meets the filter is not in it, whichever process is asked.
"""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from foretaste.behaviour.ingest import Ingestor
from foretaste.loop import Foretaste
from foretaste.online.snapshot import Snapshot

SETTINGS = {"rank.stock_attribute": "in_stock"}
ASK: dict[str, Any] = {"n": 8, "timeout_ms": 20_000.0}


@pytest.fixture
def shops(trained: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Foretaste]]:
    """Two processes of one workspace, in which nothing that is changed is read before the end."""
    shops = [Foretaste.open(trained, settings=SETTINGS) for _ in range(2)]
    for shop in shops:
        shop.recommend("u1", n=8)
        shop.manager.waits_for_items = False  # as while the language model is being loaded
    is_over, read_batch = threading.Event(), Snapshot.read_batch

    def read_late(self: Snapshot, *arguments: object) -> object:
        is_over.wait()
        return read_batch(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Snapshot, "read_batch", read_late)
    yield shops
    is_over.set()
    for shop in shops:
        shop.close()


def change(shop: Foretaste, item: str, **fields: object) -> None:
    """As `PATCH /v1/items/{item}` does."""
    ingestor = Ingestor(shop.store, shop.config.behaviour, lambda events: (list(events), {}))
    assert ingestor.change_item(item, fields) is not None


def test_what_is_sold_out_is_in_no_list_of_any_process(shops: list[Foretaste]) -> None:
    first = [item.id for item in shops[0].recommend("u1", **ASK)]
    change(shops[0], first[2], in_stock=False)
    for shop in shops:
        answer = shop.recommend("u1", **ASK)
        assert shop.manager.current.revision < shop.store.log_position()[1], "it is read already"
        assert first[2] not in [item.id for item in answer]
        assert len(answer) == len(first) - 1
    change(shops[1], first[2], in_stock=True)
    assert first[2] in [item.id for item in shops[0].recommend("u1", **ASK)]


def test_a_number_left_is_read_as_it_is_in_lists(shops: list[Foretaste]) -> None:
    first = [item.id for item in shops[0].recommend("u1", **ASK)]
    change(shops[0], first[0], in_stock=0)
    change(shops[0], first[1], in_stock=3)
    left = [item.id for item in shops[0].recommend("u1", **ASK)]
    assert first[0] not in left
    assert first[1] in left


def test_what_no_longer_meets_the_filter_is_left_out(shops: list[Foretaste]) -> None:
    first = shops[0].recommend("u1", filter={"genre": "kitchen"}, **ASK)
    ids = [item.id for item in first]
    change(shops[0], ids[0], genre="garage")
    change(shops[0], ids[1], maker="somebody")  # of which nobody asks
    left = [item.id for item in shops[0].recommend("u1", filter={"genre": "kitchen"}, **ASK)]
    assert ids[0] not in left
    assert ids[1] in left
