"""A workspace in; whom and what the lists of the version that answers favour, out.

The lists are those of the service, as of now. How good they are is what the training measured on
what it had kept back, which the model that answers was taught only afterwards.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from foretaste.domain.data import Doubles, EvaluationCases, Interactions, Ints, Longs, Request
from foretaste.errors import ModelError
from foretaste.evaluate.audit.audit_result import Audit
from foretaste.evaluate.audit.audit_sample import AuditSample, HeldOutQuality
from foretaste.evaluate.audit.drift import drift_section
from foretaste.evaluate.audit.figures import AuditSection
from foretaste.evaluate.audit.item_groups import (
    NEWNESS,
    check_user_column,
    default_columns,
    exposure_section,
    item_groups,
)
from foretaste.evaluate.audit.loop_simulation import simulation_section
from foretaste.evaluate.audit.own_mix import own_mix_section
from foretaste.evaluate.audit.people_groups import (
    ACTIVITY,
    POPULARITY_TASTE,
    attribute_columns,
    people_section,
)
from foretaste.evaluate.audit.popularity import popularity_section
from foretaste.evaluate.protocols import evaluate_model
from foretaste.online.list_health import FIT, MEASURED, draw_people, history_name
from foretaste.online.slate import PageRequest
from foretaste.online.snapshot import Snapshot
from foretaste.prepare.streaming_counts import prior_events
from foretaste.rank.filters import HARD_FILTERS, excluded_items
from foretaste.training.candidate import SavingWorkspace, cases_to_measure, split_to_serve
from foretaste.training.measured_cases import measured_values
from foretaste.training.version_data import VersionWorkspace, version_data

MIN_CASES = 100
"""Takings that were kept back, without which nothing is said of how good lists are for groups."""
LIST_LENGTH = 10
SAME_FIGURE = 1e-4
"""Of NDCG@10: what is measured now is what was measured at the training, if it is so near."""
INEXACT_NOTE = (
    "How good the lists are was measured now, by the model that answers, which has learnt some of "
    "what the training had kept back, and that flatters: what the training measured is of other "
    "takings, as something was erased since, settings changed, or the model is of an older "
    "Foretaste. Run 'foretaste train' and then the audit again for exact figures."
)
FEW_CASES_NOTE = (
    "How good the lists are for groups of people is not said: the training kept back fewer than "
    f"{MIN_CASES} takings."
)


class AuditWorkspace(VersionWorkspace, SavingWorkspace, Protocol):
    """What is needed of the loop."""


@dataclass(frozen=True, slots=True)
class AuditScope:
    """What an audit looks at besides what every audit does."""

    columns: tuple[str, ...] = ()
    """Columns of the items; none is those that say what kind an item is."""
    user_columns: tuple[str, ...] = ()
    """Attributes of people; none is all there are."""
    people: int | None = None
    """People whose lists are made; None as in the settings."""
    simulate: bool = False
    """Whether rounds of lists and clicks are played."""


def audit_lists(workspace: AuditWorkspace, scope: AuditScope) -> Audit:
    """Raises ModelError where nothing answers, InputError for a column that is not there."""
    if workspace.models.live_name() is None:
        raise ModelError("no model answers yet; run 'foretaste train' first")
    settings = workspace.config.audit
    snapshot = workspace.manager.caught_up()
    names = scope.columns or tuple(default_columns(snapshot.catalogue))
    groups = [
        item_groups(snapshot.catalogue, name, settings.max_values)
        for name in dict.fromkeys(names)
        if name != NEWNESS
    ]
    attributes = attribute_columns([user.attributes for user in workspace.store.users()] or [{}])
    for column in scope.user_columns:
        check_user_column(column, (*attributes, ACTIVITY, POPULARITY_TASTE))
    interactions, _, _ = workspace.interactions(snapshot.items)
    rng = np.random.default_rng(workspace.config.model.seed)
    sample = list_sample(workspace, snapshot, interactions, scope.people or settings.people, rng)
    sections = [
        popularity_section(sample, rng),
        own_mix_section(sample, groups, rng),
        exposure_section(sample, groups, settings, rng),
        drift_section(sample, groups, interactions, rng),
    ]
    quality, notes = held_out_quality(workspace, scope.user_columns or tuple(attributes))
    if quality is not None:
        sections.append(people_section(quality, settings, rng))
    if scope.simulate:
        sections.append(_simulation(workspace, snapshot, interactions, rng))
    return Audit(
        service=workspace.config.name,
        version=snapshot.version,
        created=workspace.clock(),
        people=len(sample),
        sections=tuple(sections),
        notes=notes,
    )


def list_sample(
    workspace: AuditWorkspace,
    snapshot: Snapshot,
    interactions: Interactions,
    people: int,
    rng: np.random.Generator,
    changes: Callable[[Request], Request] = lambda request: request,
) -> AuditSample:
    """The lists of some people as they get them. changes: what else each asks for."""
    requests = [request for request, _ in draw_people(interactions, people, rng)[1:]]
    if not requests:
        raise ModelError("nobody took anything yet, so there are no lists to look at")
    lists, persons = [], _positions(interactions)
    for number, request in enumerate(requests, 1):
        lists.append(_shown_items(workspace, snapshot, changes(request)))
        workspace.progress("making lists", number, len(requests))
    positive = interactions.positive_mask()
    counts_then = prior_events(interactions)
    histories, counts = list[Ints](), list[Longs]()
    for request in requests:
        user_rows = interactions.user_slice(persons[history_name(request)])
        rows = np.arange(user_rows.start, user_rows.stop)
        rows = rows[positive[rows]]
        histories.append(interactions.item[rows])
        counts.append(counts_then[rows])
    return AuditSample(
        lists=np.stack(lists),
        histories=histories,
        event_counts=_event_counts(interactions, len(snapshot.catalogue)),
        catalogue=snapshot.catalogue,
        available_items=int(_available(workspace, snapshot).sum()),
        event_counts_then=counts,
    )


def _positions(interactions: Interactions) -> dict[str, int]:
    return {name: number for number, name in enumerate(interactions.users)}


def _event_counts(interactions: Interactions, items: int) -> Doubles:
    taken_items = interactions.item[interactions.positive_mask()]
    return np.bincount(taken_items, minlength=items).astype(np.float64)


def _shown_items(workspace: AuditWorkspace, snapshot: Snapshot, request: Request) -> Ints:
    """[LIST_LENGTH], the list as the service makes it; -1 for an empty place."""
    slates, page = workspace.slates, PageRequest(replace(request, n=LIST_LENGTH))
    context = slates.user_context(request, snapshot)
    question = slates.question(page, context, snapshot)
    listened = workspace.listen(question.user_context, snapshot.encoder, keep=False)
    slate = slates.slate(page, question, snapshot.product.scorer(listened))
    items = slate.choice.explained_items[:LIST_LENGTH]
    return np.pad(items, (0, LIST_LENGTH - len(items)), constant_values=-1).astype(np.int32)


def _available(workspace: AuditWorkspace, snapshot: Snapshot) -> Any:
    """[items], what may be shown to somebody of whom nothing is known."""
    request = Request(n=LIST_LENGTH, incognito=True)
    slates = workspace.slates
    context = slates.user_context(request, snapshot)
    return ~excluded_items(slates.question(PageRequest(request), context, snapshot), HARD_FILTERS)


def held_out_quality(
    workspace: AuditWorkspace, user_columns: Sequence[str]
) -> tuple[HeldOutQuality | None, list[str]]:
    """(how good the version that answers is on what its training kept back, what is to be said of
    that); None of too little.
    """
    version = workspace.models.version(str(workspace.models.live_name()))
    product, training = version_data(workspace, version, workspace.models.item_ids(version.name))
    interactions = workspace.data_encoder.interactions(
        training.interactions, version.data.get("encoder")
    )
    split = split_to_serve(workspace.config, interactions)
    cases = cases_to_measure(workspace.config, split, product)
    if len(cases) < MIN_CASES:
        return None, [FEW_CASES_NOTE]
    values = measured_values(version.data, cases)
    if values is not None:
        return _quality(workspace, cases, product.size, values, user_columns), []
    if version.privacy is None:  # else what answers is what was measured
        product = product.recount(replace(training, interactions=split.train))
    result = evaluate_model(product.score, cases, progress=workspace.progress)
    values = result.values("ndcg@10", masked=workspace.config.rank.hide_seen)
    notes = [] if _is_as_measured(version.metrics, float(values.mean())) else [INEXACT_NOTE]
    return _quality(workspace, cases, product.size, values, user_columns), notes


def _is_as_measured(metrics: Any, value: float) -> bool:
    """Whether the training measured the same, and so kept the same takings back."""
    figures = (metrics.get(MEASURED) or {}).get("ndcg@10")
    return (
        figures is not None
        and metrics.get(FIT) is not None
        and (abs(float(figures[0]) - value) < SAME_FIGURE)
    )


def _quality(
    workspace: AuditWorkspace,
    cases: EvaluationCases,
    items: int,
    values: Doubles,
    user_columns: Sequence[str],
) -> HeldOutQuality:
    interactions = cases.interactions
    positive = interactions.positive_mask()
    taken_items = interactions.item[positive]
    popularity = np.bincount(taken_items, minlength=items)
    ranks = popularity.argsort(kind="stable").argsort(kind="stable") / max(len(popularity), 1)
    lengths, tastes = [], []
    for user, row in zip(cases.user_indices.tolist(), cases.target_rows.tolist(), strict=True):
        rows = np.arange(int(interactions.offsets[user]), row)
        history = interactions.item[rows[positive[rows]]]
        lengths.append(len(history))
        tastes.append(float(ranks[history].mean()) if len(history) else np.nan)
    attributes_by_user = {user.id: user.attributes for user in workspace.store.users()}
    persons = [
        attributes_by_user.get(interactions.users[user], {}) for user in cases.user_indices.tolist()
    ]
    return HeldOutQuality(
        users=cases.user_indices,
        values=values,
        history_lengths=np.array(lengths, np.int64),
        popularity_tastes=np.array(tastes, np.float64),
        attributes={
            column: [tuple(attributes.get(column, ())) for attributes in persons]
            for column in user_columns
            if column not in (ACTIVITY, POPULARITY_TASTE)
        },
    )


def _simulation(
    workspace: AuditWorkspace,
    snapshot: Snapshot,
    interactions: Interactions,
    rng: np.random.Generator,
) -> AuditSection:
    settings = workspace.config.audit
    requests = draw_people(interactions, settings.simulated_people, rng)[1:]
    contexts = [
        workspace.listen(
            workspace.slates.user_context(request, snapshot), snapshot.encoder, keep=False
        )
        for request, _ in requests
    ]
    return simulation_section(
        snapshot.product,
        contexts,
        _event_counts(interactions, len(snapshot.catalogue)),
        _available(workspace, snapshot),
        settings,
        rng,
        workspace.progress,
    )
