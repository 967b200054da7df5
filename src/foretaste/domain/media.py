"""What items are besides words: their pictures, clips and vectors, by name, and what went wrong."""

from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from foretaste.domain.arrays import Array, Floats, Vectors

IMAGE = "image"
"""The space of pictures."""
AUDIO = "audio"
"""The space of clips of sound."""
AUDIO_MATCH = "audio_match"
"""The space of the landmarks of clips, by which a recording is known again."""
QUERY_FEATURES = {IMAGE: "picture", AUDIO: "clip"}
"""The feature of the term of a picture or clip that was asked with, by space."""
SAME_RECORDING = "the same recording"
"""The feature of the term of an item whose clip is the recording that was asked with."""
OWN_PREFIX = "vector:"
"""Begins the names of the spaces of vectors that items bring along; the column's follows."""


@dataclass(frozen=True, slots=True)
class MediaSpace:
    """One modality over the catalogue."""

    name: str
    """"image", "audio", "audio_match", or "vector:" and the column's name."""
    fingerprint: str
    """What made the vectors: others cannot be compared with them."""
    vectors: Vectors
    """[items, dim], each of length 1, or zero where an item has none. Of the space of landmarks
    [items], as bytes the peaks of each clip, see `landmarks.pack_peaks`; empty where there are
    none.
    """

    @property
    def has_vectors(self) -> bool:
        """Whether its rows are vectors."""
        return self.name != AUDIO_MATCH

    def empty_rows(self, count: int) -> Array:
        """[count, …], of items without a picture, clip or vector."""
        if not self.has_vectors:
            return np.full(count, b"", object)
        return np.zeros((count, self.vectors.shape[1]), np.float32)


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
