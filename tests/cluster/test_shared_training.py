"""Workers who train together come to what one process comes to, whoever dies."""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from math import sqrt
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from foretaste.cluster.ray_cluster import RayCluster, engaged
from foretaste.cluster.replicas import joined
from foretaste.domain.cluster import Seat
from foretaste.domain.data import Longs
from foretaste.domain.ports import Progress, no_progress
from foretaste.errors import ModelError
from foretaste.model.history_pieces import HistoryPieces
from foretaste.model.sequence_loss import sampled_softmax_loss
from foretaste.model.sequence_network import SequenceNetwork
from foretaste.model.sequence_refit import refit_network
from foretaste.model.sequence_training import (
    plan_training,
    shared_training,
    train_network,
    validation_quality,
)
from foretaste.model.settings import ModelSettings
from model.world import ITEMS, SEQUENCE, SETTINGS, World, world

pytestmark = pytest.mark.slow
EXACT = {"input_dropout": 0.0, "dropout": 0.0, "negatives": ITEMS}
"""So that no chance is in a step."""
Arrays = dict[str, np.ndarray[Any, Any]]
Work = Callable[[Seat, Progress], Arrays]


def with_(**changes: Any) -> ModelSettings:
    return SETTINGS.model_copy(update={"sequence": SEQUENCE.model_copy(update=changes)})


def gradients(network: SequenceNetwork, seat: Seat, pieces: HistoryPieces, rows: Longs) -> Arrays:
    """Averaged over the pieces of all seats."""
    with joined(seat, torch.device("cpu")) as replicas:
        batch, next_items = pieces.batch(replicas.share(rows))
        sampled_softmax_loss(network, batch, next_items, ITEMS).backward()
        events = int((next_items > 0).sum())
        assert replicas.average_gradients(list(network.parameters()), events, network.tables)
    return {
        name: parameter.grad.to_dense().numpy()
        for name, parameter in network.named_parameters()
        if parameter.grad is not None
    }


@pytest.fixture(autouse=True)
def sent_whole(ray: Any) -> Iterator[None]:
    """Workers know nothing of this file: its functions are sent as they are."""
    module = sys.modules[__name__]
    ray.cloudpickle.register_pickle_by_value(module)
    yield
    ray.cloudpickle.unregister_pickle_by_value(module)


@pytest.fixture(scope="module")
def here() -> World:
    return world()


@pytest.mark.parametrize("is_sparse", [False, True])
def test_the_gradient_is_that_of_all_events(
    cluster: RayCluster, here: World, *, is_sparse: bool
) -> None:
    training = here.training(with_(**EXACT, epochs=1))
    network = train_network(training)
    assert network is not None
    network.identity = nn.Embedding.from_pretrained(
        network.identity.weight.detach(), freeze=False, sparse=is_sparse
    )
    network.zero_grad()  # of its last step
    pieces = HistoryPieces(training.interactions, network.length)
    (rows, *_) = pieces.batches(500, np.random.default_rng(0))

    def work(seat: Seat, progress: Progress) -> Arrays:
        return gradients(network, seat, pieces, rows[:7])  # odd: one has more than the other

    whole = work(Seat(0, 1, ""), no_progress)
    shared = cluster.replicate(work, no_progress)
    for name, gradient in shared.items():  # what no loss depends on has none, or zeros
        np.testing.assert_allclose(gradient, whole.get(name, np.zeros_like(gradient)), atol=1e-6)


def test_two_train_as_one_with_batches_twice_as_large(cluster: RayCluster, here: World) -> None:
    settings = with_(**EXACT, epochs=4, check_every=2)
    rate = sqrt(2) * SEQUENCE.learning_rate
    larger = settings.sequence.model_copy(
        update={"batch_events": 2 * SEQUENCE.batch_events, "learning_rate": rate}
    )
    alone = train_network(here.training(settings.model_copy(update={"sequence": larger})))
    notes = list[tuple[int, str]]()

    def progress(task: str, done: int, total: int, note: str = "") -> None:
        notes.append((done, note))

    with engaged(cluster):
        shared = train_network(replace(here.training(settings), cluster=cluster, progress=progress))
    assert alone is not None
    assert shared is not None
    ours, theirs = (validation_quality(each, here.split.valid) for each in (shared, alone))
    np.testing.assert_allclose(ours, theirs, rtol=0.01)
    assert [done for done, _ in notes] == [0, 1, 2, 3, 4]
    assert notes[-1][1].startswith("loss ")


def test_it_learns_and_is_taught_what_is_new(cluster: RayCluster, here: World) -> None:
    training = here.training()
    with engaged(cluster):
        network = train_network(replace(training, cluster=cluster))
        assert network is not None
        taught = refit_network(network, replace(training, cluster=cluster))
    likelihood, gain = validation_quality(network, here.split.valid)
    assert likelihood > -np.log(ITEMS) + 1.2
    assert gain > 0.4  # by chance .07
    assert taught is not network
    assert not torch.equal(taught.identity.weight, network.identity.weight)


def test_who_is_killed_costs_what_came_after_the_checkpoint(
    cluster: RayCluster, here: World, tmp_path: Path
) -> None:
    training = here.training(with_(epochs=8, check_every=2, input_dropout=0.3))
    plan = plan_training(training.interactions, training.settings.sequence)
    begun = train_network(here.training(with_(epochs=1)))
    assert begun is not None
    marker = tmp_path / "killed"

    def work_of(folder: Path) -> Work:
        return shared_training(begun, plan, replace(training, checkpoint_folder=folder))

    inner = work_of(tmp_path / "checkpoints")

    def work(seat: Seat, progress: Progress) -> Arrays:
        def note(task: str, done: int, total: int, note: str = "") -> None:
            if seat.rank == 1 and done == 5 and not marker.exists():
                marker.touch()
                os.kill(os.getpid(), signal.SIGKILL)
            progress(task, done, total, note)

        return inner(seat, note)

    starts = list[int]()

    def progress(task: str, done: int, total: int, note: str = "") -> None:
        if not note:  # the beginning of a run
            starts.append(done)

    result = cluster.replicate(work, progress)
    uninterrupted = cluster.replicate(work_of(tmp_path / "others"), no_progress)

    assert marker.exists()
    assert starts[-1] == 4  # the last checkpoint before the kill
    assert all(np.array_equal(result[name], uninterrupted[name]) for name in uninterrupted)
    assert list((tmp_path / "checkpoints").iterdir()) == []


def test_a_loss_that_is_no_number_is_told(cluster: RayCluster, here: World) -> None:
    training = replace(here.training(with_(learning_rate=1e38)), cluster=cluster)
    with engaged(cluster), pytest.raises(ModelError, match=r"lower model\.sequence\.learning_rate"):
        train_network(training)
