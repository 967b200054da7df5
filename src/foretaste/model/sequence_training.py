"""Training of the sequence network: histories in, the network that predicts what is held out best.

Loss: at every event the next taken item is told from items drawn uniformly and shared by the whole
batch, so that the comparison is one matrix product; logits are corrected for the draw (sampled
softmax, Jean et al. 2015, section 3). A history longer than the network's is cut in pieces.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from foretaste.domain.arrays import at_once
from foretaste.domain.data import Cases, Histories, Longs
from foretaste.domain.device import device_of
from foretaste.errors import ModelError
from foretaste.model.checkpoint import Checkpoint
from foretaste.model.index.base import is_exhaustive
from foretaste.model.network import Network, Tokens, buckets, steps, tokens
from foretaste.model.settings import SequenceSettings
from foretaste.model.training import Training

log = logging.getLogger(__name__)

CHECKED = 2000
"""Validation events looked at in a check, at most."""
DAY = 86_400.0
"""Seconds. Where everything happened within one, times are but an order."""
SHARED = 2048
"""Events a batch from which several threads are faster than one: below, they wait for one another
longer than they compute (docs/decisions/0004)."""


@dataclass(frozen=True)
class Plan:
    """What is chosen from the data's own facts where the settings leave it open."""

    length: int
    input_dropout: float
    batch_events: int
    timed: bool


def plan(histories: Histories, settings: SequenceSettings) -> Plan:
    """Short histories ask for strong dropout (they overfit), long ones for a long memory."""
    lengths = np.diff(histories.offsets)
    usual = float(np.percentile(lengths[lengths > 0], 90)) if lengths.any() else 1.0
    long = usual > 50
    dropout = settings.input_dropout
    return Plan(
        length=settings.length or (200 if long else 50),
        input_dropout=dropout if dropout is not None else (0.2 if long else 0.5),
        batch_events=settings.batch_events * (4 if long else 1),
        timed=bool(histories.events and np.ptp(histories.at) > DAY),
    )


class Pieces:
    """Training histories cut to the network's length, as flat arrays."""

    def __init__(self, histories: Histories, length: int) -> None:
        self._histories, self._length = histories, length
        self.starts, self.stops = self._cut(np.zeros(len(histories), np.int64))
        self._valued = bool(np.isfinite(histories.value).any())
        between = np.diff(histories.at, prepend=histories.at[:1])
        first = histories.offsets[:-1]
        between[first[first < histories.events]] = 0  # nothing came before a person's first event
        self._gap = buckets(between)

    def cut_anew(self, rng: np.random.Generator) -> None:
        """Histories too long for one piece are cut elsewhere: other events see one another."""
        cut = np.diff(self._histories.offsets) > self._length + 1
        self.starts, self.stops = self._cut(rng.integers(0, self._length, len(cut)) * cut)

    def _cut(self, newest: Longs) -> tuple[Longs, Longs]:
        """newest: [people], targets in the last piece, 0 = as many as fit. → first rows and ends.

        Two pieces share an event, the last of one being what the other's first target follows.
        """
        first, last = self._histories.offsets[:-1], self._histories.offsets[1:]
        end = last - newest
        count = np.maximum(-(-(end - first - 1) // self._length), 0)
        person = np.repeat(np.arange(len(count)), count)
        place = np.arange(len(person)) - np.repeat(np.cumsum(count) - count, count)
        stops = end[person] - place * self._length
        starts = np.maximum(stops - self._length - 1, first[person])
        short = newest > 0
        return np.append(end[short] - 1, starts), np.append(last[short], stops)

    def batches(self, events: int, rng: np.random.Generator) -> list[Longs]:
        """Pieces of similar length together, about so many events a batch, in random order."""
        order = rng.permutation(len(self.starts))
        lengths = (self.stops - self.starts)[order]
        order = order[np.argsort(lengths // 4, kind="stable")]
        padded = np.cumsum((self.stops - self.starts)[order])
        cuts = np.searchsorted(padded, np.arange(events, padded[-1] if len(padded) else 0, events))
        parts = [part for part in np.split(order, cuts) if len(part)]
        rng.shuffle(parts)
        return parts

    def batch(self, chosen: Longs) -> tuple[Tokens, Tensor]:
        """Tokens, and [batch, length] the next taken item + 1, 0 where there is none."""
        lengths = self.stops[chosen] - self.starts[chosen] - 1
        size = (len(chosen), int(lengths.max()))
        column = np.arange(size[1]) - (size[1] - lengths[:, None])  # [batch, length]
        real = column >= 0
        rows = np.where(real, self.starts[chosen, None] + column, 0)
        part = self._histories
        item = np.where(real, part.item[rows] + 1, 0).astype(np.int64)
        kind = np.where(real, part.kind[rows].astype(np.int64) + 1, 0)
        after = rows + 1
        wanted = real & (part.weight[np.minimum(after, part.events - 1)] > 0)
        target = np.where(wanted, part.item[np.minimum(after, part.events - 1)] + 1, 0)
        text = None
        if part.vectors is not None:
            codes = np.where(real, part.text[rows], -1)
            if codes.max() >= 0:
                text = np.where(codes[..., None] >= 0, part.vectors[codes], np.float32(0))
        value = np.where(real, part.value[rows], np.float32(np.nan)) if self._valued else None
        at = np.where(real, part.at[rows] - part.at[self.starts[chosen, None]], 0)
        batch = Tokens(
            torch.from_numpy(item),
            torch.from_numpy(kind),
            # nothing comes before the first event of a piece, as at request time
            torch.from_numpy(np.where(real, np.where(column == 0, 1, self._gap[rows]), 0)),
            None if text is None else torch.from_numpy(text),
            None if value is None else torch.from_numpy(value),
            torch.from_numpy(at),
        )
        return batch, torch.from_numpy(target.astype(np.int64))


def loss_of(network: Network, batch: Tokens, target: Tensor, negatives: int) -> Tensor:
    """Mean cross-entropy of the true next item against the drawn ones."""
    items = len(network.vectors) - 1
    device = batch.item.device
    if negatives >= items:
        states = functional.normalize(network(batch)[target > 0], dim=-1)
        scores = states @ network.catalogue().T / network.temperature
        return functional.cross_entropy(scores, target[target > 0] - 1)
    wanted = target[target > 0]  # [events]
    drawn = drawn_of(items, negatives, device)
    negatives = len(drawn)
    # an item is an event, the one wanted after it and perhaps drawn: its vector is made once
    index = torch.cat([batch.item.flatten(), wanted, drawn])
    distinct, where = torch.unique(index, return_inverse=True)
    vectors = network.items(distinct)  # [distinct, dim]
    events, wants, draws = where.split([batch.item.numel(), len(wanted), negatives])
    states = network(batch, vectors[events].view(*batch.item.shape, -1))[target > 0]
    states = functional.normalize(states, dim=-1) / network.temperature  # [events, dim]
    vectors = functional.normalize(vectors, dim=-1)
    true = (states * vectors[wants]).sum(-1)  # [events]
    others = states @ vectors[draws].T  # [events, negatives]
    place = torch.full((items + 1,), -1, device=device)
    place[drawn] = torch.arange(negatives, device=device)
    itself = (place[wanted] >= 0).nonzero()[:, 0]  # events whose own item was drawn: not an other
    others[itself, place[wanted[itself]]] = -torch.inf
    rest = torch.logsumexp(others, dim=1) + float(np.log((items - 1) / negatives))
    return (torch.logaddexp(true, rest) - true).mean()


def drawn_of(items: int, wanted: int, device: torch.device) -> Tensor:
    """Different internal ids + 1; of a large catalogue a few less than wanted, for an order of all
    would take longer than the loss.
    """
    if is_exhaustive(items):
        return torch.randperm(items, device=device)[:wanted] + 1
    return torch.unique(torch.randint(items, (wanted,), device=device)) + 1


@torch.inference_mode()
def quality(network: Network, cases: Cases) -> tuple[float, float]:
    """(mean log P, NDCG@10 over all items, seen ones left out) of the validation events."""
    network.eval()
    items = network.catalogue()
    likelihood, gain = 0.0, 0.0
    each = at_once(250, 3 * len(items))
    for start in range(0, len(cases), each):
        behaviours = cases.behaviours(start, start + each)
        targets = torch.from_numpy(cases.targets[start : start + each].astype(np.int64))
        batch = tokens(behaviours, network.length).to(items.device)
        states = functional.normalize(network(batch)[:, -1], dim=-1)
        scores = functional.log_softmax(states @ items.T / network.temperature, dim=-1).cpu()
        true = scores.gather(1, targets[:, None])
        likelihood += float(true.sum())
        for row, one in enumerate(behaviours):
            scores[row, one.taken.astype(np.int64)] = -torch.inf
        rank = (scores > true).sum(1)
        gain += float((1 / torch.log2(rank[rank < 10] + 2.0)).sum())
    if not np.isfinite(likelihood):
        raise ModelError(
            "training the sequence expert: the network gives numbers that are not finite; lower "
            "model.sequence.learning_rate, and see that the item vectors are finite"
        )
    return likelihood / max(len(cases), 1), gain / max(len(cases), 1)


def train(training: Training) -> Network | None:
    """The network that predicts the validation events best; None where nobody took two items."""
    settings = training.settings.sequence
    chosen = plan(training.histories, settings)
    pieces = Pieces(training.histories, chosen.length)
    if not len(pieces.starts):
        return None
    torch.manual_seed(training.settings.seed)
    device = device_of(settings.device)
    vectors = torch.from_numpy(np.asarray(training.catalogue.vectors))
    nothing = torch.zeros(1, vectors.shape[1], dtype=vectors.dtype)
    network = Network(
        torch.cat([nothing, vectors]),
        settings,
        chosen.length,
        len(training.histories.kinds),
        chosen.input_dropout,
        timed=chosen.timed,
        sparse=not is_exhaustive(len(vectors)),
    )
    network.steps.copy_(torch.from_numpy(steps(training.histories)))
    network = network.to(device)
    run = Run(network, pieces, chosen, training)
    with _threads(None if chosen.batch_events >= SHARED else 1):
        run.go()
    _forget_untaken(network, training.histories)
    return network


@contextmanager
def _threads(most: int | None) -> Iterator[None]:
    """PyTorch computes with at most so many threads; None leaves it as it is."""
    before = torch.get_num_threads()
    torch.set_num_threads(min(most or before, before))
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _forget_untaken(network: Network, histories: Histories) -> None:
    """An item nobody took has only noise for an identity: like a new one, it is its text alone."""
    taken = np.zeros(len(network.vectors), bool)
    taken[histories.item[histories.item >= 0] + 1] = True
    with torch.no_grad():
        network.identity.weight[torch.from_numpy(~taken)] = 0


def optimizers(network: Network, rate: float) -> list[torch.optim.Optimizer]:
    """Adam. Where the catalogue is large an identity moves only in the batches that name it: the
    others' gradient is zero, and to move them all by what was before took nine tenths of the time.
    """
    sparse = network.identity.weight if network.identity.sparse else None
    dense = [one for one in network.parameters() if one is not sparse]
    found: list[torch.optim.Optimizer] = [
        torch.optim.AdamW(dense, lr=rate, weight_decay=0.0, fused=True)
    ]
    return found if sparse is None else [*found, torch.optim.SparseAdam([sparse], lr=rate)]


def step(network: Network, loss: Tensor, with_: list[torch.optim.Optimizer]) -> None:
    """One step down the gradient, of length 1 at most."""
    for optimizer in with_:
        optimizer.zero_grad()
    loss.backward()
    if network.identity.sparse:
        _clip_sparse(network)
    else:
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    for optimizer in with_:
        optimizer.step()


def _clip_sparse(network: Network) -> None:
    """As PyTorch's own, which takes no sparse gradient."""
    identity = network.identity.weight
    assert identity.grad is not None
    identity.grad = identity.grad.coalesce()
    grads = [
        one.grad.values() if one is identity else one.grad
        for one in network.parameters()
        if one.grad is not None
    ]
    scale = (1.0 / (nn.utils.get_total_norm(grads) + 1e-6)).clamp(max=1.0)
    for grad in grads:
        grad.mul_(scale)


def schedule(epoch: int, epochs: int) -> float:
    """The share of the learning rate in an epoch: a cosine from 1 down to a twentieth."""
    return float(0.05 + 0.95 * (1 + np.cos(np.pi * epoch / max(epochs, 1))) / 2)


class Run:
    """One training run: epochs, checks, early stopping, checkpoints."""

    def __init__(self, network: Network, pieces: Pieces, chosen: Plan, training: Training) -> None:
        self.network, self.pieces, self.plan, self.training = network, pieces, chosen, training
        settings = training.settings.sequence
        self.optimizers = optimizers(network, settings.learning_rate)
        rng = np.random.default_rng(training.settings.seed)
        self.checked = training.valid.sample(CHECKED, rng)
        self.best: dict[str, Tensor] = {}
        self.best_quality, self.worse, self.epoch = -np.inf, 0, 0

    def go(self) -> None:
        """To the end, or until checks no longer improve."""
        settings = self.training.settings.sequence
        checkpoint = Checkpoint.at(self.training.checkpoints, self)
        self.training.progress("training the sequence expert", self.epoch, settings.epochs)
        while self.epoch < settings.epochs and self.worse < settings.patience:
            loss = self._epoch()
            self.epoch += 1
            note = f"loss {loss:.3f}"
            if self.epoch % settings.check_every == 0 or self.epoch == settings.epochs:
                if len(self.checked):  # without any, the last epoch is the best there is
                    note += f", validation NDCG@10 {self._check():.4f}"
                checkpoint.save()
            self.training.progress(
                "training the sequence expert", self.epoch, settings.epochs, note
            )
        if self.best:
            self.network.load_state_dict(self.best)
        checkpoint.done()

    def _epoch(self) -> float:
        """One pass; all chance in it comes from the seed and the number of the epoch."""
        settings = self.training.settings
        self.network.train()
        for group in [group for one in self.optimizers for group in one.param_groups]:
            group["lr"] = settings.sequence.learning_rate * schedule(
                self.epoch, settings.sequence.epochs
            )
        torch.manual_seed(settings.seed * 100_003 + self.epoch)
        rng = np.random.default_rng((settings.seed, self.epoch))
        self.pieces.cut_anew(rng)
        losses = []
        for chosen in self.pieces.batches(self.plan.batch_events, rng):
            batch, target = self.pieces.batch(chosen)
            if not (target > 0).any():
                continue
            device = self.network.vectors.device
            loss = loss_of(
                self.network, batch.to(device), target.to(device), settings.sequence.negatives
            )
            step(self.network, loss, self.optimizers)
            losses.append(float(loss.detach()))
            if not np.isfinite(losses[-1]):
                raise ModelError(
                    f"training the sequence expert: the loss became {losses[-1]} in epoch "
                    f"{self.epoch + 1}; lower model.sequence.learning_rate "
                    f"(now {settings.sequence.learning_rate}), or see that the item vectors are "
                    "finite, and train again"
                )
        return float(np.mean(losses)) if losses else 0.0

    def _check(self) -> float:
        likelihood, gain = quality(self.network, self.checked)
        log.info("epoch %d: log P %.4f, NDCG@10 %.4f", self.epoch, likelihood, gain)
        if gain > self.best_quality or not self.best:
            self.best_quality, self.worse = gain, 0
            state = self.network.state_dict()
            self.best = {name: value.detach().clone() for name, value in state.items()}
        else:
            self.worse += 1
        return gain
