"""A table that reads. In: texts; out: one float32 row of length 1 for each, without a transformer.

model2vec: each token of the vocabulary is read once by the transformer, alone; a text is then the
mean of its tokens' vectors. The table is made from the encoder at hand, kept, and loaded next time.
"""

import logging
import re
import threading
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any

import numpy as np
from safetensors import SafetensorError
from tokenizers import Tokenizer

from foretaste.domain.data import Doubles, Floats, Ints
from foretaste.domain.files import FOLDER_MODE
from foretaste.domain.ports import Progress, no_progress
from foretaste.errors import MissingExtra
from foretaste.language.text import readable

if TYPE_CHECKING:
    from foretaste.language.encoder import TransformerEncoder

log = logging.getLogger(__name__)

_RECIPE = "model2vec-1"
"""Changes whenever `distil` would give another table."""

_MAX_DIM = 256
_SIF_SMOOTHING = 1e-4
"""a of smooth inverse frequency, as model2vec has it."""

_UNUSED_TOKEN = re.compile(r"\[unused\d+\]")
"""Places that BERT's vocabulary keeps free; counted, they would shift every rank by a thousand."""


class StaticEncoder:
    """Reads with a table distilled from `teacher`, made at the first use unless it is in `folder`.

    Raises:
        MissingExtra: model2vec is not installed.

    """

    def __init__(self, teacher: "TransformerEncoder", folder: Path) -> None:
        try:
            from model2vec import StaticModel
        except ImportError as error:
            raise MissingExtra("model2vec", "fast") from error
        self._model_class: Any = StaticModel
        self._teacher = teacher
        name = blake2b(self.fingerprint.encode(), digest_size=16).hexdigest()
        self._path = folder / name
        self._lock = threading.Lock()
        self._model: Any = None

    @property
    def fingerprint(self) -> str:
        """That of the teacher, and how the table is made of it."""
        return f"{_RECIPE}:{self.dim}:{self._teacher.fingerprint}"

    @property
    def dim(self) -> int:
        """The length of a vector."""
        return min(_MAX_DIM, self._teacher.dim)

    def encode(self, texts: Sequence[str], progress: Progress = no_progress) -> Floats:
        """→ [texts, dim] float32, rows of length 1; a text with nothing to read is a zero row."""
        if not texts:
            return np.zeros((0, self.dim), np.float32)
        clean = [readable(text, self._teacher.max_tokens) for text in texts]
        # model2vec sets its tokeniser anew at every call, which two threads must not do at once.
        with self._lock:
            if self._model is None:
                self._model = self._load_table()
            if self._model is None:
                self._model = self._distil_table(progress)
            vectors: Floats = self._model.encode(clean, use_multiprocessing=False)  # [texts, dim]
        progress("reading", len(texts), len(texts))
        return vectors

    def _load_table(self) -> Any | None:
        if not self._path.is_dir():
            return None
        try:
            return self._model_class.from_pretrained(self._path)
        except (OSError, ValueError, KeyError, SafetensorError) as error:
            log.warning("static encoder %s is damaged (%s); making it again", self._path, error)
            rmtree(self._path)
            return None

    def _distil_table(self, progress: Progress) -> Any:
        from model2vec.persistence import save_pretrained

        table, tokenizer = distil(self._teacher, self.dim, progress)
        length = self._teacher.max_tokens
        model = self._model_class(table, tokenizer, normalize=True, max_length=length)
        self._path.parent.mkdir(FOLDER_MODE, parents=True, exist_ok=True)
        # Whole or not at all: a folder under its final name is complete. No card: it would say MIT,
        # whatever the teacher's licence is.
        unfinished = Path(mkdtemp(dir=self._path.parent))
        save_pretrained(unfinished, table, tokenizer, model.config, create_model_card=False)
        try:
            unfinished.rename(self._path)
        except OSError:
            rmtree(unfinished)  # another process was quicker, with the same table
        return model


def distil(
    teacher: "TransformerEncoder", dim: int, progress: Progress = no_progress
) -> tuple[Floats, Tokenizer]:
    """→ [vocabulary, dim] float32 and the tokenizer whose ids are its rows.

    The recipe of model2vec (Tulkens and van Dongen 2024): read every token alone, project on the
    first principal components, weigh by smooth inverse frequency (Arora et al. 2017) with Zipf's
    law in the place of counts, as a vocabulary is in the order of frequency. model2vec's own code
    for it needs Transformers below 5.4, which is why it is here.
    """
    tokenizer = Tokenizer.from_str(teacher.tokenizer.to_str())
    prefix_tokens, suffix_tokens = _special_tokens(tokenizer)
    tokenizer.no_truncation()
    text_tokens = _text_tokens(tokenizer)  # [kept]
    tokens = [np.array([*prefix_tokens, token, *suffix_tokens], np.int32) for token in text_tokens]
    token_vectors = teacher.encode_tokens(tokens, progress).astype(
        np.float64
    )  # [kept, teacher's dim]
    token_vectors = (
        _principal(token_vectors, dim) * _sif_weights(len(text_tokens))[:, None]
    )  # [kept, dim]
    table = np.zeros((tokenizer.get_vocab_size(), dim), np.float32)  # [vocabulary, dim]
    table[text_tokens] = token_vectors
    return table, tokenizer


def _special_tokens(tokenizer: Tokenizer) -> tuple[list[int], list[int]]:
    """The special tokens that stand before and after a text, e.g. [CLS] and [SEP]."""
    encoding = tokenizer.encode("a")
    special = encoding.special_tokens_mask
    start = special.index(0)
    end = len(special) - special[::-1].index(0)
    return encoding.ids[:start], encoding.ids[end:]


def _text_tokens(tokenizer: Tokenizer) -> Ints:
    """Ids of the tokens that text can have, in order."""
    special = {row for row, token in tokenizer.get_added_tokens_decoder().items() if token.special}
    vocabulary = tokenizer.get_vocab()
    regular_tokens = (
        row for token, row in vocabulary.items() if not _UNUSED_TOKEN.fullmatch(token)
    )
    return np.array(sorted(set(regular_tokens) - special), np.int32)


def _principal(rows: Doubles, dim: int) -> Doubles:
    """[rows, wide] → [rows, dim], centred, on the directions of the greatest variance."""
    centred = rows - rows.mean(0)
    _, directions = np.linalg.eigh(centred.T @ centred)  # [wide, wide], the greatest last
    projected: Doubles = centred @ directions[:, ::-1][:, :dim]
    # An eigenvector's sign is arbitrary; a rule makes it the same everywhere.
    peak = np.abs(projected).argmax(0)
    projected *= np.sign(projected[peak, np.arange(dim)])
    return projected


def _sif_weights(tokens: int) -> Doubles:
    """[tokens], a / (a + p), with p the share of a token by Zipf's law."""
    share = 1 / np.arange(2, tokens + 2)
    share /= share.sum()
    return _SIF_SMOOTHING / (_SIF_SMOOTHING + share)
