"""Checkpoints of a training run: a crash costs the epochs since the last one, never the run.

Parameters, optimiser state and best-so-far go to safetensors, the counters to its metadata; the
file is replaced in one step. A checkpoint of other data or settings is not picked up.
"""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol, Self

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from foretaste.cluster.replicas import Replicas
from foretaste.domain.files import FOLDER_MODE

State = dict[str, torch.Tensor]
"""What is trained, by name."""


class Resumable(Protocol):
    """A training run that can go on from what was written down of it."""

    best_state: State
    """Of the best check so far."""
    best_quality: float
    epoch: int
    checks_without_gain: int
    """Checks since the best one."""
    replicas: Replicas
    """Of which the first writes."""

    @property
    def optimizers(self) -> Sequence[torch.optim.Optimizer]: ...

    def state(self) -> Mapping[str, torch.Tensor]:
        """As it is now."""

    def restore(self, state: State) -> None:
        """The inverse of `state`."""


def note_check(run: Resumable, quality: float) -> None:
    """Keep the state of the best check so far, and count those since."""
    if quality > run.best_quality or not run.best_state:
        run.best_quality, run.checks_without_gain = quality, 0
        run.best_state = {name: value.detach().clone() for name, value in run.state().items()}
    else:
        run.checks_without_gain += 1


class Checkpoint:
    """Where one run is kept; `path` None keeps nothing."""

    def __init__(self, path: Path | None, run: Resumable) -> None:
        self._path, self._run = path, run

    @classmethod
    def open(cls, path: Path | None, run: Resumable) -> Self:
        """The run's checkpoint; if it is there already the run goes on from it. path: names the
        data and the settings exactly; None keeps nothing.
        """
        if path is None:
            return cls(None, run)
        path.parent.mkdir(FOLDER_MODE, parents=True, exist_ok=True)
        checkpoint = cls(path, run)
        checkpoint._load()
        return checkpoint

    def save(self) -> None:
        """Write aside, then replace: a kill in the middle leaves the one before."""
        run = self._run
        if self._path is None or not run.replicas.is_first:
            return
        tensors = {f"now.{name}": value for name, value in run.state().items()}
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
        state_now = _tensors_under("now.", tensors)
        if _shapes(state_now) != _shapes(run.state()):  # of an earlier Foretaste
            self._path.unlink()
            return
        run.epoch, run.checks_without_gain, run.best_quality = (
            epoch,
            checks_without_gain,
            best_quality,
        )
        run.restore(state_now)
        run.best_state = _tensors_under("best.", tensors)
        for optimizer_index, optimizer in enumerate(run.optimizers):
            moments: dict[int, dict[str, torch.Tensor | float]] = {}
            for name, value in _tensors_under(f"adam.{optimizer_index}.", tensors).items():
                parameter_index, state_name = name.split(".", 1)
                # a count that was a number is one again: the sums are the same to a bit
                number = value if value.is_floating_point() else value.item()
                moments.setdefault(int(parameter_index), {})[state_name] = number
            optimizer.load_state_dict({**optimizer.state_dict(), "state": moments})

    def delete(self) -> None:
        """The run is finished and needs none."""
        if self._path is not None and self._run.replicas.is_first:
            self._path.unlink(missing_ok=True)


def _tensors_under(prefix: str, tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {
        name[len(prefix) :]: value for name, value in tensors.items() if name.startswith(prefix)
    }


def _shapes(tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Size]:
    return {name: value.shape for name, value in tensors.items()}
