"""Private training: people are samples, each is cut and hidden in noise, and it still learns."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from foretaste.domain.privacy_settings import PrivacySettings
from foretaste.model.history_pieces import HistoryPieces
from foretaste.model.privacy_budget import PrivacyBudget
from foretaste.model.private_counts import PrivateRelease
from foretaste.model.sequence_training import validation_quality
from foretaste.model.training import Training

from .world import World

pytest.importorskip("opacus.optimizers")
from foretaste.model.private_sequence import (
    PrivateRun,
    make_network,
    train_private_network,
)

SETTINGS = PrivacySettings(epsilon=4.0, delta=1e-5, clipping=0.1, max_events=10)


def release(noise: float, rate: float = 0.3, steps: int = 15) -> PrivateRelease:
    budget = PrivacyBudget(4.0, 1e-5, 1.0, 1e-6, noise, rate, steps, "PRV")
    return PrivateRelease(SETTINGS, budget, np.random.default_rng(0))


def run(training: Training, told: PrivateRelease) -> PrivateRun:
    torch.manual_seed(0)
    pieces = HistoryPieces(training.interactions, 10)
    return PrivateRun(make_network(training, 10), pieces, training, told)


@pytest.fixture
def training(here: World) -> Training:
    settings = here.training().settings
    sequence = settings.sequence.model_copy(update={"input_dropout": 0.0, "negatives": 20})
    return here.training(settings.model_copy(update={"sequence": sequence}))


def lengths(gradients: Any) -> torch.Tensor:
    return torch.stack([part.flatten(1).pow(2).sum(1) for part in gradients.values()]).sum(0).sqrt()


def test_the_gradient_of_a_person_among_others_is_theirs_alone(training: Training) -> None:
    own = run(training, release(0.0))
    others = torch.arange(1, 21)
    together = own._gradients_of(np.arange(5), others)
    alone = own._gradients_of(np.array([3]), others)
    for name, gradient in together.items():
        torch.testing.assert_close(gradient[3:4], alone[name], rtol=1e-3, atol=1e-5)
    assert lengths(together).min() > SETTINGS.clipping  # so clipping matters below


def step_gradient(own: PrivateRun) -> torch.Tensor:
    """What one step goes by, all parameters in a row."""
    parts: list[torch.Tensor] = []

    def look(*_: object) -> None:
        parts.extend(value.grad.flatten().clone() for value in own.trained.values()
                     if value.grad is not None)  # fmt: skip

    own.base.register_step_pre_hook(look)
    own._step()
    return torch.cat(parts)


def test_nobody_moves_a_step_by_more_than_clipping(training: Training) -> None:
    own = run(training, release(0.0, rate=1.0))
    moved = float(step_gradient(own).norm())
    share = len(own.pieces.starts) / len(training.interactions)
    assert 0 < moved <= SETTINGS.clipping * share + 1e-6


def test_a_step_without_anybody_is_noise_of_the_planned_size(training: Training) -> None:
    own = run(training, release(2.0, rate=0.0))  # of which one person is expected
    noise = float(step_gradient(own).std())
    assert noise == pytest.approx(2.0 * SETTINGS.clipping, rel=0.05)


def test_it_learns_and_knows_items_by_their_words_alone(training: Training, here: World) -> None:
    before = validation_quality(make_network(training, 10), here.split.valid)
    network = train_private_network(training, release(0.3))
    assert network is not None
    after = validation_quality(network, here.split.valid)

    assert after[0] > before[0] + 0.3  # nats
    assert not network.identity.weight.any()


def test_two_trainings_differ_though_the_seed_is_the_same(training: Training) -> None:
    networks = []
    for seed in (1, 2):
        told = replace(release(1.0, steps=1), rng=np.random.default_rng(seed))
        network = train_private_network(training, told)
        assert network is not None
        networks.append(network.project.weight)
    assert not torch.equal(*networks)
