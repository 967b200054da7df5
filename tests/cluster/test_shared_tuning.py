"""Workers who tune a language model together come to what one process comes to, whoever dies."""

import os
import signal
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from foretaste.cluster.ray_cluster import RayCluster, engaged
from foretaste.domain.cluster import Seat
from foretaste.domain.ports import Progress, TextPairs, no_progress
from foretaste.language.backbone import TransformerBackbone
from foretaste.language.contrast import TransformerEmbedding, _tune_replica, tune_network
from foretaste.language.settings import LanguageSettings, TuningSettings
from foretaste.language.weights import resolve_weights
from foretaste.model import language_training
from foretaste.model.training import Training
from model.backbones import asked, made, readers
from model.world import CLUSTERS, World, world

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def here() -> World:
    return world()


@pytest.fixture(scope="module")
def backbone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made("bert", tmp_path_factory.mktemp("backbones"))


@pytest.fixture(autouse=True)
def sent_whole(ray: Any) -> Any:
    """Workers know nothing of this file: its functions are sent as they are."""
    import sys

    module = sys.modules[__name__]
    ray.cloudpickle.register_pickle_by_value(module)
    yield
    ray.cloudpickle.unregister_pickle_by_value(module)


def language_network(training: Training) -> dict[str, Any]:
    settings = training.settings.language
    assert training.open_reader is not None
    reader = training.open_reader(settings.backbone, tokens=settings.max_tokens)
    event_types = training.interactions.event_types
    return dict(language_training.tune_network(training, reader, event_types).arrays())


def test_two_tune_the_language_network_as_one_with_batches_twice_as_large(
    cluster: RayCluster, here: World, backbone: Path
) -> None:
    # of the head alone, so that no chance is in a step
    alone, half = (
        here.training(
            asked(backbone, "head", epochs=2, batch_size=size, head_rate=rate, negatives=1000),
            open_reader=readers(),
        )
        for size, rate in ((64, 1e-2 * np.sqrt(2)), (32, 1e-2))
    )
    notes: list[tuple[int, int]] = []

    def progress(task: str, done: int, total: int, note: str = "") -> None:
        notes.append((done, total))

    with engaged(cluster):
        shared = language_network(replace(half, cluster=cluster, progress=progress))
    expected = language_network(alone)
    assert not np.array_equal(expected["head.weight"], np.eye(*expected["head.weight"].shape))
    np.testing.assert_allclose(shared["head.weight"], expected["head.weight"], atol=2e-3)
    assert notes[-1] == (22, 22)  # 700 examples, 64 at a time, twice


PAIRS = 400


def pairs_of_themes() -> TextPairs:
    """Titles that go together where they are of one cluster."""
    rng = np.random.default_rng(0)
    texts = tuple(f"{name} {number}" for name in CLUSTERS for number in range(6))
    left = rng.integers(0, len(texts), PAIRS)
    return TextPairs(texts, left, left // 6 * 6 + rng.integers(0, 6, PAIRS))


def tuning(backbone: Path) -> tuple[TransformerBackbone, LanguageSettings]:
    settings = LanguageSettings(
        encoder=str(backbone),
        device="cpu",
        tuning=TuningSettings(method="whole", batch_size=16, learning_rate=2e-3, epochs=3),
    )
    return TransformerBackbone(resolve_weights(str(backbone), None, None), settings), settings


def test_an_encoder_is_tuned_by_two(cluster: RayCluster, backbone: Path, tmp_path: Path) -> None:
    reader, settings = tuning(backbone)
    tune = partial(tune_network, reader, pairs_of_themes(), settings)
    with engaged(cluster):
        shared = tune(tmp_path / "shared", 0, no_progress, cluster=cluster)
    alone = tune(tmp_path / "alone", 0, no_progress)

    assert shared["before"] == pytest.approx(alone["before"], abs=1e-4)
    assert shared["after"] < shared["before"] - 0.1
    assert shared["after"] < alone["after"] + 0.3
    tuned = TransformerBackbone(resolve_weights(str(tmp_path / "shared"), None, None), settings)
    assert tuned.dim == reader.dim


def test_who_is_killed_costs_an_epoch(cluster: RayCluster, backbone: Path, tmp_path: Path) -> None:
    reader, settings = tuning(backbone)
    pairs, marker = pairs_of_themes(), tmp_path / "killed"

    def work_of(path: Path, seat: Seat, progress: Progress) -> Any:
        def note(task: str, done: int, total: int, note: str = "") -> None:
            if (
                seat.rank == 1
                and done > total // 3
                and path.name == "first"
                and not marker.exists()
            ):
                marker.touch()
                os.kill(os.getpid(), signal.SIGKILL)
            progress(task, done, total, note)

        embedding = TransformerEmbedding(reader, pairs.texts, settings.tuning, "cpu")
        return _tune_replica(embedding, pairs, settings, 0, path, seat, note)

    starts: list[int] = []

    def progress(task: str, done: int, total: int, note: str = "") -> None:
        starts.append(done)

    (_, interrupted) = cluster.replicate(partial(work_of, tmp_path / "first"), progress)
    (_, uninterrupted) = cluster.replicate(partial(work_of, tmp_path / "second"), no_progress)

    assert marker.exists()
    assert starts.count(1) == 1  # its first epoch was not done again
    assert all(np.array_equal(interrupted[name], uninterrupted[name]) for name in uninterrupted)
    assert not (tmp_path / "first").exists()
