"""In: pictures, or words where the model reads them too. Out: vectors by a model of Hugging Face.

A vision model (DINOv2, ViT) or a joint one of words and pictures (CLIP, SigLIP), by a folder or a
name on the hub. Of a vision model the vector is what it pools, or the mean of its last states.
"""

import threading
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from foretaste.domain.data import Floats
from foretaste.domain.ports import Bytes, Progress, TextEncoder, no_progress
from foretaste.errors import WeightsError
from foretaste.language.media.lite_encoder import unit_rows
from foretaste.language.media.settings import ImageSettings
from foretaste.language.quiet import quiet_transformers
from foretaste.language.text import readable
from foretaste.language.weights import Weights

BATCH_SIZE = 16
MAX_TEXT_TOKENS = 77
"""Tokens that CLIP reads; the text is cut there."""


class HuggingFaceEncoder:
    """Looks with a model of Transformers. Loaded when first used; safe to share between threads."""

    def __init__(self, weights: Weights, settings: ImageSettings) -> None:
        """Raises WeightsError where the folder is no model's that looks at pictures."""
        self._weights, self._device_name = weights, settings.device
        config = read_config(weights)
        _check_looks(weights, config)
        self._is_joint = hasattr(config, "vision_config")
        vision = config.vision_config if self._is_joint else config
        self.dim = int(getattr(config, "projection_dim", None) or vision.hidden_size)
        self.fingerprint = f"{config.model_type}:{weights.sha256}"
        self.text_encoder: TextEncoder | None = JointTextEncoder(self) if self._is_joint else None
        self._lock = threading.Lock()
        self._parts: tuple[Any, Any, Any] | None = None

    def encode(self, contents: Sequence[Bytes], progress: Progress = no_progress) -> Floats:
        """→ [contents, dim], of length 1."""
        import torch

        model, processor, _ = self._load()
        vectors = np.zeros((len(contents), self.dim), np.float32)
        for start in range(0, len(contents), BATCH_SIZE):
            batch = contents[start : start + BATCH_SIZE]
            inputs = processor(
                images=list(batch), return_tensors="pt", input_data_format="channels_last"
            )
            pixels = inputs["pixel_values"].to(model.device)
            with torch.inference_mode():
                if self._is_joint:
                    rows = pooled(model.get_image_features(pixel_values=pixels))
                else:
                    rows = pooled(model(pixel_values=pixels))
            vectors[start : start + len(batch)] = unit_rows(rows.cpu().numpy())
            progress("looking at pictures", start + len(batch), len(contents))
        return vectors

    def encode_texts(self, texts: Sequence[str]) -> Floats:
        """→ [texts, dim], of length 1, in the space of the pictures; of a joint model."""
        model, _, tokenizer = self._load()
        return encode_joint_texts(model, tokenizer, texts, self.dim)

    def _load(self) -> tuple[Any, Any, Any]:
        """(model, picture processor, tokenizer or None)"""
        with self._lock:
            if self._parts is None:
                self._parts = _load_parts(self._weights, self._device_name, self._is_joint)
            return self._parts


class JointEncoder(Protocol):
    """A joint model of words and something else."""

    fingerprint: str
    dim: int

    def encode_texts(self, texts: Sequence[str]) -> Floats: ...


class JointTextEncoder:
    """The words' side of a joint model."""

    def __init__(self, encoder: JointEncoder) -> None:
        self._encoder = encoder

    @property
    def fingerprint(self) -> str:
        """That of the model, of its words' side."""
        return f"{self._encoder.fingerprint}:text"

    @property
    def dim(self) -> int:
        """That of the other side's vectors."""
        return self._encoder.dim

    def encode(self, texts: Sequence[str], progress: Progress = no_progress) -> Floats:
        """→ [texts, dim], of length 1; an empty text is a zero row."""
        return self._encoder.encode_texts(texts)


def encode_joint_texts(model: Any, tokenizer: Any, texts: Sequence[str], dim: int) -> Floats:
    """→ [texts, dim], of length 1, by a joint model; an empty text is a zero row."""
    import torch

    vectors = np.zeros((len(texts), dim), np.float32)
    for start in range(0, len(texts), BATCH_SIZE):
        batch = [readable(text, MAX_TEXT_TOKENS) for text in texts[start : start + BATCH_SIZE]]
        inputs = tokenizer(
            batch,
            padding="max_length" if model.config.model_type.startswith("siglip") else True,
            truncation=True,
            max_length=min(model.config.text_config.max_position_embeddings, MAX_TEXT_TOKENS),
            return_tensors="pt",
        ).to(model.device)
        with torch.inference_mode():
            rows = pooled(model.get_text_features(**_text_inputs(inputs)))
        vectors[start : start + len(batch)] = unit_rows(rows.cpu().numpy())
    empty = [not text.strip() for text in texts]
    vectors[empty] = 0
    return vectors


def _text_inputs(inputs: Mapping[str, Any]) -> dict[str, Any]:
    return {name: inputs[name] for name in ("input_ids", "attention_mask") if name in inputs}


def pooled(output: Any) -> Any:
    """[batch, dim], of what a model gives: a tensor, or an output that pools or has states."""
    if not hasattr(output, "last_hidden_state"):
        return output
    pooled = getattr(output, "pooler_output", None)
    return output.last_hidden_state.mean(dim=1) if pooled is None else pooled


def read_config(weights: Weights) -> Any:
    """What the model's folder says it is. Raises WeightsError."""
    from transformers import AutoConfig

    try:
        config = AutoConfig.from_pretrained(weights.path, local_files_only=True)
    except (OSError, ValueError, KeyError) as error:
        raise WeightsError(
            f"{weights.path}/config.json is missing or not a model's: {error}"
        ) from error
    return config


def _check_looks(weights: Weights, config: Any) -> None:
    if not hasattr(config, "vision_config") and not hasattr(config, "num_channels"):
        raise WeightsError(
            f"{weights.path} is a model of the kind '{config.model_type}', which looks at no "
            "pictures; set images.encoder to a vision model or a joint one such as CLIP"
        )


def _load_parts(weights: Weights, device_name: str, is_joint: bool) -> tuple[Any, Any, Any]:
    import torch
    from safetensors import SafetensorError
    from transformers import AutoImageProcessor, AutoModel, AutoTokenizer

    from foretaste.domain.device import device_of

    options: dict[str, Any] = {"local_files_only": True}
    try:
        with quiet_transformers():
            # the processor of Pillow: the other needs torchvision
            processor = AutoImageProcessor.from_pretrained(weights.path, backend="pil", **options)
            model = AutoModel.from_pretrained(
                weights.path, dtype=torch.float32, use_safetensors=True, **options
            )
            tokenizer = AutoTokenizer.from_pretrained(weights.path, **options) if is_joint else None
    except (OSError, ValueError, RuntimeError, ImportError, SafetensorError) as error:
        raise WeightsError(f"{weights.path} cannot be loaded: {error}") from error
    return model.to(device_of(device_name)).eval(), processor, tokenizer
