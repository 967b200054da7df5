"""Checkpoints: of this very run or not at all."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from foretaste.errors import ModelError
from foretaste.model.index import base
from foretaste.model.sequence_training import train_network
from foretaste.model.training import Training

from .world import SEQUENCE, SETTINGS, World

SHORT = SETTINGS.model_copy(
    update={"sequence": SEQUENCE.model_copy(update={"epochs": 4, "check_every": 2})}
)


class StoppedError(Exception):
    """A run that is broken off by hand."""


def broken_off(training: Training, folder: Path, epoch: int = 3) -> Path:
    """The checkpoint that a run leaves which stops in an epoch."""

    def progress(task: str, done: int, total: int, note: str = "") -> None:
        if done == epoch:
            raise StoppedError

    with pytest.raises(StoppedError):
        train_network(replace(training, checkpoint_folder=folder, progress=progress))
    (path,) = folder.iterdir()
    return path


def epochs(training: Training, folder: Path) -> list[int]:
    """Those a run goes through."""
    through: list[int] = []

    def progress(task: str, done: int, total: int, note: str = "") -> None:
        if note:
            through.append(done)

    train_network(replace(training, checkpoint_folder=folder, progress=progress))
    return through


@pytest.fixture
def training(here: World) -> Training:
    return here.training(SHORT)


def test_a_run_goes_on_from_its_checkpoint(training: Training, tmp_path: Path) -> None:
    broken_off(training, tmp_path)

    assert epochs(training, tmp_path) == [3, 4]
    assert list(tmp_path.iterdir()) == []


def test_a_run_over_a_large_catalogue_ends_as_it_would_have(
    training: Training, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(base, "EXHAUSTIVE_LIMIT", 10)
    broken_off(training, tmp_path)
    resumed, through = (
        train_network(replace(training, checkpoint_folder=folder)) for folder in (tmp_path, None)
    )

    assert resumed is not None
    assert through is not None
    assert resumed.identity.sparse
    for name, value in through.state_dict().items():
        assert torch.equal(resumed.state_dict()[name], value), name


def test_the_best_so_far_is_kept_over_the_break(training: Training, tmp_path: Path) -> None:
    """As if the check before the break had been better than any after it."""
    path = broken_off(training, tmp_path)
    tensors = load_file(path)
    save_file(tensors, path, {"run": '{"epoch": 2, "worse": 0, "best": 2.0}'})
    network = train_network(replace(training, checkpoint_folder=tmp_path))

    assert network is not None
    for name, value in network.state_dict().items():
        if name != "identity.weight":  # what nobody took is forgotten at the end
            np.testing.assert_array_equal(value, tensors[f"best.{name}"], err_msg=name)


def test_without_a_folder_nothing_is_kept(training: Training, tmp_path: Path) -> None:
    train_network(training)

    assert list(tmp_path.iterdir()) == []


def other_kinds(training: Training) -> Training:
    found = training.interactions
    return replace(training, interactions=replace(found, kind=(found.kind + 1) % 3))


def other_weights(training: Training) -> Training:
    weight = training.interactions.weight.copy()
    weight[1] = -weight[1]
    return replace(training, interactions=replace(training.interactions, weight=weight))


def other_times(training: Training) -> Training:
    return replace(
        training, interactions=replace(training.interactions, at=training.interactions.at * 2)
    )


def other_items(training: Training) -> Training:
    item = training.interactions.item.copy()
    item[:2] = item[:2][::-1]
    return replace(training, interactions=replace(training.interactions, item=item))


def other_vectors(training: Training) -> Training:
    vectors = np.array(training.catalogue.vectors)
    vectors[0] = vectors[1]
    return replace(training, catalogue=replace(training.catalogue, vectors=vectors))


def other_searches(training: Training) -> Training:
    found = training.interactions
    assert found.vectors is not None
    return replace(training, interactions=replace(found, vectors=found.vectors[::-1].copy()))


def other_targets(training: Training) -> Training:
    valid = training.validation_cases
    item = valid.interactions.item.copy()
    item[valid.target_rows] = 0
    return replace(
        training,
        validation_cases=replace(valid, interactions=replace(valid.interactions, item=item)),
    )


def other_seed(training: Training) -> Training:
    return replace(training, settings=training.settings.model_copy(update={"seed": 1}))


@pytest.mark.parametrize(
    "other",
    [
        other_kinds,
        other_weights,
        other_times,
        other_items,
        other_vectors,
        other_searches,
        other_targets,
        other_seed,
    ],
)
def test_a_checkpoint_of_other_data_is_not_picked_up(
    training: Training, tmp_path: Path, other: Callable[[Training], Training]
) -> None:
    path = broken_off(training, tmp_path)

    assert epochs(other(training), tmp_path) == [1, 2, 3, 4]
    assert path.exists()  # it is not this run's to delete


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def noise(path: Path) -> None:
    path.write_bytes(np.random.default_rng(0).bytes(5000))


def without_facts(path: Path) -> None:
    save_file(load_file(path), path)


def other_facts(path: Path) -> None:
    save_file(load_file(path), path, {"run": "{}"})


def other_network(path: Path) -> None:
    tensors = load_file(path)
    name = next(name for name in tensors if name.startswith("now.project"))
    tensors[name] = torch.zeros(3, 3)
    facts = '{"epoch": 2, "worse": 0, "best": 0.0}'
    save_file(tensors, path, {"run": facts})


@pytest.mark.parametrize("damage", [cut, empty, noise, without_facts, other_facts, other_network])
def test_a_damaged_checkpoint_is_thrown_away(
    training: Training, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    damage(broken_off(training, tmp_path))

    assert epochs(training, tmp_path) == [1, 2, 3, 4]
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_fails_leaves_what_was_good(training: Training, tmp_path: Path) -> None:
    path = broken_off(training, tmp_path)
    before = path.read_bytes()

    def fail(task: str, done: int, total: int, note: str = "") -> None:
        raise ModelError("no more room")

    with pytest.raises(ModelError):
        train_network(replace(training, checkpoint_folder=tmp_path, progress=fail))
    assert path.read_bytes() == before
