"""The classic recipe: search histories in, what will be taken out, by one class an item.

A tokenizer and AutoModelForSequenceClassification of Hugging Face Transformers, trained whole by
cross-entropy. It knows no item that nobody took and learns nothing between two trainings: the
product of experts is for that. Folders hold safetensors and JSON, never a pickle.
"""

import json
import os
import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import AutoConfig, AutoModelForSequenceClassification, AutoTokenizer

from foretaste.domain.device import device_of
from foretaste.domain.files import FOLDER_MODE
from foretaste.domain.ports import Progress, no_progress
from foretaste.errors import InputError, ModelError
from foretaste.language.quiet import quiet_transformers
from foretaste.model.settings import ClassifierSettings

PROGRESS_TASK = "training the classifier"
TOP_ITEMS = 5
"""Items that are predicted for each row."""
RESERVED_POSITIONS = 2
"""Positions that RoBERTa does not use for text."""
MIN_ROWS = 10
"""Rows; fewer cannot be split."""


@dataclass(frozen=True)
class LabelledSearch:
    """One row: what somebody searched for, and what they took."""

    text: str
    consumed_items: tuple[str, ...] = ()


@dataclass(frozen=True)
class ClassifierMetrics:
    """How often one, or one of five, was taken by those whose rows were held out."""

    rows: int
    held_out: int
    classes: int
    epochs: int
    accuracy_1: float
    accuracy_5: float
    frequent_1: float
    """The same for the most frequent items of the training rows."""
    frequent_5: float


class Classifier:
    """A tokenizer, a network and the names of its classes."""

    def __init__(self, network: Any, tokenizer: Any, labels: Sequence[str]) -> None:
        self._network, self._tokenizer = network.eval(), tokenizer
        self.labels = tuple(labels)

    @classmethod
    def fit(
        cls,
        rows: Sequence[LabelledSearch],
        backbone: Path,
        settings: ClassifierSettings,
        *,
        seed: int = 0,
        progress: Progress = no_progress,
    ) -> tuple[Self, ClassifierMetrics]:
        """Train on some of the rows, measure on the others. InputError where they are too few."""
        train_rows, choose_rows, test_rows = split_rows(rows, settings, seed)
        labels = sorted({name for row in train_rows for name in row.consumed_items})
        if len(labels) < 2:
            raise InputError(
                "a classifier needs two different things taken; use another label column"
            )
        torch.manual_seed(seed)
        network, new_weights = load_network(backbone, labels)
        tokenizer = AutoTokenizer.from_pretrained(
            backbone, local_files_only=True, truncation_side="left"
        )
        positions = getattr(network.config, "max_position_embeddings", None) or 1 << 16
        tokenizer.model_max_length = min(settings.max_tokens, positions - RESERVED_POSITIONS)
        classifier = cls(network.to(device_of(settings.device)), tokenizer, labels)
        epochs = classifier._train(train_rows, choose_rows, new_weights, settings, seed, progress)
        label_counts = Counter(name for row in train_rows for name in row.consumed_items)
        frequent_labels = [name for name, _ in label_counts.most_common(TOP_ITEMS)]
        predicted = [
            [name for name, _ in top]
            for top in classifier.predict_top([row.text for row in test_rows])
        ]
        return classifier, ClassifierMetrics(
            rows=len(rows),
            held_out=len(test_rows),
            classes=len(labels),
            epochs=epochs,
            accuracy_1=accuracy(test_rows, [top[:1] for top in predicted]),
            accuracy_5=accuracy(test_rows, predicted),
            frequent_1=accuracy(test_rows, [frequent_labels[:1]] * len(test_rows)),
            frequent_5=accuracy(test_rows, [frequent_labels] * len(test_rows)),
        )

    def _train(
        self,
        train_rows: Sequence[LabelledSearch],
        choose_rows: Sequence[LabelledSearch],
        new_weights: frozenset[str],
        settings: ClassifierSettings,
        seed: int,
        progress: Progress,
    ) -> int:
        """To the epoch that predicts the rows that choose best. → its number."""
        label_codes = {name: code for code, name in enumerate(self.labels)}
        pairs = [(row.text, label_codes[name]) for row in train_rows for name in row.consumed_items]
        chosen_by = [
            (r.text, label_codes[n])
            for r in choose_rows
            for n in r.consumed_items
            if n in label_codes
        ]
        optimizer = self._optimizer(new_weights, settings)
        rng = np.random.default_rng(seed)
        best, state, best_epoch = np.inf, self._state(), 0
        for epoch in range(settings.epochs):
            progress(PROGRESS_TASK, epoch, settings.epochs)
            self._network.train()
            order = rng.permutation(len(pairs))
            for start in range(0, len(order), settings.batch_size):
                batch_pairs = [
                    pairs[pair_index] for pair_index in order[start : start + settings.batch_size]
                ]
                loss = self._loss(batch_pairs)
                if not torch.isfinite(loss):
                    raise ModelError(
                        f"{PROGRESS_TASK}: the loss became {float(loss.detach())} in epoch "
                        f"{epoch + 1}; "
                        "lower model.classifier.learning_rate or head_rate and train again"
                    )
                optimizer.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(self._network.parameters(), 1.0)
                optimizer.step()
            quality = self._check(chosen_by, settings.batch_size)
            progress(
                PROGRESS_TASK, epoch + 1, settings.epochs, f"loss on rows that choose {quality:.3f}"
            )
            if quality < best:
                best, state, best_epoch = quality, self._state(), epoch + 1
            elif epoch + 1 - best_epoch >= settings.patience:
                break
        self._network.load_state_dict(state)
        self._network.eval()
        return best_epoch

    def _optimizer(
        self, new_weights: frozenset[str], settings: ClassifierSettings
    ) -> torch.optim.Optimizer:
        """What was published moves slowly, what is new fast."""
        named_parameters = list(self._network.named_parameters())
        published_weights = [value for name, value in named_parameters if name not in new_weights]
        added_weights = [value for name, value in named_parameters if name in new_weights]
        groups = [
            {"params": published_weights, "lr": settings.learning_rate},
            {"params": added_weights, "lr": settings.head_rate},
        ]
        return torch.optim.AdamW([group for group in groups if group["params"]], weight_decay=0.01)

    def _loss(self, pairs: Sequence[tuple[str, int]]) -> Tensor:
        logits = self._logits([text for text, _ in pairs])  # [batch, classes]
        targets = torch.tensor([label for _, label in pairs], device=logits.device)
        return functional.cross_entropy(logits, targets)

    def _logits(self, texts: list[str]) -> Tensor:
        encoded = self._tokenizer(texts, padding=True, truncation=True, return_tensors="pt")
        inputs = {
            name: encoded[name].to(self._network.device)
            for name in NETWORK_INPUTS
            if name in encoded
        }
        logits: Tensor = self._network(**inputs).logits
        return logits

    @torch.no_grad()
    def _check(self, pairs: Sequence[tuple[str, int]], batch: int) -> float:
        """Mean loss of rows that are not learned from; 0 where there are none."""
        self._network.eval()
        losses = [
            float(self._loss(pairs[start : start + batch])) * len(pairs[start : start + batch])
            for start in range(0, len(pairs), batch)
        ]
        return sum(losses) / len(pairs) if pairs else 0.0

    def _state(self) -> dict[str, Tensor]:
        state = self._network.state_dict()
        return {name: value.detach().clone() for name, value in state.items()}

    @torch.inference_mode()
    def predict_top(
        self, texts: Sequence[str], n: int = TOP_ITEMS
    ) -> list[list[tuple[str, float]]]:
        """For each text the n likeliest items with their probabilities, likeliest first."""
        self._network.eval()
        predictions = []
        for start in range(0, len(texts), 64):
            probabilities = self._logits(list(texts[start : start + 64])).softmax(-1)
            best = probabilities.topk(min(n, len(self.labels)), dim=-1)
            for values, codes in zip(best.values.tolist(), best.indices.tolist(), strict=True):
                predictions.append(
                    [
                        (self.labels[code], probability)
                        for code, probability in zip(codes, values, strict=True)
                    ]
                )
        return predictions

    def save(self, folder: Path, measured: ClassifierMetrics) -> None:
        """Write aside, then replace what was there."""
        aside = folder.with_name(f".{folder.name}.partial")
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir(FOLDER_MODE, parents=True)
        with quiet_transformers():
            self._network.save_pretrained(aside)
        self._tokenizer.save_pretrained(aside)
        (aside / LABELS_FILE).write_text(
            json.dumps(self.labels, ensure_ascii=False), encoding="utf-8"
        )
        (aside / "measured.json").write_text(json.dumps(asdict(measured), indent=1))
        shutil.rmtree(folder, ignore_errors=True)
        os.replace(aside, folder)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """The inverse of `save`. ModelError where there is none."""
        if not (folder / LABELS_FILE).is_file():
            raise ModelError(f"no classifier in {folder}; train one: 'foretaste classify FILE'")
        labels = json.loads((folder / LABELS_FILE).read_text(encoding="utf-8"))
        network, _ = load_network(folder, labels)
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        return cls(network, tokenizer, labels)


LABELS_FILE = "labels.json"
NETWORK_INPUTS = ("input_ids", "attention_mask")
"""What the network is given; tokenizers differ in what else they return."""


def load_network(folder: Path, labels: Sequence[str]) -> tuple[Any, frozenset[str]]:
    """(the network, the names of the weights that the folder did not have)."""
    try:
        config = AutoConfig.from_pretrained(
            folder, local_files_only=True, num_labels=len(labels), problem_type=None
        )
        with quiet_transformers():
            network, report = AutoModelForSequenceClassification.from_pretrained(
                folder,
                config=config,
                dtype=torch.float32,
                use_safetensors=True,
                local_files_only=True,
                output_loading_info=True,
            )
    except (OSError, ValueError, RuntimeError) as error:
        raise ModelError(f"{folder} cannot be made a classifier: {error}") from error
    return network, frozenset(report["missing_keys"])


def split_rows(
    rows: Sequence[LabelledSearch], settings: ClassifierSettings, seed: int
) -> tuple[list[LabelledSearch], list[LabelledSearch], list[LabelledSearch]]:
    """(to learn from, to choose by, to measure on), drawn at random."""
    if len(rows) < MIN_ROWS:
        raise InputError(
            f"{len(rows)} rows have both a search and something taken; at least {MIN_ROWS} are "
            "needed"
        )
    order = np.random.default_rng(seed).permutation(len(rows))
    test = max(round(settings.test_share * len(rows)), 1)
    choose = max(round(settings.validation_share * (len(rows) - test)), 1)
    parts = np.split(order, [test, test + choose])
    held_out_rows, validation_rows, train_rows = (
        [rows[int(row_index)] for row_index in part] for part in parts
    )
    return train_rows, validation_rows, held_out_rows


def accuracy(rows: Sequence[LabelledSearch], predicted: Sequence[list[str]]) -> float:
    """Share of the rows of which something that was taken is among what was found."""
    hits = [
        bool(set(top) & set(row.consumed_items)) for row, top in zip(rows, predicted, strict=True)
    ]
    return float(np.mean(hits))
