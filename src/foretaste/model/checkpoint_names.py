"""The name under which a training run leaves its checkpoint: one of other data or settings is not
picked up.
"""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np

from foretaste.model.training import Training

FORMAT_VERSION = 3
"""One of another form is not picked up."""


def checkpoint_path(training: Training, kind: str) -> Path | None:
    """Of this very training of a network; None where none is kept."""
    folder = training.checkpoint_folder
    return folder and folder / f"{kind}-{training_digest(training)}.safetensors"


def training_digest(training: Training) -> str:
    """Names the data and the settings exactly."""
    digest = hashlib.sha256(f"{FORMAT_VERSION} {training.settings.json_with_old_keys()}".encode())
    for interactions in (training.interactions, training.validation_cases.interactions):
        digest.update(
            repr(
                (interactions.offsets.shape, interactions.item.shape, interactions.event_types)
            ).encode()
        )
        for name in ("offsets", "item", "weight", "kind", "value", "at", "text", "vectors"):
            digest.update(_array_bytes(getattr(interactions, name)))
    for array in (training.validation_cases.user_indices, training.validation_cases.target_rows):
        digest.update(_array_bytes(array))
    digest.update(_array_bytes(np.asarray(training.catalogue.vectors)))
    weights = training.weights_of(training.interactions)
    if weights is not None:
        digest.update(_array_bytes(weights))
    return digest.hexdigest()[:16]


def _array_bytes(array: np.ndarray[Any, Any] | None) -> bytes:
    return b"" if array is None else np.ascontiguousarray(array).tobytes()
