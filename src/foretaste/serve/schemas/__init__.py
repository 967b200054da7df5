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


class Health(Answer):
    """Whether the process is alive."""

    status: Literal["alive", "ready"]
