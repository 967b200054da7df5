"""Contrastive tuning: pairs of texts in, what reads the one near the other out.

In a batch every pair is told from all others (InfoNCE, van den Oord et al. 2018; in both
directions, as in CLIP, Radford et al. 2021). A right side that is the same text as the true one, or
as the left side itself, is no wrong answer and is left out. As texts come into a batch as often as
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
from foretaste.domain.ports import Pairs, Progress
from foretaste.errors import ModelError
from foretaste.language.reader import TransformerReader
from foretaste.language.settings import LanguageSettings, TuningSettings

log = logging.getLogger(__name__)

RATES = {"linear": 1e-3, "lora": 3e-4, "whole": 2e-5}
BATCH = {"linear": 1024, "lora": 64, "whole": 64}
HELD_OUT, HELD_OUT_MOST = 0.1, 4096
"""Share of the pairs by which tuning stops, and how many at most."""
TEMPERATURES = (0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3)
WHAT = "tuning the encoder"


class Mapped(nn.Module):
    """Vectors as they were read, by a matrix that begins as the identity."""

    def __init__(self, vectors: Floats) -> None:
        super().__init__()
        self.vectors = torch.from_numpy(vectors)
        self.matrix = nn.Parameter(torch.eye(vectors.shape[1]))

    def forward(self, texts: Longs) -> Tensor:
        return functional.normalize(self.vectors[torch.from_numpy(texts)] @ self.matrix.T, dim=-1)


class Read(nn.Module):
    """Texts read by a transformer that changes."""

    def __init__(
        self, reader: TransformerReader, texts: tuple[str, ...], tuning: TuningSettings, device: str
    ) -> None:
        super().__init__()
        lora = tuning.rank if tuning.what == "lora" else None
        self.reading = reader.network(lora).to(device)
        for name, parameter in self.reading.named_parameters():
            # BERT has a pooler that is not read; dense layers stay, they are not the transformer's
            if "pooler." in name or not name.startswith("body."):
                parameter.requires_grad_(False)
        self.tokens, self.pad, self.device = reader.tokens(texts), reader.pad, device

    def forward(self, texts: Longs) -> Tensor:
        some, places = np.unique(texts, return_inverse=True)  # each text is read once
        ids, mask = padded([self.tokens[one] for one in some], self.pad)
        read = self.reading(ids.to(self.device), mask.to(self.device))
        return functional.normalize(read, dim=-1)[torch.from_numpy(places).to(self.device)]


def padded(tokens: list[Ints], pad: int) -> tuple[Tensor, Tensor]:
    """(token ids, attention mask), [texts, longest] each."""
    ids = np.full((len(tokens), max(map(len, tokens))), pad, np.int64)
    mask = np.zeros_like(ids)
    for row, one in enumerate(tokens):
        ids[row, : len(one)] = one
        mask[row, : len(one)] = 1
    return torch.from_numpy(ids), torch.from_numpy(mask)


def info_nce(left: Tensor, right: Tensor, wrong: Tensor, temperature: Tensor) -> Tensor:
    """Mean cross-entropy of each pair's own partner, in both directions.

    left, right: [pairs, dim], of length 1; wrong: [pairs, pairs], whether right j is a wrong answer
    to left i.
    """
    scores = left @ right.T / temperature
    own = torch.eye(len(scores), dtype=torch.bool, device=scores.device)
    scores = scores.masked_fill(~(wrong | own), -torch.inf)
    true = torch.arange(len(scores), device=scores.device)
    forth, back = functional.cross_entropy(scores, true), functional.cross_entropy(scores.T, true)
    return (forth + back) / 2


def wrong_answers(left: Longs, right: Longs) -> Tensor:
    """[pairs, pairs], whether right j is another text than right i and left i, and left j than
    left i: the same in both directions.
    """
    same = (right[:, None] == right) | (left[:, None] == right) | (left[:, None] == left)
    return torch.from_numpy(~same)


@dataclass(frozen=True, slots=True)
class HeldOut:
    """The loss of the pairs that were not learned from, in nats."""

    before: float
    after: float


class Run:
    """One tuning: epochs, a check after each, and the best of them in the end."""

    def __init__(
        self,
        embedding: nn.Module,
        pairs: Pairs,
        settings: TuningSettings,
        seed: int,
        progress: Progress,
    ) -> None:
        self.embedding, self.settings, self.progress = embedding, settings, progress
        self.pairs, self.rng = pairs, np.random.default_rng(seed)
        self.batch = settings.batch or BATCH[settings.what]
        order = self.rng.permutation(len(pairs))
        held = min(round(HELD_OUT * len(order)), HELD_OUT_MOST)
        self.held, self.learned = order[:held], order[held:]
        self.log_temperature = nn.Parameter(torch.tensor(float(np.log(settings.temperature))))
        self.tuned = [one for one in embedding.parameters() if one.requires_grad]
        self.rate = settings.learning_rate or RATES[settings.what]
        torch.manual_seed(seed)

    def go(self) -> HeldOut:
        """Tune `embedding`; where nothing better is found it is left as it was."""
        groups = [
            {"params": self.tuned, "lr": self.rate},
            {"params": [self.log_temperature], "lr": 1e-2},
        ]
        optimizer = torch.optim.AdamW(groups, weight_decay=0.0)
        before = best = self._check()
        state = self._state()
        for epoch in range(self.settings.epochs):
            self._epoch(epoch, optimizer)
            loss = self._check()
            log.info("epoch %d: held-out loss %.4f, before tuning %.4f", epoch + 1, loss, before)
            if not loss < best:
                break
            best, state = loss, self._state()
        with torch.no_grad():
            for parameter, value in zip(self.tuned, state, strict=True):
                parameter.copy_(value)
        self.embedding.eval()
        return HeldOut(before, best)

    def _epoch(self, epoch: int, optimizer: torch.optim.Optimizer) -> None:
        self.embedding.train()
        order = self.rng.permutation(self.learned)
        starts = range(0, len(order), self.batch)
        for number, start in enumerate(starts):
            loss = self._loss(order[start : start + self.batch])
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(self.tuned, 1.0)
            optimizer.step()
            value = float(loss.detach())
            if not np.isfinite(value):
                raise ModelError(
                    f"{WHAT}: the loss became {value} in epoch {epoch + 1}; lower "
                    "language.tuning.learning_rate and train again"
                )
            done = epoch * len(starts) + number + 1
            self.progress(WHAT, done, self.settings.epochs * len(starts), f"loss {value:.3f}")

    def _loss(self, some: Longs) -> Tensor:
        left, right, wrong = self._sides(some)
        temperature = self.log_temperature.exp().clamp(0.01, 1.0).to(left.device)
        return info_nce(left, right, wrong, temperature)

    def _sides(self, some: Longs) -> tuple[Tensor, Tensor, Tensor]:
        """(left, right, wrong) of these pairs, as `info_nce` takes them."""
        left, right = self.pairs.left[some], self.pairs.right[some]
        both = self.embedding(np.concatenate([left, right]))
        return both[: len(left)], both[len(left) :], wrong_answers(left, right).to(both.device)

    @torch.no_grad()
    def _check(self) -> float:
        """Mean loss of the held-out pairs at the temperature that suits them best: what another
        temperature alone would gain is no tuning of the encoder.
        """
        if not len(self.held):
            return float("inf")
        self.embedding.eval()
        starts = range(0, len(self.held), self.batch)
        losses = np.zeros((len(starts), len(TEMPERATURES)))
        for row, start in enumerate(starts):
            sides = self._sides(self.held[start : start + self.batch])
            losses[row] = [float(info_nce(*sides, torch.tensor(one))) for one in TEMPERATURES]
        return float(losses.mean(axis=0).min())

    def _state(self) -> list[Tensor]:
        return [one.detach().clone() for one in self.tuned]


def tune_map(
    vectors: Floats, pairs: Pairs, settings: TuningSettings, path: Path, seed: int, tell: Progress
) -> dict[str, float]:
    """Write the matrix that suits the pairs, over the vectors of their texts. → held-out losses."""
    embedding = Mapped(vectors)
    found = Run(embedding, pairs, settings, seed, tell).go()
    save_file({"map": embedding.matrix.detach().contiguous()}, path)
    return asdict(found)


def tune_network(
    reader: TransformerReader,
    pairs: Pairs,
    settings: LanguageSettings,
    folder: Path,
    seed: int,
    tell: Progress,
) -> dict[str, float]:
    """Write the tuned transformer, a folder as the published one's. → held-out losses."""
    tuning = settings.tuning
    torch.manual_seed(seed)  # additions begin at random
    embedding = Read(reader, pairs.texts, tuning, str(device_of(settings.device)))
    found = Run(embedding, pairs, tuning, seed, tell).go()
    reader.save(embedding.reading, folder)
    return asdict(found)
