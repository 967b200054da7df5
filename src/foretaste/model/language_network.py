"""The network of the language expert: the tokens of a history in, a place among the items out.

A published transformer, then a linear head that begins as the identity, so that before any training
it is the content expert's cosine to the history as a whole. What is trained of the transformer is
nothing, all of it, or low-rank additions to its linear layers (LoRA, Hu et al. 2021).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from foretaste.domain.data import Floats, Ints
from foretaste.domain.ports import Backbone, StateArrays
from foretaste.errors import ModelError
from foretaste.model.settings import LanguageExpertSettings

MAX_TOKENS_PER_BATCH = 4096
"""Tokens read at once without training, padding included."""


class LanguageNetwork(nn.Module):
    """Reads a text; gives a vector of length 1 to compare with those of the items."""

    def __init__(self, reader: Backbone, settings: LanguageExpertSettings, dim: int) -> None:
        super().__init__()
        self.reading: Any = reader.network(
            settings.rank if settings.tuned_parameters == "lora" else None
        )
        self.head = nn.Linear(reader.dim, dim, bias=False)
        nn.init.eye_(self.head.weight)
        self.log_temperature = nn.Parameter(torch.full((1,), float(np.log(settings.temperature))))
        if settings.tuned_parameters != "lora":
            self.reading.requires_grad_(settings.tuned_parameters == "whole")
        for name, parameter in self.reading.named_parameters():
            if "pooler." in name:  # BERT has one that is not read
                parameter.requires_grad_(False)

    @property
    def temperature(self) -> Tensor:
        """Learned, within bounds: below them one item would get everything."""
        return self.log_temperature.exp().clamp(0.01, 1.0)

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Token ids and attention mask, [batch, length] each → [batch, dim], of length 1"""
        return functional.normalize(self.head(self.reading(ids, mask)), dim=-1)

    def tunable(self) -> dict[str, nn.Parameter]:
        """What training changes, and so what is written down."""
        return {name: value for name, value in self.named_parameters() if value.requires_grad}

    def arrays(self) -> StateArrays:
        """What training changed."""
        return {name: value.detach().cpu().numpy() for name, value in self.tunable().items()}

    @torch.no_grad()
    def restore(self, arrays: StateArrays) -> None:
        """The inverse of `arrays`. ModelError where they are another network's."""
        tunable_parameters = self.tunable()
        if {n: a.shape for n, a in arrays.items()} != {
            n: tuple(p.shape) for n, p in tunable_parameters.items()
        }:
            raise ModelError(
                "the language expert's weights do not fit its backbone; train again with "
                "'foretaste train'"
            )
        for name, value in arrays.items():
            tunable_parameters[name].copy_(torch.tensor(value))


def merge_lora(body: nn.Module) -> None:
    """Add the additions to what they are added to: reading costs no more than without them."""
    layers: list[Any] = [layer for layer in body.modules() if hasattr(layer, "lora_A")]
    for layer in layers:
        layer.merge()


def padded_batch(tokens: Sequence[Ints], pad: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """(token ids, attention mask), [texts, longest] each."""
    ids = np.full((len(tokens), max(map(len, tokens))), pad, np.int64)
    mask = np.zeros_like(ids)
    for row, token_ids in enumerate(tokens):
        ids[row, : len(token_ids)] = token_ids
        mask[row, : len(token_ids)] = 1
    return torch.from_numpy(ids).to(device), torch.from_numpy(mask).to(device)


@torch.inference_mode()
def read_texts(network: LanguageNetwork, tokens: Sequence[Ints], pad: int) -> Floats:
    """→ [texts, dim], of length 1. Those of similar length are read together."""
    network.eval()
    device = network.head.weight.device
    states = np.zeros((len(tokens), network.head.out_features), np.float32)
    order = np.argsort([-len(token_ids) for token_ids in tokens], kind="stable")
    start = 0
    while start < len(order):
        rows = order[start : start + max(1, MAX_TOKENS_PER_BATCH // len(tokens[order[start]]))]
        states[rows] = (
            network(*padded_batch([tokens[row] for row in rows], pad, device)).cpu().numpy()
        )
        start += len(rows)
    return states
