import signal
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from foretaste.domain.data import Floats
from foretaste.domain.ports import Progress, TextEncoder, no_progress
from foretaste.language.cache import CachedEncoder
from foretaste.language.encoder import TransformerEncoder

from .contract import TEXTS, TextEncoderContract


class Counting:
    """Reads with `inner` and keeps what it was asked."""

    def __init__(self, inner: TextEncoder, fingerprint: str | None = None) -> None:
        self._inner = inner
        self.fingerprint = fingerprint or inner.fingerprint
        self.dim = inner.dim
        self.asked: list[str] = []

    def encode(self, texts: Sequence[str], progress: Progress = no_progress) -> Floats:
        self.asked += texts
        return self._inner.encode(texts, progress)


class TestCachedEncoder(TextEncoderContract):
    @pytest.fixture
    def encoder(self, tiny: TransformerEncoder, tmp_path: Path) -> CachedEncoder:
        return CachedEncoder(tiny, tmp_path / "vectors.sqlite")


@pytest.fixture
def counting(tiny: TransformerEncoder) -> Counting:
    return Counting(tiny)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "vectors.sqlite"


def test_a_text_is_read_once(counting: Counting, path: Path) -> None:
    cached = CachedEncoder(counting, path)
    first = cached.encode(["a cat", "a film", "a cat"])
    again = cached.encode(["a film", "", "a cat"])

    assert sorted(counting.asked) == ["a cat", "a film"]
    np.testing.assert_array_equal(first[[1, 0]], again[[0, 2]])
    np.testing.assert_array_equal(first[0], first[2])


def test_the_next_process_reads_only_what_is_new(counting: Counting, path: Path) -> None:
    texts = [f"film {number}" for number in range(1500)]
    first = CachedEncoder(counting, path)
    half = first.encode(texts[:750])
    first.close()
    counting.asked.clear()
    seen: list[tuple[int, int]] = []

    whole = CachedEncoder(counting, path).encode(
        texts, lambda what, done, total, note="": seen.append((done, total))
    )

    assert sorted(counting.asked) == sorted(texts[750:])
    np.testing.assert_array_equal(whole[:750], half)
    np.testing.assert_allclose(whole, counting.encode(texts), atol=1e-5)
    assert seen[-1] == (750, 750)
    assert seen == sorted(seen)


def test_encoders_share_a_file_and_no_vectors(counting: Counting, path: Path) -> None:
    other = Counting(counting, fingerprint="another")
    CachedEncoder(counting, path).encode(["a cat"])
    CachedEncoder(other, path).encode(["a cat"])

    assert other.asked == ["a cat"]


def test_halves_of_surrogates_are_not_confused(counting: Counting, path: Path) -> None:
    CachedEncoder(counting, path).encode(["cat \ud800", "cat \ud801", "cat ?"])

    assert len(counting.asked) == 3


def test_a_known_query_does_not_touch_the_disk(counting: Counting, path: Path) -> None:
    cached = CachedEncoder(counting, path)
    first = cached.encode(["a cat"])
    cached.close()  # whatever asks the file now fails

    np.testing.assert_array_equal(cached.encode(["a cat"]), first)


def test_the_memory_has_an_end(counting: Counting, path: Path) -> None:
    cached = CachedEncoder(counting, path, max_recent=2)
    for text in ["one", "two", "one", "three"]:
        cached.encode([text])
    cached.close()

    assert cached.encode(["one"]).any()
    assert cached.encode(["three"]).any()
    counting.asked.clear()
    cached.encode(["two"])
    assert counting.asked == ["two"]


@pytest.mark.parametrize(
    "damage", [b"", b"short", b"\xff" * 128, np.ones(32, np.float32).tobytes()]
)
def test_a_damaged_row_is_read_again(counting: Counting, path: Path, damage: bytes) -> None:
    first = CachedEncoder(counting, path)
    wanted = first.encode(["a cat"])
    first.close()
    with sqlite3.connect(path) as db:
        assert db.execute("UPDATE vectors SET vector = ?", [damage]).rowcount == 1
    db.close()

    np.testing.assert_array_equal(CachedEncoder(counting, path).encode(["a cat"]), wanted)
    np.testing.assert_array_equal(CachedEncoder(counting, path).encode(["a cat"]), wanted)
    assert counting.asked == ["a cat", "a cat"]


def test_a_corrupt_file_costs_a_reading_and_no_more(
    counting: Counting, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path.write_bytes(b"not a database at all")

    vectors = CachedEncoder(counting, path).encode(TEXTS)

    np.testing.assert_allclose(vectors, counting.encode(TEXTS), atol=1e-5)
    assert "set aside as vectors.sqlite.corrupt" in caplog.text


WORKER = """
import os, signal, sys
from pathlib import Path
import numpy as np
from foretaste.language.cache import CachedEncoder

class Numbers:
    fingerprint, dim, read = "numbers", 4, 0
    def encode(self, texts, progress=None):
        if self.read >= int(sys.argv[2]):
            os.kill(os.getpid(), signal.SIGKILL)
        self.read += len(texts)
        rows = np.array([[int(text), 1, 2, 3] for text in texts], np.float32)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

encoder = Numbers()
vectors = CachedEncoder(encoder, Path(sys.argv[1])).encode([str(n) for n in range(2000)])
assert np.allclose(vectors[:, 0] / vectors[:, 1], np.arange(2000), rtol=1e-4)
print(encoder.read)
"""


def _worker(path: Path, killed_after: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WORKER, str(path), str(killed_after)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_killed_it_goes_on_where_it_was(path: Path) -> None:
    with _worker(path, killed_after=1024) as killed:
        killed.communicate()
    with _worker(path, killed_after=9999) as second:
        read, _ = second.communicate()

    assert killed.returncode == -signal.SIGKILL
    assert second.returncode == 0
    assert int(read) == 2000 - 1024


def test_processes_share_the_file(path: Path) -> None:
    both = [_worker(path, killed_after=9999) for _ in range(2)]
    for worker in both:
        worker.communicate()

    assert [worker.returncode for worker in both] == [0, 0]
    with _worker(path, killed_after=9999) as third:
        assert third.communicate()[0].strip() == "0"


def test_a_text_is_forgotten_of_every_encoder_that_read_it(
    tiny: TransformerEncoder, path: Path
) -> None:
    earlier = CachedEncoder(Counting(tiny, "an earlier encoder"), path)
    earlier.encode(["a cat", "a film"])
    earlier.close()
    present = CachedEncoder(Counting(tiny, "the present encoder"), path)
    present.encode(["a cat"])
    assert present.forget(["a cat"]) == 2
    asked_again = Counting(tiny, "an earlier encoder")
    CachedEncoder(asked_again, path).encode(["a cat", "a film"])
    assert asked_again.asked == ["a cat"]
