"""Training of the sequence network: histories in, the network that predicts what is held out best.

Loss: at every event the next taken item is told from items drawn uniformly and shared by the whole
batch, so that the comparison is one matrix product; logits are corrected for the draw (sampled
softmax, Jean et al. 2015, section 3). A history longer than the network's is cut in pieces
(`history_pieces`).
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, replace
from math import ceil

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from foretaste.domain.arrays import rows_that_fit
from foretaste.domain.data import EvaluationCases, Interactions
from foretaste.domain.device import device_of
from foretaste.errors import ModelError
from foretaste.model.checkpoint import Checkpoint
from foretaste.model.history_pieces import HistoryPieces
from foretaste.model.index.base import is_exhaustive
from foretaste.model.item_words import ItemWords
from foretaste.model.sequence_network import (
    EventTokens,
    SequenceNetwork,
    event_tokens,
    value_bounds,
)
from foretaste.model.settings import SequenceSettings
from foretaste.model.training import Training

log = logging.getLogger(__name__)

MAX_CHECKED_CASES = 2000
"""Validation events looked at in a check, at most."""
SECONDS_PER_DAY = 86_400.0
"""Seconds. Where everything happened within one, times are but an order."""
REFIT_EPOCH_SHARE, REFIT_RATE_SHARE = 0.2, 0.8
"""Of the epochs, and of the learning rate in the first of them, that teach what answers the newest
events."""
MIN_PARALLEL_EVENTS = 2048
"""Events a batch from which several threads are faster than one: below, they wait for one another
longer than they compute (docs/decisions/0004)."""


@dataclass(frozen=True)
class TrainingPlan:
    """What is chosen from the data's own facts where the settings leave it open."""

    length: int
    input_dropout: float
    batch_events: int
    is_timed: bool


def plan_training(interactions: Interactions, settings: SequenceSettings) -> TrainingPlan:
    """Short histories ask for strong dropout (they overfit), long ones for a long memory."""
    lengths = np.diff(interactions.offsets)
    typical_length = float(np.percentile(lengths[lengths > 0], 90)) if lengths.any() else 1.0
    is_long = typical_length > 50
    dropout = settings.input_dropout
    return TrainingPlan(
        length=settings.max_history_length or (200 if is_long else 50),
        input_dropout=dropout if dropout is not None else (0.2 if is_long else 0.5),
        batch_events=settings.batch_events * (4 if is_long else 1),
        is_timed=bool(interactions.event_count and np.ptp(interactions.at) > SECONDS_PER_DAY),
    )


def sampled_softmax_loss(
    network: SequenceNetwork, batch: EventTokens, next_items: Tensor, negatives: int
) -> Tensor:
    """Mean cross-entropy of the true next item against the drawn ones."""
    items = len(network.vectors) - 1
    device = batch.item.device
    if negatives >= items:
        states = functional.normalize(network(batch)[next_items > 0], dim=-1)
        scores = states @ network.unit_item_vectors().T / network.temperature
        return functional.cross_entropy(scores, next_items[next_items > 0] - 1)
    target_items = next_items[next_items > 0]  # [events]
    negative_items = draw_negatives(items, negatives, device)
    negatives = len(negative_items)
    # an item is an event, the one wanted after it and perhaps drawn: its vector is made once
    index = torch.cat([batch.item.flatten(), target_items, negative_items])
    distinct, vector_positions = torch.unique(index, return_inverse=True)
    vectors = network.item_vectors(distinct)  # [distinct, dim]
    events, target_positions, negative_positions = vector_positions.split(
        [batch.item.numel(), len(target_items), negatives]
    )
    states = network(batch, vectors[events].view(*batch.item.shape, -1))[next_items > 0]
    states = functional.normalize(states, dim=-1) / network.temperature  # [events, dim]
    vectors = functional.normalize(vectors, dim=-1)
    target_logits = (states * vectors[target_positions]).sum(-1)  # [events]
    negative_logits = states @ vectors[negative_positions].T  # [events, negatives]
    drawn_positions = torch.full((items + 1,), -1, device=device)
    drawn_positions[negative_items] = torch.arange(negatives, device=device)
    clashing_events = (drawn_positions[target_items] >= 0).nonzero()[
        :, 0
    ]  # events whose own item was drawn: not an other
    negative_logits[clashing_events, drawn_positions[target_items[clashing_events]]] = -torch.inf
    negative_total = torch.logsumexp(negative_logits, dim=1) + float(
        np.log((items - 1) / negatives)
    )
    return (torch.logaddexp(target_logits, negative_total) - target_logits).mean()


def draw_negatives(items: int, count: int, device: torch.device) -> Tensor:
    """Different internal ids + 1; of a large catalogue a few less than wanted, for an order of all
    would take longer than the loss.
    """
    if is_exhaustive(items):
        return torch.randperm(items, device=device)[:count] + 1
    return torch.unique(torch.randint(items, (count,), device=device)) + 1


@torch.inference_mode()
def validation_quality(network: SequenceNetwork, cases: EvaluationCases) -> tuple[float, float]:
    """(mean log P, NDCG@10 over all items, seen ones left out) of the validation events."""
    network.eval()
    items = network.unit_item_vectors()
    log_prob_sum, gain_sum = 0.0, 0.0
    batch_size = rows_that_fit(250, 3 * len(items))
    for start in range(0, len(cases), batch_size):
        user_contexts = cases.user_contexts(start, start + batch_size)
        targets = torch.from_numpy(cases.targets[start : start + batch_size].astype(np.int64))
        batch = event_tokens(user_contexts, network.length).to(items.device)
        states = functional.normalize(network(batch)[:, -1], dim=-1)
        log_probs = functional.log_softmax(states @ items.T / network.temperature, dim=-1).cpu()
        target_log_probs = log_probs.gather(1, targets[:, None])
        log_prob_sum += float(target_log_probs.sum())
        for row, user_context in enumerate(user_contexts):
            log_probs[row, user_context.consumed_items.astype(np.int64)] = -torch.inf
        rank = (log_probs > target_log_probs).sum(1)
        gain_sum += float((1 / torch.log2(rank[rank < 10] + 2.0)).sum())
    if not np.isfinite(log_prob_sum):
        raise ModelError(
            "training the sequence expert: the network gives numbers that are not finite; lower "
            "model.sequence.learning_rate, and see that the item vectors are finite"
        )
    return log_prob_sum / max(len(cases), 1), gain_sum / max(len(cases), 1)


def train_network(training: Training) -> SequenceNetwork | None:
    """The network that predicts the validation events best; None where nobody took two items."""
    settings = training.settings.sequence
    training_plan = plan_training(training.interactions, settings)
    pieces = HistoryPieces(training.interactions, training_plan.length)
    if not len(pieces.starts):
        return None
    torch.manual_seed(training.settings.seed)
    device = device_of(settings.device)
    vectors = torch.from_numpy(np.asarray(training.catalogue.vectors))
    zero_vector = torch.zeros(1, vectors.shape[1], dtype=vectors.dtype)
    texts = training.catalogue.full_texts
    network = SequenceNetwork(
        torch.cat([zero_vector, vectors]),
        settings,
        training_plan.length,
        len(training.interactions.event_types),
        training_plan.input_dropout,
        is_timed=training_plan.is_timed,
        has_sparse_identity=not is_exhaustive(len(vectors)),
        words=ItemWords.of(texts, settings.dim) if settings.word_vectors else None,
    )
    network.steps.copy_(torch.from_numpy(value_bounds(training.interactions)))
    network = network.to(device)
    run = SequenceTrainingRun(network, pieces, training_plan, training)
    with _limited_threads(None if training_plan.batch_events >= MIN_PARALLEL_EVENTS else 1):
        run.train()
    _zero_cold_identities(network, training.interactions)
    return network


def refit_network(network: SequenceNetwork, training: Training) -> SequenceNetwork:
    """A copy of the network that is taught all interactions, in few epochs at a lower rate.

    It goes on from what validation events chose, so it overfits no more than that did, and costs a
    part of a training from nothing. No event is left to choose by: the last epoch is taken.
    """
    settings = training.settings.sequence
    epochs = ceil(REFIT_EPOCH_SHARE * settings.epochs)
    pieces = HistoryPieces(training.interactions, network.length)
    if not epochs or not len(pieces.starts):
        return network
    shared_vectors = {id(network.vectors): network.vectors}  # of all items, and never changed
    network = deepcopy(network, shared_vectors)
    rate = REFIT_RATE_SHARE * settings.learning_rate
    settings = settings.model_copy(update={"epochs": epochs, "learning_rate": rate})
    training = replace(
        training,
        settings=training.settings.model_copy(update={"sequence": settings}),
        validation_cases=training.validation_cases.select(np.empty(0, np.int64)),
    )
    training_plan = plan_training(training.interactions, settings)
    run = SequenceTrainingRun(network, pieces, training_plan, training)
    with _limited_threads(None if training_plan.batch_events >= MIN_PARALLEL_EVENTS else 1):
        run.train()
    _zero_cold_identities(network, training.interactions)
    return network


@contextmanager
def _limited_threads(max_threads: int | None) -> Iterator[None]:
    """PyTorch computes with at most so many threads; None leaves it as it is."""
    thread_count = torch.get_num_threads()
    torch.set_num_threads(min(max_threads or thread_count, thread_count))
    try:
        yield
    finally:
        torch.set_num_threads(thread_count)


def _zero_cold_identities(network: SequenceNetwork, interactions: Interactions) -> None:
    """An item nobody took has only noise for an identity: like a new one, it is its text alone."""
    is_consumed = np.zeros(len(network.vectors), bool)
    is_consumed[interactions.item[interactions.item >= 0] + 1] = True
    with torch.no_grad():
        network.identity.weight[torch.from_numpy(~is_consumed)] = 0


def make_optimizers(network: SequenceNetwork, rate: float) -> list[torch.optim.Optimizer]:
    """Adam. Where the catalogue is large an identity moves only in the batches that name it: the
    others' gradient is zero, and to move them all by what was before took nine tenths of the time.
    """
    sparse_parameter = network.identity.weight if network.identity.sparse else None
    dense_parameters = [
        parameter for parameter in network.parameters() if parameter is not sparse_parameter
    ]
    dense_optimizers: list[torch.optim.Optimizer] = [
        torch.optim.AdamW(dense_parameters, lr=rate, weight_decay=0.0, fused=True)
    ]
    return (
        dense_optimizers
        if sparse_parameter is None
        else [*dense_optimizers, torch.optim.SparseAdam([sparse_parameter], lr=rate)]
    )


def gradient_step(
    network: SequenceNetwork, loss: Tensor, optimizers: list[torch.optim.Optimizer]
) -> None:
    """One step down the gradient, of length 1 at most."""
    for optimizer in optimizers:
        optimizer.zero_grad()
    loss.backward()
    if network.identity.sparse:
        _clip_sparse(network)
    else:
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    for optimizer in optimizers:
        optimizer.step()


def _clip_sparse(network: SequenceNetwork) -> None:
    """As PyTorch's own, which takes no sparse gradient."""
    identity = network.identity.weight
    assert identity.grad is not None
    identity.grad = identity.grad.coalesce()
    grads = [
        parameter.grad.values() if parameter is identity else parameter.grad
        for parameter in network.parameters()
        if parameter.grad is not None
    ]
    scale = (1.0 / (nn.utils.get_total_norm(grads) + 1e-6)).clamp(max=1.0)
    for grad in grads:
        grad.mul_(scale)


def cosine_schedule(epoch: int, epochs: int) -> float:
    """The share of the learning rate in an epoch: a cosine from 1 down to a twentieth."""
    return float(0.05 + 0.95 * (1 + np.cos(np.pi * epoch / max(epochs, 1))) / 2)


class SequenceTrainingRun:
    """One training run: epochs, checks, early stopping, checkpoints."""

    def __init__(
        self,
        network: SequenceNetwork,
        pieces: HistoryPieces,
        training_plan: TrainingPlan,
        training: Training,
    ) -> None:
        self.network, self.pieces, self.training_plan, self.training = (
            network,
            pieces,
            training_plan,
            training,
        )
        settings = training.settings.sequence
        self.optimizers = make_optimizers(network, settings.learning_rate)
        rng = np.random.default_rng(training.settings.seed)
        self.checked_cases = training.validation_cases.sample(MAX_CHECKED_CASES, rng)
        self.best_state: dict[str, Tensor] = {}
        self.best_quality, self.checks_without_gain, self.epoch = -np.inf, 0, 0

    def train(self) -> None:
        """To the end, or until checks no longer improve."""
        settings = self.training.settings.sequence
        checkpoint = Checkpoint.open(self.training.checkpoint_folder, self)
        self.training.progress("training the sequence expert", self.epoch, settings.epochs)
        while self.epoch < settings.epochs and self.checks_without_gain < settings.patience:
            loss = self._epoch()
            self.epoch += 1
            note = f"loss {loss:.3f}"
            if self.epoch % settings.check_every == 0 or self.epoch == settings.epochs:
                if len(self.checked_cases):  # without any, the last epoch is the best there is
                    note += f", validation NDCG@10 {self._check():.4f}"
                checkpoint.save()
            self.training.progress(
                "training the sequence expert", self.epoch, settings.epochs, note
            )
        if self.best_state:
            self.network.load_state_dict(self.best_state)
        checkpoint.delete()

    def _epoch(self) -> float:
        """One pass; all chance in it comes from the seed and the number of the epoch."""
        settings = self.training.settings
        self.network.train()
        for group in [group for optimizer in self.optimizers for group in optimizer.param_groups]:
            group["lr"] = settings.sequence.learning_rate * cosine_schedule(
                self.epoch, settings.sequence.epochs
            )
        torch.manual_seed(settings.seed * 100_003 + self.epoch)
        rng = np.random.default_rng((settings.seed, self.epoch))
        self.pieces.recut(rng)
        losses = []
        for piece_indices in self.pieces.batches(self.training_plan.batch_events, rng):
            batch, next_items = self.pieces.batch(piece_indices)
            if not (next_items > 0).any():
                continue
            device = self.network.vectors.device
            loss = sampled_softmax_loss(
                self.network, batch.to(device), next_items.to(device), settings.sequence.negatives
            )
            gradient_step(self.network, loss, self.optimizers)
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
        likelihood, gain = validation_quality(self.network, self.checked_cases)
        log.info("epoch %d: log P %.4f, NDCG@10 %.4f", self.epoch, likelihood, gain)
        if gain > self.best_quality or not self.best_state:
            self.best_quality, self.checks_without_gain = gain, 0
            state = self.network.state_dict()
            self.best_state = {name: value.detach().clone() for name, value in state.items()}
        else:
            self.checks_without_gain += 1
        return gain
