"""The address that says how it is now. In: nothing. Out: figures, each with its explanation."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from fastapi import APIRouter, Request

from foretaste.consume.consumer_status import consumer_statuses
from foretaste.domain.patience import LIST, patience
from foretaste.errors import ForetasteError
from foretaste.serve.api.lists import ServiceDep
from foretaste.serve.docs.examples import answer_example
from foretaste.serve.http.activity import REQUEST_GROUPS, MinuteActivity, RequestCounts
from foretaste.serve.http.body import OperatorRoute
from foretaste.serve.http.metrics import Metrics
from foretaste.serve.http.problem_texts import answer_language, detail_in
from foretaste.serve.http.security import ADMIN
from foretaste.serve.schemas.status_schemas import (
    FigureOut,
    FinishedTrainingOut,
    LatencyOut,
    ListWarningOut,
    MinuteOut,
    RequestGroupsOut,
    StatusAnswer,
)
from foretaste.serve.service import Service
from foretaste.worker import PLAN_FACT, TrainingOutcome

v1 = APIRouter(prefix="/v1", route_class=OperatorRoute, tags=["operation"])

SECONDS_PER_DAY = 86_400.0
RECENT_MINUTES = 5
"""Whole minutes over which a rate is taken."""


MIN_JUDGED_LISTS = 20
"""Lists of the last hour from which on the time of 95 of 100 is more than that of the slowest one:
the first after a start takes longer than any other."""


class FigureText(NamedTuple):
    """What a figure means."""

    unit: str
    explanation: str
    is_worrying: Callable[[float], bool]


def _never(_: float) -> bool:
    return False


FIGURE_TEXTS: Mapping[str, FigureText] = {
    "events_per_minute": FigureText(
        "per minute",
        "Events accepted, on average of the last five whole minutes, by the process that answers. "
        "0 at a time of day when people are there: the shop does not send them.",
        _never,
    ),
    "list_p95_ms": FigureText(
        "ms",
        "95 of 100 lists of the last hour were answered within this time. Above 100 ms people "
        "notice: give the service more cores, or ask for fewer items.",
        lambda value: value > 250,
    ),
    "failed_share": FigureText(
        "share",
        "Requests of the last hour that the service failed at (status 500 and above). Anything but "
        "0 is in the log under the request's id.",
        lambda value: value > 0,
    ),
    "refused_share": FigureText(
        "share",
        "Requests of the last hour that were refused as wrong (status 400 to 499): a missing key, "
        "a field that is not known. Each answer says what to do.",
        lambda value: value > 0.05,
    ),
    "items": FigureText("", "Items in the catalogue, hidden ones too.", lambda value: value < 1),
    "event_lag": FigureText(
        "",
        "Events that are accepted and not learnt yet. They are learnt before the next list; a "
        "number that only grows says that events come faster than they are learnt.",
        lambda value: value > 1000,
    ),
    "model_age_seconds": FigureText(
        "s",
        "Time since the model that answers was trained. What people do is learnt at once; new "
        "weights and new interests of many need a training: see the worker.",
        lambda value: value > 14 * SECONDS_PER_DAY,
    ),
    "model_substituted": FigureText(
        "",
        "1 where another version answers than was promoted, as that one cannot be loaded.",
        lambda value: value > 0,
    ),
    "worker_age_seconds": FigureText(
        "s",
        "Time since the worker last ended a training. Not known: no worker has run; start "
        "'foretaste worker' or serve with --with-worker.",
        _never,
    ),
    "pending_answers": FigureText(
        "",
        "Lists that were given and wait to be written down for attribution. More than a few: the "
        "store is slow or away.",
        lambda value: value > 1000,
    ),
    "lost_answers": FigureText(
        "",
        "Lists that could not be written down since this process began: what people do with them "
        "cannot be attributed.",
        lambda value: value > 0,
    ),
    "consumer_lag": FigureText(
        "",
        "Entries of queues, or files, that 'foretaste consume' has not read yet. A number that "
        "only grows: they come faster than they are stored.",
        lambda value: value > 10_000,
    ),
    "consumers_away": FigureText(
        "",
        "Queues and folders that 'foretaste consume' cannot read now, or has not for a minute. Not "
        "known: none is consumed.",
        lambda value: value > 0,
    ),
    "training_under_way": FigureText(
        "", "1 while a worker trains a model, or was stopped in the middle of it.", _never
    ),
}


@v1.get("/status", dependencies=[ADMIN], responses=answer_example("status"))
def status(request: Request, service: ServiceDep) -> StatusAnswer:
    """How it is now: whether it answers and why not, how fresh it is, events a minute, latencies
    and errors of the last hour, what the worker did and what waits. Each figure comes with a
    sentence that says what it means, and whether it should worry you.

    Requests and events are those of the process that answers, in memory since it began.
    """
    metrics: Metrics = request.app.state.metrics
    minutes = metrics.activity.of_tenant(request.scope["foretaste.tenant"]).minutes()
    with patience(LIST):
        reason = service.not_ready_reason()
        readiness: Mapping[str, Any] = {} if reason is not None else service.readiness()
        figures = {**_request_figures(minutes, service.now()), **_workspace_figures(service)}
        outcome = _last_training(service)
    totals = _totals(minutes)
    warnings = readiness.get("model", {}).get("warnings")
    stated_reason = reason or readiness.get("reason")
    return StatusAnswer(
        state="not-ready" if reason is not None else readiness["status"],
        reason=None if stated_reason is None else detail_in(answer_language(), stated_reason),
        version=readiness.get("model", {}).get("version"),
        figures=[
            _figure(name, figures.get(name), totals["lists"].requests) for name in FIGURE_TEXTS
        ],
        warnings=None if warnings is None else [ListWarningOut(**row) for row in warnings],
        last_training=outcome,
        requests=RequestGroupsOut(**{name: LatencyOut.of(totals[name]) for name in REQUEST_GROUPS}),
        minutes=[MinuteOut.of(minute) for minute in minutes],
    )


def is_worrying(name: str, value: float | None, list_count: int) -> bool:
    """Whether to mark a figure. list_count: lists of the last hour."""
    if value is None or (name == "list_p95_ms" and list_count < MIN_JUDGED_LISTS):
        return False
    return FIGURE_TEXTS[name].is_worrying(value)


def _figure(name: str, value: float | None, list_count: int) -> FigureOut:
    text = FIGURE_TEXTS[name]
    return FigureOut.model_validate(
        {
            "name": name,
            "value": value,
            "unit": text.unit,
            "explanation": text.explanation,
            "is_worrying": is_worrying(name, value, list_count),
        }
    )


def _totals(minutes: list[MinuteActivity]) -> dict[str, RequestCounts]:
    totals = {str(group): RequestCounts() for group in REQUEST_GROUPS}
    for minute in minutes:
        for group, counts in minute.requests.items():
            totals[group].add(counts)
    return totals


def _request_figures(minutes: list[MinuteActivity], now: float) -> dict[str, float | None]:
    this_minute = now // 60 * 60
    recent = [m for m in minutes if this_minute - RECENT_MINUTES * 60 <= m.start < this_minute]
    totals = _totals(minutes)
    requests = sum(counts.requests for counts in totals.values())
    return {
        "events_per_minute": sum(minute.accepted_events for minute in recent) / RECENT_MINUTES,
        "list_p95_ms": totals["lists"].quantile_ms(0.95),
        "failed_share": sum(c.failed for c in totals.values()) / requests if requests else None,
        "refused_share": sum(c.refused for c in totals.values()) / requests if requests else None,
    }


def _workspace_figures(service: Service) -> dict[str, float | None]:
    """What is looked up; nothing where the store is away, which `state` says."""
    try:
        gauges, workspace = service.gauges(), service.workspace
        plan = workspace.store.meta_text(PLAN_FACT)
        consumers = consumer_statuses(workspace.store)
    except ForetasteError:
        return {}
    log = workspace.recommendation_log
    names = {"worker_age_seconds": "foretaste_worker_seconds"}
    figures: dict[str, float | None] = {
        name: gauges.get(names.get(name, f"foretaste_{name}")) for name in FIGURE_TEXTS
    }
    figures = {name: value for name, value in figures.items() if value is not None}
    figures["pending_answers"] = float(log.pending_count)
    figures["lost_answers"] = float(log.lost_count)
    figures["training_under_way"] = float(plan is not None)
    if consumers:
        lags = [status.lag for status in consumers if status.lag is not None]
        figures["consumer_lag"] = float(sum(lags)) if lags else None
        figures["consumers_away"] = float(sum(c.is_away(service.now()) for c in consumers))
    return figures


def _last_training(service: Service) -> FinishedTrainingOut | None:
    try:
        outcome = TrainingOutcome.last(service.workspace.store)
    except ForetasteError:
        return None
    return None if outcome is None else training_outcome_out(outcome)


def training_outcome_out(outcome: TrainingOutcome) -> FinishedTrainingOut:
    """What a training came to, as it is sent."""
    return FinishedTrainingOut(
        at=outcome.at,
        outcome=outcome.what,
        reason=outcome.why,
        candidate=outcome.candidate,
        live=outcome.live,
        figures=outcome.figures,
    )
