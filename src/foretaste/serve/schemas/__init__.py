"""In: JSON. Out: requests that have been checked; the form of every answer. A file a subject."""

from typing import Literal

from foretaste.serve.schemas.answers import Ranked, Recommendations, TermOut, encoded
from foretaste.serve.schemas.catalogue import ItemRow, ItemsAnswer, ItemsBody
from foretaste.serve.schemas.feedback import EventRow, EventsAnswer, EventsBody
from foretaste.serve.schemas.lists import (
    RankBody,
    RecommendBody,
    SearchBody,
    SimilarBody,
    TrendingQuery,
    request_of,
)
from foretaste.serve.schemas.values import BATCH, MOST, Answer, Body, Filter, Id

__all__ = [
    "BATCH",
    "MOST",
    "Alive",
    "Answer",
    "Body",
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
    "RankBody",
    "Ranked",
    "RecommendBody",
    "Recommendations",
    "SearchBody",
    "SimilarBody",
    "TermOut",
    "TrendingQuery",
    "encoded",
    "request_of",
]


class ListCheck(Answer):
    """Something wrong with the lists of a model."""

    code: str
    """What it is, for programs: empty-lists, below-expert, same-list, tied-scores,
    one-reason, hardly-taken, one-attribute, fallback, too-few-people."""
    message: str
    remedy: str
    """What to do about it."""


class Answering(Answer):
    """The model that answers."""

    version: str
    age_seconds: float
    """Since it was trained."""
    instead: str | None = None
    """Why it is not the one that was promoted."""
    warnings: list[ListCheck] | None = None
    """What is wrong with the lists of 200 people, as its training saw it, the worst first; absent
    where nobody looked."""


class Trained(Answer):
    """What the worker's last training came to."""

    outcome: Literal["promoted", "refused", "failed"]
    why: str
    age_seconds: float
    """Since it ended."""


class Alive(Answer):
    """The process is alive."""

    status: Literal["alive"]


class Health(Answer):
    """With what it answers."""

    status: Literal["ready", "degraded"]
    why: str | None = None
    """Why it is degraded."""
    model: Answering | None = None
    worker: Trained | None = None
