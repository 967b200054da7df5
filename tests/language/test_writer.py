import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from foretaste.domain.prompt import Deadline, Prompt
from foretaste.errors import MissingExtra, WeightsError, WriterError
from foretaste.language.settings import WriterSettings
from foretaste.language.writer import BoundedWriter, open_writer

PROMPT = Prompt((("user", "hello"),))
OTHER = Prompt((("user", "good bye"),))


class Slow:
    """A writer that waits for a sign before each text, and counts them."""

    name, fingerprint = "slow", "slow:1"

    def __init__(self) -> None:
        self.go, self.begun, self.texts = threading.Event(), threading.Event(), 0

    def start(self) -> None: ...
    def close(self) -> None: ...

    def write(self, prompt: Prompt, deadline: Deadline) -> Iterator[str]:
        self.texts += 1
        self.begun.set()
        assert self.go.wait(30)
        yield "a "
        yield prompt.messages[0][1]


def bounded(slow: Slow, **more: Any) -> BoundedWriter:
    return BoundedWriter(slow, WriterSettings(**more), 1)


def written(writer: BoundedWriter, prompt: Prompt = PROMPT, seconds: float = 30) -> str:
    return "".join(writer.write(prompt, Deadline(seconds)))


@pytest.fixture
def slow() -> Slow:
    return Slow()


def test_nothing_is_written_twice(slow: Slow) -> None:
    slow.go.set()
    writer = bounded(slow)

    assert [written(writer), written(writer)] == ["a hello"] * 2
    assert slow.texts == 1
    assert written(writer, OTHER) == "a good bye"


def test_what_is_private_is_not_kept(slow: Slow) -> None:
    slow.go.set()
    writer = bounded(slow)
    private = Prompt(PROMPT.messages, private=True)

    written(writer, private)
    written(writer, private)

    assert slow.texts == 2


def test_no_more_is_kept_than_may_be(slow: Slow) -> None:
    slow.go.set()
    writer = bounded(slow, kept=1)

    written(writer, PROMPT)
    written(writer, OTHER)
    written(writer, PROMPT)

    assert slow.texts == 3


def test_half_a_text_is_not_kept(slow: Slow) -> None:
    slow.go.set()
    writer, deadline = bounded(slow), Deadline(30)
    for _ in writer.write(PROMPT, deadline):
        deadline.cancel()
        break

    assert written(writer) == "a hello"
    assert slow.texts == 2


def test_no_more_is_written_and_waits_than_may(slow: Slow) -> None:
    writer = bounded(slow, queue=1)
    first = threading.Thread(target=written, args=(writer,))
    first.start()
    assert slow.begun.wait(30)
    with pytest.raises(WriterError, match="others' texts took all the time"):
        written(writer, OTHER, seconds=0.01)

    none = bounded(slow, queue=0)
    none._slots = writer._slots
    with pytest.raises(WriterError, match="too many texts"):
        written(none, OTHER)

    slow.go.set()
    first.join()
    assert written(writer, OTHER) == "a good bye"


def test_templates_alone_need_no_writer(tmp_path: Path) -> None:
    assert open_writer(WriterSettings(), tmp_path) is None


def test_a_gguf_without_the_extra_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tiny.gguf").write_bytes(b"GGUF")
    monkeypatch.setattr("foretaste.language.writer.find_spec", lambda name: None)

    with pytest.raises(MissingExtra, match=r"pip install 'foretaste\[llm\]'"):
        open_writer(WriterSettings(kind="local", model=str(tmp_path)), tmp_path)


def test_weights_that_are_nowhere_name_the_setting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr("foretaste.language.weights.is_offline_mode", lambda: True)

    with pytest.raises(WeightsError, match=r"set language\.writer\.model"):
        open_writer(WriterSettings(kind="local", model="acme/none"), tmp_path)
    (tmp_path / "tiny.gguf").write_bytes(b"GGUF")
    settings = WriterSettings(kind="local", model=str(tmp_path), sha256="0" * 64)
    with pytest.raises(WeightsError, match=r"set language\.writer\.sha256"):
        open_writer(settings, tmp_path)


def test_opening_starts_nothing(tmp_path: Path) -> None:
    (tmp_path / "tiny.gguf").write_bytes(b"GGUF")
    writer = open_writer(WriterSettings(kind="local", model=str(tmp_path)), tmp_path)

    assert writer is not None
    assert writer.name == "tiny"
    writer.close()
