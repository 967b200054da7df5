"""A workspace and two settings in; which makes the better lists out."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from foretaste.config.changed_settings import changed_settings
from foretaste.config.load import Config, changed_config
from foretaste.config.overrides import settings_tree
from foretaste.domain.arrays import rows_that_fit
from foretaste.domain.cluster import Cluster
from foretaste.domain.data import EVENT_TYPE_WEIGHTS, EvaluationCases, Interactions, Item
from foretaste.domain.order_charges import articles_of
from foretaste.domain.ports import BackboneOpener, Progress, no_progress
from foretaste.domain.store import Store
from foretaste.errors import InputError
from foretaste.evaluate.comparison import Comparison, compare_results
from foretaste.evaluate.protocols import RankingResult, evaluate_model
from foretaste.model.fit import fit_product
from foretaste.model.product import ProductOfExperts
from foretaste.model.training import Training
from foretaste.prepare.clean import CleaningReport
from foretaste.prepare.cleaned import cleaned_interactions
from foretaste.prepare.interactions import LoadReport
from foretaste.training.candidate import TrainingWorkspace, fit_protocol, split_of, training_of
from foretaste.training.encode import DataEncoder, EncodedData

MAX_SEEDS = 100


@dataclass(frozen=True)
class ChangedWorkspace:
    """A workspace as if it had other settings; nothing of it is written."""

    workspace: TrainingWorkspace
    config: Config
    data_encoder: DataEncoder
    progress: Progress

    @property
    def folder(self) -> Path:
        """Of the workspace, whose caches are used."""
        return self.workspace.folder

    @property
    def store(self) -> Store:
        """Of the workspace."""
        return self.workspace.store

    @property
    def cluster(self) -> Cluster | None:
        """Of the workspace."""
        return self.workspace.cluster

    def interactions(
        self, items: Mapping[str, Item], until: int | None = None
    ) -> tuple[Interactions, CleaningReport, LoadReport]:
        """Cleaned by the other settings."""
        weights = {**EVENT_TYPE_WEIGHTS, **self.config.behaviour.event_weights}
        settings, values = self.config.prepare, self.config.behaviour.value
        progress = self.progress
        return cleaned_interactions(
            self.store, items, weights, settings, values, until=until, progress=progress
        )

    def training(self, encoded_data: EncodedData) -> Training:
        """What a model is fitted on, with the other settings."""
        return training_of(self, encoded_data)

    def readers(self, encoder: str | None = None) -> BackboneOpener:
        """As in the workspace."""
        return self.data_encoder.encoders.backbone_opener(encoder)


def compare_settings(
    workspace: TrainingWorkspace,
    settings_a: Mapping[str, Any],
    settings_b: Mapping[str, Any],
    *,
    seeds: int,
    protocol: str,
) -> Comparison:
    """Fit and measure both, each with so many seeds, on the same events kept back.

    Raises InputError where the two are the same or hold different events back, SettingsError for
    what is no setting.
    """
    if not 1 <= seeds <= MAX_SEEDS:
        raise InputError(f"seeds: {seeds}; give a whole number from 1 to {MAX_SEEDS}")
    configs = [
        changed_config(workspace.config, settings_tree(settings or {}))
        for settings in (settings_a, settings_b)
    ]
    if configs[0] == configs[1]:
        raise InputError("the two settings are the same; change at least one in one of them")
    results: tuple[list[RankingResult], list[RankingResult]] = ([], [])
    for seed in range(seeds):
        for config, own_results in zip(configs, results, strict=True):
            model = config.model.model_copy(update={"seed": config.model.seed + seed})
            own_results.append(
                _measure(workspace, config.model_copy(update={"model": model}), protocol)
            )
            done = len(results[0]) + len(results[1])
            workspace.progress("comparing settings", done, 2 * seeds)
    return compare_results(
        *results,
        masked=(configs[0].rank.hide_seen, configs[1].rank.hide_seen),
        protocol=protocol,
        settings_a=changed_settings(configs[0], workspace.config),
        settings_b=changed_settings(configs[1], workspace.config),
    )


def _measure(workspace: TrainingWorkspace, config: Config, protocol: str) -> RankingResult:
    """What the lists of one fit are like."""
    with as_if_set(workspace, config, workspace.progress) as changed_workspace:
        items = articles_of(workspace.store.items())
        fitted, encoded_data = fit_protocol(changed_workspace, protocol, items)
        return _rank(fitted.product, encoded_data.split.test, workspace.progress)


def measure_trial(
    workspace: TrainingWorkspace, config: Config, protocol: str, until: int, max_cases: int
) -> RankingResult:
    """The same of at most so many cases, with what was accepted up to an event; what a service
    would be taught besides is left out.
    """
    # of each trial only what is read is told: its other steps are those of the trials before
    with as_if_set(workspace, config, no_progress) as changed_workspace:
        items = articles_of(workspace.store.items())
        interactions, _, _ = changed_workspace.interactions(items, until)
        data_encoder = changed_workspace.data_encoder
        encoded_data = data_encoder.encode_split(interactions, items, split_of(protocol))
        training = changed_workspace.training(encoded_data)
        product = fit_product(training, data_encoder.open_encoder(encoded_data.encoder))
        test = encoded_data.split.test.sample(max_cases, np.random.default_rng(0))
        return _rank(product, test, no_progress)


def _rank(product: ProductOfExperts, cases: EvaluationCases, progress: Progress) -> RankingResult:
    batch_size = rows_that_fit(256, (len(product.experts) + 1) * product.size)
    return evaluate_model(product.score, cases, batch_size=batch_size, progress=progress)


@contextmanager
def as_if_set(
    workspace: TrainingWorkspace, config: Config, progress: Progress
) -> Iterator[ChangedWorkspace]:
    """The workspace with other settings; it reads by itself where they say how to read."""
    is_read_alike = (config.language, config.behaviour) == (
        workspace.config.language,
        workspace.config.behaviour,
    )
    encoder = workspace.data_encoder
    if not is_read_alike:
        encoder = DataEncoder(config, workspace.folder, progress=workspace.progress)
    try:
        yield ChangedWorkspace(workspace, config, encoder, progress)
    finally:
        if not is_read_alike:
            encoder.close()
