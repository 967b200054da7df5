"""Behaviour up to a moment in; a model version that could answer, or how good one would be, out.

What serves and what is evaluated come from one procedure, `model.fit.fit_to_serve`; they differ in
what is held out alone.
"""

import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from foretaste.behaviour.view_words import view_verb
from foretaste.config.load import Config
from foretaste.domain.cluster import Cluster
from foretaste.domain.data import EvaluationCases, Interactions, Item, Split
from foretaste.domain.event_value import curves_to_json
from foretaste.domain.order_charges import articles_of, is_article
from foretaste.domain.ports import BackboneOpener, Progress
from foretaste.domain.store import Store
from foretaste.errors import InputError, ModelError
from foretaste.evaluate.evaluation import Evaluation, evaluate_product
from foretaste.evaluate.sampled_lists import AvailabilityWindows, ListInputs
from foretaste.model.artefacts import ModelVersion
from foretaste.model.cold_items import NewestInteractions
from foretaste.model.fit import FitResult, fit_to_serve
from foretaste.model.product import ProductOfExperts
from foretaste.model.training import Training
from foretaste.model.version import PRIVACY_KEY
from foretaste.online.generation import ContentGenerator
from foretaste.online.list_health import ListWorkspace, amend_checks
from foretaste.prepare.arrivals import newest_positive_cases
from foretaste.prepare.clean import CleaningReport
from foretaste.prepare.interactions import LoadReport
from foretaste.prepare.splits import (
    split_by_time,
    split_independently,
    split_latest,
    split_leave_one_out,
)
from foretaste.prepare.streaming_counts import StreamingCounts
from foretaste.rank.settings import RankSettings
from foretaste.training.aspects import write_aspects
from foretaste.training.encode import DataEncoder, EncodedData
from foretaste.training.group_weights import user_weights
from foretaste.training.list_habits import list_habits
from foretaste.training.measured_cases import MEASURED_CASES, measured_cases
from foretaste.training.media_report import media_figures
from foretaste.training.model_card import write_missing_cards
from foretaste.training.privacy_ledger import add_to_ledger
from foretaste.training.recount import ERASURES_KEY, ErasureRecounter

SPLITS = {"leave-one-out": split_leave_one_out, "time": split_by_time}
HELD_OUT_USERS = 5000
"""People whose last event chooses the weights of a model that is to serve."""
MEASURING_SHARE = 0.1
"""People whose last event measures a model with a privacy budget."""
MAX_MEASURED_SCORES = 2_000_000_000
"""Scores that the measurement at the end of a training may take: cases × items × experts."""


class TrainingWorkspace(Protocol):
    """What a training needs of the loop."""

    @property
    def folder(self) -> Path: ...
    @property
    def config(self) -> Config: ...
    @property
    def store(self) -> Store: ...
    @property
    def data_encoder(self) -> DataEncoder: ...
    @property
    def progress(self) -> Progress: ...
    @property
    def cluster(self) -> Cluster | None: ...
    def interactions(
        self, items: Mapping[str, Item], until: int | None = None
    ) -> tuple[Interactions, CleaningReport, LoadReport]: ...
    def training(self, encoded_data: EncodedData) -> Training: ...
    def readers(self, encoder: str | None = None) -> BackboneOpener: ...


class Candidate:
    """A fitted product with what it was fitted on."""

    def __init__(
        self,
        encoded_data: EncodedData,
        fitted: FitResult,
        event: int,
        revision: int,
        items: Mapping[str, Item],
    ) -> None:
        self.encoded_data, self.fitted = encoded_data, fitted
        self.event = event
        """The number of the newest event that it may know."""
        self.revision = revision
        """The number of the newest change of an item that it knows."""
        self._items = items

    def list_habits(self, settings: RankSettings) -> dict[str, Any]:
        """What lists must know besides the product."""
        read, ids = self.encoded_data, self.encoded_data.catalogue.ids
        return list_habits(
            self.fitted.product,
            read.catalogue,
            [self._items[item_id] for item_id in ids],
            read.interactions,
            read.split.valid,
            settings,
        )


def training_of(workspace: TrainingWorkspace, read: EncodedData) -> Training:
    """What a model is fitted on, with the settings of the workspace."""
    groups = workspace.config.model.group_weights
    learnt_users = read.split.train.users
    return Training(
        catalogue=read.catalogue,
        interactions=read.split.train,
        validation_cases=read.split.valid,
        settings=workspace.config.model,
        hide_seen=workspace.config.rank.hide_seen,
        progress=workspace.progress,
        checkpoint_folder=workspace.folder / "cache" / "checkpoints",
        open_reader=workspace.readers(read.encoder),
        privacy=workspace.config.privacy,
        query_reading=read.query_reading,
        cluster=workspace.cluster,
        user_weights=user_weights(groups, workspace.store.users(), learnt_users),
    )


def split_to_serve(config: Config, interactions: Interactions) -> Split:
    """What a model that is to serve learns from, and what it is chosen and measured by."""
    if config.privacy.is_private:
        return split_independently(interactions, MEASURING_SHARE, config.model.seed)
    rng = np.random.default_rng(config.model.seed)
    return split_latest(interactions, HELD_OUT_USERS, rng)


class SavingWorkspace(TrainingWorkspace, ListWorkspace, Protocol):
    """What keeping it as a version needs besides."""

    @property
    def clock(self) -> Callable[[], float]: ...
    @property
    def generator(self) -> ContentGenerator: ...
    @property
    def recounter(self) -> ErasureRecounter: ...


def make_candidate(workspace: SavingWorkspace, until: int | None = None) -> ModelVersion:
    """Fit the product, look at its lists, and keep it as a version; see `fit_candidate`."""
    cpu_start, start = time.process_time(), time.monotonic()
    write_aspects(workspace)
    erasures = workspace.store.erasure_count()
    candidate = fit_candidate(workspace, until)
    read, fitted = candidate.encoded_data, candidate.fitted
    privacy = fitted.privacy and add_to_ledger(workspace.store, fitted.privacy)
    measured, case_places = measure_candidate(workspace, candidate)
    name = workspace.models.save(
        fitted.serving_product,
        read.catalogue.ids,
        created=workspace.clock(),
        data={"event": candidate.event, "revision": candidate.revision, ERASURES_KEY: erasures}
        | {"kinds": read.interactions.event_types, "encoder": read.encoder}
        | {"view_verb": view_verb(workspace.store)}
        | {"event_counts": _event_counts(read.interactions)}
        | curves_to_json(read.interactions.value_curves)
        | {"list_habits": candidate.list_habits(workspace.config.rank)}
        | ({MEASURED_CASES: case_places} if case_places and not privacy else {})
        | dict(workspace.store.counts())
        | ({PRIVACY_KEY: privacy} if privacy else {}),
        settings=workspace.config.model_dump(mode="json"),
        metrics={
            "fit": fitted.report.figures(),
            "measured": measured,
            "media": media_figures(read, workspace.config),
            "cpu_seconds": time.process_time() - cpu_start,
            "wall_seconds": time.monotonic() - start,
        },
    )
    name = amend_checks(workspace, name, has_lifts=privacy is None)
    workspace.generator.study(name, read.catalogue)
    workspace.recounter.recount()  # somebody may have been erased meanwhile
    write_missing_cards(workspace.models, workspace.config.name)
    return workspace.models.version(workspace.models.current_name(name))


def _event_counts(interactions: Interactions) -> dict[str, int]:
    """How many events it learnt from, of each type that there were any of."""
    counts = np.bincount(interactions.kind, minlength=len(interactions.event_types))
    named_counts = zip(interactions.event_types, counts.tolist(), strict=True)
    return {name: count for name, count in named_counts if count}


def fit_candidate(workspace: TrainingWorkspace, until: int | None = None) -> Candidate:
    """Fit the product on the behaviour up to a number in the log.

    Nothing past that number is known to it, not even what is accepted while it is fitted.
    """
    event = workspace.store.last_event_number() if until is None else until
    items: dict[str, Item] = {}
    revision = 0
    for revision, item in workspace.store.items():  # noqa: B007
        if is_article(item):
            items[item.id] = item
    if not items:
        raise ModelError("there are no items to learn from; run 'foretaste import' first")
    interactions, _, _ = workspace.interactions(items, event)
    encoded_data = workspace.data_encoder.encode_split(
        interactions, items, partial(split_to_serve, workspace.config)
    )
    return Candidate(encoded_data, _fit_product(workspace, encoded_data), event, revision, items)


def measure_candidate(
    workspace: TrainingWorkspace, candidate: Candidate
) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """How good the candidate is on the last takings of users that it was not fitted on. → (figures,
    what came of each taking).

    The product that is measured has the exponents and offsets of the one that answers; its counts,
    and what its network was taught, end before these takings. None where there is none of them.
    """
    product, split = candidate.fitted.product, candidate.encoded_data.split
    test = cases_to_measure(workspace.config, split, product)
    if not len(test):
        return None, None
    hide_seen = workspace.config.rank.hide_seen
    evaluation = evaluate_product(
        product,
        product,
        Split(split.protocol, split.train, split.valid, test, split.service_interactions),
        training_seconds=(0.0, 0.0),
        hide_seen=hide_seen,
        progress=workspace.progress,
    )
    case_places = measured_cases(test, evaluation.product, hide_seen=hide_seen)
    return evaluation.manifest_figures(), case_places


def cases_to_measure(config: Config, split: Split, product: ProductOfExperts) -> EvaluationCases:
    """Of the takings that were kept back so many as can be measured in a short time."""
    max_cases = MAX_MEASURED_SCORES // max(len(product.experts) * product.size, 1)
    return split.test.sample(max(max_cases, 50), np.random.default_rng(config.model.seed))


def fit_protocol(
    workspace: TrainingWorkspace, protocol: str, items: Mapping[str, Item]
) -> tuple[FitResult, EncodedData]:
    """A product fitted on the protocol's own training part: nothing of a live model leaks in."""
    split = split_of(protocol)
    interactions, _, _ = workspace.interactions(items)
    encoded_data = workspace.data_encoder.encode_split(interactions, items, split)
    return _fit_product(workspace, encoded_data), encoded_data


def split_of(protocol: str) -> Callable[[Interactions], Split]:
    """How a protocol holds behaviour back. InputError for another name."""
    if protocol not in SPLITS:
        raise InputError(f"unknown protocol '{protocol}'; expected one of {', '.join(SPLITS)}")
    return SPLITS[protocol]


def evaluate_protocol(workspace: TrainingWorkspace, protocol: str) -> Evaluation:
    """How good the product and each expert alone are on behaviour kept from them."""
    items = articles_of(workspace.store.items())
    start = time.process_time(), time.monotonic()
    fitted, encoded_data = fit_protocol(workspace, protocol, items)
    training_seconds = time.process_time() - start[0], time.monotonic() - start[1]
    counts = StreamingCounts.from_interactions(encoded_data.split.test.interactions)
    return evaluate_product(
        fitted.product,
        fitted.serving_product,
        encoded_data.split,
        training_seconds=training_seconds,
        hide_seen=workspace.config.rank.hide_seen,
        list_inputs=ListInputs(
            encoded_data.catalogue, AvailabilityWindows.of(list(items.values())), counts
        ),
        progress=workspace.progress,
    )


def _fit_product(workspace: TrainingWorkspace, encoded_data: EncodedData) -> FitResult:
    served = encoded_data.split.service_interactions
    arrivals = newest_positive_cases(served, repeats=not workspace.config.rank.hide_seen)
    encoder = workspace.data_encoder.open_encoder(encoded_data.encoder)
    return fit_to_serve(
        workspace.training(encoded_data), served, NewestInteractions(*arrivals), encoder
    )
