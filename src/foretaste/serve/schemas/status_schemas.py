"""Out: how a workspace is at this moment, each figure with a sentence that explains it."""

from typing import Any, Literal

from foretaste.serve.http.activity import REQUEST_GROUPS, MinuteActivity, RequestCounts
from foretaste.serve.schemas.values import ResponseSchema


class FigureOut(ResponseSchema):
    """A figure of the moment."""

    name: str
    """For programs; it stays the same."""
    value: float | str | None = None
    """null where it is not known now."""
    unit: Literal["", "s", "ms", "per minute", "share"]
    explanation: str
    """What it is, and from when on it should worry you."""
    is_worrying: bool


class LatencyOut(ResponseSchema):
    """Requests of one kind."""

    requests: int
    refused: int
    """With a status of 400 to 499: whoever asked made a mistake."""
    failed: int
    """With 500 or more: the service did."""
    p50_ms: float | None = None
    """Half of them were answered within so many milliseconds, to an eighth."""
    p95_ms: float | None = None
    p99_ms: float | None = None

    @classmethod
    def of(cls, counts: RequestCounts) -> "LatencyOut":
        """The counts as they are sent."""
        return cls(
            requests=counts.requests,
            refused=counts.refused,
            failed=counts.failed,
            p50_ms=counts.quantile_ms(0.5),
            p95_ms=counts.quantile_ms(0.95),
            p99_ms=counts.quantile_ms(0.99),
        )


class RequestGroupsOut(ResponseSchema):
    """Requests by what they are for."""

    lists: LatencyOut
    """Those that ask for recommendations or a search."""
    events: LatencyOut
    """Those that say what people did."""
    remaining: LatencyOut


class MinuteOut(ResponseSchema):
    """A minute in which something happened."""

    start: float
    """Seconds since 1970."""
    events: int
    """Accepted."""
    duplicates: int
    rejected: int
    requests: RequestGroupsOut

    @classmethod
    def of(cls, minute: MinuteActivity) -> "MinuteOut":
        """The minute as it is sent."""
        return cls(
            start=minute.start,
            events=minute.accepted_events,
            duplicates=minute.duplicate_events,
            rejected=minute.rejected_events,
            requests=RequestGroupsOut(
                **{group: LatencyOut.of(minute.requests[group]) for group in REQUEST_GROUPS}
            ),
        )


class ListWarningOut(ResponseSchema):
    """What is wrong with the lists of the version that answers."""

    code: str
    message: str
    remedy: str


class FinishedTrainingOut(ResponseSchema):
    """What a training came to."""

    at: float
    """When it ended, seconds since 1970."""
    outcome: Literal["promoted", "refused", "failed"]
    reason: str
    candidate: str | None = None
    live: str | None = None
    """The version that answered before."""
    figures: dict[str, Any]


class StatusAnswer(ResponseSchema):
    """How it is now."""

    state: Literal["ready", "degraded", "not-ready"]
    reason: str | None = None
    """Why it is not ready, or degraded."""
    version: str | None = None
    """Of the model that answers."""
    figures: list[FigureOut]
    warnings: list[ListWarningOut] | None = None
    """What is wrong with the lists, the worst first; null where nobody looked."""
    last_training: FinishedTrainingOut | None = None
    requests: RequestGroupsOut
    """Of the last hour of the process that answers."""
    minutes: list[MinuteOut]
    """Of the last hour, the oldest first; those in which nothing happened are left out."""
