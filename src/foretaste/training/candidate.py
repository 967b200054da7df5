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

from foretaste.config.load import Config
from foretaste.domain.data import Histories, Item, Split
from foretaste.domain.ports import OpenReader, Progress
from foretaste.domain.store import Store
from foretaste.errors import InputError, ModelError
from foretaste.evaluate.evaluation import Evaluation, judge
from foretaste.evaluate.sampled_lists import Offers, Shop
from foretaste.model.artefacts import Version
from foretaste.model.cold_items import Arrivals
from foretaste.model.fit import Fitted, fit_to_serve
from foretaste.model.training import Training
from foretaste.online.generation import ContentGenerator
from foretaste.online.list_health import Workspace as ListWorkspace
from foretaste.online.list_health import amend_checks
from foretaste.prepare.arrivals import newest_takings
from foretaste.prepare.clean import Cleaning
from foretaste.prepare.histories import Gathering
from foretaste.prepare.splits import by_time, latest, leave_one_out
from foretaste.prepare.streaming_counts import StreamingCounts
from foretaste.training.encode import Read, Reading
from foretaste.training.recount import KNOWN, Settler

SPLITS = {"leave-one-out": leave_one_out, "time": by_time}
HELD_OUT = 5000
"""People whose last event chooses the weights of a model that is to serve."""
MEASURED_NUMBERS = 2_000_000_000
"""Scores that the measurement at the end of a training may take: cases × items × experts."""


class Workspace(Protocol):
    """What a training needs of the loop."""

    @property
    def folder(self) -> Path: ...
    @property
    def config(self) -> Config: ...
    @property
    def store(self) -> Store: ...
    @property
    def reading(self) -> Reading: ...
    @property
    def progress(self) -> Progress: ...
    def histories(
        self, items: Mapping[str, Item], until: int | None = None
    ) -> tuple[Histories, Cleaning, Gathering]: ...
    def training(self, read: Read) -> Training: ...
    def readers(self, encoder: str | None = None) -> OpenReader: ...


class Candidate:
    """A fitted product with what it was fitted on."""

    def __init__(self, read: Read, fitted: Fitted, event: int, revision: int) -> None:
        self.read, self.fitted = read, fitted
        self.event = event
        """The number of the newest event that it may know."""
        self.revision = revision
        """The number of the newest change of an item that it knows."""


def training_of(workspace: Workspace, read: Read) -> Training:
    """What a model is fitted on, with the settings of the workspace."""
    return Training(
        catalogue=read.catalogue,
        histories=read.split.train,
        valid=read.split.valid,
        settings=workspace.config.model,
        hide_seen=workspace.config.rank.hide_seen,
        progress=workspace.progress,
        checkpoints=workspace.folder / "cache" / "checkpoints",
        readers=workspace.readers(read.encoder),
    )


class SavingWorkspace(Workspace, ListWorkspace, Protocol):
    """What keeping it as a version needs besides."""

    @property
    def clock(self) -> Callable[[], float]: ...
    @property
    def generator(self) -> ContentGenerator: ...
    @property
    def settler(self) -> Settler: ...


def make_candidate(workspace: SavingWorkspace, until: int | None = None) -> Version:
    """Fit the product, look at its lists, and keep it as a version; see `fit_candidate`."""
    cpu_start, start = time.process_time(), time.monotonic()
    erasures = workspace.store.erasures()
    candidate = fit_candidate(workspace, until)
    read, fitted = candidate.read, candidate.fitted
    name = workspace.models.save(
        fitted.served,
        read.catalogue.ids,
        created=workspace.clock(),
        data={"event": candidate.event, "revision": candidate.revision, KNOWN: erasures}
        | {"kinds": read.histories.kinds, "encoder": read.encoder}
        | dict(workspace.store.counts()),
        settings=workspace.config.model_dump(mode="json"),
        metrics={
            "fit": fitted.report.figures(),
            "measured": measure(workspace, candidate),
            "cpu_seconds": time.process_time() - cpu_start,
            "wall_seconds": time.monotonic() - start,
        },
    )
    name = amend_checks(workspace, name)
    workspace.generator.study(name, read.catalogue)
    workspace.settler.settle()  # somebody may have been erased meanwhile
    return workspace.models.version(workspace.models.now(name))


def fit_candidate(workspace: Workspace, until: int | None = None) -> Candidate:
    """Fit the product on the behaviour up to a number in the log.

    Nothing past that number is known to it, not even what is accepted while it is fitted.
    """
    event = workspace.store.last_event() if until is None else until
    items: dict[str, Item] = {}
    revision = 0
    for revision, item in workspace.store.items():  # noqa: B007
        items[item.id] = item
    if not items:
        raise ModelError("there are no items to learn from; run 'foretaste import' first")
    histories, _, _ = workspace.histories(items, event)
    rng = partial(np.random.default_rng, workspace.config.model.seed)
    read = workspace.reading.apart(histories, items, lambda rows: latest(rows, HELD_OUT, rng()))
    return Candidate(read, _fit(workspace, read), event, revision)


def measure(workspace: Workspace, candidate: Candidate) -> dict[str, Any] | None:
    """How good the candidate is on the last takings of users that it was not fitted on.

    The product that is measured has the exponents, networks and offsets of the one that answers;
    its counts alone end before these takings. None where there is none of them.
    """
    product, split = candidate.fitted.product, candidate.read.split
    most = MEASURED_NUMBERS // max(len(product.experts) * product.size, 1)
    test = split.test.sample(max(most, 50), np.random.default_rng(workspace.config.model.seed))
    if not len(test):
        return None
    evaluation = judge(
        product,
        product,
        Split(split.protocol, split.train, split.valid, test, split.served),
        spent=(0.0, 0.0),
        hide_seen=workspace.config.rank.hide_seen,
        progress=workspace.progress,
    )
    return evaluation.brief()


def evaluate(workspace: Workspace, protocol: str) -> Evaluation:
    """How good the product and each expert alone are on behaviour kept from them.

    Fitted anew on the protocol's own training part: nothing of a live model leaks in.
    """
    if protocol not in SPLITS:
        raise InputError(f"unknown protocol '{protocol}'; expected one of {', '.join(SPLITS)}")
    items = {item.id: item for _, item in workspace.store.items()}
    histories, _, _ = workspace.histories(items)
    read = workspace.reading.apart(histories, items, SPLITS[protocol])
    start = time.process_time(), time.monotonic()
    fitted = _fit(workspace, read)
    spent = time.process_time() - start[0], time.monotonic() - start[1]
    counts = StreamingCounts.of(read.split.test.histories)
    return judge(
        fitted.product,
        fitted.served,
        read.split,
        spent=spent,
        hide_seen=workspace.config.rank.hide_seen,
        shop=Shop(read.catalogue, Offers.of(list(items.values())), counts),
        progress=workspace.progress,
    )


def _fit(workspace: Workspace, read: Read) -> Fitted:
    served = read.split.served
    arrivals = newest_takings(served, repeats=not workspace.config.rank.hide_seen)
    encoder = workspace.reading.by(read.encoder)
    return fit_to_serve(workspace.training(read), served, Arrivals(*arrivals), encoder)
