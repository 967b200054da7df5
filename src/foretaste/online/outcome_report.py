"""A span of time in; whether the lists work out: what was shown, what people did with it.

At most so many lists and events are looked at, the newest first; where there are more, the report
is of a shorter span and says so.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from foretaste.behaviour.operator_reads import AttributedEvent, OperatorReads
from foretaste.domain.data import LoggedRecommendation
from foretaste.domain.request import Request
from foretaste.errors import InputError
from foretaste.evaluate.exposure import Exposure, measure_exposure
from foretaste.evaluate.outcomes import (
    CONVERSION_TYPES,
    ListEvent,
    OutcomeCounter,
    OutcomeFigures,
    OutcomeGroup,
    PlaceComparison,
    ServedList,
    ShownItem,
)
from foretaste.feedback.recommendation_log import RecommendationLog
from foretaste.online.snapshot import Snapshot

MAX_LISTS = 20_000
MAX_EVENTS = 200_000
SECONDS_PER_DAY = 86_400.0
MAX_DAYS = 366
OutcomeKey = Literal["placement", "version", "both"]
"""By what the lists are told apart."""


class OutcomeStore(Protocol):
    """What is needed of the store."""

    @property
    def operator(self) -> OperatorReads: ...


@dataclass(frozen=True, slots=True)
class OutcomeReport:
    """What came of the lists of a span of time."""

    since: float
    until: float
    covered_since: float
    """From when on the figures are; later than `since` where there is too much to look at."""
    total: OutcomeFigures
    groups: tuple[OutcomeGroup, ...]
    comparisons: tuple[PlaceComparison, ...]
    exposure: Exposure | None
    """None while no model is loaded."""


def report_outcomes(
    store: OutcomeStore,
    log: RecommendationLog,
    snapshot: Snapshot | None,
    weights: Mapping[str, float],
    *,
    since: float,
    until: float,
    group_by: OutcomeKey = "both",
    conversion_types: Sequence[str] = CONVERSION_TYPES,
) -> OutcomeReport:
    """The report of since <= at < until, seconds since 1970. Raises InputError for no such span."""
    if not since < until:
        raise InputError("since: it is not before until; send an earlier time")
    if until - since > MAX_DAYS * SECONDS_PER_DAY:
        raise InputError(f"since: at most {MAX_DAYS} days are looked at; send a later time")
    log.flush()
    reads = store.operator
    answers = reads.answers_between(since, until, MAX_LISTS)
    covered_since = max(
        since,
        answers[-1].at if len(answers) == MAX_LISTS else since,
        reads.oldest_of_newest(since, until, MAX_EVENTS) or since,
    )
    lists = [served_list(logged) for logged in answers if logged.at >= covered_since]
    events = reads.attributed_events(covered_since, until, MAX_EVENTS)
    counter = OutcomeCounter(
        lists,
        [_list_event(event) for event in events],
        weights=weights,
        conversion_types=conversion_types,
    )
    return OutcomeReport(
        since=since,
        until=until,
        covered_since=covered_since,
        total=counter.figures(),
        groups=tuple(counter.groups(_group_key(group_by), _day_start)),
        comparisons=tuple(counter.comparisons()),
        exposure=None if snapshot is None else _exposure(lists, counter, snapshot, until),
    )


def served_list(logged: LoggedRecommendation) -> ServedList:
    """A kept answer as it is counted."""
    request = Request.from_json_dict(logged.request)
    person = logged.owner or logged.user
    return ServedList(
        id=logged.id,
        at=logged.at,
        person=f"u{person}" if person is not None else f"s{logged.session or logged.id}",
        version=logged.model,
        placement=logged.placement or "",
        is_popular=request.window is not None,
        items=tuple(ShownItem(item[0], item[3]) for item in logged.items),
    )


def _list_event(event: AttributedEvent) -> ListEvent:
    return ListEvent(event.recommendation_id, event.kind, event.item, event.value)


def _group_key(group_by: OutcomeKey) -> Callable[[ServedList], tuple[str, str]]:
    return {
        "placement": lambda served: (served.placement, ""),
        "version": lambda served: ("", served.version),
        "both": lambda served: (served.placement, served.version),
    }[group_by]


def _day_start(at: float) -> float:
    return at // SECONDS_PER_DAY * SECONDS_PER_DAY


def _exposure(
    lists: Sequence[ServedList], counter: OutcomeCounter, snapshot: Snapshot, now: float
) -> Exposure:
    shelf, catalogue = snapshot.shelf, snapshot.catalogue
    is_on_offer = ~shelf.hidden & (shelf.available_from <= now) & (now < shelf.available_until)
    return measure_exposure(
        [[place.item for place in served.items] for served in lists],
        counter.taken_items(),
        index=catalogue.index,
        available=int(is_on_offer.sum()),
        event_counts=snapshot.product.event_counts(),
        vectors=catalogue.vectors,
    )
