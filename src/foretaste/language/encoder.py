"""A transformer that reads. In: texts; out: one float32 row of length 1 for each.

Any encoder of the BERT, RoBERTa or T5 family in Transformers' format. The vector of a text is what
sentence-transformers defines for the same folder: mean (or cls) of the last hidden states, of
length 1.
"""

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from tokenizers import Tokenizer

from foretaste.domain.data import Floats, Ints
from foretaste.domain.device import device_of
from foretaste.domain.ports import Progress, no_progress
from foretaste.errors import WeightsError
from foretaste.language.head import read_head
from foretaste.language.quiet import quiet_transformers
from foretaste.language.settings import LanguageSettings
from foretaste.language.shape import read_config, shape_of
from foretaste.language.text import readable
from foretaste.language.weights import Weights

_TEXTS_PER_WINDOW = 4096
"""Texts tokenised at once: bounds the memory that a million texts need."""


class TransformerEncoder:
    """Reads with a whole transformer. Loaded when first used; safe to share between threads.

    Raises:
        WeightsError: the folder is not a model that we can read. From the constructor or, where it
            takes the weights themselves to tell, from the first use.

    """

    def __init__(
        self, weights: Weights, settings: LanguageSettings, memory: Path | None = None
    ) -> None:
        """memory: a folder in which the weights' shape is kept."""
        self._weights = weights
        self._settings = settings
        self._device = device_of(settings.device)
        self._shape = shape_of(weights, memory)
        self._head = read_head(weights.path, self._device)
        self._lock = threading.Lock()
        self._loaded: tuple[torch.nn.Module, Tokenizer] | None = None
        self.max_tokens = min(settings.max_tokens, self._shape.capacity)

    @property
    def fingerprint(self) -> str:
        """Family, SHA-256 of the weights, pooling, tokens read."""
        parts = (self._shape.family, self._weights.sha256, self._head.name, self.max_tokens)
        return ":".join(str(part) for part in parts)

    @property
    def dim(self) -> int:
        """The length of a vector."""
        return self._head.dim or self._shape.dim

    @property
    def tokenizer(self) -> Tokenizer:
        """Cuts at `max_tokens` and does not pad."""
        return self._load()[1]

    def encode(self, texts: Sequence[str], progress: Progress = no_progress) -> Floats:
        """→ [texts, dim] float32, rows of length 1; a text with nothing to read is a zero row.

        Deterministic; what else is in the batch changes a vector by rounding only (below 1e-6).
        """
        vectors = np.zeros((len(texts), self.dim), np.float32)  # [texts, dim]
        for start in range(0, len(texts), _TEXTS_PER_WINDOW):
            tokens = self._tokenise(texts[start : start + _TEXTS_PER_WINDOW])
            window = vectors[start : start + len(tokens)]  # a view
            for rows in self._read(tokens, window):
                progress("reading", start + rows, len(texts))
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)  # [texts, 1]
        vectors /= np.where(lengths > 0, lengths, 1)
        return vectors

    def encode_tokens(self, tokens: Sequence[Ints], progress: Progress = no_progress) -> Floats:
        """Sequences of token ids as they are → [sequences, dim] float32, not of length 1."""
        vectors = np.zeros((len(tokens), self.dim), np.float32)  # [sequences, dim]
        for rows in self._read(tokens, vectors):
            progress("reading tokens", rows, len(tokens))
        return vectors

    def _tokenise(self, texts: Sequence[str]) -> list[Ints]:
        """Token ids of each text; none where there are only those that every text has."""
        tokenizer = self.tokenizer
        special_count = tokenizer.num_special_tokens_to_add(False)
        encodings = tokenizer.encode_batch_fast([readable(text, self.max_tokens) for text in texts])
        ids = (encoding.ids if len(encoding.ids) > special_count else [] for encoding in encodings)
        return [np.array(token_ids, np.int32) for token_ids in ids]

    def _read(self, tokens: Sequence[Ints], out: Floats) -> Iterator[int]:
        """Fill `out` [sequences, dim] batch by batch; → how many are done after each.

        The longest come first: what does not fit into memory fails at once, not at the end.
        """
        sizes = np.array([len(token_ids) for token_ids in tokens])  # [sequences]
        order = np.argsort(-sizes, kind="stable")
        order = order[sizes[order] > 0]
        done = len(tokens) - len(order)
        start = 0
        while start < len(order):
            fit = max(1, self._settings.batch_tokens // int(sizes[order[start]]))
            rows = order[start : start + fit]
            out[rows] = self._forward([tokens[row] for row in rows])
            start += fit
            done += len(rows)
            yield done
        if not len(order):
            yield done

    def _forward(self, tokens: list[Ints]) -> Floats:
        """→ [batch, dim]; the first is the longest."""
        model, _ = self._load()
        pad = self._shape.pad
        ids = np.full((len(tokens), len(tokens[0])), pad, np.int64)  # [batch, length]
        mask = np.zeros_like(ids)  # [batch, length]
        for row, token_ids in enumerate(tokens):
            ids[row, : len(token_ids)] = token_ids
            mask[row, : len(token_ids)] = 1
        with torch.inference_mode():
            attention = torch.from_numpy(mask).to(self._device)
            output = model(torch.from_numpy(ids).to(self._device), attention_mask=attention)
            pooled = self._head(output.last_hidden_state, attention)  # [batch, dim]
        vectors: Floats = pooled.cpu().numpy()
        return vectors

    @property
    def is_on_cpu(self) -> bool:
        """Whether its weights are in memory that copies of the process share."""
        return self._device.type == "cpu"

    def load(self) -> None:
        """Have the weights in memory before anything is read."""
        self._load()

    def _load(self) -> tuple[torch.nn.Module, Tokenizer]:
        with self._lock:
            if self._loaded is None:
                tokenizer = load_tokenizer(self._weights, self.max_tokens)
                config = read_config(self._weights)
                self._loaded = load_model(self._weights, config, self._device), tokenizer
            return self._loaded


def load_tokenizer(weights: Weights, max_tokens: int) -> Tokenizer:
    """The folder's tokenizer; without Transformers' wrapper, which is not safe between threads."""
    from transformers import AutoTokenizer

    try:
        wrapped = AutoTokenizer.from_pretrained(weights.path, local_files_only=True)
        tokenizer: Tokenizer = wrapped.backend_tokenizer
    except (OSError, ValueError, KeyError, ImportError, AttributeError) as error:
        raise WeightsError(f"{weights.path} has no tokenizer that can be read: {error}") from error
    tokenizer.enable_truncation(max_tokens)
    tokenizer.no_padding()
    return tokenizer


def load_model(weights: Weights, config: Any, device: torch.device) -> torch.nn.Module:
    """The transformer that reads, complete and in float32. WeightsError where it cannot be had."""
    from transformers import AutoModel, AutoModelForTextEncoding

    # T5 is an encoder and a decoder; reading needs the first only.
    family = AutoModelForTextEncoding if config.is_encoder_decoder else AutoModel
    try:
        with quiet_transformers():
            model, report = family.from_pretrained(
                weights.path,
                config=config,
                dtype=torch.float32,
                use_safetensors=True,
                local_files_only=True,
                output_loading_info=True,
            )
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        raise WeightsError(f"{weights.path} cannot be loaded: {error}") from error
    _check_complete(weights, report)
    module: torch.nn.Module = model.to(device).eval()
    return module


def _check_complete(weights: Weights, report: dict[str, Any]) -> None:
    """Transformers fills what a checkpoint lacks with random numbers; refuse that.

    The pooler of BERT is exempt: it is not read here and often not saved.
    """
    missing = sorted(key for key in report["missing_keys"] if not key.startswith("pooler."))
    if missing:
        raise WeightsError(
            f"the weights in {weights.path} lack {len(missing)} tensors, e.g. {missing[0]}; "
            f"save the model again with save_pretrained()"
        )
