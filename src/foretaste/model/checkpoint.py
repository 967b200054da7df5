"""Checkpoints of a training run: a crash costs the epochs since the last one, never the run.

Parameters, optimiser state and best-so-far go to safetensors, the counters to its metadata; the
file is replaced in one step. A checkpoint of other data or settings is not picked up.
"""

import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol, Self

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from foretaste.domain.files import FOLDER_MODE
from foretaste.model.training import Training

FORMAT_VERSION = 3
"""One of another form is not picked up."""


class Resumable(Protocol):
    """A training run that can go on from what was written down of it."""

    network: Any
    """A torch module."""
    best_state: dict[str, torch.Tensor]
    """The parameters of the best check so far, by name."""
    best_quality: float
    epoch: int
    checks_without_gain: int
    """Checks since the best one."""

    @property
    def optimizers(self) -> Sequence[torch.optim.Optimizer]: ...

    @property
    def training(self) -> Training:
        """The data and the settings, which name the checkpoint."""


class Checkpoint:
    """Where one run is kept; `path` None keeps nothing."""

    def __init__(self, path: Path | None, run: Resumable) -> None:
        self._path, self._run = path, run

    @classmethod
    def open(cls, folder: Path | None, run: Resumable) -> Self:
        """The run's checkpoint in the folder; if it is there already the run goes on from it."""
        if folder is None:
            return cls(None, run)
        folder.mkdir(FOLDER_MODE, parents=True, exist_ok=True)
        checkpoint = cls(folder / f"sequence-{_run_digest(run)}.safetensors", run)
        checkpoint._load()
        return checkpoint

    def save(self) -> None:
        """Write aside, then replace: a kill in the middle leaves the one before."""
        if self._path is None:
            return
        run = self._run
        tensors = {f"now.{name}": value for name, value in run.network.state_dict().items()}
        tensors |= {f"best.{name}": value for name, value in run.best_state.items()}
        for optimizer_index, optimizer in enumerate(run.optimizers):
            for parameter_index, state in optimizer.state_dict()["state"].items():
                state_prefix = f"adam.{optimizer_index}.{parameter_index}"
                tensors |= {
                    f"{state_prefix}.{name}": torch.as_tensor(value)
                    for name, value in state.items()
                }
        counters = {"epoch": run.epoch, "worse": run.checks_without_gain, "best": run.best_quality}
        temporary_path = self._path.with_suffix(".partial")
        contiguous_tensors = {
            name: value.detach().contiguous().clone() for name, value in tensors.items()
        }
        save_file(contiguous_tensors, temporary_path, {"run": json.dumps(counters)})
        os.replace(temporary_path, self._path)

    def _load(self) -> None:
        if self._path is None or not self._path.exists():
            return
        try:
            with safe_open(self._path, "pt") as file:
                counters = json.loads(file.metadata()["run"])
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            epoch, checks_without_gain, best_quality = (
                counters["epoch"],
                counters["worse"],
                counters["best"],
            )
        except (SafetensorError, OSError, ValueError, KeyError, TypeError):
            self._path.unlink()
            return
        run = self._run
        network_state = _tensors_under("now.", tensors)
        if _shapes(network_state) != _shapes(run.network.state_dict()):  # of an earlier Foretaste
            self._path.unlink()
            return
        run.epoch, run.checks_without_gain, run.best_quality = (
            epoch,
            checks_without_gain,
            best_quality,
        )
        run.network.load_state_dict(network_state)
        run.best_state = _tensors_under("best.", tensors)
        for optimizer_index, optimizer in enumerate(run.optimizers):
            state: dict[int, dict[str, torch.Tensor | float]] = {}
            for name, value in _tensors_under(f"adam.{optimizer_index}.", tensors).items():
                parameter_index, state_name = name.split(".", 1)
                # a count that was a number is one again: the sums are the same to a bit
                number = value if value.is_floating_point() else value.item()
                state.setdefault(int(parameter_index), {})[state_name] = number
            optimizer.load_state_dict({**optimizer.state_dict(), "state": state})

    def delete(self) -> None:
        """The run is finished and needs none."""
        if self._path is not None:
            self._path.unlink(missing_ok=True)


def _tensors_under(prefix: str, tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {
        name[len(prefix) :]: value for name, value in tensors.items() if name.startswith(prefix)
    }


def _array_bytes(array: np.ndarray[Any, Any] | None) -> bytes:
    return b"" if array is None else np.ascontiguousarray(array).tobytes()


def _shapes(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Size]:
    return {name: value.shape for name, value in tensors.items()}


def _run_digest(run: Resumable) -> str:
    """Names the data and the settings exactly."""
    training = run.training
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
