"""The loss of contrastive tuning, and what a run does with pairs."""

import numpy as np
import pytest
import torch

from foretaste.domain.data import Floats
from foretaste.domain.ports import TextPairs, no_progress
from foretaste.errors import ModelError
from foretaste.language.contrast import MatrixEmbedding, TuningRun, info_nce, negative_mask
from foretaste.language.settings import TuningSettings

SETTINGS = TuningSettings(method="linear", batch_size=64, learning_rate=1e-2, epochs=3)
THEMES, EACH = 8, 12


def themed() -> tuple[Floats, TextPairs]:
    """Texts of eight themes; the theme is in the first numbers, under louder noise in the rest."""
    rng = np.random.default_rng(0)
    theme = np.repeat(np.arange(THEMES), EACH)
    vectors = rng.normal(size=(len(theme), 24)).astype(np.float32)
    vectors[:, :THEMES] = np.eye(THEMES)[theme] * 1.5
    left = rng.integers(0, len(theme), 1500)
    right = theme[left] * EACH + rng.integers(0, EACH, len(left))
    return vectors, TextPairs(tuple(f"text {n}" for n in range(len(theme))), left, right)


def nearest_of_the_theme(vectors: Floats) -> float:
    rows = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    near = rows @ rows.T
    np.fill_diagonal(near, -1)
    theme = np.repeat(np.arange(THEMES), EACH)
    return float((theme[near.argmax(1)] == theme).mean())


def test_texts_that_go_together_come_near() -> None:
    vectors, pairs = themed()
    embedding = MatrixEmbedding(vectors)
    held_out = TuningRun(embedding, pairs, SETTINGS, 0, no_progress).run()
    tuned = vectors @ embedding.matrix.detach().numpy().T

    assert held_out.after < held_out.before
    assert nearest_of_the_theme(vectors) < 0.5
    assert nearest_of_the_theme(tuned) > 0.9


def test_what_predicts_held_out_pairs_worse_is_not_kept() -> None:
    apart = np.eye(THEMES * EACH, dtype=np.float32)  # texts that have nothing in common
    rng = np.random.default_rng(1)
    left, right = rng.integers(0, len(apart), (2, 1500))  # pairs by chance: nothing to learn
    embedding = MatrixEmbedding(apart)
    chance = TextPairs(themed()[1].texts, left, right)
    held_out = TuningRun(embedding, chance, SETTINGS, 0, no_progress).run()

    assert held_out.after == held_out.before
    np.testing.assert_array_equal(embedding.matrix.detach(), apart)


def test_the_same_seed_gives_the_same_matrix() -> None:
    vectors, pairs = themed()
    first, again = MatrixEmbedding(vectors), MatrixEmbedding(vectors)
    for embedding in (first, again):
        TuningRun(embedding, pairs, SETTINGS, 3, no_progress).run()

    assert torch.equal(first.matrix, again.matrix)


def test_a_loss_that_is_no_number_stops_with_what_to_do() -> None:
    vectors, pairs = themed()
    vectors[0] = np.nan
    with pytest.raises(ModelError, match=r"lower language\.tuning\.learning_rate"):
        TuningRun(MatrixEmbedding(vectors), pairs, SETTINGS, 0, no_progress).run()


def test_the_loss_is_the_cross_entropy_in_both_directions() -> None:
    torch.manual_seed(0)
    left, right = torch.randn(3, 4), torch.randn(3, 4)
    everything = torch.ones(3, 3, dtype=torch.bool)
    scores = left @ right.T / 0.5
    forth = -(scores.diag() - scores.logsumexp(1)).mean()
    back = -(scores.diag() - scores.logsumexp(0)).mean()

    assert info_nce(left, right, everything, torch.tensor(0.5)) == pytest.approx(
        float((forth + back) / 2), abs=1e-5
    )


def test_the_true_text_and_the_asking_one_are_no_wrong_answers() -> None:
    left, right = np.array([0, 1, 2, 0]), np.array([5, 5, 0, 6])
    wrong = negative_mask(left, right)

    assert not wrong[0, 1]  # the same right side
    assert not wrong[0, 2]  # the left side itself
    assert not wrong[0, 3]  # another partner of the same left side
    assert wrong[1, 2]
    assert wrong[1, 3]
    assert not wrong.diagonal().any()
