"""What is live: another version takes its place beside it, and a damaged one does not."""

import gc
import logging
import sys
import threading
import weakref
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from foretaste.domain.data import Event, Floats, Item, Request
from foretaste.errors import ModelError
from foretaste.loop import Foretaste
from foretaste.online import manager as keeping
from foretaste.online.model import Live

PLENTY = Request(user="u1", n=3, timeout_ms=60_000)


@pytest.fixture
def loop(trained: Path) -> Iterator[Foretaste]:
    """With two versions, of which the second is live."""
    one = Foretaste.open(trained)
    first = one.models.live()
    assert first is not None
    one.models.promote(_again(one))
    yield one
    one.close()


def _again(loop: Foretaste) -> str:
    """One more version; not live."""
    live = loop.at_snapshot(loop.models.live() or "")
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
    for thread in list(loop.keeper._under_way.values()):
        thread.join()


def test_another_version_is_loaded_beside_the_one_that_answers(
    loop: Foretaste, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = names(loop)
    assert loop.recommend(PLENTY).model_version == second
    gate, asked = threading.Event(), []
    load, rehearse = loop.keeper._load, loop.keeper._ask

    turns = [sys.getswitchinterval()]

    def slow(version: str) -> Live:
        turns.append(sys.getswitchinterval())
        gate.wait(60)
        return load(version)

    def once(live: Live) -> None:
        asked.append((live.version, loop.keeper.answering))
        rehearse(live)

    monkeypatch.setattr(loop.keeper, "_load", slow)
    monkeypatch.setattr(loop.keeper, "_ask", once)
    loop.models.promote(first)
    for _ in range(3):  # nobody waits, nobody gets less
        answer = loop.recommend(PLENTY)
        assert (answer.model_version, answer.rung) == (second, "full")
    gate.set()
    ended(loop)
    assert asked == [(first, (second, loop.models.version(second).created))], (
        "warm before it is live"
    )
    answer = loop.recommend(PLENTY)
    assert (answer.model_version, answer.rung) == (first, "full")
    assert turns[1] < turns[0] / 10, "it gives way to the answers"
    assert sys.getswitchinterval() == turns[0]


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
        loop.keeper.instead or ""
    )
    assert "is damaged; roll back" in caplog.text
    said = len(caplog.records)
    for _ in range(3):
        loop.recommend(PLENTY)
    assert len(caplog.records) == said, "it is not tried at every question"
    path.write_bytes(kept)
    monkeypatch.setattr(keeping, "AGAIN", 0.0)
    loop.recommend(PLENTY)
    ended(loop)
    assert loop.recommend(PLENTY).model_version == first
    assert loop.keeper.instead is None


def test_who_starts_with_a_damaged_version_answers_by_the_one_before(loop: Foretaste) -> None:
    first, second = names(loop)
    damage(loop, second)
    assert loop.recommend("u1").model_version == first
    assert f"model {first} answers instead" in (loop.keeper.instead or "")
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
    assert "answers instead" in (loop.keeper.instead or "")
    pointer.write_text(kept)
    assert loop.recommend(PLENTY).model_version == second
    assert loop.keeper.instead is None


def test_without_any_model_the_error_says_what_to_do(loop: Foretaste) -> None:
    loop.recommend("u1")
    (loop.folder / "models" / "live.json").unlink()
    with pytest.raises(ModelError, match="run 'foretaste train'"):
        loop.recommend("u1")


def test_while_an_item_cannot_be_read_questions_in_a_hurry_have_the_still_picture(
    loop: Foretaste, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    first = loop.recommend(PLENTY)
    attempts: list[int] = []

    def broken(items: Sequence[Item]) -> Floats:
        attempts.append(len(items))
        raise MemoryError("no room for the encoder")

    live = loop.keeper.caught_up()
    loop.store.put_items(
        [Item("space-new", "The nebula [space]"), Item(first.items[0].id, hidden=True)]
    )
    with monkeypatch.context() as patch:
        patch.setattr(keeping, "PAUSE", 3600.0)
        patch.setattr(live, "read", broken)
        for _ in range(3):
            answer = loop.recommend(PLENTY)
            assert answer.degraded is not None
            assert answer.degraded.why == (
                "what happened could not be taken in (MemoryError); see the log"
            )
            assert first.items[0].id not in [item.id for item in answer]
        assert attempts == [2], "it is not tried at every question"
        patch.setattr(keeping, "PAUSE", 0.0)
        loop.recommend(PLENTY)
        assert attempts == [2, 2]
        with pytest.raises(MemoryError):
            loop.recommend("u1")
    assert "could not be taken in" in caplog.text
    monkeypatch.setattr(keeping, "PAUSE", 0.0)
    answer = loop.recommend(replace(PLENTY, n=20))
    assert answer.degraded is None
    assert "space-new" in [item.id for item in answer]

    monkeypatch.setattr(keeping, "PAUSE", 3600.0)
    loop.record([Event("later", "click", 1_800_000_000.0, user="u1", item="space-new")])
    assert loop.recommend(PLENTY).degraded is None, "it is over"


def test_a_model_that_was_replaced_is_let_go_of(loop: Foretaste) -> None:
    first, second = names(loop)
    assert loop.recommend(PLENTY).model_version == second
    alive = weakref.ref(loop.keeper.caught_up())
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
    alive = weakref.ref(loop.keeper.caught_up())
    loop.models.promote(first)
    loop.keeper.renew()
    assert loop.recommend("u1").model_version == first  # without a limit: in no lane
    gc.collect()
    assert alive() is None


def test_a_workspace_that_was_closed_leaves_neither_thread_nor_model(trained: Path) -> None:
    before, models = set(threading.enumerate()), []
    for _ in range(3):
        workspace = Foretaste.open(trained)
        assert workspace.recommend(PLENTY).rung == "full"
        models.append(weakref.ref(workspace.keeper.caught_up().product))
        workspace.close()
        del workspace
    gc.collect()
    assert [model() for model in models] == [None] * 3
    assert not {thread.name for thread in set(threading.enumerate()) - before}
