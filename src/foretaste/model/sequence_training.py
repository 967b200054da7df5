"""Training of the sequence network: histories in, the network that predicts what is held out best.

A history longer than the network's is cut in pieces (`history_pieces`). Alone or by the workers of
a cluster it is the same loop, of which each worker then has a copy (`replicas`).
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import partial
from math import sqrt
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from foretaste.cluster.checkpoint import Checkpoint, State, note_check
from foretaste.cluster.replicas import ALONE, UNSHARED_FOLDER, Replicas, joined
from foretaste.domain.arrays import rows_that_fit
from foretaste.domain.cluster import Seat
from foretaste.domain.data import EvaluationCases, Interactions, Longs
from foretaste.domain.device import device_of
from foretaste.domain.ports import Progress, no_progress
from foretaste.errors import ModelError
from foretaste.model.checkpoint_names import checkpoint_path
from foretaste.model.gradient import (
    cosine_schedule,
    gradient_step,
    make_optimizers,
    set_rates,
)
from foretaste.model.history_pieces import HistoryPieces
from foretaste.model.index.base import is_exhaustive
from foretaste.model.item_words import ItemWords
from foretaste.model.media_input import MediaInput
from foretaste.model.sequence_loss import sampled_softmax_loss
from foretaste.model.sequence_network import (
    DEFAULT_LAYERS,
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
MAX_SPARSE_EVENTS, SPARSE_IDENTITY_RATE = 20, 0.3
"""Events an item, in the mean, below which identities learn at this share of the rate. Adam moves
what is seldom seen as far as the rest: without that, they know by heart what words would tell."""
SPARSE_LAYERS = 1
"""Layers there: with a second one lists were worse (docs/decisions/0074)."""
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
    layers: int
    has_sparse_identities: bool
    """Whether most items are taken so seldom that an identity is learnt from a few events."""


def plan_training(interactions: Interactions, settings: SequenceSettings) -> TrainingPlan:
    """Short histories ask for strong dropout (they overfit), long ones for a long memory."""
    lengths = np.diff(interactions.offsets)
    typical_length = float(np.percentile(lengths[lengths > 0], 90)) if lengths.any() else 1.0
    is_long = typical_length > 50
    dropout = settings.input_dropout
    has_sparse_identities = _events_per_item(interactions) < MAX_SPARSE_EVENTS
    return TrainingPlan(
        length=settings.max_history_length or (200 if is_long else 50),
        input_dropout=dropout if dropout is not None else (0.2 if is_long else 0.5),
        batch_events=settings.batch_events * (4 if is_long else 1),
        is_timed=bool(interactions.event_count and np.ptp(interactions.at) > SECONDS_PER_DAY),
        layers=settings.layers or (SPARSE_LAYERS if has_sparse_identities else DEFAULT_LAYERS),
        has_sparse_identities=has_sparse_identities,
    )


def _events_per_item(interactions: Interactions) -> float:
    """How often an item was taken, in the mean over those that were."""
    taken_items = interactions.item[interactions.positive_mask()]
    return len(taken_items) / max(len(np.unique(taken_items)), 1)


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
    pieces = history_pieces(training, training_plan.length)
    if not len(pieces.starts):
        return None
    torch.manual_seed(training.settings.seed)
    vectors = all_vectors(training)
    words = None
    if settings.word_vectors:
        texts, has_pairs = training.catalogue.full_texts, training_plan.has_sparse_identities
        words = ItemWords.of(texts, settings.dim, has_pairs=has_pairs)
    network = SequenceNetwork(
        vectors,
        settings.model_copy(update={"layers": training_plan.layers}),
        training_plan.length,
        len(training.interactions.event_types),
        training_plan.input_dropout,
        is_timed=training_plan.is_timed,
        has_sparse_identity=not is_exhaustive(len(vectors) - 1),
        words=words,
        media=MediaInput.of(training.catalogue, settings.dim) if settings.media_vectors else None,
    )
    network.steps.copy_(torch.from_numpy(value_bounds(training.interactions)))
    return teach(network, pieces, training_plan, training)


def history_pieces(training: Training, length: int) -> HistoryPieces:
    """The histories that are learnt, each event with how much it counts."""
    interactions = training.interactions
    return HistoryPieces(interactions, length, training.weights_of(interactions))


def all_vectors(training: Training) -> Tensor:
    """[items + 1, read dim], the first of nothing."""
    vectors = np.asarray(training.catalogue.vectors)
    table = np.concatenate([np.zeros((1, vectors.shape[1]), vectors.dtype), vectors])
    return torch.from_numpy(table)


def teach(
    network: SequenceNetwork,
    pieces: HistoryPieces,
    training_plan: TrainingPlan,
    training: Training,
) -> SequenceNetwork:
    """The network, taught here or by the workers of the cluster."""
    network = network.to(device_of(training.settings.sequence.device))
    cluster = training.cluster
    if cluster is None or not cluster.is_engaged:
        run_training(network, pieces, training_plan, training)
    else:
        work = shared_training(network, training_plan, training)
        network.load_state_dict(state_tensors(cluster.replicate(work, training.progress)))
    _zero_cold_identities(network, training.interactions)
    return network


def run_training(
    network: SequenceNetwork,
    pieces: HistoryPieces,
    training_plan: TrainingPlan,
    training: Training,
    replicas: Replicas = ALONE,
) -> None:
    """Teach the network in this process, alone or beside its replicas."""
    run = SequenceTrainingRun(network, pieces, training_plan, training, replicas)
    with _limited_threads(None if training_plan.batch_events >= MIN_PARALLEL_EVENTS else 1):
        run.train()


# By several workers -------------------------------------------------------------------------------


def shared_training(
    network: SequenceNetwork, training_plan: TrainingPlan, training: Training
) -> Callable[[Seat, Progress], dict[str, np.ndarray[Any, Any]]]:
    """What each worker is to do: all that it needs, and nothing that stays in this process."""
    no_vectors = {id(network.vectors): torch.empty(0)}  # they are the catalogue's
    bare_network = deepcopy(network, no_vectors).cpu()
    training = replace(training, progress=no_progress, open_reader=None, cluster=None)
    return partial(_train_replica, bare_network, training_plan, training)


def _train_replica(
    network: SequenceNetwork,
    training_plan: TrainingPlan,
    training: Training,
    seat: Seat,
    progress: Progress,
) -> dict[str, np.ndarray[Any, Any]]:
    """One of the copies, from its first epoch or the checkpoint to the end. → its parameters."""
    device = device_of(training.settings.sequence.device)
    network.vectors = all_vectors(training)
    network, training = network.to(device), replace(training, progress=progress)
    pieces = history_pieces(training, network.length)
    with joined(seat, device) as replicas:
        run_training(network, pieces, training_plan, training, replicas)
    return {name: value.cpu().numpy() for name, value in network.state_dict().items()}


def state_tensors(arrays: dict[str, np.ndarray[Any, Any]]) -> dict[str, Tensor]:
    """Parameters as PyTorch has them."""
    return {name: torch.from_numpy(np.array(array)) for name, array in arrays.items()}


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


class SequenceTrainingRun:
    """One training run: epochs, checks, early stopping, checkpoints."""

    def __init__(
        self,
        network: SequenceNetwork,
        pieces: HistoryPieces,
        training_plan: TrainingPlan,
        training: Training,
        replicas: Replicas = ALONE,
    ) -> None:
        self.network, self.pieces, self.training_plan, self.training = (
            network,
            pieces,
            training_plan,
            training,
        )
        self.replicas = replicas
        is_slow = training_plan.has_sparse_identities and network.words is not None
        self.optimizers = make_optimizers(network, SPARSE_IDENTITY_RATE if is_slow else 1.0)
        rng = np.random.default_rng(training.settings.seed)
        self.checked_cases = training.validation_cases.sample(MAX_CHECKED_CASES, rng)
        self.best_state: dict[str, Tensor] = {}
        self.best_quality, self.checks_without_gain, self.epoch = -np.inf, 0, 0

    def train(self) -> None:
        """To the end, or until checks no longer improve."""
        settings = self.training.settings.sequence
        checkpoint = Checkpoint.open(checkpoint_path(self.training, "sequence"), self)
        self.replicas.require_same(self.epoch, UNSHARED_FOLDER)
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

    def state(self) -> State:
        """The parameters."""
        return self.network.state_dict()

    def restore(self, state: State) -> None:
        """The inverse of `state`."""
        self.network.load_state_dict(state)

    def _epoch(self) -> float:
        """One pass; all chance in it comes from the seed and the number of the epoch."""
        settings = self.training.settings
        # replicas make a batch so many times larger; Adam then takes the root (Malladi et al. 2022)
        rate = settings.sequence.learning_rate * sqrt(self.replicas.size)
        self.network.train()
        set_rates(self.optimizers, rate * cosine_schedule(self.epoch, settings.sequence.epochs))
        self.replicas.seed_epoch(settings.seed, self.epoch)
        rng = np.random.default_rng((settings.seed, self.epoch))
        self.pieces.recut(rng)
        losses = []
        batch_events = self.training_plan.batch_events * self.replicas.size
        for piece_indices in self.pieces.batches(batch_events, rng):
            loss, events = self._loss(self.replicas.share(piece_indices))
            gradient_step(self.network, loss, self.optimizers, self.replicas, events)
            if loss is not None:
                losses.append(self._finite(float(loss.detach())))
        return float(np.mean(losses)) if losses else 0.0

    def _loss(self, piece_indices: Longs) -> tuple[Tensor | None, int]:
        """(mean loss, of how many events); None where nothing in these pieces is to be told."""
        if not len(piece_indices):
            return None, 0
        batch, next_items = self.pieces.batch(piece_indices)
        events = int((next_items > 0).sum())
        if not events:
            return None, 0
        device, settings = self.network.vectors.device, self.training.settings.sequence
        weights = self.pieces.target_weights(piece_indices, next_items)
        weights = None if weights is None else weights.to(device)
        batch, next_items = batch.to(device), next_items.to(device)
        loss = sampled_softmax_loss(self.network, batch, next_items, settings.negatives, weights)
        return loss, events

    def _finite(self, loss: float) -> float:
        if not np.isfinite(loss):
            raise ModelError(
                f"training the sequence expert: the loss became {loss} in epoch "
                f"{self.epoch + 1}; lower model.sequence.learning_rate "
                f"(now {self.training.settings.sequence.learning_rate}), or see that the item "
                "vectors are finite, and train again"
            )
        return loss

    def _check(self) -> float:
        likelihood, gain = self._quality()
        log.info("epoch %d: log P %.4f, NDCG@10 %.4f", self.epoch, likelihood, gain)
        note_check(self, gain)
        return gain

    def _quality(self) -> tuple[float, float]:
        """(mean log P, NDCG@10) of the checked cases, a share of them by each replica."""
        rows = self.replicas.share(np.arange(len(self.checked_cases)))
        likelihood, gain = validation_quality(self.network, self.checked_cases.select(rows))
        sums = self.replicas.total([likelihood * len(rows), gain * len(rows)])
        return float(sums[0]) / len(self.checked_cases), float(sums[1]) / len(self.checked_cases)
