"""Nothing is read twice. In: texts; out: their vectors, from memory, from disk, or read now."""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path

import numpy as np

from foretaste.domain.data import Floats
from foretaste.domain.ports import Progress, TextEncoder, no_progress
from foretaste.language.vectors import VectorFile

TEXTS_PER_COMMIT = 512
"""Texts read between two commits: what a kill -9 can lose."""

_MAX_QUERY_TEXTS = 64
"""A call with more texts than this is a bulk load and does not push queries out of the memory."""

_MAX_LENGTH_ERROR = 1e-3
"""How far from 1 the length of a stored row may be; past it the row is damaged and read again."""


def _seed_of(fingerprint: str) -> blake2b:
    return blake2b(fingerprint.encode() + b"\0", digest_size=16)


def _key_of(seed: blake2b, text: str) -> bytes:
    key = seed.copy()
    # Half a surrogate pair cannot be encoded otherwise, and a key must not lose it.
    key.update(text.encode("utf-8", "surrogatepass"))
    return key.digest()


class CachedEncoder:
    """An encoder with a memory: a file of all vectors, and the latest queries at hand.

    A vector is kept under the hash of the encoder's fingerprint and of the text, so that encoders
    share a file and never one another's vectors.
    """

    def __init__(
        self,
        encoder: TextEncoder,
        path: Path,
        max_recent: int = 4096,
        texts_per_commit: int = TEXTS_PER_COMMIT,
    ) -> None:
        self._encoder, self._texts_per_commit = encoder, texts_per_commit
        self._file = VectorFile(path)
        self._recent = _RecentVectors(max_recent)
        self._seed = _seed_of(encoder.fingerprint)
        self._is_noted = False

    @property
    def fingerprint(self) -> str:
        """That of the encoder."""
        return self._encoder.fingerprint

    @property
    def dim(self) -> int:
        """The length of a vector."""
        return self._encoder.dim

    def encode(self, texts: Sequence[str], progress: Progress = no_progress) -> Floats:
        """→ [texts, dim] float32, rows of length 1; an empty text is a zero row.

        `progress` counts the distinct texts that must be read, not those that are known. Killed at
        any point and called again, it goes on from the last batch.
        """
        vectors = np.zeros((len(texts), self.dim), np.float32)  # [texts, dim]
        rows_by_key: dict[bytes, list[int]] = {}  # key → rows
        for row, text in enumerate(texts):
            if text.strip():
                rows_by_key.setdefault(self._key(text), []).append(row)
        self._fill_from_memory(rows_by_key, vectors)
        self._fill_from_file(rows_by_key, vectors)
        self._encode_missing(rows_by_key, texts, vectors, progress)
        return vectors

    @property
    def forgetful(self) -> TextEncoder:
        """The encoder itself, which keeps nothing of what it reads."""
        return self._encoder

    def forget(self, texts: Sequence[str]) -> int:
        """Keep nothing of these texts any more, nor what other encoders have read of them into the
        same file. → how many vectors there were.
        """
        seeds = [self._seed, *map(_seed_of, self._file.encoders())]
        keys = list(dict.fromkeys(_key_of(seed, text) for seed in seeds for text in texts))
        self._recent.remove(keys)
        return self._file.remove(keys)

    def rewrite_file(self) -> bool:
        """Write the file anew, without what its pages still have of vectors that were deleted. →
        False while it is busy.
        """
        return self._file.rewrite()

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def _key(self, text: str) -> bytes:
        return _key_of(self._seed, text)

    def _fill_from_memory(self, rows_by_key: dict[bytes, list[int]], vectors: Floats) -> None:
        """Fill in what is in memory, and take it off `rows_by_key`."""
        for key in list(rows_by_key):
            vector = self._recent.get(key)
            if vector is not None:
                vectors[rows_by_key.pop(key)] = vector

    def _fill_from_file(self, rows_by_key: dict[bytes, list[int]], vectors: Floats) -> None:
        """Fill in what is on disk, and take it off `rows_by_key`."""
        is_query = len(rows_by_key) <= _MAX_QUERY_TEXTS
        for key, stored in self._file.find(list(rows_by_key)):
            vector = np.frombuffer(stored, np.float32) if len(stored) == 4 * self.dim else None
            if vector is not None and _is_intact(vector):
                vectors[rows_by_key.pop(key)] = vector
                if is_query:
                    self._recent.put(key, vector)

    def _encode_missing(
        self,
        rows_by_key: dict[bytes, list[int]],
        texts: Sequence[str],
        vectors: Floats,
        progress: Progress,
    ) -> None:
        """Read the rest and keep it, batch by batch, the longest first so that batches are even."""
        keys = sorted(rows_by_key, key=lambda key: -len(texts[rows_by_key[key][0]]))
        if keys and not self._is_noted:
            self._file.add_encoder(self.fingerprint)
            self._is_noted = True
        for start in range(0, len(keys), self._texts_per_commit):
            batch = keys[start : start + self._texts_per_commit]
            encoded = self._encoder.encode(
                [texts[rows_by_key[key][0]] for key in batch],
                _BatchProgress(progress, start, len(keys)),
            )  # [batch, dim]
            self._file.add({key: row.tobytes() for key, row in zip(batch, encoded, strict=True)})
            for key, row in zip(batch, encoded, strict=True):
                vectors[rows_by_key[key]] = row
                if len(keys) <= _MAX_QUERY_TEXTS:
                    self._recent.put(key, row)


class _BatchProgress:
    """The progress of one batch as a part of the whole."""

    def __init__(self, progress: Progress, done_before: int, total: int) -> None:
        self._progress, self._done_before, self._total = progress, done_before, total

    def __call__(self, task: str, done: int, total: int, note: str = "") -> None:
        self._progress(task, self._done_before + done, self._total, note)


class _RecentVectors:
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

    def remove(self, keys: Sequence[bytes]) -> None:
        with self._lock:
            for key in keys:
                self._rows.pop(key, None)

    def put(self, key: bytes, vector: Floats) -> None:
        with self._lock:
            self._rows[key] = vector.copy()  # a view would keep its whole batch alive
            self._rows.move_to_end(key)
            while len(self._rows) > self._size:
                self._rows.popitem(last=False)


def _is_intact(vector: Floats) -> bool:
    """Of length 1, or zero. False for nan too."""
    length = float(np.linalg.norm(vector))
    return length == 0 or abs(length - 1) <= _MAX_LENGTH_ERROR
