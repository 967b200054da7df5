"""In: clips, or words where the model reads them too. Out: vectors by a model of Hugging Face.

An audio model (Whisper, Wav2Vec2, AST) or a joint one of words and sound (CLAP), by a folder or a
name on the hub. Each window is heard for itself; a clip's vector is the mean of its windows', of an
audio model what it pools, or the mean of its last states.
"""

import threading
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from foretaste.domain.data import Floats
from foretaste.domain.ports import Progress, TextEncoder, no_progress
from foretaste.errors import WeightsError
from foretaste.language.media.huggingface import (
    JointTextEncoder,
    encode_joint_texts,
    pooled,
    read_config,
)
from foretaste.language.media.kinds import CLIP
from foretaste.language.media.lite_encoder import unit_rows
from foretaste.language.media.settings import AudioSettings
from foretaste.language.media.windows import cut_windows
from foretaste.language.quiet import quiet_transformers
from foretaste.language.weights import Weights

BATCH_WINDOWS = 8
WHISPER_SECONDS = 30
"""Of sound that Whisper hears at once; what is shorter is filled up."""


class HuggingFaceAudioEncoder:
    """Listens with a model of Transformers. Loaded when first used; safe to share between
    threads.
    """

    def __init__(self, weights: Weights, settings: AudioSettings) -> None:
        """Raises WeightsError where the folder is no model's that listens."""
        self._weights, self._device_name = weights, settings.device
        config = read_config(weights)
        self._is_joint = hasattr(config, "audio_config") and hasattr(config, "projection_dim")
        self._extractor = _load_extractor(weights, config.model_type)
        self.sample_rate = int(self._extractor.sampling_rate)
        self.dim = int(config.projection_dim if self._is_joint else config.hidden_size)
        self.fingerprint = f"{config.model_type}:{weights.sha256}"
        self.text_encoder: TextEncoder | None = JointTextEncoder(self) if self._is_joint else None
        self._lock = threading.Lock()
        self._parts: tuple[Any, Any] | None = None

    def encode(self, contents: Sequence[Floats], progress: Progress = no_progress) -> Floats:
        """→ [contents, dim], of length 1."""
        vectors = np.zeros((len(contents), self.dim), np.float32)
        for row, samples in enumerate(contents):
            windows = cut_windows(samples, self.sample_rate)
            # a window that is shorter is heard alone: so none is filled up for the sake of others
            whole = [window for window in windows if len(window) == len(windows[0])]
            batches = [whole[at : at + BATCH_WINDOWS] for at in range(0, len(whole), BATCH_WINDOWS)]
            batches += [[window] for window in windows[len(whole) :]]
            rows = np.concatenate([self._window_rows(batch) for batch in batches])
            vectors[row] = unit_rows(unit_rows(rows).mean(axis=0)[None])[0]
            progress(CLIP.task, row + 1, len(contents))
        return vectors

    def _window_rows(self, windows: Sequence[Floats]) -> Floats:
        """[windows, dim], of windows of one length."""
        import torch

        model, _ = self._load()
        kind = model.config.model_type
        inputs = self._extractor(
            list(windows), sampling_rate=self.sample_rate, return_tensors="pt"
        ).to(model.device)
        with torch.inference_mode():
            if self._is_joint:
                if "is_longer" in inputs:  # none is; the extractor draws one by chance
                    inputs["is_longer"] = torch.zeros_like(inputs["is_longer"])
                rows = pooled(model.get_audio_features(**inputs))
            elif kind == "whisper":
                states = model.encoder(inputs["input_features"]).last_hidden_state
                share = len(windows[0]) / (WHISPER_SECONDS * self.sample_rate)
                rows = states[:, : max(round(share * states.shape[1]), 1)].mean(dim=1)
            else:
                rows = pooled(model(inputs[model.main_input_name]))
        return np.asarray(rows.cpu().numpy(), np.float32)

    def encode_texts(self, texts: Sequence[str]) -> Floats:
        """→ [texts, dim], of length 1, in the space of the clips; of a joint model."""
        return encode_joint_texts(*self._load(), texts, self.dim)

    def _load(self) -> tuple[Any, Any]:
        """(model, tokenizer or None)"""
        with self._lock:
            if self._parts is None:
                self._parts = _load_parts(self._weights, self._device_name, self._is_joint)
            return self._parts


def _load_extractor(weights: Weights, model_type: str) -> Any:
    from transformers import AutoFeatureExtractor

    try:
        with warnings.catch_warnings(action="ignore"):  # AST's has a band that hears nothing
            extractor = AutoFeatureExtractor.from_pretrained(weights.path, local_files_only=True)
    except (OSError, ValueError, KeyError) as error:
        raise WeightsError(
            f"{weights.path} has no preprocessor_config.json that can be read: {error}"
        ) from error
    if not hasattr(extractor, "sampling_rate"):
        raise WeightsError(
            f"{weights.path} is a model of the kind '{model_type}', which listens to no clips; set "
            "audio.encoder to an audio model or a joint one such as CLAP"
        )
    return extractor


def _load_parts(weights: Weights, device_name: str, is_joint: bool) -> tuple[Any, Any]:
    import torch
    from safetensors import SafetensorError
    from transformers import AutoModel, AutoTokenizer

    from foretaste.domain.device import device_of

    options: dict[str, Any] = {"local_files_only": True}
    try:
        with quiet_transformers():
            model = AutoModel.from_pretrained(
                weights.path, dtype=torch.float32, use_safetensors=True, **options
            )
            tokenizer = AutoTokenizer.from_pretrained(weights.path, **options) if is_joint else None
    except (OSError, ValueError, RuntimeError, ImportError, SafetensorError) as error:
        raise WeightsError(f"{weights.path} cannot be loaded: {error}") from error
    return model.to(device_of(device_name)).eval(), tokenizer
