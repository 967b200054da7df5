"""Contrastive tuning: pairs of texts in, what reads the one near the other out.

In a batch every pair is told apart from all others (InfoNCE, van den Oord et al. 2018; in both
directions, as in CLIP, Radford et al. 2021). A positive with the same text as the true one, or as
the anchor itself, is not a wrong answer and is left out. As texts come into a batch as often as
they are taken, what is learned is nearness beyond popularity, which has an expert of its own.
"""

import logging
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional

from foretaste.domain.data import Floats, Ints, Longs
from foretaste.domain.device import device_of
from foretaste.domain.ports import Progress, TextPairs
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
    """One tuning: epochs, a check after each, and the best of them in the end."""

    def __init__(
        self,
        embedding: nn.Module,
        pairs: TextPairs,
        settings: TuningSettings,
        seed: int,
        progress: Progress,
    ) -> None:
        self.embedding, self.settings, self.progress = embedding, settings, progress
        self.pairs, self.rng = pairs, np.random.default_rng(seed)
        self.batch_size = settings.batch_size or BATCH_SIZES[settings.method]
        order = self.rng.permutation(len(pairs))
        held_count = min(round(HELD_OUT_SHARE * len(order)), MAX_HELD_OUT_PAIRS)
        self.held_out, self.training_pairs = order[:held_count], order[held_count:]
        self.log_temperature = nn.Parameter(torch.tensor(float(np.log(settings.temperature))))
        self.tuned_parameters = [
            parameter for parameter in embedding.parameters() if parameter.requires_grad
        ]
        self.tuning_rate = settings.learning_rate or LEARNING_RATES[settings.method]
        torch.manual_seed(seed)

    def run(self) -> HeldOutLoss:
        """Tune `embedding`; where nothing better is found it is left as it was."""
        groups = [
            {"params": self.tuned_parameters, "lr": self.tuning_rate},
            {"params": [self.log_temperature], "lr": 1e-2},
        ]
        optimizer = torch.optim.AdamW(groups, weight_decay=0.0)
        initial_loss = best = self._check()
        best_state = self._state()
        for epoch in range(self.settings.epochs):
            self._epoch(epoch, optimizer)
            loss = self._check()
            log.info(
                "epoch %d: held-out loss %.4f, before tuning %.4f", epoch + 1, loss, initial_loss
            )
            if not loss < best:
                break
            best, best_state = loss, self._state()
        with torch.no_grad():
            for parameter, value in zip(self.tuned_parameters, best_state, strict=True):
                parameter.copy_(value)
        self.embedding.eval()
        return HeldOutLoss(initial_loss, best)

    def _epoch(self, epoch: int, optimizer: torch.optim.Optimizer) -> None:
        self.embedding.train()
        order = self.rng.permutation(self.training_pairs)
        starts = range(0, len(order), self.batch_size)
        for number, start in enumerate(starts):
            loss = self._loss(order[start : start + self.batch_size])
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(self.tuned_parameters, 1.0)
            optimizer.step()
            value = float(loss.detach())
            if not np.isfinite(value):
                raise ModelError(
                    f"{PROGRESS_TASK}: the loss became {value} in epoch {epoch + 1}; lower "
                    "language.tuning.learning_rate and train again"
                )
            done = epoch * len(starts) + number + 1
            self.progress(
                PROGRESS_TASK, done, self.settings.epochs * len(starts), f"loss {value:.3f}"
            )

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
        starts = range(0, len(self.held_out), self.batch_size)
        losses = np.zeros((len(starts), len(TEMPERATURES)))
        for row, start in enumerate(starts):
            sides = self._sides(self.held_out[start : start + self.batch_size])
            losses[row] = [
                float(info_nce(*sides, torch.tensor(temperature))) for temperature in TEMPERATURES
            ]
        return float(losses.mean(axis=0).min())

    def _state(self) -> list[Tensor]:
        return [parameter.detach().clone() for parameter in self.tuned_parameters]


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
) -> dict[str, float]:
    """Write the tuned transformer, a folder as the published one's. → held-out losses."""
    tuning = settings.tuning
    torch.manual_seed(seed)  # additions begin at random
    embedding = TransformerEmbedding(reader, pairs.texts, tuning, str(device_of(settings.device)))
    held_out_loss = TuningRun(embedding, pairs, tuning, seed, progress).run()
    reader.save(embedding.reading, folder)
    return asdict(held_out_loss)
