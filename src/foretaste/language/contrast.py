"""Contrastive tuning: pairs of texts in, what reads the one near the other out.

In a batch every pair is told apart from all others (InfoNCE, van den Oord et al. 2018; in both
directions, as in CLIP, Radford et al. 2021). A positive with the same text as the true one, or as
the anchor itself, is not a wrong answer and is left out. As texts come into a batch as often as
they are taken, what is learned is nearness beyond popularity, which has an expert of its own.

A transformer is tuned here or by the workers of a cluster: each has a copy, tells the pairs of its
own batch apart, and all take the step of the mean gradient (`cluster/replicas.py`).
"""

import logging
from dataclasses import asdict, dataclass
from functools import partial
from math import sqrt
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional

from foretaste.cluster.checkpoint import Checkpoint, State, note_check
from foretaste.cluster.replicas import ALONE, UNSHARED_FOLDER, Replicas, joined
from foretaste.domain.cluster import Cluster, Seat
from foretaste.domain.data import Floats, Ints, Longs
from foretaste.domain.device import device_of
from foretaste.domain.ports import Progress, TextPairs, no_progress
from foretaste.errors import ModelError
from foretaste.language.backbone import TransformerBackbone
from foretaste.language.settings import LanguageSettings, TuningSettings

log = logging.getLogger(__name__)

LEARNING_RATES = {"linear": 1e-3, "lora": 3e-4, "whole": 2e-5}
BATCH_SIZES = {"linear": 1024, "lora": 64, "whole": 64}
HELD_OUT_SHARE, MAX_HELD_OUT_PAIRS = 0.1, 4096
"""Share of the pairs by which tuning stops, and how many at most."""
TEMPERATURES = (0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3)
PROGRESS_TASK = "tuning the encoder"


class MatrixEmbedding(nn.Module):
    """Vectors as they were read, by a matrix that begins as the identity."""

    def __init__(self, vectors: Floats) -> None:
        super().__init__()
        self.vectors = torch.from_numpy(vectors)
        self.matrix = nn.Parameter(torch.eye(vectors.shape[1]))

    def forward(self, texts: Longs) -> Tensor:
        return functional.normalize(self.vectors[torch.from_numpy(texts)] @ self.matrix.T, dim=-1)


class TransformerEmbedding(nn.Module):
    """Texts read by a transformer that changes."""

    def __init__(
        self,
        reader: TransformerBackbone,
        texts: tuple[str, ...],
        tuning: TuningSettings,
        device: str,
    ) -> None:
        super().__init__()
        lora = tuning.rank if tuning.method == "lora" else None
        self.reading = reader.network(lora).to(device)
        for name, parameter in self.reading.named_parameters():
            # BERT has a pooler that is not read; dense layers stay, they are not the transformer's
            if "pooler." in name or not name.startswith("body."):
                parameter.requires_grad_(False)
        self.tokens, self.pad, self.device = reader.tokens(texts), reader.pad, device

    def forward(self, texts: Longs) -> Tensor:
        unique_texts, inverse = np.unique(texts, return_inverse=True)  # each text is read once
        ids, mask = pad_tokens([self.tokens[text_index] for text_index in unique_texts], self.pad)
        embedded = self.reading(ids.to(self.device), mask.to(self.device))
        return functional.normalize(embedded, dim=-1)[torch.from_numpy(inverse).to(self.device)]


def pad_tokens(tokens: list[Ints], pad: int) -> tuple[Tensor, Tensor]:
    """(token ids, attention mask), [texts, longest] each."""
    ids = np.full((len(tokens), max(map(len, tokens))), pad, np.int64)
    mask = np.zeros_like(ids)
    for row, token_ids in enumerate(tokens):
        ids[row, : len(token_ids)] = token_ids
        mask[row, : len(token_ids)] = 1
    return torch.from_numpy(ids), torch.from_numpy(mask)


def info_nce(anchors: Tensor, positives: Tensor, negatives: Tensor, temperature: Tensor) -> Tensor:
    """Mean cross-entropy of each pair's own partner, in both directions.

    anchors, positives: [pairs, dim], of length 1; negatives: [pairs, pairs], whether positive j is
    a wrong answer to anchor i.
    """
    scores = anchors @ positives.T / temperature
    diagonal = torch.eye(len(scores), dtype=torch.bool, device=scores.device)
    scores = scores.masked_fill(~(negatives | diagonal), -torch.inf)
    own_indices = torch.arange(len(scores), device=scores.device)
    forward_loss, backward_loss = (
        functional.cross_entropy(scores, own_indices),
        functional.cross_entropy(scores.T, own_indices),
    )
    return (forward_loss + backward_loss) / 2


def negative_mask(anchors: Longs, positives: Longs) -> Tensor:
    """[pairs, pairs], whether positive j is another text than positive i and anchor i, and anchor j
    than anchor i: the same in both directions.
    """
    is_same_text = (
        (positives[:, None] == positives)
        | (anchors[:, None] == positives)
        | (anchors[:, None] == anchors)
    )
    return torch.from_numpy(~is_same_text)


@dataclass(frozen=True, slots=True)
class HeldOutLoss:
    """The loss of the pairs that were not learned from, in nats."""

    before: float
    after: float


class TuningRun:
    """One tuning: epochs, a check and a checkpoint after each, and the best of them in the end."""

    def __init__(
        self,
        embedding: nn.Module,
        pairs: TextPairs,
        settings: TuningSettings,
        seed: int,
        progress: Progress,
        replicas: Replicas = ALONE,
        checkpoint_path: Path | None = None,
    ) -> None:
        """checkpoint_path: names this very tuning; None keeps nothing."""
        self.embedding, self.settings, self.progress = embedding, settings, progress
        self.pairs, self.seed, self.replicas = pairs, seed, replicas
        self.batch_size = settings.batch_size or BATCH_SIZES[settings.method]
        order = np.random.default_rng(seed).permutation(len(pairs))
        held_count = min(round(HELD_OUT_SHARE * len(order)), MAX_HELD_OUT_PAIRS)
        self.held_out, self.training_pairs = order[:held_count], order[held_count:]
        self.log_temperature = nn.Parameter(torch.tensor(float(np.log(settings.temperature))))
        self.tuned_parameters = [
            parameter for parameter in embedding.parameters() if parameter.requires_grad
        ]
        # replicas make a batch so many times larger; Adam then takes the root (Malladi et al. 2022)
        rate = (settings.learning_rate or LEARNING_RATES[settings.method]) * sqrt(replicas.size)
        groups = [
            {"params": self.tuned_parameters, "lr": rate},
            {"params": [self.log_temperature], "lr": 1e-2},
        ]
        self.optimizers = [torch.optim.AdamW(groups, weight_decay=0.0)]
        self.checkpoint_path = checkpoint_path
        self.initial_loss, self.best_quality, self.best_state = float("inf"), -np.inf, State()
        self.epoch, self.checks_without_gain = 0, 0

    def run(self) -> HeldOutLoss:
        """Tune `embedding`; where nothing better is found it is left as it was."""
        self.initial_loss = self._check()  # of what was published
        note_check(self, -self.initial_loss)
        checkpoint = Checkpoint.open(self.checkpoint_path, self)
        self.replicas.require_same(self.epoch, UNSHARED_FOLDER)
        while self.epoch < self.settings.epochs and not self.checks_without_gain:
            self._epoch()
            self.epoch += 1
            loss = self._check()
            log.info(
                "epoch %d: held-out loss %.4f, before tuning %.4f",
                *(self.epoch, loss, self.initial_loss),
            )
            note_check(self, -loss)
            checkpoint.save()
        self.restore(self.best_state)
        checkpoint.delete()
        self.embedding.eval()
        return HeldOutLoss(self.initial_loss, -self.best_quality)

    def state(self) -> State:
        """What is tuned."""
        parameters = [*self.tuned_parameters, self.log_temperature]
        return {str(number): parameter for number, parameter in enumerate(parameters)}

    @torch.no_grad()
    def restore(self, state: State) -> None:
        """The inverse of `state`."""
        for name, parameter in self.state().items():
            parameter.copy_(state[name])

    def _epoch(self) -> None:
        """One pass; all chance in it comes from the seed and the number of the epoch."""
        self.embedding.train()
        self.replicas.seed_epoch(self.seed, self.epoch)
        order = np.random.default_rng((self.seed, self.epoch)).permutation(self.training_pairs)
        starts = range(0, len(order), self.batch_size * self.replicas.size)
        for number, start in enumerate(starts):
            rows = order[start : start + self.batch_size * self.replicas.size]
            loss = self._step(self.replicas.share(rows))
            done = self.epoch * len(starts) + number + 1
            self.progress(
                PROGRESS_TASK, done, self.settings.epochs * len(starts), f"loss {loss:.3f}"
            )

    def _step(self, pair_rows: Longs) -> float:
        """One step down the gradient of all copies. → the loss of this one."""
        (optimizer,) = self.optimizers
        optimizer.zero_grad()
        value = 0.0
        if len(pair_rows):
            loss = self._loss(pair_rows)
            loss.backward()
            value = float(loss.detach())
        if not np.isfinite(value):
            raise ModelError(
                f"{PROGRESS_TASK}: the loss became {value} in epoch {self.epoch + 1}; lower "
                "language.tuning.learning_rate and train again"
            )
        parameters = [*self.tuned_parameters, self.log_temperature]
        if self.replicas.average_gradients(parameters, len(pair_rows)):
            nn.utils.clip_grad_norm_(self.tuned_parameters, 1.0)
            optimizer.step()
        return value

    def _loss(self, pair_rows: Longs) -> Tensor:
        anchors, positives, negatives = self._sides(pair_rows)
        temperature = self.log_temperature.exp().clamp(0.01, 1.0).to(anchors.device)
        return info_nce(anchors, positives, negatives, temperature)

    def _sides(self, pair_rows: Longs) -> tuple[Tensor, Tensor, Tensor]:
        """(anchors, positives, negatives) of these pairs, as `info_nce` takes them."""
        anchors, positives = self.pairs.anchors[pair_rows], self.pairs.positives[pair_rows]
        embedded = self.embedding(np.concatenate([anchors, positives]))
        return (
            embedded[: len(anchors)],
            embedded[len(anchors) :],
            negative_mask(anchors, positives).to(embedded.device),
        )

    @torch.no_grad()
    def _check(self) -> float:
        """Mean loss of the held-out pairs at the temperature that suits them best: what another
        temperature alone would gain is no tuning of the encoder.
        """
        if not len(self.held_out):
            return float("inf")
        self.embedding.eval()
        starts = np.arange(0, len(self.held_out), self.batch_size)
        loss_sums = np.zeros(len(TEMPERATURES))
        for start in self.replicas.share(starts):
            sides = self._sides(self.held_out[start : start + self.batch_size])
            loss_sums += [
                float(info_nce(*sides, torch.tensor(temperature))) for temperature in TEMPERATURES
            ]
        return float(self.replicas.total(loss_sums.tolist()).min()) / len(starts)


def tune_matrix(
    vectors: Floats,
    pairs: TextPairs,
    settings: TuningSettings,
    path: Path,
    seed: int,
    progress: Progress,
) -> dict[str, float]:
    """Write the matrix that suits the pairs, over the vectors of their texts. → held-out losses."""
    embedding = MatrixEmbedding(vectors)
    held_out_loss = TuningRun(embedding, pairs, settings, seed, progress).run()
    save_file({"map": embedding.matrix.detach().contiguous()}, path)
    return asdict(held_out_loss)


def tune_network(
    reader: TransformerBackbone,
    pairs: TextPairs,
    settings: LanguageSettings,
    folder: Path,
    seed: int,
    progress: Progress,
    *,
    checkpoint_path: Path | None = None,
    cluster: Cluster | None = None,
) -> dict[str, float]:
    """Write the tuned transformer, a folder as the published one's. → held-out losses.

    cluster: whose workers tune it, while it is engaged.
    """
    tuning, device = settings.tuning, str(device_of(settings.device))
    torch.manual_seed(seed)  # additions begin at random
    if cluster is None or not cluster.is_engaged:
        embedding = TransformerEmbedding(reader, pairs.texts, tuning, device)
        run = TuningRun(embedding, pairs, tuning, seed, progress, checkpoint_path=checkpoint_path)
        held_out_loss = run.run()
    else:
        embedding = TransformerEmbedding(reader, pairs.texts, tuning, "cpu")
        work = partial(_tune_replica, embedding, pairs, settings, seed, checkpoint_path)
        held_out_loss, arrays = cluster.replicate(work, progress)
        run = TuningRun(embedding, pairs, tuning, seed, no_progress)
        run.restore({name: torch.from_numpy(array.copy()) for name, array in arrays.items()})
    reader.save(embedding.reading, folder)
    return asdict(held_out_loss)


def _tune_replica(
    embedding: TransformerEmbedding,
    pairs: TextPairs,
    settings: LanguageSettings,
    seed: int,
    checkpoint_path: Path | None,
    seat: Seat,
    progress: Progress,
) -> tuple[HeldOutLoss, dict[str, np.ndarray[Any, Any]]]:
    """One of the copies, from its first epoch or the checkpoint to the end. → (held-out losses,
    what was tuned).
    """
    device = device_of(settings.device)
    embedding.device = str(device)
    embedding.to(device)
    with joined(seat, device) as replicas:
        run = TuningRun(
            embedding, pairs, settings.tuning, seed, progress, replicas, checkpoint_path
        )
        held_out_loss = run.run()
    return held_out_loss, {
        name: value.detach().cpu().numpy() for name, value in run.state().items()
    }
