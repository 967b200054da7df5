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

from foretaste.model.training import Training

FORMAT = 2
"""One of another form is not picked up."""


class Resumable(Protocol):
    """A training run that can go on from what was written down of it."""

    network: Any
    """A torch module."""
    best: dict[str, torch.Tensor]
    """The parameters of the best check so far, by name."""
    best_quality: float
    epoch: int
    worse: int
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
    def at(cls, folder: Path | None, run: Resumable) -> Self:
        """The run's checkpoint in the folder; if it is there already the run goes on from it."""
        if folder is None:
            return cls(None, run)
        folder.mkdir(parents=True, exist_ok=True)
        checkpoint = cls(folder / f"sequence-{_key(run)}.safetensors", run)
        checkpoint._load()
        return checkpoint

    def save(self) -> None:
        """Write aside, then replace: a kill in the middle leaves the one before."""
        if self._path is None:
            return
        run = self._run
        tensors = {f"now.{name}": value for name, value in run.network.state_dict().items()}
        tensors |= {f"best.{name}": value for name, value in run.best.items()}
        for which, optimizer in enumerate(run.optimizers):
            for index, state in optimizer.state_dict()["state"].items():
                of = f"adam.{which}.{index}"
                tensors |= {f"{of}.{name}": torch.as_tensor(value) for name, value in state.items()}
        facts = {"epoch": run.epoch, "worse": run.worse, "best": run.best_quality}
        aside = self._path.with_suffix(".partial")
        whole = {name: value.detach().contiguous().clone() for name, value in tensors.items()}
        save_file(whole, aside, {"run": json.dumps(facts)})
        os.replace(aside, self._path)

    def _load(self) -> None:
        if self._path is None or not self._path.exists():
            return
        try:
            with safe_open(self._path, "pt") as file:
                facts = json.loads(file.metadata()["run"])
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            epoch, worse, best = facts["epoch"], facts["worse"], facts["best"]
        except (SafetensorError, OSError, ValueError, KeyError, TypeError):
            self._path.unlink()
            return
        run = self._run
        now = _under("now.", tensors)
        if _shapes(now) != _shapes(run.network.state_dict()):  # of an earlier Foretaste
            self._path.unlink()
            return
        run.epoch, run.worse, run.best_quality = epoch, worse, best
        run.network.load_state_dict(now)
        run.best = _under("best.", tensors)
        for which, optimizer in enumerate(run.optimizers):
            state: dict[int, dict[str, torch.Tensor | float]] = {}
            for name, value in _under(f"adam.{which}.", tensors).items():
                index, part = name.split(".", 1)
                # a count that was a number is one again: the sums are the same to a bit
                number = value if value.is_floating_point() else value.item()
                state.setdefault(int(index), {})[part] = number
            optimizer.load_state_dict({**optimizer.state_dict(), "state": state})

    def done(self) -> None:
        """The run is finished and needs none."""
        if self._path is not None:
            self._path.unlink(missing_ok=True)


def _under(prefix: str, tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name[len(prefix) :]: v for name, v in tensors.items() if name.startswith(prefix)}


def _bytes(array: np.ndarray[Any, Any] | None) -> bytes:
    return b"" if array is None else np.ascontiguousarray(array).tobytes()


def _shapes(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Size]:
    return {name: value.shape for name, value in tensors.items()}


def _key(run: Resumable) -> str:
    """Names the data and the settings exactly."""
    training = run.training
    digest = hashlib.sha256(f"{FORMAT} {training.settings.model_dump_json()}".encode())
    for found in (training.histories, training.valid.histories):
        digest.update(repr((found.offsets.shape, found.item.shape, found.kinds)).encode())
        for name in ("offsets", "item", "weight", "kind", "value", "at", "text", "vectors"):
            digest.update(_bytes(getattr(found, name)))
    for array in (training.valid.people, training.valid.rows):
        digest.update(_bytes(array))
    digest.update(_bytes(np.asarray(training.catalogue.vectors)))
    return digest.hexdigest()[:16]
