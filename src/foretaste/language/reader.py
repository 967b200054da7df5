"""A language model open to be tuned. In: a name or folder; out: its tokens and its network.

What the encoder reads with is shared and never changes; whoever tunes a model gets its own copy.
"""

from collections.abc import Sequence
from copy import deepcopy

import numpy as np
import torch
from torch import Tensor, nn

from foretaste.domain import Ints
from foretaste.language.encoder import capacity, load_model, load_tokenizer, read_config
from foretaste.language.head import Head, read_head
from foretaste.language.settings import LanguageSettings
from foretaste.language.text import CHARACTERS_PER_TOKEN, readable
from foretaste.language.weights import Weights

_CPU = torch.device("cpu")


class Reading(nn.Module):
    """A transformer and its pooling."""

    def __init__(self, body: nn.Module, head: Head) -> None:
        super().__init__()
        self.body = body
        self.dense = nn.ModuleList(head.dense)  # so that it moves to the device with the rest
        self._head = head

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Token ids and attention mask, [batch, length] each → [batch, dim]"""
        pooled: Tensor = self._head(self.body(ids, attention_mask=mask).last_hidden_state, mask)
        return pooled


class TransformerReader:
    """The tokens and the network of one checkpoint.

    Raises:
        WeightsError: the folder is not a model that we can read.

    """

    def __init__(self, weights: Weights, settings: LanguageSettings) -> None:
        self._weights = weights
        self._config = read_config(weights)
        self._head = read_head(weights.path, _CPU)
        self.max_tokens = min(settings.max_tokens, capacity(self._config))
        self._tokenizer = load_tokenizer(weights, self.max_tokens)
        self._tokenizer.enable_truncation(self.max_tokens, direction="left")
        self.pad: int = self._config.pad_token_id or 0

    @property
    def fingerprint(self) -> str:
        """Family, SHA-256 of the weights, pooling."""
        return f"{self._config.model_type}:{self._weights.sha256}:{self._head.name}"

    @property
    def dim(self) -> int:
        """The length of what the network gives."""
        return self._head.dim or int(self._config.hidden_size)

    def tokens(self, texts: Sequence[str]) -> list[Ints]:
        """The token ids of each text; of one that is too long the end."""
        most = self.max_tokens * CHARACTERS_PER_TOKEN
        cut = [readable(text.strip()[-most:], self.max_tokens) for text in texts]
        return [np.array(one.ids, np.int32) for one in self._tokenizer.encode_batch_fast(cut)]

    def network(self) -> Reading:
        """A copy of its own, as it was published."""
        return Reading(load_model(self._weights, self._config, _CPU), deepcopy(self._head))
