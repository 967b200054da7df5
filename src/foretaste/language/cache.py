"""Nothing is read twice. In: texts; out: their vectors, from memory, from disk, or read now."""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path

import numpy as np

from foretaste.domain.data import Floats
from foretaste.domain.ports import Progress, TextEncoder, silent
from foretaste.language.vectors import VectorFile

_BATCH = 512
"""Texts read between two commits: what a kill -9 can lose."""

_FEW = 64
"""A call with more texts than this is a bulk load and does not push queries out of the memory."""

_OFF = 1e-3
"""How far from 1 the length of a stored row may be; past it the row is damaged and read again."""


class CachedEncoder:
    """An encoder with a memory: a file of all vectors, and the latest queries at hand.

    A vector is kept under the hash of the encoder's fingerprint and of the text, so that encoders
    share a file and never one another's vectors.
    """

    def __init__(self, encoder: TextEncoder, path: Path, latest: int = 4096) -> None:
        self._encoder = encoder
        self._file = VectorFile(path)
        self._latest = _Latest(latest)
        self._seed = blake2b(encoder.fingerprint.encode() + b"\0", digest_size=16)

    @property
    def fingerprint(self) -> str:
        """That of the encoder."""
        return self._encoder.fingerprint

    @property
    def dim(self) -> int:
        """The length of a vector."""
        return self._encoder.dim

    def encode(self, texts: Sequence[str], progress: Progress = silent) -> Floats:
        """→ [texts, dim] float32, rows of length 1; an empty text is a zero row.

        `progress` counts the distinct texts that must be read, not those that are known. Killed at
        any point and called again, it goes on from the last batch.
        """
        vectors = np.zeros((len(texts), self.dim), np.float32)  # [texts, dim]
        wanted: dict[bytes, list[int]] = {}  # key → rows
        for row, text in enumerate(texts):
            if text.strip():
                wanted.setdefault(self._key(text), []).append(row)
        self._recall(wanted, vectors)
        self._look_up(wanted, vectors)
        self._read(wanted, texts, vectors, progress)
        return vectors

    @property
    def forgetful(self) -> TextEncoder:
        """The encoder itself, which keeps nothing of what it reads."""
        return self._encoder

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def _key(self, text: str) -> bytes:
        seed = self._seed.copy()
        # Half a surrogate pair cannot be encoded otherwise, and a key must not lose it.
        seed.update(text.encode("utf-8", "surrogatepass"))
        return seed.digest()

    def _recall(self, wanted: dict[bytes, list[int]], vectors: Floats) -> None:
        """Fill in what is in memory, and take it off `wanted`."""
        for key in list(wanted):
            vector = self._latest.get(key)
            if vector is not None:
                vectors[wanted.pop(key)] = vector

    def _look_up(self, wanted: dict[bytes, list[int]], vectors: Floats) -> None:
        """Fill in what is on disk, and take it off `wanted`."""
        few = len(wanted) <= _FEW
        for key, stored in self._file.find(list(wanted)):
            vector = np.frombuffer(stored, np.float32) if len(stored) == 4 * self.dim else None
            if vector is not None and _sound(vector):
                vectors[wanted.pop(key)] = vector
                if few:
                    self._latest.put(key, vector)

    def _read(
        self,
        wanted: dict[bytes, list[int]],
        texts: Sequence[str],
        vectors: Floats,
        progress: Progress,
    ) -> None:
        """Read the rest and keep it, batch by batch, the longest first so that batches are even."""
        keys = sorted(wanted, key=lambda key: -len(texts[wanted[key][0]]))
        for start in range(0, len(keys), _BATCH):
            batch = keys[start : start + _BATCH]
            read = self._encoder.encode(
                [texts[wanted[key][0]] for key in batch], _Later(progress, start, len(keys))
            )  # [batch, dim]
            self._file.add({key: row.tobytes() for key, row in zip(batch, read, strict=True)})
            for key, row in zip(batch, read, strict=True):
                vectors[wanted[key]] = row
                if len(keys) <= _FEW:
                    self._latest.put(key, row)


class _Later:
    """The progress of one batch as a part of the whole."""

    def __init__(self, progress: Progress, before: int, total: int) -> None:
        self._progress, self._before, self._total = progress, before, total

    def __call__(self, what: str, done: int, total: int, note: str = "") -> None:
        self._progress(what, self._before + done, self._total, note)


class _Latest:
    """The vectors used last, at most `size` of them. Safe to share between threads."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._rows: OrderedDict[bytes, Floats] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: bytes) -> Floats | None:
        with self._lock:
            if key in self._rows:
                self._rows.move_to_end(key)
            return self._rows.get(key)

    def put(self, key: bytes, vector: Floats) -> None:
        with self._lock:
            self._rows[key] = vector.copy()  # a view would keep its whole batch alive
            self._rows.move_to_end(key)
            while len(self._rows) > self._size:
                self._rows.popitem(last=False)


def _sound(vector: Floats) -> bool:
    """Of length 1, or zero. False for nan too."""
    length = float(np.linalg.norm(vector))
    return length == 0 or abs(length - 1) <= _OFF
