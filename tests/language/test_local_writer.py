"""A real process with a small model in it."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from foretaste.domain.ports import Writer
from foretaste.errors import WriterError
from foretaste.language.local_writer import LocalWriter
from foretaste.language.settings import WriterSettings
from foretaste.language.weights import resolve_weights

from .checkpoints import llama
from .writer_contract import PROMPT, WriterContract, written

PATIENCE = 60.0
NICE = 5
"""A test waits, and a process that stands back for all others may never come to load."""


def opened(folder: Path) -> LocalWriter:
    settings = WriterSettings(kind="local", model=str(folder), niceness=NICE)
    return LocalWriter(resolve_weights(str(folder), gguf=True), settings, folder / "cache")


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalWriter]:
    one = opened(llama(tmp_path_factory.mktemp("llama")))
    yield one
    one.close()


def process_of(writer: LocalWriter) -> psutil.Process:
    assert writer._process is not None
    return psutil.Process(writer._process.pid)


class TestLocalWriter(WriterContract):
    @pytest.fixture
    def writer(self, local: LocalWriter) -> Writer:
        return local


def test_it_works_in_another_process_which_stands_back(local: LocalWriter) -> None:
    written(local)

    assert process_of(local).pid != os.getpid()
    assert process_of(local).nice() == os.nice(0) + NICE


@pytest.mark.slow
def test_a_process_that_is_killed_is_told_and_started_again(
    local: LocalWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = written(local)
    killed = process_of(local)
    killed.send_signal(signal.SIGKILL)
    killed.wait(PATIENCE)
    with pytest.raises(WriterError, match="process"):
        written(local)

    monkeypatch.setattr("foretaste.language.local_writer.RESTART_SECONDS", 0.0)

    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        try:
            again = written(local)
            break
        except WriterError:
            continue
    assert again == text


@pytest.mark.slow
def test_weights_that_cannot_be_loaded_are_told(tmp_path: Path) -> None:
    folder = llama(tmp_path)
    (folder / "config.json").write_text('{"model_type": "nothing-known"}')
    writer = opened(folder)

    with pytest.raises(WriterError, match="the writer cannot be loaded: ValueError"):
        written(writer, PROMPT)
    writer.close()


def test_a_closed_one_says_so(tmp_path: Path) -> None:
    writer = opened(llama(tmp_path))
    writer.close()

    with pytest.raises(WriterError, match="closed"):
        written(writer)
