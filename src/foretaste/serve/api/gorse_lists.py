"""The addresses of Gorse under /api that answer with a list: recommended, near, popular and latest
items. In: a request as Gorse's clients send it. Out: ids, or ids with scores.
"""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request

from foretaste.behaviour import gorse
from foretaste.domain.data import Recommendation
from foretaste.domain.data import Request as Question
from foretaste.serve.api.gorse import MAX_ROWS, Size
from foretaste.serve.api.lists import ServiceDep
from foretaste.serve.http.body import StrictRoute
from foretaste.serve.http.security import READ
from foretaste.serve.http.user_access import UserAccessDep
from foretaste.serve.schemas import PathId, PathText
from foretaste.serve.service import Service

MAX_SCANNED_ITEMS = 20_000
"""Newest items, among which those of a category are looked for."""
MAX_SEED_ITEMS = 100
"""The newest items of a session that are looked at."""

api = APIRouter(prefix="/api", route_class=StrictRoute, include_in_schema=False)

Offset = Annotated[int, Query(ge=0, le=MAX_ROWS)]


@api.get("/recommend/{user}", dependencies=[READ])
@api.get("/recommend/{user}/", dependencies=[READ])
@api.get("/recommend/{user}/{category}", dependencies=[READ])
def recommend(
    request: Request,
    user: PathId,
    service: ServiceDep,
    access: UserAccessDep,
    category: PathText = "",
    n: Size = 10,
    offset: Offset = 0,
    x_api_version: Annotated[str | None, Header()] = None,
) -> Any:
    """A user's list: ids, or with the header X-API-Version: 2 ids and scores."""
    access.check(user)
    rows = _list_rows(service, n, offset, _all_categories(request, category), user=user)
    return rows if x_api_version == "2" else [row["Id"] for row in rows]


@api.post("/session/recommend", dependencies=[READ])
@api.post("/session/recommend/{category}", dependencies=[READ])
def session_recommend(
    body: list[gorse.Row],
    service: ServiceDep,
    category: PathText = "",
    n: Size = 10,
    offset: Offset = 0,
) -> Any:
    """A list for what happened in a session, which is not kept."""
    rows = sorted(body, key=lambda row: gorse.parse_timestamp(row.get("Timestamp")) or 0)
    ids = [item_id for row in rows if (item_id := gorse.item_id(row.get("ItemId")))]
    existing = [row for row in dict.fromkeys(ids) if service.workspace.store.item(row) is not None]
    seeds = tuple(existing[-MAX_SEED_ITEMS:])
    return _list_rows(service, n, offset, [category], items=seeds, incognito=True)


@api.get("/item-to-item/{name}/{item}", dependencies=[READ])
@api.get("/item/{item}/neighbors", dependencies=[READ])
@api.get("/item/{item}/neighbors/", dependencies=[READ])
@api.get("/item/{item}/neighbors/{category}", dependencies=[READ])
def neighbors(
    request: Request,
    item: PathId,
    service: ServiceDep,
    name: PathText = "",
    category: PathText = "",
    n: Size = 10,
    offset: Offset = 0,
) -> Any:
    """What goes with an item; there is one way to find it, whatever `name` says."""
    return _list_rows(service, n, offset, _all_categories(request, category), items=(item,))


@api.get("/popular", dependencies=[READ])
@api.get("/popular/{category}", dependencies=[READ])
@api.get("/non-personalized/{name}", dependencies=[READ])
def popular(
    request: Request,
    service: ServiceDep,
    name: PathText = "",
    category: PathText = "",
    n: Size = 10,
    offset: Offset = 0,
) -> Any:
    """What most people took lately."""
    week = 7 * 86_400.0
    return _list_rows(service, n, offset, _all_categories(request, category), window=week)


@api.get("/latest", dependencies=[READ])
@api.get("/latest/{category}", dependencies=[READ])
def latest(
    request: Request, service: ServiceDep, category: PathText = "", n: Size = 10, offset: Offset = 0
) -> Any:
    """The newest items that are on offer, by their Timestamp, which is their score."""
    category_names = set(_all_categories(request, category)) - {""}
    max_items = MAX_SCANNED_ITEMS if category_names else offset + n
    items = [
        item
        for item in service.workspace.store.newest_items(service.now(), max_items)
        if not category_names or category_names & set(item.attributes.get(gorse.CATEGORIES, ()))
    ]
    return [{"Id": item.id, "Score": item.available_from} for item in items[offset : offset + n]]


def _all_categories(request: Request, category: str) -> list[str]:
    return [category, *request.query_params.getlist("category")]


def _list_rows(
    service: Service, n: int, offset: int, categories: Sequence[str], **request_fields: Any
) -> list[gorse.Row]:
    category_names = [category_name for category_name in dict.fromkeys(categories) if category_name]
    if n == 0 or (category_names and not _has_categories(service)):
        return []
    recommendation: Recommendation = service.recommend(
        Question(
            n=min(n + offset, MAX_ROWS),
            filter={gorse.CATEGORIES: category_names} if category_names else {},
            timeout_ms=service.workspace.config.rank.timeout_ms,
            **request_fields,
        )
    )
    return [
        {"Id": recommended_item.id, "Score": recommended_item.score}
        for recommended_item in recommendation.items[offset:]
    ]


def _has_categories(service: Service) -> bool:
    """Whether an item ever had one: with Gorse it is no mistake to ask before that."""
    return gorse.CATEGORIES in service.workspace.store.item_columns().attributes
