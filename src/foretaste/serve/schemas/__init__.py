"""In: JSON. Out: requests that have been checked; the form of every answer. A file a subject."""

from typing import Literal

from foretaste.serve.schemas.catalogue_schemas import ItemRow, ItemsAnswer, ItemsBody
from foretaste.serve.schemas.event_schemas import EventRow, EventsAnswer, EventsBody
from foretaste.serve.schemas.list_schemas import (
    RankBody,
    RecommendBody,
    SearchBody,
    SimilarBody,
    TrendingQuery,
    request_from_body,
)
from foretaste.serve.schemas.recommendation_schemas import (
    RankedItem,
    Recommendations,
    TermOut,
    encode_recommendation,
)
from foretaste.serve.schemas.renamed import old_name_of
from foretaste.serve.schemas.values import (
    MAX_BATCH_ROWS,
    MAX_ITEMS,
    CheckedPathId,
    Filter,
    Id,
    PathId,
    PathText,
    RequestSchema,
    ResponseSchema,
)

__all__ = [
    "MAX_BATCH_ROWS",
    "MAX_ITEMS",
    "Alive",
    "CheckedPathId",
    "EventRow",
    "EventsAnswer",
    "EventsBody",
    "Filter",
    "Health",
    "Id",
    "ItemRow",
    "ItemsAnswer",
    "ItemsBody",
    "ListCheck",
    "PathId",
    "PathText",
    "RankBody",
    "RankedItem",
    "RecommendBody",
    "Recommendations",
    "RequestSchema",
    "ResponseSchema",
    "SearchBody",
    "SimilarBody",
    "TermOut",
    "TrendingQuery",
    "encode_recommendation",
    "request_from_body",
]


class ListCheck(ResponseSchema):
    """Something wrong with the lists of a model."""

    code: str
    """What it is, for programs: empty-lists, below-expert, same-list, tied-scores,
    one-reason, hardly-taken, one-attribute, fallback, too-few-people."""
    message: str
    remedy: str
    """What to do about it."""


class CanaryOut(ResponseSchema):
    """A version that answers some people beside the live one."""

    version: str
    share: float
    """Of people."""
    problem: str | None = None
    """Why it answers nobody in the process that is asked."""


class ServingModelOut(ResponseSchema):
    """The model that answers."""

    version: str
    age_seconds: float
    """Since it was trained."""
    instead: str | None = None
    """Why it is not the one that was promoted."""
    warnings: list[ListCheck] | None = None
    """What is wrong with the lists of 200 people, as its training saw it, the worst first; absent
    where nobody looked."""
    host_problems: list[str] | None = None
    """What hosts that share models cannot load, a sentence each."""
    canary: CanaryOut | None = None
    """The version that is tried on some people."""


class TrainingOutcomeOut(ResponseSchema):
    """What the worker's last training came to."""

    outcome: Literal["promoted", "refused", "failed"]
    reason: str
    why: str = old_name_of("reason")
    age_seconds: float
    """Since it ended."""


class Alive(ResponseSchema):
    """The process is alive."""

    status: Literal["alive"]


class Health(ResponseSchema):
    """With what it answers."""

    status: Literal["ready", "degraded"]
    reason: str | None = None
    """Why it is degraded."""
    why: str | None = old_name_of("reason")
    model: ServingModelOut | None = None
    worker: TrainingOutcomeOut | None = None
