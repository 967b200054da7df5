"""Training of the language expert: histories in, the network that predicts what is held out best.

An example is one event: the text of what came before it, and the item that was taken. The item is
told apart from all others, or in a large catalogue from items drawn uniformly and shared by the
batch (sampled softmax, Jean et al. 2015, section 3). The logit of an item is its cosine and the log
of its popularity: it is trained in a product with popularity, so that it learns what popularity, an
expert of its own, does not say already. Reading is what costs, so an epoch is a draw of examples,
and the state before training is the first that is checked. Alone or by the workers of a cluster it
is the same loop, of which each worker then has a copy (`cluster/replicas.py`).
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from math import sqrt

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from foretaste.cluster.checkpoint import Checkpoint, State, note_check
from foretaste.cluster.replicas import ALONE, UNSHARED_FOLDER, Replicas, joined
from foretaste.domain.cluster import Seat
from foretaste.domain.data import Floats, Interactions, Ints, Longs, UserContext
from foretaste.domain.device import device_of
from foretaste.domain.ports import Backbone, Progress, StateArrays, no_progress
from foretaste.errors import ModelError
from foretaste.model.checkpoint_names import checkpoint_path
from foretaste.model.history_text import HistoryTextBuilder
from foretaste.model.language_network import LanguageNetwork, padded_batch, read_texts
from foretaste.model.training import Training

log = logging.getLogger(__name__)

DEFAULT_BACKBONE_RATES = {"lora": 5e-4, "whole": 5e-5, "head": 0.0}
"""Learning rate of the backbone by what is tuned, where none is set."""
WARMUP_SHARE = 0.1
"""Share of the steps in which the learning rate rises."""
PROGRESS_LABEL = "tuning the language expert"


def sampled_cross_entropy(
    states: Tensor,
    targets: Tensor,
    vectors: Tensor,
    item_bias: Tensor,
    temperature: Tensor,
    max_negatives: int,
) -> Tensor:
    """Mean cross-entropy of the items wanted [batch] given [batch, dim] and [items, dim].

    item_bias: [items], added to each item's logit beside the cosine. max_negatives: at most so many
    items are told apart from the true one.
    """
    items = len(vectors)
    if max_negatives >= items:
        return functional.cross_entropy(states @ vectors.T / temperature + item_bias, targets)
    negative_items = torch.randint(items, (max_negatives,), device=states.device)
    target_logits = (states * vectors[targets]).sum(-1) / temperature + item_bias[
        targets
    ]  # [batch]
    negative_logits = (
        states @ vectors[negative_items].T / temperature + item_bias[negative_items]
    )  # [batch, drawn]
    negative_logits = negative_logits + float(np.log((items - 1) / max_negatives))
    negative_logits = negative_logits.masked_fill(
        negative_items[None] == targets[:, None], -torch.inf
    )
    logits = torch.cat([target_logits[:, None], negative_logits], dim=1)
    return functional.cross_entropy(logits, torch.zeros_like(targets))


def mean_log_prob(
    states: Floats, targets: Ints, vectors: Tensor, item_bias: Tensor, temperature: Tensor
) -> float:
    """Mean log P of the targets [cases] given the states [cases, dim]."""
    log_prob_parts = []
    for start in range(0, len(targets), 256):
        batch_states = torch.from_numpy(states[start : start + 256]).to(vectors.device)
        batch_targets = torch.from_numpy(targets[start : start + 256].astype(np.int64))
        log_probs = functional.log_softmax(
            batch_states @ vectors.T / temperature + item_bias, dim=-1
        ).cpu()
        log_prob_parts.append(log_probs.gather(1, batch_targets[:, None]))
    return float(torch.cat(log_prob_parts).mean())


def log_popularity(interactions: Interactions, items: int) -> Floats:
    """[items], log of an item's share of what was taken, with one event each as prior."""
    counts = np.bincount(interactions.item[interactions.positive_mask()], minlength=items) + 1.0
    return np.log(counts / counts.sum()).astype(np.float32)


class LanguageTrainingRun:
    """One training run: epochs, checks, early stopping, a checkpoint after each epoch."""

    def __init__(
        self,
        network: LanguageNetwork,
        reader: Backbone,
        text_builder: HistoryTextBuilder,
        training: Training,
        replicas: Replicas = ALONE,
    ) -> None:
        self.settings, self.replicas = training.settings.language, replicas
        self.network = network.to(device_of(self.settings.device))
        self.reader, self.text_builder, self.training = reader, text_builder, training
        vectors = torch.from_numpy(np.asarray(training.catalogue.vectors))
        self.vectors = vectors.to(network.head.weight.device)
        item_bias = log_popularity(training.interactions, len(self.vectors))
        self.item_bias = torch.from_numpy(item_bias).to(self.vectors.device)
        # The vectors of searches are not read here, and would be copied for every example.
        self.interactions = replace(training.interactions, vectors=None)
        self.example_rows = example_rows(
            self.interactions.offsets, self.interactions.positive_mask()
        )
        self.owners = self.interactions.row_users()
        rng = np.random.default_rng(training.settings.seed)
        validation_cases = replace(
            training.validation_cases,
            interactions=replace(training.validation_cases.interactions, vectors=None),
        )
        checked_cases = validation_cases.sample(self.settings.max_checked_cases, rng)
        self.checked_tokens, self.checked_targets = self._readable_examples(
            checked_cases.user_contexts(0, len(checked_cases)), checked_cases.targets
        )
        epoch_examples = min(self.settings.max_examples_per_epoch, len(self.example_rows))
        self.batch_size = self.settings.batch_size * replicas.size
        self.epoch_steps = -(-epoch_examples // self.batch_size)
        self.steps = max(self.epoch_steps * self.settings.epochs, 1)
        self.optimizers = [self._optimizer()]
        self.best_state: State = {}
        self.best_quality, self.checks_without_gain, self.epoch = -np.inf, 0, 0

    def train(self) -> LanguageNetwork:
        """To the end, or until the validation events are predicted no better."""
        settings, training = self.settings, self.training
        checkpoint = Checkpoint.open(checkpoint_path(training, "language"), self)
        self.replicas.require_same(self.epoch, UNSHARED_FOLDER)
        if not self.best_state:
            note_check(self, self._check())
            log.info("before training: log P %.4f", self.best_quality)
        epochs = settings.epochs if len(self.example_rows) else 0
        training.progress(PROGRESS_LABEL, self.epoch * self.epoch_steps, self.steps)
        while self.epoch < epochs and self.checks_without_gain < settings.patience:
            loss = self._epoch()
            self.epoch += 1
            quality = self._check()
            log.info("epoch %d: loss %.4f, log P %.4f", self.epoch, loss, quality)
            note = f"loss {loss:.3f}, validation log P {quality:.3f}"
            training.progress(PROGRESS_LABEL, self.epoch * self.epoch_steps, self.steps, note)
            note_check(self, quality)
            checkpoint.save()
        self.restore(self.best_state)
        checkpoint.delete()
        return self.network.eval()

    def state(self) -> State:
        """What training changes."""
        return dict(self.network.tunable())

    @torch.no_grad()
    def restore(self, state: State) -> None:
        """The inverse of `state`."""
        for name, value in self.network.tunable().items():
            value.copy_(state[name])

    def _optimizer(self) -> torch.optim.Optimizer:
        """The backbone and the head at their rates; the temperature, one number, goes faster."""
        settings = self.settings
        # replicas make a batch so many times larger; Adam then takes the root (Malladi et al. 2022)
        scale = sqrt(self.replicas.size)
        rate = scale * (settings.learning_rate or DEFAULT_BACKBONE_RATES[settings.tuned_parameters])
        head_rate = scale * settings.head_rate
        tunable = self.network.tunable()
        body = [value for name, value in tunable.items() if name.startswith("reading.")]
        groups = [
            {"params": body, "lr": rate, "full": rate},
            {
                "params": [self.network.head.weight],
                "lr": head_rate,
                "full": head_rate,
            },
            {
                "params": [self.network.log_temperature],
                "lr": 10 * head_rate,
                "full": 10 * head_rate,
            },
        ]
        return torch.optim.AdamW([group for group in groups if group["params"]], weight_decay=0.0)

    def _readable_examples(
        self, user_contexts: list[UserContext], targets: Ints
    ) -> tuple[list[Ints], Ints]:
        """(tokens, targets) of those of whom there is something to read."""
        texts = [self.text_builder.text(user_context) for user_context in user_contexts]
        readable_positions = [position for position, text in enumerate(texts) if text]
        return self.reader.tokens([texts[position] for position in readable_positions]), targets[
            readable_positions
        ]

    def _batches(self) -> Iterator[tuple[list[Ints], Ints]]:
        """The examples of an epoch, of each batch the share of this copy; all chance comes from the
        seed and the number of the epoch.
        """
        rng = np.random.default_rng((self.training.settings.seed, self.epoch))
        epoch_examples = min(self.settings.max_examples_per_epoch, len(self.example_rows))
        epoch_rows = rng.choice(self.example_rows, epoch_examples, replace=False)
        user_contexts = [
            self.interactions.user_context(int(self.owners[row]), int(row)) for row in epoch_rows
        ]
        tokens, targets = self._readable_examples(user_contexts, self.interactions.item[epoch_rows])
        order = np.argsort([len(token_ids) for token_ids in tokens], kind="stable")
        starts = np.arange(0, len(order), self.batch_size)
        rng.shuffle(starts)
        for start in starts:
            batch_positions = self.replicas.share(order[start : start + self.batch_size])
            yield [tokens[position] for position in batch_positions], targets[batch_positions]

    def _epoch(self) -> float:
        network, settings = self.network, self.settings
        network.train()
        if settings.tuned_parameters == "head":
            network.reading.eval()
        self.replicas.seed_epoch(self.training.settings.seed, self.epoch)
        losses: list[float] = []
        for number, (tokens, targets) in enumerate(self._batches()):
            step = self.epoch * self.epoch_steps + number
            loss = self._loss(tokens, targets) if len(targets) else None
            self._step(loss, len(targets), linear_schedule(step, self.steps))
            if loss is not None:
                losses.append(self._finite(float(loss.detach())))
            note = f"loss {np.mean(losses[-20:]):.3f}" if losses else ""
            self.training.progress(PROGRESS_LABEL, step + 1, self.steps, note)
        return float(np.mean(losses)) if losses else 0.0

    def _loss(self, tokens: list[Ints], targets: Ints) -> Tensor:
        network, device = self.network, self.vectors.device
        return sampled_cross_entropy(
            network(*padded_batch(tokens, self.reader.pad, device)),
            torch.from_numpy(targets.astype(np.int64)).to(device),
            self.vectors,
            self.item_bias,
            network.temperature,
            self.settings.negatives,
        )

    def _step(self, loss: Tensor | None, examples: int, rate_share: float) -> None:
        """One step down the gradient of all copies, at this share of the rates."""
        (optimizer,) = self.optimizers
        for group in optimizer.param_groups:
            group["lr"] = group["full"] * rate_share
        optimizer.zero_grad()
        if loss is not None:
            loss.backward()
        parameters = list(self.network.tunable().values())
        if self.replicas.average_gradients(parameters, examples):
            nn.utils.clip_grad_norm_(parameters, 1.0)
            optimizer.step()

    def _finite(self, loss: float) -> float:
        if not np.isfinite(loss):
            raise ModelError(
                f"{PROGRESS_LABEL}: the loss became {loss} in epoch {self.epoch + 1}; lower "
                f"model.language.learning_rate or head_rate and train again"
            )
        return loss

    def _check(self) -> float:
        """Mean log P of the validation events, a share of which each copy reads."""
        count = len(self.checked_targets)
        if not count:
            return 0.0
        rows = self.replicas.share(np.arange(count))
        log_prob_sum = 0.0
        if len(rows):
            tokens = [self.checked_tokens[row] for row in rows]
            states = read_texts(self.network, tokens, self.reader.pad)
            targets, temperature = self.checked_targets[rows], self.network.temperature
            with torch.no_grad():
                log_prob_sum = len(rows) * mean_log_prob(
                    states, targets, self.vectors, self.item_bias, temperature
                )
        return float(self.replicas.total([log_prob_sum])[0]) / count


def example_rows(
    offsets: Longs, is_positive: "np.ndarray[tuple[int], np.dtype[np.bool_]]"
) -> Longs:
    """The rows that are taken after something else."""
    has_history = is_positive.copy()
    first_rows = offsets[:-1]
    has_history[first_rows[first_rows < len(is_positive)]] = False
    return np.flatnonzero(has_history)


def linear_schedule(step: int, steps: int) -> float:
    """The share of the learning rate at a step: up in a line, then down in a line."""
    warmup_steps = max(WARMUP_SHARE * steps, 1.0)
    return float(
        min((step + 1) / warmup_steps, max((steps - step) / max(steps - warmup_steps, 1.0), 0.02))
    )


def tune_network(
    training: Training, reader: Backbone, event_types: Sequence[str]
) -> LanguageNetwork:
    """The network that predicts the validation events best, the untrained one included; tuned here
    or by the workers of the cluster.
    """
    settings, cluster = training.settings.language, training.cluster
    torch.manual_seed(training.settings.seed)  # the additions begin at random
    network = LanguageNetwork(reader, settings, training.catalogue.vectors.shape[1])
    if cluster is None or not cluster.is_engaged:
        return _run(network, reader, event_types, training).train()
    training_there = replace(training, progress=no_progress, open_reader=None, cluster=None)
    work = partial(_tune_replica, network, reader, tuple(event_types), training_there)
    network.restore(cluster.replicate(work, training.progress))
    return network.eval()


def _run(
    network: LanguageNetwork,
    reader: Backbone,
    event_types: Sequence[str],
    training: Training,
    replicas: Replicas = ALONE,
) -> LanguageTrainingRun:
    max_events = training.settings.language.max_recent_events
    text_builder = HistoryTextBuilder(training.catalogue, event_types, max_events)
    return LanguageTrainingRun(network, reader, text_builder, training, replicas)


def _tune_replica(
    network: LanguageNetwork,
    reader: Backbone,
    event_types: Sequence[str],
    training: Training,
    seat: Seat,
    progress: Progress,
) -> StateArrays:
    """One of the copies, from its first epoch or the checkpoint to the end. → what was changed."""
    training = replace(training, progress=progress)
    with joined(seat, device_of(training.settings.language.device)) as replicas:
        return _run(network, reader, event_types, training, replicas).train().arrays()
