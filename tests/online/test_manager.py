"""The snapshots of a workspace: nobody waits for what takes long, and nothing is passed over."""

import gc
import logging
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from foretaste.domain.data import Degradation, Event, Floats, Item, Request
from foretaste.errors import ModelError
from foretaste.feedback.online_learning import TrainingExample
from foretaste.loop import Foretaste
from foretaste.online import manager
from foretaste.online.fallback import Budget
from foretaste.online.snapshot import Snapshot

PLENTY = Request(user="u1", n=3, timeout_ms=60_000)


@pytest.fixture
def loop(trained: Path) -> Iterator[Foretaste]:
    """With two versions, of which the second is live."""
    one = Foretaste.open(trained)
    first = one.models.live_name()
    assert first is not None
    one.models.promote(_again(one))
    yield one
    one.close()


def _again(loop: Foretaste) -> str:
    """One more version; not live."""
    live = loop.at_snapshot(loop.models.live_name() or "")
    version = loop.models.version(live.version)
    return loop.models.save(
        live.product,
        live.catalogue.ids,
        created=version.created + 5,
        data=version.data,
        settings=version.settings,
        metrics=version.metrics,
    )


def names(loop: Foretaste) -> list[str]:
    return [version.name for version in loop.models.versions()]


def damage(loop: Foretaste, version: str) -> tuple[Path, bytes]:
    path = loop.folder / "models" / version / "popularity.safetensors"
    kept = path.read_bytes()
    path.write_bytes(kept[:-3] + b"???")
    return path, kept


def ended(loop: Foretaste) -> None:
    """Wait for what goes on beside the answers."""
    for thread in list(loop.manager._background.values()):
        thread.join()


def test_another_version_is_loaded_beside_the_one_that_answers(
    loop: Foretaste, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = names(loop)
    assert loop.recommend(PLENTY).model_version == second
    gate, asked = threading.Event(), []
    load, rehearse = loop.manager._load, loop.manager._rehearse

    def slow(version: str) -> Snapshot:
        gate.wait(60)
        return load(version)

    def once(live: Snapshot) -> None:
        asked.append((live.version, loop.manager.answering))
        rehearse(live)

    monkeypatch.setattr(loop.manager, "_load", slow)
    monkeypatch.setattr(loop.manager, "_rehearse", once)
    loop.models.promote(first)
    for _ in range(3):  # nobody waits, nobody gets less
        answer = loop.recommend(PLENTY)
        assert (answer.model_version, answer.fallback_level) == (second, "full")
    gate.set()
    ended(loop)
    assert asked == [(first, (second, loop.models.version(second).created))], (
        "warm before it is live"
    )
    answer = loop.recommend(PLENTY)
    assert (answer.model_version, answer.fallback_level) == (first, "full")


def test_a_damaged_version_is_not_swapped_in_and_that_is_said(
    loop: Foretaste, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = names(loop)
    assert loop.recommend(PLENTY).model_version == second
    third = _again(loop)
    path, kept = damage(loop, first)
    loop.models.promote(first)
    assert third in (first, second, third)
    loop.recommend(PLENTY)
    ended(loop)
    assert loop.recommend(PLENTY).model_version == second
    assert f"model {second} answers instead: model {first}: popularity" in (
        loop.manager.instead or ""
    )
    assert "is damaged; roll back" in caplog.text
    said = len(caplog.records)
    for _ in range(3):
        loop.recommend(PLENTY)
    assert len(caplog.records) == said, "it is not tried at every question"
    path.write_bytes(kept)
    monkeypatch.setattr(manager, "LOAD_RETRY_SECONDS", 0.0)
    loop.recommend(PLENTY)
    ended(loop)
    assert loop.recommend(PLENTY).model_version == first
    assert loop.manager.instead is None


def test_who_starts_with_a_damaged_version_answers_by_the_one_before(loop: Foretaste) -> None:
    first, second = names(loop)
    damage(loop, second)
    assert loop.recommend("u1").model_version == first
    assert f"model {first} answers instead" in (loop.manager.instead or "")
    damage(loop, first)
    again = Foretaste.open(loop.folder)
    with pytest.raises(ModelError, match=f"model {second}: popularity.safetensors is damaged"):
        again.recommend("u1")
    again.close()


def test_a_damaged_pointer_leaves_the_newest_to_answer(
    loop: Foretaste, caplog: pytest.LogCaptureFixture
) -> None:
    _, second = names(loop)
    pointer = loop.folder / "models" / "live.json"
    kept = pointer.read_text()
    pointer.write_text(kept[: len(kept) // 2])
    with caplog.at_level(logging.ERROR):
        assert loop.recommend("u1").model_version == second
        assert loop.recommend(PLENTY).model_version == second
    assert "live.json cannot be read" in caplog.text
    assert "answers instead" in (loop.manager.instead or "")
    pointer.write_text(kept)
    assert loop.recommend(PLENTY).model_version == second
    assert loop.manager.instead is None


def test_without_any_model_the_error_says_what_to_do(loop: Foretaste) -> None:
    loop.recommend("u1")
    (loop.folder / "models" / "live.json").unlink()
    with pytest.raises(ModelError, match="run 'foretaste train'"):
        loop.recommend("u1")


# What happened --------------------------------------------------------------------------------


def click(number: int, item: str, user: str = "u1") -> Event:
    return Event(f"click-{number}", "click", 1_750_000_000.0 + number, user=user, item=item)


def waits(loop: Foretaste, monkeypatch: pytest.MonkeyPatch) -> tuple[threading.Event, list[int]]:
    """The language model reads nothing until the gate is open. → (gate, sizes of its batches)"""
    snapshot, gate, sizes = loop.catch_up(), threading.Event(), list[int]()

    def slow(items: Sequence[Item]) -> Floats:
        sizes.append(len(items))
        gate.wait(60)
        return snapshot.read(items)

    loop.manager.snapshot = replace(snapshot, read=slow)
    return gate, sizes


def new_items(n: int) -> list[Item]:
    return [
        Item(f"new-{k}", f"The comet of {k}", attributes={"genre": ("space",)}) for k in range(n)
    ]


def test_an_accepted_event_is_in_the_very_next_answer(loop: Foretaste) -> None:
    for number in range(5):
        for asked in (PLENTY, replace(PLENTY, timeout_ms=None)):
            loop.record([click(10 * number + bool(asked.timeout_ms), f"space-{number}")])
            assert loop.recommend(asked).degraded is None
            assert loop.learnt == loop.store.last_event_number()
            assert loop.manager.newest(Budget(60_000)).lag is None


def test_while_many_items_are_read_answers_are_full_and_events_are_learnt(
    loop: Foretaste, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A catching up that takes long is deferred: it goes on beside the answers, in batches."""
    gate, sizes = waits(loop, monkeypatch)
    before = loop.catch_up()
    loop.store.put_items(new_items(100))
    hidden = loop.recommend(replace(PLENTY, n=1)).items[0].id
    loop.store.put_items([replace(before.items[hidden], hidden=True)])
    for number in range(3):
        loop.record([click(number, "space-7")])
        answer = loop.recommend(PLENTY)
        assert answer.degraded is None, "nothing of this user is missing"
        assert len(answer) == 2, "without the one that was hidden"
        assert hidden not in [item.id for item in answer], "not in the snapshot, but in the store"
        snapshot = loop.manager.snapshot
        assert snapshot is not None
        assert snapshot.event == loop.store.last_event_number(), "events wait for no item"
        assert snapshot.revision == before.revision
    assert sizes == [manager.ITEMS_PER_SNAPSHOT], "the first batch is being read, once"

    gate.set()
    ended(loop)
    assert sizes == [32, 32, 32, 4]
    answer = loop.recommend(replace(PLENTY, n=200))
    assert {item.id for item in new_items(100)} <= {item.id for item in answer}
    assert loop.catch_up().has(loop.store.log_position())


def test_who_did_something_with_an_item_that_is_being_read_is_told_that_it_is_missing(
    loop: Foretaste, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, _ = waits(loop, monkeypatch)
    loop.store.put_items(new_items(100))
    loop.record([click(1, "new-3", "u2"), click(2, "space-1", "u4")])
    loop.record([Event("v", "click", 1_750_000_000.0, session="visit", item="space-2")])
    lag = "what happened last is still being taken in"
    for asked in (replace(PLENTY, user="u2"), Request(session="visit", timeout_ms=60_000)):
        answer = loop.recommend(asked)
        assert answer.degraded == Degradation("full", lag)
        assert {item.source for item in answer} == {"model"}
    assert loop.recommend(PLENTY).degraded is None, "others miss nothing of their own"
    gate.set()
    ended(loop)
    assert loop.recommend(replace(PLENTY, user="u2")).degraded is None


def test_a_few_items_are_waited_for_and_no_longer_than_there_is_time(
    loop: Foretaste, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, _ = waits(loop, monkeypatch)
    loop.store.put_items(new_items(2))
    assert len(loop.recommend(replace(PLENTY, timeout_ms=100.0))) == 3
    threading.Timer(0.05, gate.set).start()
    answer = loop.recommend(replace(PLENTY, n=100))
    assert {"new-0", "new-1"} <= {item.id for item in answer}


def test_items_that_come_while_others_are_read_are_in_the_next_list(
    loop: Foretaste, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are past the position up to which is being read: nobody else would begin with them."""
    gate, _ = waits(loop, monkeypatch)
    loop.store.put_items(new_items(2))
    assert len(loop.recommend(replace(PLENTY, timeout_ms=100.0))) == 3
    loop.store.put_items(new_items(4)[2:])
    threading.Timer(0.05, gate.set).start()
    answer = loop.recommend(replace(PLENTY, n=100))
    assert {"new-0", "new-1", "new-2", "new-3"} <= {item.id for item in answer}


def test_while_what_reads_is_being_loaded_no_request_waits_for_an_item(
    loop: Foretaste, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, _ = waits(loop, monkeypatch)
    loop.manager.waits_for_items = False
    loop.store.put_items(new_items(2))
    revision = loop.store.log_position()[1]
    threads: list[str] = []

    def wait_for(_: Callable[[], bool], timeout: float | None = None) -> bool:
        threads.append(threading.current_thread().name)
        return True

    monkeypatch.setattr(loop.manager._published, "wait_for", wait_for)
    answer = loop.recommend(PLENTY)
    assert (answer.rung, answer.degraded, threads) == ("full", None, [])
    loop.manager.waits_for_items = True
    loop.recommend(PLENTY)
    assert len(threads) == 1
    gate.set()
    ended(loop)
    assert loop.manager.current.revision == revision


def test_many_events_are_learnt_as_far_as_there_is_time_and_the_others_beside(
    loop: Foretaste, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(manager, "EVENTS_PER_SNAPSHOT", 10)
    start = loop.catch_up().event
    loop.record([click(number, f"space-{number % 9}") for number in range(40)])
    deferred: list[tuple[int, str, Callable[[], object]]] = []
    begin = loop.manager._begin

    def later(name: str, work: Callable[[], object]) -> None:
        deferred.append((loop.learnt, name, work))

    monkeypatch.setattr(loop.manager, "_begin", later)
    newest = loop.manager.newest(Budget(0.0))
    [(reached, name, work)] = deferred
    assert (reached, name) == (start + 10, "events"), "one part, and then no time was left"
    assert newest.lag == "what happened last is still being taken in"
    assert newest.snapshot.event == start + 10
    begin(name, work)
    ended(loop)
    assert loop.learnt == start + 40


def test_what_one_person_did_keeps_nobody_else_waiting(
    loop: Foretaste, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A visit of 400 events, then one of another's: two steps and the other's is learnt."""
    monkeypatch.setattr(manager, "EVENTS_PER_SNAPSHOT", 25)
    start = loop.catch_up()
    visit = [
        Event(f"busy-{n}", "click", 1_760_000_000.0 + n, session="busy", item=f"space-{n % 9}")
        for n in range(400)
    ]
    loop.record(visit)
    loop.record([click(1, "kitchen-9", "u2")])
    begun: dict[str, Callable[[], object]] = {}
    monkeypatch.setattr(loop.manager, "_begin", lambda name, work: begun.update({name: work}))
    lessons, taught = Snapshot.with_lessons, list[int]()

    def counted(snapshot: Snapshot, examples: Iterable[TrainingExample], event: int) -> Snapshot:
        rows = list(examples)
        taught.append(len(rows))
        return lessons(snapshot, rows, event)

    monkeypatch.setattr(Snapshot, "with_lessons", counted)

    loop.recommend(replace(PLENTY, user="u2"))
    assert 0 < sum(taught) <= 25, "the request did no more than its share"
    answer = loop.recommend(replace(PLENTY, user="u2"))
    assert answer.degraded is None, "all that this person did is learnt"
    assert sum(taught) <= 50
    snapshot = loop.manager.current
    assert snapshot.event == loop.store.last_event_number()
    assert events_of(snapshot, "kitchen-9") == events_of(start, "kitchen-9") + 1
    busy = loop.recommend(replace(PLENTY, user=None, session="busy"))
    assert busy.degraded == Degradation("full", "what happened last is still being taken in")
    loop.record([click(2, "kitchen-9", "u2"), replace(visit[0], event_id="busy-more")])
    assert loop.recommend(replace(PLENTY, user="u2")).degraded is None
    assert events_of(loop.manager.current, "kitchen-9") == events_of(start, "kitchen-9") + 2

    begun["deferred"]()
    assert loop.recommend(replace(PLENTY, user=None, session="busy")).degraded is None
    assert events_of(loop.manager.current) == events_of(start) + 403, "each is learnt once"
    fresh = loop.at_snapshot(start.version).caught_up(loop.store)
    for ours, theirs in zip(
        loop.manager.current.product.experts, fresh.product.experts, strict=True
    ):
        for name, array in ours.state()[0].items():
            np.testing.assert_allclose(array, theirs.state()[0][name], rtol=1e-5)


def events_of(snapshot: Snapshot, item: str | None = None) -> float:
    counts = snapshot.product.event_counts()
    assert counts is not None
    return float(counts.sum() if item is None else counts[snapshot.catalogue.index[item]])


def test_who_is_in_no_hurry_has_everything_also_what_was_put_off(
    loop: Foretaste, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(manager, "EVENTS_PER_SNAPSHOT", 10)
    start = loop.catch_up()
    loop.record([click(n, f"space-{n % 9}", "busy") for n in range(60)])
    loop.record([click(99, "kitchen-9", "u2")])
    monkeypatch.setattr(loop.manager, "_begin", lambda *_: None)
    loop.recommend(PLENTY)
    assert loop.manager.current.deferred
    whole = loop.catch_up()
    assert not whole.deferred
    assert events_of(whole) == events_of(start) + 61


def test_while_an_item_cannot_be_read_requests_in_a_hurry_have_the_newest_snapshot(
    loop: Foretaste, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    first = loop.recommend(PLENTY)
    attempts: list[int] = []

    def broken(items: Sequence[Item]) -> Floats:
        attempts.append(len(items))
        raise MemoryError("no room for the encoder")

    snapshot = loop.catch_up()
    loop.manager.snapshot = replace(snapshot, read=broken)
    loop.store.put_items(
        [Item("space-new", "The nebula [space]"), Item(first.items[0].id, hidden=True)]
    )
    loop.record([click(1, "space-new")])
    monkeypatch.setattr(manager, "FAILURE_PAUSE", 3600.0)
    for _ in range(3):
        answer = loop.recommend(PLENTY)
        assert answer.degraded == Degradation(
            "full", "what happened could not be taken in (MemoryError); see the log"
        )
        assert first.items[0].id not in [item.id for item in answer]
    assert attempts == [2], "it is not tried at every request"
    monkeypatch.setattr(manager, "FAILURE_PAUSE", 0.0)
    loop.recommend(PLENTY)
    ended(loop)
    assert attempts == [2, 2]
    with pytest.raises(MemoryError):
        loop.recommend("u1")
    assert "could not be taken in" in caplog.text

    loop.manager.snapshot = replace(loop.manager.snapshot, read=snapshot.read)
    answer = loop.recommend(replace(PLENTY, n=20, user="u2"))
    assert answer.degraded is None
    assert "space-new" in [item.id for item in answer]
    monkeypatch.setattr(manager, "FAILURE_PAUSE", 3600.0)
    loop.record([click(2, "space-new")])
    assert loop.recommend(PLENTY).degraded is None, "it is over"


def test_events_that_cannot_be_learnt_leave_the_newest_snapshot_to_answer(
    loop: Foretaste, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    snapshot = loop.catch_up()

    def broken(*_: object, **__: object) -> None:
        raise ValueError("a number that is none")

    loop.record([click(1, "space-1")])
    with monkeypatch.context() as patch:
        patch.setattr(Snapshot, "next_events", broken)
        answer = loop.recommend(PLENTY)
        assert answer.degraded is not None
        assert "could not be taken in (ValueError)" in answer.degraded.reason
        assert loop.manager.snapshot is snapshot
        with pytest.raises(ValueError, match="a number that is none"):
            loop.recommend("u1")
    monkeypatch.setattr(manager, "FAILURE_PAUSE", 0.0)
    assert loop.recommend(PLENTY).degraded is None


def test_items_that_were_read_for_a_version_that_answers_no_more_are_read_again(
    loop: Foretaste, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _ = names(loop)
    gate, _ = waits(loop, monkeypatch)
    loop.store.put_items(new_items(40))
    assert loop.recommend(PLENTY).degraded is None
    loop.models.promote(first)
    loop.manager.renew()
    assert loop.manager.answering is not None
    assert loop.manager.answering[0] == first
    gate.set()
    ended(loop)
    snapshot = loop.manager.snapshot
    assert snapshot is not None
    assert (snapshot.version, "new-39" in snapshot.items) == (first, True)


def test_what_comes_while_a_version_is_loaded_is_in_it_when_it_answers(
    loop: Foretaste, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _ = names(loop)
    loop.catch_up()

    def meanwhile(_: Snapshot) -> None:
        """Taken in by the version that answers until then."""
        loop.store.put_items(new_items(40))
        loop.record([click(1, "new-3"), click(2, "space-1")])
        assert loop.manager.caught_up().version != first

    monkeypatch.setattr(loop.manager, "_promoted_other", lambda _: False)
    monkeypatch.setattr(loop.manager, "_rehearse", meanwhile)
    loop.models.promote(first)
    loop.manager.renew()

    snapshot = loop.manager.snapshot
    assert snapshot is not None
    assert snapshot.version == first
    assert snapshot.has(loop.store.log_position())
    events = snapshot.product.event_counts()
    assert events is not None
    assert events[snapshot.catalogue.index["new-3"]] == 1


# What is let go of ----------------------------------------------------------------------------


def test_a_model_that_was_replaced_is_let_go_of(loop: Foretaste) -> None:
    first, second = names(loop)
    assert loop.recommend(PLENTY).model_version == second
    alive = weakref.ref(loop.manager.caught_up())
    loop.models.promote(first)
    loop.recommend(PLENTY)
    ended(loop)
    assert loop.recommend(PLENTY).model_version == first
    gc.collect()
    assert alive() is None


def test_a_model_that_was_replaced_is_let_go_of_also_when_only_the_quick_are_asked(
    loop: Foretaste,
) -> None:
    """A way that nobody takes any more keeps nothing of its last question."""
    first, second = names(loop)
    assert loop.recommend(PLENTY).model_version == second
    alive = weakref.ref(loop.manager.caught_up())
    loop.models.promote(first)
    loop.manager.renew()
    assert loop.recommend("u1").model_version == first  # without a limit: in no other thread
    gc.collect()
    assert alive() is None


def test_a_workspace_that_was_closed_leaves_neither_thread_nor_model(trained: Path) -> None:
    before, models = set(threading.enumerate()), []
    for _ in range(3):
        workspace = Foretaste.open(trained)
        assert workspace.recommend(PLENTY).fallback_level == "full"
        models.append(weakref.ref(workspace.manager.caught_up().product))
        workspace.close()
        del workspace
    gc.collect()
    assert [model() for model in models] == [None] * 3
    assert not {thread.name for thread in set(threading.enumerate()) - before}


def test_work_beside_answers_is_begun_once_and_not_any_more_when_it_is_closed(
    loop: Foretaste,
) -> None:
    loop.catch_up()
    gate, begun = threading.Event(), list[str]()

    def work(name: str) -> None:
        begun.append(name)
        gate.wait(60)

    loop.manager._begin("test", lambda: work("first"))
    loop.manager._begin("test", lambda: work("while it is under way"))
    loop.manager._begin("other", lambda: work("of another kind"))
    gate.set()
    ended(loop)
    loop.manager._begin("test", lambda: work("again"))
    ended(loop)
    loop.manager.close()
    loop.manager._begin("test", lambda: work("closed"))
    ended(loop)
    assert sorted(begun) == ["again", "first", "of another kind"]
