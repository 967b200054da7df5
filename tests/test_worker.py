"""The worker: when it trains, on what it compares, what it promotes, and what it says of it."""

import logging
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from foretaste.behaviour.lock import Lock
from foretaste.config.load import Config, load_config
from foretaste.domain.data import Event, Item
from foretaste.errors import Busy
from foretaste.loop import Foretaste
from foretaste.online.snapshot import Snapshot
from foretaste.worker import TrainingOutcome, Worker, WorkspaceWorkers

NOW = 1_700_200_000.0
HOUR = 3600.0
POPULAR = ("popularity",)
"""Experts of a model that is worse than any other."""


def settings(folder: Path, *, experts: tuple[str, ...] | None = None, **worker: Any) -> Config:
    plain = load_config(folder, {})
    small = {
        "min_compared_events": 20,
        "after_events": 50,
        "lease_seconds": 2.0,
        "nice": 0,
        **worker,
    }
    return plain.model_copy(
        update={
            "worker": plain.worker.model_copy(update=small),
            "model": plain.model.model_copy(update={"experts": experts}),
        }
    )


Opened = Callable[..., Foretaste]


@pytest.fixture
def opened(trained: Path) -> Iterator[Opened]:
    """The workspace at an hour after NOW; it has a model and 150 events."""
    loops = []

    def one(hour: float = 0.0, **worker: Any) -> Foretaste:
        clock = lambda: NOW + hour * HOUR  # noqa: E731
        loops.append(Foretaste(trained, settings(trained, **worker), clock=clock))
        return loops[-1]

    yield one
    for loop in loops:
        loop.close()


def go_on(loop: Foretaste, people: int, name: str = "new") -> int:
    """People who each take five items in their order. → the number of the newest event."""
    rows = [
        Event(
            f"{name}{person}-{step}",
            "click",
            NOW + person * 100 + step,
            user=f"{name}{person}",
            item=f"{('space', 'kitchen')[person % 2]}-{(person + step) % 10}",
        )
        for person in range(people)
        for step in range(5)
    ]
    loop.record(rows)
    return loop.store.last_event_number()


def trained_by(loop: Foretaste) -> TrainingOutcome:
    worker = Worker(loop)
    with worker.lock(wait=False) as lock:
        return worker.train(lock)


def counted(live: Snapshot) -> int:
    """How many events the model has counted."""
    popularity = next(one for one in live.product.experts if one.name == "popularity")
    return int(np.sum(popularity.taken))  # type: ignore[attr-defined]


def test_it_trains_after_so_many_events_or_hours_and_rests_in_between(opened: Opened) -> None:
    loop = opened()
    age = (NOW - loop.models.versions()[0].created) / HOUR
    start = -age  # so that the hours count from the training
    assert Worker(opened(start)).training_reason() is None, "nothing is new"
    go_on(loop, 3)
    assert Worker(opened(start + 100)).training_reason() is None, (
        "15 events are too few to compare on"
    )
    go_on(loop, 6)
    assert Worker(opened(start + 1)).training_reason() is None, "30 are not 50, and it is not a day"
    assert Worker(opened(start + 25)).training_reason() == "the model is 25.0 hours old"
    assert Worker(opened(start + 25, every_hours=0)).training_reason() is None
    go_on(loop, 10)
    assert Worker(opened(start + 1)).training_reason() == "50 events are new"
    loop.store.put_meta_text("worker", _outcome(at=NOW + (start + 1) * HOUR, event=150))
    assert Worker(opened(start + 1.5)).training_reason() is None, "it rests for an hour"
    assert Worker(opened(start + 2.1)).training_reason() == "50 events are new"
    assert Worker(opened(start - 9)).training_reason() is not None, (
        "a clock that stepped back stops nothing"
    )


def _outcome(*, at: float, event: int) -> str:
    return f'{{"at": {at}, "what": "refused", "why": "", "event": {event}}}'


def test_a_better_model_is_promoted_and_knew_nothing_of_the_comparison(
    opened: Opened, caplog: pytest.LogCaptureFixture
) -> None:
    opened(experts=POPULAR).train()
    loop = opened()
    before = loop.models.live_name()
    newest = go_on(loop, 20)

    def late(task: str, done: int, total: int, note: str = "") -> None:
        """Something happens while it trains."""
        loop.record([Event("late", "click", NOW + 9000, user="late", item="space-1")])

    loop.progress = late
    with caplog.at_level(logging.INFO, "foretaste.worker"):
        outcome = trained_by(loop)
    assert outcome.what == "promoted", outcome.why
    assert outcome.live == before
    assert outcome.event == newest
    assert loop.models.live_name() == outcome.candidate
    assert outcome.why in caplog.text
    assert "on 20 events of" in outcome.why  # a fifth of 100
    version = loop.models.version(outcome.candidate or "")
    assert version.data["event"] == newest - 20
    snapshot = loop.at_snapshot(version.name)
    assert counted(snapshot) == 150 + 80, "neither what was set aside nor what came meanwhile"
    assert counted(loop.catch_up()) == 150 + 100 + 1, "and then each of them once"
    assert TrainingOutcome.last(loop.store) == outcome
    assert TrainingOutcome.log(loop.store)[0] == outcome


def test_a_worse_model_is_refused_with_the_figures_and_kept(
    opened: Opened, caplog: pytest.LogCaptureFixture
) -> None:
    loop = opened(experts=POPULAR)
    before = loop.models.live_name()
    newest = go_on(loop, 20)
    outcome = trained_by(loop)
    assert outcome.what == "refused"
    assert outcome.why.startswith("it is worse for certain: ndcg@10 ")
    assert outcome.figures["difference"][2] < 0
    assert outcome.figures["live"] > outcome.figures["candidate"]
    assert loop.models.live_name() == before
    assert outcome.candidate in [version.name for version in loop.models.versions()]
    assert f"refused: {outcome.why}" in caplog.text
    # the same events do not choose again
    assert Worker(opened(2, experts=POPULAR)).training_reason() is None
    again = trained_by(loop)
    assert again.what == "failed"
    assert "0 events are new, and a comparison takes 20" in again.why
    later = go_on(loop, 10, "later")
    third = trained_by(loop)
    assert third.what == "refused"
    assert loop.models.version(third.candidate or "").data["event"] == later - 20 > newest


def test_a_model_whose_lists_have_a_new_fault_is_refused(opened: Opened) -> None:
    """Of strangers both know the same, so no figure tells them apart; the lists of others do."""
    loop = opened(experts=POPULAR)
    before = loop.models.live_name()
    strangers = [
        Event(f"s{n}", "click", NOW + n, user=f"stranger{n}", item=f"space-{n % 10}")
        for n in range(100)
    ]
    loop.record(strangers)
    outcome = trained_by(loop)
    assert outcome.what == "refused"
    assert outcome.why.startswith("its lists have a fault that those of the live model do not have")
    assert "“how popular it is”" in outcome.why
    assert outcome.figures["difference"][2] >= 0
    faults = ["tied-scores", "one-reason"]
    assert [check["code"] for check in outcome.figures["candidate_warnings"]] == faults
    assert outcome.figures["live_warnings"] == []
    assert loop.models.live_name() == before
    candidate = loop.models.version(outcome.candidate or "")
    assert [check["code"] for check in candidate.metrics["checks"]] == faults


def test_a_training_that_fails_uses_no_events_up(opened: Opened) -> None:
    loop = opened(experts=POPULAR)
    newest = go_on(loop, 20)

    def fails(task: str, done: int, total: int, note: str = "") -> None:
        raise OSError("no space left on the device")

    loop.progress = fails
    failed = trained_by(loop)
    assert (failed.what, failed.event) == ("failed", 0)
    again = trained_by(opened(experts=POPULAR))
    assert again.what in ("promoted", "refused"), again.why
    assert again.event == newest


def test_who_comes_after_one_that_was_killed_carries_out_its_plan(opened: Opened) -> None:
    loop = opened(experts=POPULAR)
    newest = go_on(loop, 20)

    class Killed(BaseException):
        pass

    def dies(task: str, done: int, total: int, note: str = "") -> None:
        raise Killed

    loop.progress = dies
    with pytest.raises(Killed):
        trained_by(loop)
    go_on(loop, 20, "later")
    outcome = trained_by(opened(experts=POPULAR))
    assert outcome.event == newest
    assert loop.models.version(outcome.candidate or "").data["event"] == newest - 20
    assert loop.store.meta_text("worker:plan") is None


def test_the_first_model_needs_no_comparison(opened: Opened, trained: Path) -> None:
    (trained / "models" / "live.json").unlink()
    loop = opened(experts=POPULAR)
    assert Worker(loop).training_reason() == "there is no model, and 150 events"
    outcome = trained_by(loop)
    assert outcome.what == "promoted"
    assert loop.models.live_name() == outcome.candidate


def test_a_damaged_model_is_replaced(opened: Opened, trained: Path) -> None:
    loop = opened(experts=POPULAR)
    (live,) = loop.models.versions()
    (trained / "models" / live.name / "sequence.safetensors").write_bytes(b"damaged")
    go_on(loop, 20)
    outcome = trained_by(loop)
    assert (outcome.what, outcome.why) == ("promoted", "the model before it is damaged")


def test_nothing_is_promoted_by_one_whose_lock_was_taken(opened: Opened) -> None:
    opened(experts=POPULAR).train()
    loop = opened()
    before = loop.models.live_name()
    go_on(loop, 20)
    worker = Worker(loop)
    with worker.lock() as lock:
        loop.store.put_meta_text("lock:worker", '{"process": 1, "host": "other", "beat": 1}')
        while lock.is_held:
            threading.Event().wait(0.02)
        with pytest.raises(Busy, match="another worker took over"):
            worker.train(lock)
    assert loop.models.live_name() == before


def test_an_outcome_of_another_version_is_passed_over(opened: Opened) -> None:
    loop = opened()
    loop.store.put_meta_text("worker", '{"at": 1, "came_to": "nothing"}')
    assert TrainingOutcome.last(loop.store) is None
    assert Worker(loop).training_reason() is None


def test_new_items_are_read_beforehand(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    loop = opened()
    worker = Worker(loop)
    assert worker.read_new_items() == 20
    assert worker.read_new_items() == 0
    loop.store.put_items([Item("new-1", "A harp in the desert"), Item("new-2", "A drum at sea")])
    assert worker.read_new_items() == 2
    answering = opened()
    vectors: list[float] = []
    answering.encoder.encode(  # a process that answers finds them in the cache
        ["A harp in the desert", "A drum at sea"], lambda *_: vectors.append(1.0)
    )
    assert vectors == []


def test_rounds_look_at_every_workspace_and_let_go(opened: Opened) -> None:
    loop = opened(2000, experts=POPULAR, poll_interval_seconds=0.01)
    go_on(loop, 20)
    rounds = WorkspaceWorkers(lambda: ["default"], lambda _: Worker(loop))
    rounds.run(rounds=2)
    assert loop.store.meta_text("lock:worker") is not None
    outcome = TrainingOutcome.last(loop.store)
    assert outcome is not None
    assert outcome.what == "refused"
    rounds.close()
    assert loop.store.meta_text("lock:worker") is None
    with Lock(opened().store, "worker", wait=False) as lock:
        assert lock.is_held


def test_the_last_trainings_are_logged_the_newest_first(tmp_path: Path) -> None:
    loop = Foretaste.open(tmp_path)
    assert TrainingOutcome.log(loop.store) == []
    outcomes = [TrainingOutcome(float(at), "failed", "no disk", at) for at in range(60)]
    for outcome in outcomes:
        outcome.save(loop.store)
    assert TrainingOutcome.log(loop.store) == outcomes[:-51:-1]
    assert TrainingOutcome.last(loop.store) == outcomes[-1]
    loop.store.put_meta_text("worker:log", "of another version")
    assert TrainingOutcome.log(loop.store) == []
    loop.close()
