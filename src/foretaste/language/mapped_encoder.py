"""An encoder with a tuned matrix behind it. In: texts; out: one float32 row of length 1 for each.

What the encoder itself reads is what is kept in the cache, so the matrix can change and nothing is
read again, and vectors of two matrices never mix.
"""

from collections.abc import Sequence
from hashlib import sha256

import numpy as np

from foretaste.domain.data import Floats
from foretaste.domain.ports import Progress, TextEncoder, no_progress


class MappedEncoder:
    """Reads with `encoder`, then turns and stretches by `matrix` [dim, encoder's dim]."""

    def __init__(self, encoder: TextEncoder, matrix: Floats) -> None:
        self._encoder, self._matrix = encoder, matrix

    @property
    def fingerprint(self) -> str:
        """That of the encoder, and the SHA-256 of the matrix."""
        digest = sha256(np.ascontiguousarray(self._matrix).tobytes()).hexdigest()
        return f"{self._encoder.fingerprint}:map-{digest}"

    @property
    def dim(self) -> int:
        """The length of a vector."""
        return len(self._matrix)

    def encode(self, texts: Sequence[str], progress: Progress = no_progress) -> Floats:
        """→ [texts, dim] float32, rows of length 1; an empty text is a zero row."""
        vectors = self._encoder.encode(texts, progress) @ self._matrix.T  # [texts, dim]
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        return np.asarray(vectors / np.where(lengths > 0, lengths, 1), np.float32)

    @property
    def forgetful(self) -> TextEncoder:
        """The same, which keeps nothing of what it reads."""
        uncached_encoder = getattr(self._encoder, "forgetful", self._encoder)
        return MappedEncoder(uncached_encoder, self._matrix)
