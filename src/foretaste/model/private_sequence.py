"""Private training of the sequence network: histories in; a network in which nobody shows, out.

DP-SGD (Abadi et al. 2016, algorithm 1). A sample is a person: each step draws every person with the
same chance (Poisson), takes the gradient of each person's own loss (`torch.func`: hooks of layers
cannot tell people apart where items are projected for all at once), cuts it to `clipping`, and adds
normal noise; Opacus does both and its accountant has said how much noise. What answers is the mean
of the later steps, which costs no budget (Shamir and Zhang 2013).

An item is what is written of it: identities, which are learnt of those who took it alone, are left
out. Nothing is chosen by looking at people: not when to stop, nor the buckets of values.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, vmap
from torch.nn import functional
from torch.nn.attention import SDPBackend, sdpa_kernel

from foretaste.domain.data import Longs
from foretaste.domain.device import device_of
from foretaste.errors import MissingExtra, ModelError
from foretaste.model.gradient import cosine_schedule
from foretaste.model.history_pieces import HistoryPieces
from foretaste.model.private_counts import PrivateRelease
from foretaste.model.sequence_loss import draw_negatives
from foretaste.model.sequence_network import EventTokens, SequenceNetwork
from foretaste.model.training import Training

PEOPLE_PER_PASS = 32
"""People whose gradients are in memory at once."""
MAX_NEGATIVES = 256
"""Items that a person's are told from: the gradient of each person goes through all of them."""
MEAN_SHARE = 0.5
"""Of the steps, the later ones, whose mean answers."""
INPUT_DROPOUT = 0.1
RATE_SHARE = 0.3
"""Of the learning rate: steps are mostly noise, and shorter ones keep what the words know."""


def train_private_network(training: Training, release: PrivateRelease) -> SequenceNetwork | None:
    """The network, with the noise that was planned; None where nobody took two items."""
    settings = training.settings.sequence
    length = min(settings.max_history_length or 50, release.settings.max_events)
    pieces = HistoryPieces(training.interactions, length)
    if not len(pieces.starts):
        return None
    torch.manual_seed(training.settings.seed)
    network = make_network(training, length)
    PrivateRun(network, pieces, training, release).train()
    return network


def make_network(training: Training, length: int) -> SequenceNetwork:
    """As it is before it has seen anybody: it looks for what reads like the last event."""
    settings = training.settings.sequence
    vectors = torch.from_numpy(np.asarray(training.catalogue.vectors))
    network = SequenceNetwork(
        torch.cat([torch.zeros(1, vectors.shape[1], dtype=vectors.dtype), vectors]),
        settings,
        length,
        len(training.interactions.event_types),
        INPUT_DROPOUT if settings.input_dropout is None else settings.input_dropout,
        is_timed=True,
    )
    nn.init.zeros_(network.identity.weight)
    network.identity.weight.requires_grad_(False)
    for name, parameter in network.blocks.named_parameters():
        if ".mix." in name or ".narrow." in name:  # what blocks add is learnt from nothing
            nn.init.zeros_(parameter)
    return network.to(device_of(settings.device))


class PersonLoss(nn.Module):
    """How badly one person's next items are told from others, in the mean over their events."""

    def __init__(self, network: SequenceNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, parts: Mapping[str, Tensor], target: Tensor, negatives: Tensor) -> Tensor:
        """Parts [length, …] of the tokens, the next items + 1 [length] (0 where there is none) and
        the items + 1 that they are told from [negatives] → a number.
        """
        network = self.network
        batch = EventTokens(
            parts["item"][None],
            parts["event_type"][None],
            parts["gap"][None],
            parts["text"][None] if "text" in parts else None,
            None,
            parts["at"][None],
        )
        states = functional.normalize(network(batch)[0], dim=-1) / network.temperature
        target_vectors = functional.normalize(network.item_vectors(target.clamp(min=1)), dim=-1)
        negative_vectors = functional.normalize(network.item_vectors(negatives), dim=-1)
        target_logits = (states * target_vectors).sum(-1)  # [length]
        negative_logits = states @ negative_vectors.T  # [length, negatives]
        negative_logits = negative_logits.masked_fill(
            target[:, None] == negatives[None], -torch.inf
        )
        log_multiplicity = float(np.log(max(len(network.vectors) - 2, 1) / len(negatives)))
        total = torch.logsumexp(negative_logits, dim=1) + log_multiplicity
        losses = (torch.logaddexp(target_logits, total) - target_logits) * (target > 0)
        return losses.sum() / (target > 0).sum().clamp(min=1)


class PrivateRun:
    """One training, step by step."""

    def __init__(
        self,
        network: SequenceNetwork,
        pieces: HistoryPieces,
        training: Training,
        release: PrivateRelease,
    ) -> None:
        try:
            from opacus.optimizers import DPOptimizer
        except ImportError:
            raise MissingExtra("Opacus, which privacy.epsilon needs,", "privacy") from None
        self.network, self.pieces, self.training, self.release = network, pieces, training, release
        self.loss = PersonLoss(network)
        self.trained = {
            name: parameter
            for name, parameter in self.loss.named_parameters()
            if parameter.requires_grad
        }
        budget, people = release.budget, len(training.interactions)
        self.rate = RATE_SHARE * training.settings.sequence.learning_rate
        noise_source = torch.Generator(network.vectors.device)
        noise_source.manual_seed(int(release.rng.integers(2**62)))
        self.base = torch.optim.Adam(self.trained.values(), lr=self.rate)
        self.optimizer = DPOptimizer(
            self.base,
            noise_multiplier=budget.gradient_noise,
            max_grad_norm=release.settings.clipping,
            expected_batch_size=max(round(budget.sample_rate * people), 1),
            generator=noise_source,
        )
        self._gradients = vmap(
            grad(self._loss_of), in_dims=(None, 0, 0, None), randomness="different"
        )

    def _loss_of(
        self,
        trained: dict[str, Tensor],
        parts: Mapping[str, Tensor],
        target: Tensor,
        negatives: Tensor,
    ) -> Tensor:
        return functional_call(self.loss, trained, (parts, target, negatives))

    def train(self) -> None:
        """All steps; what answers is the mean of the later ones."""
        steps = self.release.budget.steps
        self.network.train()
        mean: dict[str, Tensor] = {}
        for step in range(steps):
            for group in self.base.param_groups:
                group["lr"] = self.rate * cosine_schedule(step, steps)
            self._step()
            first = int(steps * (1 - MEAN_SHARE))
            if step >= first:
                for name, parameter in self.trained.items():
                    value = parameter.detach()
                    running_mean = mean.setdefault(name, torch.zeros_like(value))
                    running_mean += (value - running_mean) / (step - first + 1)
            self.training.progress("training the sequence expert", step + 1, steps)
        with torch.no_grad():
            for name, parameter in self.trained.items():
                parameter.copy_(mean.get(name, parameter))
                parameter.grad_sample = None  # type: ignore[attr-defined]
                if not torch.isfinite(parameter).all():
                    raise ModelError(
                        "training the sequence expert: it became numbers that are not finite; "
                        "lower model.sequence.learning_rate, and see that the item vectors are "
                        "finite"
                    )

    def _step(self) -> None:
        """One step on the people drawn for it, some at a time."""
        rng = self.release.rng
        sample = np.flatnonzero(
            rng.random(len(self.pieces.starts)) < self.release.budget.sample_rate
        )
        device = self.network.vectors.device
        items = len(self.network.vectors) - 1
        count = min(self.training.settings.sequence.negatives, MAX_NEGATIVES, items)
        negatives = draw_negatives(items, count, device)
        passes = np.split(sample, range(PEOPLE_PER_PASS, max(len(sample), 1), PEOPLE_PER_PASS))
        self.optimizer.zero_grad()
        for number, people in enumerate(passes, 1):
            gradients = self._gradients_of(people, negatives)
            for name, parameter in self.trained.items():
                parameter.grad_sample = gradients[name]  # type: ignore[attr-defined]
            self.optimizer.signal_skip_step(do_skip=number < len(passes))
            self.optimizer.step()
            self.optimizer.zero_grad()

    def _gradients_of(self, people: Longs, negatives: Tensor) -> Mapping[str, Tensor]:
        """[people, …] of each parameter."""
        if not len(people):
            return {
                name: value.new_zeros((0, *value.shape)) for name, value in self.trained.items()
            }
        batch, target = self.pieces.batch(people)
        batch = replace(batch, value=None).to(negatives.device)
        parts = {"item": batch.item, "event_type": batch.event_type, "gap": batch.gap}
        assert batch.at is not None
        parts["at"] = batch.at
        if batch.text is not None:
            parts["text"] = batch.text
        detached = {name: value.detach() for name, value in self.trained.items()}
        with sdpa_kernel(SDPBackend.MATH):  # the others have no rule for many gradients at once
            return self._gradients(detached, parts, target.to(negatives.device), negatives)
