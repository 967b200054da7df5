"""Erasure reaches the models, also past a crash, a restart, a rollback and a training under way."""

import os
import shutil
import sqlite3
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from faults.nursery import Child, Nursery
from foretaste.behaviour.purge import PURGE_KEY
from foretaste.behaviour.store import STORE_FILE
from foretaste.domain.data import Event
from foretaste.loop import Foretaste
from foretaste.model.artefacts import REPLACED_NAMES_KEY, ModelRegistry
from foretaste.model.experts.popularity import PopularityExpert
from foretaste.model.product import ProductOfExperts
from foretaste.training import erasure_receipt, recount_pace
from foretaste.training.recount import ERASURES_KEY
from serve.workspace import until


def taken(loop: Foretaste, version: str | None = None) -> float:
    """Events that a version, or what answers, has counted."""
    live = loop.catch_up() if version is None else loop.at_snapshot(version)
    expert = next(one for one in live.product.experts if isinstance(one, PopularityExpert))
    return float(np.round(expert.taken.sum(), 3))


@pytest.fixture
def loop(trained: Path) -> Foretaste:
    return Foretaste.open(trained)


def test_what_answers_has_forgotten_them_when_it_returns(loop: Foretaste) -> None:
    loop.record([Event("late", "click", 1.75e9, user="u1", item="space-9")])
    assert taken(loop) == 151

    receipt = loop.erase("u1")

    assert taken(loop) == 145
    assert receipt.erased.events == 6
    assert receipt.recounted_versions == (loop.catch_up().version,)
    assert loop.erase("u1").recounted_versions == ()
    loop.close()


def test_a_version_that_is_replaced_while_it_is_loaded_is_looked_for_again(
    loop: Foretaste, trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop.catch_up()
    other, load, loaded = Foretaste.open(trained), loop.manager._load, list[str]()
    other.erase("u1")

    def replaced_meanwhile(version: str) -> Any:
        if not loaded:
            other.erase("u2")
        loaded.append(version)
        return load(version)

    monkeypatch.setattr(loop.manager, "_load", replaced_meanwhile)
    loop.manager.renew()

    assert len(loaded) == 2
    assert loop.catch_up().version == loop.models.live_name() == loaded[-1]
    assert loop.manager.instead is None
    other.close()
    loop.close()


def test_what_is_taken_back_soon_counts_no_more(
    loop: Foretaste, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("RECOUNT_DELAY_SECONDS", "MAX_PAUSE_SECONDS"):
        monkeypatch.setattr(recount_pace, name, 0.0)
    late = [Event(f"late-{n}", "click", 1.75e9, user="u1", item="space-9") for n in range(2)]
    loop.record([*late, Event("other", "like", 1.75e9, user="u1", item="space-9")])
    assert taken(loop) == 153
    assert loop.take_back("u1", "space-8", "like") == 0
    assert loop.take_back("u1", "space-9", "click") == 2
    assert loop.take_back("u1", "space-9") == 1
    end = time.monotonic() + 60
    while taken(loop) != 150:
        assert time.monotonic() < end
        threading.Event().wait(0.01)
    loop.close()


def test_what_was_taken_back_is_made_good_after_a_crash(loop: Foretaste) -> None:
    assert taken(loop) == 150
    (event,) = [one for _, one in loop.store.events() if one.user == "u1"][:1]
    assert event.item is not None
    gone = loop.store.delete_events("u1", event.item)
    loop.recounter.recount()
    loop.manager.renew()
    assert taken(loop) == 150 - gone
    loop.close()


def test_a_crash_between_the_store_and_the_model_is_made_good(loop: Foretaste) -> None:
    before = loop.models.live_name()
    loop.store.erase("u1")  # and no more: the process died here
    assert taken(loop) == 150

    assert loop.recounter.recount() == [loop.models.live_name()] != [before]

    loop.manager.renew()
    assert taken(loop) == 145
    assert loop.recounter.recount() == []
    loop.close()


def test_a_version_to_roll_back_to_has_forgotten_them_too(loop: Foretaste) -> None:
    first = loop.models.live_name()
    loop.train()
    loop.erase("u1")
    assert taken(loop) == 145
    earlier = loop.models.rollback()
    assert earlier != first
    assert loop.models.version(earlier).created == min(v.created for v in loop.models.versions())
    assert taken(loop) == 145
    assert [v.data[ERASURES_KEY] for v in loop.models.versions()] == [1, 1]
    loop.close()


def test_a_training_that_began_before_forgets_them_as_well(
    loop: Foretaste, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = loop.data_encoder.interactions

    def meanwhile(found: object, encoder: str | None) -> object:
        loop.store.erase("u1")
        return read(found, encoder)  # type: ignore[arg-type]

    monkeypatch.setattr(loop.data_encoder, "interactions", meanwhile)
    trained = loop.candidate()
    assert trained.data[ERASURES_KEY] == 1
    loop.models.promote(trained.data[REPLACED_NAMES_KEY][0])  # by the name it had before
    assert loop.models.live_name() == trained.name
    assert taken(loop) == 145
    loop.close()


def test_a_stranger_changes_nothing(loop: Foretaste) -> None:
    before = loop.models.live_name()
    receipt = loop.erase("nobody")
    assert (receipt.recounted_versions, receipt.pending_notes, loop.models.live_name()) == (
        (),
        (),
        before,
    )
    assert loop.personal("nobody") is None
    loop.close()


ERASES = """
import sys
import foretaste

loop = foretaste.open(sys.argv[1])
loop.catch_up()
print("open", flush=True)
open(sys.argv[3]).close()  # a pipe: it opens when its other end does
print(loop.erase(sys.argv[2]).erased.events, flush=True)
loop.close()
"""


def _is_open(process: Child) -> bool:
    assert process.alive, process.log
    return process.log == "open\n"


def test_two_processes_erase_at_once(nursery: Nursery, trained: Path, tmp_path: Path) -> None:
    users = ("u1", "u3")
    gates = [tmp_path / user for user in users]
    with ExitStack() as running:
        processes = []
        for user, gate in zip(users, gates, strict=True):
            os.mkfifo(gate)
            script = nursery.start_script(ERASES, trained, user, gate)
            processes.append(running.enter_context(script))
        for process in processes:
            until(partial(_is_open, process), "open")
        for gate in gates:
            running.callback(os.close, os.open(gate, os.O_RDWR))
        for process in processes:
            process.wait()

    assert [process.log for process in processes] == ["open\n5\n"] * 2
    loop = Foretaste.open(trained)
    assert taken(loop) == 140
    assert [version.data[ERASURES_KEY] for version in loop.models.versions()] == [2]
    loop.close()


def test_a_version_that_was_replaced_meanwhile_is_counted_anew_in_its_successor(
    loop: Foretaste, monkeypatch: pytest.MonkeyPatch
) -> None:
    save, amended = ModelRegistry.save, list[str]()

    def meanwhile(
        models: ModelRegistry, product: ProductOfExperts, ids: Sequence[str], **what: Any
    ) -> str:
        if not amended:  # as a training does at its end, in another process
            amended.append(models.amend(str(models.live_name()), {"checks": []}))
        return save(models, product, ids, **what)

    loop.store.erase("u1")
    monkeypatch.setattr(ModelRegistry, "save", meanwhile)
    assert loop.recounter.recount() == [loop.models.live_name()]
    (version,) = loop.models.versions()
    assert version.metrics["checks"] == []
    loop.manager.renew()
    assert taken(loop) == 145
    loop.close()


def test_what_does_not_answer_is_counted_anew_beside_the_answers(
    loop: Foretaste, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop.train()
    before = loop.catch_up().version
    monkeypatch.setattr(recount_pace, "RECOUNT_DELAY_SECONDS", 0.0)
    going_on, settle = threading.Event(), loop.recounter.recount

    def later(*, answering_only: bool = False) -> list[str]:
        if not answering_only:
            going_on.wait(60)
        return settle(answering_only=answering_only)

    monkeypatch.setattr(loop.recounter, "recount", later)
    receipt = loop.recounter.erase("u1", is_served=True)
    assert receipt.recounted_versions == (loop.catch_up().version,) != (before,)
    assert receipt.pending_notes[0] == erasure_receipt.PENDING_RECOUNT_NOTE
    assert taken(loop) == 145
    assert sorted(version.data[ERASURES_KEY] for version in loop.models.versions()) == [0, 1]
    going_on.set()
    end = time.monotonic() + 60
    while [version.data[ERASURES_KEY] for version in loop.models.versions()] != [1, 1]:
        assert time.monotonic() < end
        threading.Event().wait(0.01)
    assert taken(loop, loop.models.rollback()) == 145
    loop.close()


def test_erasures_that_follow_one_another_while_lists_are_made_are_counted_together(
    loop: Foretaste,
) -> None:
    loop.catch_up()
    assert loop.recounter.erase("u1", is_served=True).recounted_versions
    version = loop.models.live_name()
    receipts = [loop.recounter.erase(user, is_served=True) for user in ("u2", "u3")]
    for receipt in receipts:
        assert receipt.erased.events == 5
        assert receipt.recounted_versions == ()
        assert receipt.pending_notes[0] == erasure_receipt.PENDING_ANSWERING_NOTE
        assert loop.personal(receipt.user) is None
        due = {row["what"]: row["expected_by"] for row in receipt.signed_receipt["due"]}
        weights_date = due[erasure_receipt.PENDING_WEIGHTS_NOTE]
        assert due[erasure_receipt.PENDING_ANSWERING_NOTE] < weights_date
        receipt_id = receipt.signed_receipt["receipt_id"]
        assert erasure_receipt.PENDING_ANSWERING_NOTE in loop.receipt(receipt_id).due
    again = loop.recounter.erase("u3", is_served=True)  # asked for twice, it is not sooner
    assert again.pending_notes[0] == erasure_receipt.PENDING_ANSWERING_NOTE
    assert loop.recounter.erase("nobody", is_served=True).pending_notes == ()
    assert loop.models.live_name() == version
    assert taken(loop) == 145

    loop.recounter.resume()  # as the thread does once the pause is over, and a start does at once

    loop.manager.renew()
    assert taken(loop) == 135
    assert loop.receipt(receipt_id).due == (
        erasure_receipt.PENDING_PAGES_NOTE,
        erasure_receipt.PENDING_WEIGHTS_NOTE,
    )
    loop.clock = lambda: time.time() + 700
    assert loop.recounter.erase("u4", is_served=True).recounted_versions
    loop.close()


def test_a_receipt_says_what_is_due_until_it_is_not(
    loop: Foretaste, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("RECOUNT_DELAY_SECONDS", "MAX_PAUSE_SECONDS"):
        monkeypatch.setattr(recount_pace, name, 0.01)
    with closing(sqlite3.connect(loop.folder / STORE_FILE, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM events").fetchone()
        assert erasure_receipt.PENDING_LOG_NOTE in loop.erase("u1").pending_notes
        again = loop.erase("u1")
        assert not again.erased.any_erased
        assert erasure_receipt.PENDING_LOG_NOTE in again.pending_notes
        assert erasure_receipt.PENDING_WEIGHTS_NOTE in again.pending_notes
    end = time.monotonic() + 60
    while loop.store.meta_text(PURGE_KEY) is not None:  # by itself
        assert time.monotonic() < end
        threading.Event().wait(0.01)
    assert erasure_receipt.PENDING_LOG_NOTE not in loop.erase("u1").pending_notes
    shutil.rmtree(loop.folder / "cache")
    for version in loop.models.versions():
        models_before = loop.folder / "models" / version.name
        loop.clock = lambda: 4e9
        loop.train()
        shutil.rmtree(models_before)
    assert loop.erase("u1").pending_notes[-1:] == (erasure_receipt.PENDING_BACKUPS_NOTE,)
    assert erasure_receipt.PENDING_WEIGHTS_NOTE not in loop.erase("u1").pending_notes
    loop.close()


def test_on_a_full_disk_they_are_gone_from_the_store_and_the_models_are_due(
    loop: Foretaste, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recount_pace, "RECOUNT_DELAY_SECONDS", 60.0)

    def full(*_: Any, **__: Any) -> str:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(ModelRegistry, "save", full)
        for _ in range(2):  # the retry says so as well
            receipt = loop.erase("u1")
            assert receipt.pending_notes[0] == erasure_receipt.PENDING_FAILED_RECOUNT_NOTE
    assert receipt.erased.events == 0
    receipt = loop.erase("u1")
    assert len(receipt.recounted_versions) == 1
    assert erasure_receipt.PENDING_FAILED_RECOUNT_NOTE not in receipt.pending_notes
    assert taken(loop) == 145
    loop.close()
