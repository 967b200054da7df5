"""In: the service's JSON. Out: typed answers; lists are the nouns that the library answers with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from foretaste.domain.request import Degraded, LeftOut, Recommendation, Recommended, Term
from foretaste.errors import ForetasteError

Json = Mapping[str, Any]


class Refusal(ForetasteError):
    """The service answered with an error: a problem document (RFC 9457)."""

    def __init__(self, status: int, problem: Json, *, wait: float = 0.0) -> None:
        super().__init__(str(problem.get("detail") or problem.get("title") or status))
        self.status = status
        self.kind = str(problem.get("type", "")).rpartition(":")[2]
        """What went wrong, e.g. "invalid"; a name that does not change."""
        self.problem = problem
        self.wait = wait
        """Seconds after which the service asks to be tried again."""


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """One row that was not taken, and why."""

    index: int
    """Its place among those sent, from 0; of JSON Lines its line, from 1."""
    field: str
    problem: str
    value: str
    remedy: str


@dataclass(frozen=True, slots=True)
class BatchResult:
    """What became of rows that were sent."""

    accepted: int
    """New, or changed."""
    known: int
    """There already."""
    rejected: Sequence[RejectedRow] = ()
    event_ids: Sequence[str | None] = ()
    """Of events: one each, None where it was rejected."""
    unattributed: Sequence[Json] = ()
    """Of events: those that do not fit the list they name, and why."""


@dataclass(frozen=True, slots=True)
class Page:
    """Items or users, and where to go on."""

    rows: Sequence[Json]
    cursor: str | None
    """Send it with the next call; None at the end."""


@dataclass(frozen=True, slots=True)
class Erasure:
    """The receipt of a person forgotten."""

    user: str
    erased: Mapping[str, int]
    recounted: Sequence[str] = ()
    waits: Sequence[str] = field(default=())
    """What may still hold something of them, and until when."""


def recommendation(told: Json) -> Recommendation:
    """A list."""
    degraded = told.get("degraded")
    return Recommendation(
        recommendation_id=told["recommendation_id"],
        model_version=told["model_version"],
        items=tuple(_recommended(one) for one in told["items"]),
        degraded=Degraded(degraded["to"], degraded["why"]) if degraded else None,
        left_out=tuple(LeftOut(one["id"], one["why"]) for one in told.get("left_out") or ()),
    )


def _recommended(told: Json) -> Recommended:
    return Recommended(
        id=told["id"],
        position=told["position"],
        score=told["score"],
        title=told.get("title", ""),
        reason=tuple(told.get("reason", ())),
        terms=tuple(
            Term(one["expert"], one["nats"], one.get("event"), one.get("feature"))
            for one in told.get("terms") or ()
        ),
        attributes={name: tuple(values) for name, values in told.get("attributes", {}).items()},
        propensity=told.get("propensity", 1.0),
        source=told.get("source", "model"),
        properties=told.get("properties") or {},
    )


def taken(told: Json) -> BatchResult:
    """What became of rows."""
    return BatchResult(
        accepted=told["accepted"],
        known=told["known"],
        rejected=[rejected(one) for one in told["rejected"]],
        event_ids=told.get("event_ids", ()),
        unattributed=told.get("unattributed", ()),
    )


def rejected(told: Json) -> RejectedRow:
    """One row that was not taken."""
    index = told["line"] if "line" in told else told["index"]
    return RejectedRow(index, told["field"], told["problem"], told["value"], told["remedy"])


def erasure(told: Json) -> Erasure:
    """A receipt."""
    return Erasure(told["user"], told["erased"], told["recounted"], told["waits"])
