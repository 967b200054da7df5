"""What items are besides words: their pictures and vectors, by name, and what went wrong."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from foretaste.domain.arrays import Floats, Vectors

IMAGE = "image"
"""The space of pictures."""
OWN_PREFIX = "vector:"
"""Begins the names of the spaces of vectors that items bring along; the column's follows."""


@dataclass(frozen=True, slots=True)
class MediaSpace:
    """One modality over the catalogue."""

    name: str
    """"image", or "vector:" and the column's name."""
    fingerprint: str
    """What made the vectors: others cannot be compared with them."""
    vectors: Vectors
    """[items, dim], each of length 1, or zero where an item has none."""


@dataclass(frozen=True, slots=True)
class MediaFailure:
    """A picture or vector of an item that is not read."""

    item: str
    reference: str
    """What the item says it is."""
    reason: str


def vector_bytes(numbers: Sequence[float] | Floats) -> bytes:
    """A vector as items keep it: 32 bits a number, the lowest byte first."""
    return np.asarray(numbers, "<f4").tobytes()


def vector_numbers(content: bytes) -> Floats:
    """[dim], the inverse."""
    return np.frombuffer(content, "<f4").astype(np.float32)
