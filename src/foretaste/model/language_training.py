"""Training of the language expert: histories in, the network that predicts what is held out best.

An example is one event: the text of what came before it, and the item that was taken. The item is
told from all others, or in a large catalogue from items drawn uniformly and shared by the batch
(sampled softmax, Jean et al. 2015, section 3). The logit of an item is its cosine and the log of
its popularity: it is trained in a product with popularity, so that it learns what popularity, an
expert of its own, does not say already. Reading is what costs, so an epoch is a draw of examples,
and the state before training is the first that is checked.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from foretaste.domain.data import Behaviour, Floats, Histories, Ints, Longs
from foretaste.domain.device import device_of
from foretaste.domain.ports import Reader
from foretaste.errors import ModelError
from foretaste.model.history_text import Narrator
from foretaste.model.training import Training
from foretaste.model.tuned import Tuned, batch, read

log = logging.getLogger(__name__)

RATES = {"lora": 5e-4, "whole": 5e-5, "head": 0.0}
"""Learning rate of the backbone by what is tuned, where none is set."""
WARMING = 0.1
"""Share of the steps in which the learning rate rises."""
WHAT = "tuning the language expert"


def told_apart(
    states: Tensor, wanted: Tensor, vectors: Tensor, usual: Tensor, temperature: Tensor, most: int
) -> Tensor:
    """Mean cross-entropy of the items wanted [batch] given [batch, dim] and [items, dim].

    usual: [items], what each item's logit has beside the cosine. At most `most` items are told
    from the true one.
    """
    items = len(vectors)
    if most >= items:
        return functional.cross_entropy(states @ vectors.T / temperature + usual, wanted)
    drawn = torch.randint(items, (most,), device=states.device)
    true = (states * vectors[wanted]).sum(-1) / temperature + usual[wanted]  # [batch]
    others = states @ vectors[drawn].T / temperature + usual[drawn]  # [batch, drawn]
    others = others + float(np.log((items - 1) / most))
    others = others.masked_fill(drawn[None] == wanted[:, None], -torch.inf)
    logits = torch.cat([true[:, None], others], dim=1)
    return functional.cross_entropy(logits, torch.zeros_like(wanted))


def likelihood(
    states: Floats, targets: Ints, vectors: Tensor, usual: Tensor, temperature: Tensor
) -> float:
    """Mean log P of the targets [cases] given the states [cases, dim]."""
    found = []
    for start in range(0, len(targets), 256):
        some = torch.from_numpy(states[start : start + 256]).to(vectors.device)
        wanted = torch.from_numpy(targets[start : start + 256].astype(np.int64))
        scores = functional.log_softmax(some @ vectors.T / temperature + usual, dim=-1).cpu()
        found.append(scores.gather(1, wanted[:, None]))
    return float(torch.cat(found).mean())


def log_popularity(histories: Histories, items: int) -> Floats:
    """[items], log of an item's share of what was taken, with one event each as prior."""
    counts = np.bincount(histories.item[histories.takes()], minlength=items) + 1.0
    return np.log(counts / counts.sum()).astype(np.float32)


class Run:
    """One training run: epochs, checks, early stopping."""

    def __init__(
        self, network: Tuned, reader: Reader, narrator: Narrator, training: Training
    ) -> None:
        self.settings = training.settings.language
        self.network = network.to(device_of(self.settings.device))
        self.reader, self.narrator, self.training = reader, narrator, training
        vectors = torch.from_numpy(np.asarray(training.catalogue.vectors))
        self.vectors = vectors.to(network.head.weight.device)
        usual = log_popularity(training.histories, len(self.vectors))
        self.usual = torch.from_numpy(usual).to(self.vectors.device)
        # The vectors of searches are not read here, and would be copied for every example.
        self.histories = replace(training.histories, vectors=None)
        self.rows = examples(self.histories.offsets, self.histories.takes())
        self.owners = self.histories.owners()
        rng = np.random.default_rng(training.settings.seed)
        valid = replace(training.valid, histories=replace(training.valid.histories, vectors=None))
        checked = valid.sample(self.settings.checked, rng)
        self.checked, self.targets = self._told(
            checked.behaviours(0, len(checked)), checked.targets
        )
        each = min(self.settings.examples, len(self.rows))
        self.steps = max(-(-each // self.settings.batch) * self.settings.epochs, 1)
        self.step = 0

    def go(self) -> Tuned:
        """To the end, or until the validation events are predicted no better."""
        settings, training = self.settings, self.training
        torch.manual_seed(training.settings.seed)
        optimizer = self._optimizer()
        best, best_state, worse = self._check(), self._state(), 0
        log.info("before training: log P %.4f", best)
        for epoch in range(settings.epochs if len(self.rows) else 0):
            training.progress(WHAT, epoch, settings.epochs)
            loss = self._epoch(epoch, optimizer)
            quality = self._check()
            log.info("epoch %d: loss %.4f, log P %.4f", epoch + 1, loss, quality)
            note = f"loss {loss:.3f}, validation log P {quality:.3f}"
            training.progress(WHAT, epoch + 1, settings.epochs, note)
            if quality > best:
                best, best_state, worse = quality, self._state(), 0
            else:
                worse += 1
            if worse >= settings.patience:
                break
        with torch.no_grad():
            for name, value in self.network.tunable().items():
                value.copy_(best_state[name])
        return self.network.eval()

    def _optimizer(self) -> torch.optim.Optimizer:
        """The backbone and the head at their rates; the temperature, one number, goes faster."""
        settings = self.settings
        rate = settings.learning_rate or RATES[settings.tune]
        tunable = self.network.tunable()
        body = [value for name, value in tunable.items() if name.startswith("reading.")]
        groups = [
            {"params": body, "lr": rate, "full": rate},
            {
                "params": [self.network.head.weight],
                "lr": settings.head_rate,
                "full": settings.head_rate,
            },
            {
                "params": [self.network.log_temperature],
                "lr": 10 * settings.head_rate,
                "full": 10 * settings.head_rate,
            },
        ]
        return torch.optim.AdamW([group for group in groups if group["params"]], weight_decay=0.0)

    def _told(self, behaviours: list[Behaviour], targets: Ints) -> tuple[list[Ints], Ints]:
        """(tokens, targets) of those of whom there is something to read."""
        texts = [self.narrator.text(one) for one in behaviours]
        keep = [place for place, text in enumerate(texts) if text]
        return self.reader.tokens([texts[place] for place in keep]), targets[keep]

    def _batches(self, epoch: int) -> Iterator[tuple[list[Ints], Ints]]:
        """The examples of an epoch; all chance comes from the seed and the number of the epoch."""
        rng = np.random.default_rng((self.training.settings.seed, epoch))
        size = min(self.settings.examples, len(self.rows))
        rows = rng.choice(self.rows, size, replace=False)
        behaviours = [self.histories.behaviour(int(self.owners[row]), int(row)) for row in rows]
        tokens, targets = self._told(behaviours, self.histories.item[rows])
        order = np.argsort([len(one) for one in tokens], kind="stable")
        starts = np.arange(0, len(order), self.settings.batch)
        rng.shuffle(starts)
        for start in starts:
            some = order[start : start + self.settings.batch]
            yield [tokens[place] for place in some], targets[some]

    def _epoch(self, epoch: int, optimizer: torch.optim.Optimizer) -> float:
        network, settings = self.network, self.settings
        network.train()
        if settings.tune == "head":
            network.reading.eval()
        torch.manual_seed(self.training.settings.seed * 100_003 + epoch)
        losses = []
        for tokens, targets in self._batches(epoch):
            for group in optimizer.param_groups:
                group["lr"] = group["full"] * schedule(self.step, self.steps)
            wanted = torch.from_numpy(targets.astype(np.int64)).to(self.vectors.device)
            states = network(*batch(tokens, self.reader.pad, self.vectors.device))
            loss = told_apart(
                states,
                wanted,
                self.vectors,
                self.usual,
                network.temperature,
                settings.negatives,
            )
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(list(network.tunable().values()), 1.0)
            optimizer.step()
            self.step += 1
            losses.append(float(loss.detach()))
            if not np.isfinite(losses[-1]):
                raise ModelError(
                    f"{WHAT}: the loss became {losses[-1]} in epoch {epoch + 1}; lower "
                    f"model.language.learning_rate or head_rate and train again"
                )
            done = epoch * self.steps // settings.epochs + len(losses)
            self.training.progress(WHAT, done, self.steps, f"loss {np.mean(losses[-20:]):.3f}")
        return float(np.mean(losses)) if losses else 0.0

    def _check(self) -> float:
        """Mean log P of the validation events."""
        if not len(self.targets):
            return 0.0
        states = read(self.network, self.checked, self.reader.pad)
        with torch.no_grad():
            return likelihood(
                states, self.targets, self.vectors, self.usual, self.network.temperature
            )

    def _state(self) -> dict[str, Tensor]:
        return {name: value.detach().clone() for name, value in self.network.tunable().items()}


def examples(offsets: Longs, takes: "np.ndarray[tuple[int], np.dtype[np.bool_]]") -> Longs:
    """The rows that are taken after something else."""
    later = takes.copy()
    first = offsets[:-1]
    later[first[first < len(takes)]] = False
    return np.flatnonzero(later)


def schedule(step: int, steps: int) -> float:
    """The share of the learning rate at a step: up in a line, then down in a line."""
    warming = max(WARMING * steps, 1.0)
    return float(min((step + 1) / warming, max((steps - step) / max(steps - warming, 1.0), 0.02)))


def tune(training: Training, reader: Reader, kinds: Sequence[str]) -> Tuned:
    """The network that predicts the validation events best, the untrained one included."""
    settings = training.settings.language
    torch.manual_seed(training.settings.seed)  # the additions begin at random
    network = Tuned(reader, settings, training.catalogue.vectors.shape[1])
    narrator = Narrator(training.catalogue, kinds, settings.events)
    return Run(network, reader, narrator, training).go()
