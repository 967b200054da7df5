"""Snapshots and models that were replaced are let go of: memory stays flat."""

import gc
import tracemalloc
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from foretaste.domain.data import Request
from foretaste.feedback.online_learning import TrainingExample
from foretaste.loop import Foretaste
from foretaste.online.snapshot import Snapshot

SLACK = 200_000
"""Bytes that caches of the interpreter and of libraries may take."""


@pytest.fixture
def shop(trained: Path) -> Iterator[Foretaste]:
    workspace = Foretaste.open(trained)
    yield workspace
    workspace.close()


def snapshots() -> int:
    gc.collect()
    return sum(type(value) is Snapshot for value in gc.get_objects())


def bytes_after(work: Callable[[], object]) -> int:
    work()
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


@pytest.mark.parametrize("updates", [1_000, pytest.param(9_000, marks=pytest.mark.slow)])
def test_many_updates_leave_one_snapshot_and_no_more_memory(shop: Foretaste, updates: int) -> None:
    """A snapshot each, of users and items in turn; now and then one is read."""
    first = shop.catch_up()
    before = snapshots()
    contexts = [shop.slates.user_context(Request(user=f"u{n}"), first) for n in range(10)]
    references = [weakref.ref(first)]
    del first

    def update(count: int) -> None:
        for number in range(count):
            snapshot = shop.manager.snapshot
            assert snapshot is not None
            context = contexts[number % len(contexts)]
            lesson = TrainingExample(0, ("u", None), context, number % 7, 1.0, 1.8e9)
            shop.manager._publish(snapshot.with_lessons([lesson], snapshot.event + 1))
            if number % 50 == 0:
                references.append(weakref.ref(snapshot))
                scorer = snapshot.product.scorer(context)
                scorer.score_row(np.ones(len(snapshot.catalogue), bool), 10)
                scorer.terms(np.arange(5, dtype=np.int32))

    update(500)  # until what is added to a row is put into it, see `model.counts`
    tracemalloc.start()
    try:
        start = bytes_after(lambda: update(500))
        end = bytes_after(lambda: update(updates))
    finally:
        tracemalloc.stop()
    assert end - start < SLACK
    assert snapshots() == before
    assert not any(reference() for reference in references)


@pytest.mark.parametrize("swaps", [6, pytest.param(100, marks=pytest.mark.slow)])
def test_swaps_of_models_leave_one_model_and_no_more_memory(shop: Foretaste, swaps: int) -> None:
    live = shop.catch_up()
    version = shop.models.version(live.version)
    other = shop.models.save(
        live.product,
        live.catalogue.ids,
        created=version.created + 5,
        data=version.data,
        settings=version.settings,
        metrics=version.metrics,
    )
    names, before = (live.version, other), snapshots()
    products = [weakref.ref(live.product)]
    del live

    def swap(number: int) -> None:
        shop.models.promote(names[number % 2])
        shop.manager.renew()
        snapshot = shop.manager.snapshot
        assert snapshot is not None
        assert snapshot.version == names[number % 2]
        products.append(weakref.ref(snapshot.product))
        assert shop.recommend("u1", n=3, timeout_ms=60_000).model_version == snapshot.version

    for number in (1, 2):
        swap(number)
    tracemalloc.start()
    try:
        start = bytes_after(lambda: swap(3))
        for number in range(4, 3 + swaps):
            swap(number)
        end = bytes_after(lambda: swap(3 + swaps))
    finally:
        tracemalloc.stop()
    assert end - start < SLACK
    assert snapshots() == before
    assert [product() is None for product in products] == [True] * (len(products) - 1) + [False]
