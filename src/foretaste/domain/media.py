"""What items are besides words: their pictures, clips and vectors, by name, and what went wrong."""

from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from foretaste.domain.arrays import Floats, Vectors

IMAGE = "image"
"""The space of pictures."""
AUDIO = "audio"
"""The space of clips of sound."""
QUERY_FEATURES = {IMAGE: "picture", AUDIO: "clip"}
"""The feature of the term of a picture or clip that was asked with, by space."""
OWN_PREFIX = "vector:"
"""Begins the names of the spaces of vectors that items bring along; the column's follows."""


@dataclass(frozen=True, slots=True)
class MediaSpace:
    """One modality over the catalogue."""

    name: str
    """"image", "audio", or "vector:" and the column's name."""
    fingerprint: str
    """What made the vectors: others cannot be compared with them."""
    vectors: Vectors
    """[items, dim], each of length 1, or zero where an item has none."""


@dataclass(frozen=True, slots=True)
class MediaFailure:
    """A picture, clip or vector of an item that is not read, or not as a whole."""

    item: str
    reference: str
    """What the item says it is."""
    reason: str
    is_partial: bool = False
    """Whether it is read in part; the reason says which."""


def vector_bytes(numbers: Sequence[float] | Floats) -> bytes:
    """A vector as items keep it: 32 bits a number, the lowest byte first."""
    return np.asarray(numbers, "<f4").tobytes()


def vector_numbers(content: bytes) -> Floats:
    """[dim], the inverse."""
    return np.frombuffer(content, "<f4").astype(np.float32)


def encode_query(vector: Floats) -> str:
    """A vector that is asked with, as text that is short enough to be kept with the question."""
    return b64encode(np.asarray(vector, "<f2").tobytes()).decode()


def decode_query(text: str) -> Floats:
    """[dim], of length 1; the inverse."""
    vector = np.frombuffer(b64decode(text), "<f2").astype(np.float32)
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-12), np.float32)
