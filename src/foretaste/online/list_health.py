"""A model version in; the lists that people would get from it, and what is wrong with them, out.

The lists are those of the service: the same questions, filters and words, as of now. They leave no
trace.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Protocol

import numpy as np

from foretaste.config.load import Config
from foretaste.domain.data import (
    Interactions,
    Ints,
    Item,
    Longs,
    Recommended,
    Request,
    UserContext,
)
from foretaste.domain.ports import Progress
from foretaste.domain.store import Store
from foretaste.domain.words import is_descriptive
from foretaste.errors import ModelError
from foretaste.evaluate.list_checks import ListWarning, check_lists
from foretaste.evaluate.shown_lists import (
    HARDLY_TAKEN_EVENTS,
    ListFigures,
    ListSample,
    MeasuredQuality,
    ShownList,
    list_figures,
)
from foretaste.model.artefacts import ModelRegistry
from foretaste.model.product_scorer import Scores
from foretaste.model.training import showable_cases
from foretaste.online.answer import ScoringWorkspace
from foretaste.online.list_corrections import lift_curve
from foretaste.online.slate import PageRequest, SlateBuilder
from foretaste.online.snapshot import LIFTS_KEY, Snapshot
from foretaste.prepare.arrivals import newest_positive_cases
from foretaste.prepare.interactions import SESSION_PREFIX
from foretaste.rank.filters import HARD_FILTERS, FilterContext, excluded_items

SAMPLE = 200
"""People whose lists are looked at: a share is known to 7 points, and it takes a few seconds."""
LIFT_SAMPLE = 1000
"""People by whose lists it is measured how popular lists are: to about 5 %, and ten seconds."""
LENGTH = 10
"""Items of each list."""
MIN_TAKINGS = 50
"""Takings without which nothing is said of what people take next."""
CHECKS, MEASURED, FIT = "checks", "measured", "fit"
"""Under these names a version's metrics keep what is wrong with its lists, how it did beside its
experts, and how its exponents came about."""

CurrentSnapshot = Callable[[], Snapshot]
"""What answers when it is called."""


class ComposingWorkspace(Protocol):
    """What a list is made with."""

    @property
    def slates(self) -> SlateBuilder: ...
    def listen(
        self, behaviour: UserContext, encoder: str | None = None, *, keep: bool = True
    ) -> UserContext: ...


class ListWorkspace(ScoringWorkspace, Protocol):
    """What is needed of the loop."""

    @property
    def store(self) -> Store: ...
    @property
    def models(self) -> ModelRegistry: ...
    @property
    def config(self) -> Config: ...
    @property
    def progress(self) -> Progress: ...
    def at_snapshot(self, version: str) -> Snapshot: ...
    def interactions(
        self, items: Mapping[str, Item], until: int | None = None
    ) -> tuple[Interactions, Any, Any]: ...


@dataclass(frozen=True)
class ListHealth:
    """The lists of a version in numbers, and what is wrong with them."""

    version: str
    figures: ListFigures
    warnings: tuple[ListWarning, ...]

    def checks(self) -> list[dict[str, str]]:
        """The warnings as the manifest keeps them."""
        return [warning.summary() for warning in self.warnings]

    def rows(self) -> list[tuple[str, str]]:
        """The numbers by their names, in words."""
        figures = self.figures
        usual = figures.usual_hardly_taken_share
        beside = "" if usual is None else f"; {usual:.0%} of what users take next are such"
        return [
            ("model", self.version),
            ("lists", f"{figures.people:,}, {figures.places:,} places"),
            ("different items", f"{figures.distinct_items:,}"),
            ("overlap", f"{figures.overlap:.0%} of the first places of two users are the same"),
            ("ties", f"{figures.tied_share:.0%} of the places share their score"),
            (
                "rare items",
                f"{figures.hardly_taken_share:.0%} of the places have an item with at most "
                f"{HARDLY_TAKEN_EVENTS} events{beside}",
            ),
        ]

    def summary(self) -> dict[str, Any]:
        """One object that JSON can hold."""
        return {
            "version": self.version,
            "figures": asdict(self.figures),
            "warnings": self.checks(),
        }


def amend_checks(workspace: ListWorkspace, version: str, *, has_lifts: bool = True) -> str:
    """Look at the lists of a version and write what is wrong into its manifest. → its new name.

    has_lifts: how popular lists are may be measured, which later lists are corrected by.

    Raises ModelError where the version cannot answer.
    """
    snapshot = workspace.at_snapshot(version)
    health = look_at_lists(workspace, snapshot)
    curve = measure_lifts(workspace, snapshot) if has_lifts else []
    return workspace.models.amend(version, {CHECKS: health.checks(), LIFTS_KEY: curve})


def measure_lifts(
    workspace: ListWorkspace, snapshot: Snapshot, *, sample: int = LIFT_SAMPLE, seed: int = 0
) -> list[list[float]]:
    """How popular people's lists are by each weight; see `list_corrections.lift_curve`."""
    interactions, _, _ = workspace.interactions(snapshot.items)
    people = draw_people(interactions, sample, np.random.default_rng(seed))[1:]

    def ask(request: Request) -> tuple[FilterContext, Scores]:
        slates = workspace.slates
        context = slates.user_context(request, snapshot)
        question = slates.question(PageRequest(request), context, snapshot)
        listened = workspace.listen(question.user_context, snapshot.encoder, keep=False)
        return question, snapshot.product.scorer(listened)

    named_people = [(history_name(request), request) for request, _ in people]
    return lift_curve(interactions, named_people, ask, workspace.progress)


def history_name(request: Request) -> str:
    """Under which name the interactions have whose list it is."""
    return request.user if request.user is not None else f"{SESSION_PREFIX}{request.session}"


def checks_of(models: ModelRegistry, version: str) -> list[dict[str, str]] | None:
    """What is wrong with the lists of a version, by its manifest; None where nobody looked, or it
    cannot be read.
    """
    checks: list[dict[str, str]] | None = _metrics(models, version).get(CHECKS)
    return checks


def _metrics(models: ModelRegistry, version: str) -> Mapping[str, Any]:
    """Those of a version, under whatever name it has now; none of one that cannot be read."""
    try:
        return models.version(models.current_name(version)).metrics
    except ModelError:  # whoever answers says so
        return {}


def checks_of_live(models: ModelRegistry) -> list[dict[str, str]] | None:
    """The same of the version that answers; None also where none does."""
    try:
        live = models.live_name()
    except ModelError:
        return None
    return None if live is None else checks_of(models, live)


def look_at_live(workspace: ListWorkspace) -> ListHealth:
    """The lists that people get now. Raises ModelError where nothing is live."""
    return _health(workspace, workspace.manager.caught_up)


def look_at_lists(workspace: ListWorkspace, snapshot: Snapshot) -> ListHealth:
    """The lists that people would get from one snapshot."""
    return _health(workspace, lambda: snapshot)


def _health(
    workspace: ListWorkspace, current: CurrentSnapshot, *, sample: int = SAMPLE, seed: int = 0
) -> ListHealth:
    snapshot = current()
    version, items = snapshot.version, snapshot.items
    showable_items = _showable(workspace, snapshot)
    histories, _, _ = workspace.interactions(items)
    rng = np.random.default_rng(seed)
    lists = []
    people = draw_people(histories, sample, rng)
    for number, (request, history) in enumerate(people, 1):
        lists.append(ShownList(history, compose_list(workspace, current(), request)))
        workspace.progress("looking at the lists", number, len(people))
    ids = list(items)
    events = _events(ids, histories.item[histories.positive_mask()])
    lately, events_before = newest_positive_cases(
        histories, repeats=not workspace.config.rank.hide_seen
    )
    list_sample = ListSample(
        lists=lists,
        length=LENGTH,
        showable=showable_items,
        events=events,
        events_lately=_events(ids, lately.targets),
        attributes=_attributes(items, events, lists),
        usual_hardly_taken_share=hardly_taken_share(events_before),
        measured=_measured(_metrics(workspace.models, version)),
        hidden_repeats=_repeats(histories) if workspace.config.rank.hide_seen else None,
    )
    return ListHealth(version, list_figures(list_sample), check_lists(list_sample))


def _repeats(histories: Interactions) -> float | None:
    """Share of the newest takings whose item the user had taken before; None of too few."""
    newest, _ = newest_positive_cases(histories, repeats=True)
    if len(newest) < MIN_TAKINGS:
        return None
    return 1 - len(showable_cases(newest, hide_seen=True)) / len(newest)


def draw_people(
    histories: Interactions, sample: int, rng: np.random.Generator
) -> list[tuple[Request, int]]:
    """(whose list, how many items they took): at most so many with a history, and a stranger."""
    takes = histories.positive_mask()
    lengths = np.bincount(histories.row_users()[takes], minlength=len(histories))  # [people]
    able = np.flatnonzero(lengths)
    sampled_users = np.sort(rng.choice(able, min(sample, len(able)), replace=False))
    plain = Request(n=LENGTH, incognito=True, explore=0.0)
    people = [(plain, 0)]
    for person in sampled_users.tolist():
        name = histories.users[person]
        session = name.removeprefix(SESSION_PREFIX) if name.startswith(SESSION_PREFIX) else None
        user = name if session is None else None
        people.append((replace(plain, user=user, session=session), int(lengths[person])))
    return people


def compose_list(
    workspace: ComposingWorkspace, snapshot: Snapshot, request: Request
) -> tuple[Recommended, ...]:
    """The list from one snapshot, with its terms; nothing of it is kept."""
    slates, page = workspace.slates, PageRequest(request)
    question = slates.question(page, slates.user_context(request, snapshot), snapshot)
    behaviour = workspace.listen(question.user_context, snapshot.encoder, keep=False)
    slate = slates.slate(page, question, snapshot.product.scorer(behaviour))
    recommendation = slates.recommendation(question, snapshot, slate)
    return tuple(
        replace(item, terms=tuple(terms))
        for item, terms in zip(recommendation, slate.terms, strict=True)
    )


def hardly_taken_share(events_before: Longs) -> float | None:
    """Of takings, the share of items that had hardly been taken by then; None where they are too
    few to tell. events_before: [takings]
    """
    if len(events_before) < MIN_TAKINGS:
        return None
    return float((events_before <= HARDLY_TAKEN_EVENTS).mean())


def _measured(metrics: Mapping[str, Any]) -> MeasuredQuality | None:
    """What the metrics of a version say; None where it was not measured."""
    return MeasuredQuality.of(metrics.get(MEASURED), (metrics.get(FIT) or {}).get("cause"))


def _showable(workspace: ListWorkspace, snapshot: Snapshot) -> int:
    """Items that may be shown to somebody of whom nothing is known."""
    request = Request(n=LENGTH, incognito=True)
    slates = workspace.slates
    context = slates.user_context(request, snapshot)
    question = slates.question(PageRequest(request), context, snapshot)
    return int((~excluded_items(question, HARD_FILTERS)).sum())


def _events(ids: Sequence[str], takings: Ints) -> dict[str, int]:
    """Item → how often it was taken, of those that were. takings: [takings], positions in `ids`."""
    counts = np.bincount(takings, minlength=len(ids))
    return {ids[item]: int(counts[item]) for item in np.flatnonzero(counts).tolist()}


def _attributes(
    items: Mapping[str, Item], events: Mapping[str, int], lists: Sequence[ShownList]
) -> dict[str, dict[str, tuple[str, ...]]]:
    """Item → column → values, of all that are shown or taken; a number is told by its band."""
    names = {item.id for row in lists for item in row.items} | set(events)
    known_items = (items.get(name) for name in names)  # one may have come meanwhile
    return {
        item.id: {
            column: values
            for column, values in item.attributes.items()
            if is_descriptive(column, item.attributes)
        }
        for item in known_items
        if item is not None
    }
