"""From the hidden states of a text to its vector. In: a model folder; out: a `Head`.

The files are those of sentence-transformers: modules.json lists what follows the transformer. A
folder without it is a plain Transformers checkpoint and gets the mean.
"""

import json
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from safetensors.torch import load_file

from foretaste.domain.data import Floats
from foretaste.errors import WeightsError

Pooling = Literal["mean", "cls"]

_ACTIVATIONS = {"Identity": torch.nn.Identity, "Tanh": torch.nn.Tanh}


@dataclass(frozen=True, slots=True)
class Head:
    """Pooling over the tokens, then dense layers where the model has them (sentence-t5 does)."""

    pooling: Pooling = "mean"
    dense: tuple[torch.nn.Module, ...] = ()
    dim: int | None = None
    """What the last dense layer gives; None where there is none."""
    name: str = "mean"
    """Pooling and, as the hash of their weights, what dense layers there are."""

    def __call__(self, hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """[batch, length, hidden] and its attention mask [batch, length] → [batch, dim].

        The mean over the mask is that of Sentence-BERT (Reimers and Gurevych 2019, section 3).
        """
        if self.pooling == "cls":
            pooled = hidden[:, 0]  # [batch, hidden]
        else:
            weights = mask.unsqueeze(-1).to(hidden.dtype)  # [batch, length, 1]
            pooled = (hidden * weights).sum(1) / weights.sum(1)  # [batch, hidden]
        for layer in self.dense:
            pooled = layer(pooled)
        return pooled


def read_head(folder: Path, device: torch.device) -> Head:
    """The head that the folder describes.

    Raises:
        WeightsError: it describes a part that we do not have.

    """
    listing = folder / "modules.json"
    if not listing.is_file():
        return Head()
    head = Head()
    for module in json.loads(listing.read_text("utf-8"))[1:]:
        part = folder / module["path"]
        match module["type"].rsplit(".", 1)[-1]:
            case "Pooling":
                pooling = _pooling(part)
                head = Head(pooling, name=pooling)
            case "Dense":
                head = _with_dense(head, part, device)
            case "Normalize":
                pass  # Every row is made of length 1 whatever the folder says.
            case unknown:
                raise WeightsError(f"{listing} has a part '{unknown}', expected Pooling or Dense")
    return head


def with_matrix(head: Head, matrix: Floats) -> Head:
    """The head with a matrix [dim, wide] behind it: a row vector v becomes v @ matrix.T."""
    layer = torch.nn.Linear(matrix.shape[1], len(matrix), bias=False)
    layer.load_state_dict({"weight": torch.from_numpy(matrix)})
    digest = sha256(np.ascontiguousarray(matrix).tobytes()).hexdigest()[:16]
    return Head(head.pooling, (*head.dense, layer), len(matrix), f"{head.name}+map-{digest}")


def _pooling(part: Path) -> Pooling:
    config: dict[str, Any] = json.loads((part / "config.json").read_text("utf-8"))
    # Older folders have one flag per mode, newer ones name the mode.
    flags = {key.removeprefix("pooling_mode_"): value for key, value in config.items()}
    pooling_modes = flags.get("pooling_mode") or [name for name, on in flags.items() if on is True]
    match pooling_modes:
        case "mean" | ["mean_tokens"] | ["mean_tokens", "include_prompt"]:
            return "mean"
        case "cls" | ["cls_token"] | ["cls_token", "include_prompt"]:
            return "cls"
    raise WeightsError(f"{part / 'config.json'} pools by {pooling_modes}, expected mean or cls")


def _with_dense(head: Head, part: Path, device: torch.device) -> Head:
    config = json.loads((part / "config.json").read_text("utf-8"))
    activation = config["activation_function"].rsplit(".", 1)[-1]
    if activation not in _ACTIVATIONS:
        raise WeightsError(f"{part} has activation '{activation}', expected Identity or Tanh")
    weights = part / "model.safetensors"
    if not weights.is_file():
        raise WeightsError(
            f"{part} has no model.safetensors; convert its pickle where you trust it"
        )
    linear = torch.nn.Linear(config["in_features"], config["out_features"], bias=config["bias"])
    state = load_file(weights)
    linear.load_state_dict({key.removeprefix("linear."): value for key, value in state.items()})
    layers = (*head.dense, linear.to(device).eval(), _ACTIVATIONS[activation]())
    digest = sha256(weights.read_bytes()).hexdigest()[:16]
    return Head(head.pooling, layers, config["out_features"], f"{head.name}+{activation}-{digest}")
