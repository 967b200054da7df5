"""A language model open to be tuned. In: a name or folder; out: its tokens and its network.

What the encoder reads with is shared and never changes; whoever tunes a model gets its own copy.
"""

import shutil
from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from foretaste.domain.data import Floats, Ints
from foretaste.errors import MissingExtra
from foretaste.language.encoder import load_model, load_tokenizer
from foretaste.language.head import Head, read_head, with_matrix
from foretaste.language.quiet import quiet_transformers
from foretaste.language.settings import LanguageSettings
from foretaste.language.shape import TransformerShape, read_config
from foretaste.language.text import CHARACTERS_PER_TOKEN, readable
from foretaste.language.weights import Weights

_CPU = torch.device("cpu")


class PooledTransformer(nn.Module):
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


class TransformerBackbone:
    """The tokens and the network of one checkpoint.

    matrix: [dim, dim], what the encoder of the workspace was tuned to put behind it. cut: the side
    at which a text that is too long is cut.

    Raises:
        WeightsError: the folder is not a model that we can read.

    """

    def __init__(
        self,
        weights: Weights,
        settings: LanguageSettings,
        matrix: Floats | None = None,
        cut: Literal["left", "right"] = "left",
    ) -> None:
        self._weights = weights
        self._config = read_config(weights)
        head = read_head(weights.path, _CPU)
        self._head = head if matrix is None else with_matrix(head, matrix)
        self.max_tokens = min(
            settings.max_tokens, TransformerShape.from_config(self._config).capacity
        )
        self._tokenizer = load_tokenizer(weights, self.max_tokens)
        self._tokenizer.enable_truncation(self.max_tokens, direction=cut)
        self._cut = cut
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
        """The token ids of each text; of one that is too long the end, or the start."""
        max_characters = self.max_tokens * CHARACTERS_PER_TOKEN
        kept_part = slice(-max_characters, None) if self._cut == "left" else slice(max_characters)
        cut_texts = [readable(text.strip()[kept_part], self.max_tokens) for text in texts]
        return [
            np.array(encoding.ids, np.int32)
            for encoding in self._tokenizer.encode_batch_fast(cut_texts)
        ]

    def network(self, lora: int | None = None) -> PooledTransformer:
        """A copy of its own, as it was published; lora: the rank of additions to be trained."""
        reading = PooledTransformer(
            load_model(self._weights, self._config, _CPU), deepcopy(self._head)
        )
        if lora is not None:
            reading.requires_grad_(False)
            add_lora(reading.body, lora)
        return reading

    def save(self, network: PooledTransformer, folder: Path) -> None:
        """The network in a folder like the one it came from, without additions beside it."""
        full_model = load_model(self._weights, self._config, _CPU)
        if any(hasattr(layer, "lora_A") for layer in network.body.modules()):
            with torch.no_grad():
                added: dict[str, Any] = dict(network.body.named_modules())
                for name in [name for name, layer in added.items() if hasattr(layer, "lora_A")]:
                    plain: Any = full_model.get_submodule(name)
                    plain.weight += added[name].get_delta_weight("default").cpu()
        else:
            full_model.load_state_dict(network.body.state_dict())
        _copy_without_weights(self._weights.path, folder)
        config = (folder / "config.json").read_bytes()
        with quiet_transformers():
            full_model.save_pretrained(folder, max_shard_size="100GB")  # type: ignore[operator]
        # T5's own says that it has a decoder, and tells it from the encoder alone.
        (folder / "config.json").write_bytes(config)


def _copy_without_weights(source: Path, target: Path) -> None:
    """All of a model's folder but its weights: tokenizer, settings, pooling and dense layers."""

    def weights(folder: str, names: list[str]) -> list[str]:
        top = Path(folder) == source
        endings = (".safetensors", ".bin", ".onnx", ".h5", ".msgpack", ".ot", ".index.json")
        return [name for name in names if top and name.endswith(endings)]

    shutil.copytree(source, target, ignore=weights, dirs_exist_ok=True)


def add_lora(body: nn.Module, rank: int) -> None:
    """Low-rank additions to every linear layer; what was there is frozen.

    LoRA, Hu et al. 2021.
    """
    try:
        from peft import LoraConfig, inject_adapter_in_model
    except ImportError:
        raise MissingExtra("peft, which tuning by LoRA needs,", "lora") from None
    linear = [
        name
        for name, layer in body.named_modules()
        if isinstance(layer, nn.Linear) and not name.startswith("pooler.")
    ]
    config = LoraConfig(r=rank, lora_alpha=2 * rank, lora_dropout=0.05, target_modules=linear)
    inject_adapter_in_model(config, body)
