"""Reading by many. In: texts, pictures or clips; out: their vectors, made by a cluster's workers.

What is kept of them, and where, stays the matter of the caches: this changes who reads, not what.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Generic, Protocol, TypeVar

import numpy as np

from foretaste.domain.cluster import Cluster
from foretaste.domain.data import Floats
from foretaste.domain.ports import Progress, TextEncoder, no_progress
from foretaste.errors import WeightsError

TEXTS_PER_PART = 256
"""Texts that one process reads at a time: of 64 it reads two thirds as many a second, as they fill
no batch."""
InputT = TypeVar("InputT", contravariant=True)


class Reader(Protocol[InputT]):
    """Any encoder."""

    @property
    def fingerprint(self) -> str: ...
    @property
    def dim(self) -> int: ...
    def encode(self, inputs: Sequence[InputT], /) -> Floats: ...


OpenReader = Callable[[], Reader[InputT]]
"""Opens in another process, and perhaps on another machine, the encoder that is here."""


class SharedReading(Generic[InputT]):
    """How the workers of a cluster read what is long, while it is engaged."""

    def __init__(
        self, cluster: Cluster, open_reader: OpenReader[InputT], inputs_per_part: int
    ) -> None:
        """inputs_per_part: what a worker reads at a time; so few are read here."""
        self._cluster, self._open_reader = cluster, open_reader
        self._inputs_per_part = inputs_per_part

    @property
    def is_on(self) -> bool:
        """Whether there is anybody to share it with."""
        return self._cluster.is_engaged

    def is_worth(self, count: int) -> bool:
        """Whether so many inputs are better shared."""
        return self.is_on and count > self._inputs_per_part

    def encode(
        self, encoder: Reader[InputT], inputs: Sequence[InputT], progress: Progress = no_progress
    ) -> Floats:
        """→ [inputs, dim]. encoder: the one that is here, of which only what it is is asked.

        Raises:
            WeightsError: a worker has other weights, or none.

        """
        vectors = np.zeros((len(inputs), encoder.dim), np.float32)
        size, done = self._inputs_per_part, 0
        parts = (inputs[start : start + size] for start in range(0, len(inputs), size))
        work = partial(_read_part, fingerprint=encoder.fingerprint)
        for number, rows in self._cluster.map(self._open_reader, work, parts):
            vectors[number * size : number * size + len(rows)] = rows
            done += len(rows)
            progress("reading", done, len(inputs))
        return vectors


class SharedTextEncoder:
    """An encoder that has others read what is long, and reads itself what is short."""

    def __init__(self, encoder: TextEncoder, shared: SharedReading[str]) -> None:
        self._encoder, self._shared = encoder, shared

    @property
    def fingerprint(self) -> str:
        """That of the encoder."""
        return self._encoder.fingerprint

    @property
    def dim(self) -> int:
        """The length of a vector."""
        return self._encoder.dim

    def encode(self, texts: Sequence[str], progress: Progress = no_progress) -> Floats:
        """As the encoder itself, up to rounding (below 1e-6): others stand beside a text."""
        if not self._shared.is_worth(len(texts)):
            return self._encoder.encode(texts, progress)
        # texts of one length in a part, so that none is filled up; the longest are begun first
        order = np.argsort([-len(text) for text in texts], kind="stable")
        vectors = np.empty((len(texts), self.dim), np.float32)
        vectors[order] = self._shared.encode(self._encoder, [texts[row] for row in order], progress)
        return vectors


def _read_part(reader: Reader[Any], part: Sequence[Any], *, fingerprint: str) -> Floats:
    if reader.fingerprint != fingerprint:
        raise WeightsError(
            f"another machine reads with {reader.fingerprint}, and this one with {fingerprint}; "
            "install the same weights on all machines of the cluster"
        )
    return reader.encode(part)
