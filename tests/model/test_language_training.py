"""Training of the language expert: the loss, the schedule, and what a run does."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

from foretaste.errors import ModelError
from foretaste.model.language_training import (
    example_rows,
    linear_schedule,
    log_popularity,
    mean_log_prob,
    sampled_cross_entropy,
    tune_network,
)
from foretaste.model.training import Training

from .backbones import asked, made, readers
from .world import World


@pytest.fixture(scope="module")
def backbone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made("bert", tmp_path_factory.mktemp("backbones"))


def training(here: World, backbone: Path, tune: str = "head", **changed: object) -> Training:
    settings = asked(backbone, tune, **changed)
    return here.training(settings, open_reader=readers())


def arrays(one: Training) -> dict[str, np.ndarray[tuple[int, ...], np.dtype[np.float32]]]:
    settings = one.settings.language
    assert one.open_reader is not None
    reader = one.open_reader(settings.backbone, tokens=settings.max_tokens)
    return tune_network(one, reader, one.interactions.event_types).arrays()


def draw(items: int, wanted: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """(states, vectors, usual)"""
    torch.manual_seed(0)
    states = functional.normalize(torch.randn(wanted, 8), dim=1)
    vectors = functional.normalize(torch.randn(items, 8), dim=1)
    return states, vectors, torch.randn(items) * 0.5


def test_all_items_are_told_apart_where_there_are_few() -> None:
    states, vectors, usual = draw(20, 3)
    wanted, warmth = torch.tensor([3, 7, 19]), torch.tensor(0.1)
    scores = functional.log_softmax(states @ vectors.T / 0.1 + usual, dim=1)
    true = float(scores[range(3), wanted].mean())

    assert float(
        sampled_cross_entropy(states, wanted, vectors, usual, warmth, 100)
    ) == pytest.approx(-true)
    found = mean_log_prob(states.numpy(), wanted.numpy().astype(np.int32), vectors, usual, warmth)
    assert found == pytest.approx(true)


def test_a_draw_estimates_the_same_loss() -> None:
    states, vectors, usual = draw(2000, 16)
    wanted, warmth = torch.arange(16), torch.tensor(0.3)

    whole = float(sampled_cross_entropy(states, wanted, vectors, usual, warmth, 5000))
    drawn = [
        float(sampled_cross_entropy(states, wanted, vectors, usual, warmth, 500)) for _ in range(20)
    ]
    assert np.mean(drawn) == pytest.approx(whole, abs=0.02)


def test_popularity_is_a_share_of_what_was_taken(here: World) -> None:
    found = log_popularity(here.histories, 70)
    counts = np.bincount(here.histories.item[here.histories.positive_mask()], minlength=70)

    assert np.exp(found).sum() == pytest.approx(1, abs=1e-5)
    assert np.isfinite(found).all()
    assert found.argmax() == counts.argmax()


def test_the_rate_rises_and_falls() -> None:
    rates = [linear_schedule(step, 100) for step in range(100)]
    assert max(rates) == pytest.approx(1, abs=0.02)
    assert rates[0] < 0.2
    assert rates[-1] < 0.05
    assert min(rates) > 0
    assert linear_schedule(0, 1) > 0


def test_examples_are_taken_after_something() -> None:
    offsets = np.array([0, 3, 3, 4, 6])
    takes = np.array([True, False, True, True, True, True])
    assert example_rows(offsets, takes).tolist() == [2, 5]


def test_the_same_seed_gives_the_same_network(here: World, backbone: Path) -> None:
    first = arrays(training(here, backbone, "lora", epochs=1, max_examples_per_epoch=64))
    again = arrays(training(here, backbone, "lora", epochs=1, max_examples_per_epoch=64))
    for name in first:
        np.testing.assert_array_equal(first[name], again[name])


def test_a_state_that_predicts_worse_is_not_kept(here: World, backbone: Path) -> None:
    untrained = arrays(training(here, backbone, epochs=0))
    spoilt = arrays(training(here, backbone, epochs=1, max_examples_per_epoch=64, head_rate=1e4))
    # 1e4 sends every state anywhere; validation sees it.
    np.testing.assert_array_equal(spoilt["head.weight"], untrained["head.weight"])


@pytest.fixture
def broken() -> Iterator[None]:
    """Every loss is no number."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "foretaste.model.language_training.sampled_cross_entropy",
            lambda states, *_: states.sum() * torch.nan,
        )
        yield


@pytest.mark.usefixtures("broken")
def test_a_loss_that_is_no_number_stops_with_what_to_do(here: World, backbone: Path) -> None:
    with pytest.raises(ModelError, match=r"became nan in epoch 1; lower model.language.learning_"):
        arrays(training(here, backbone, epochs=1, max_examples_per_epoch=64))


def test_progress_is_told_and_training_without_validation_ends(here: World, backbone: Path) -> None:
    told: list[tuple[str, int, int]] = []
    one = training(here, backbone, epochs=1, max_examples_per_epoch=64)
    one = replace(
        one,
        validation_cases=here.none(),
        progress=lambda task, done, total, note="": told.append((task, done, total)),
    )
    arrays(one)
    assert {what for what, _, _ in told} == {"tuning the language expert"}
    assert all(done <= total for _, done, total in told)
