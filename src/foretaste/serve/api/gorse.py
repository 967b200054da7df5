"""The addresses of Gorse under /api, so that its clients need another URL and nothing else.

In: a request as Gorse's clients send it. Out: an answer as they expect it; errors are problem
documents, as everywhere. What is meant otherwise here stands in docs/moving-from-gorse.md.
"""

from collections.abc import Callable, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import JSONResponse

from foretaste.behaviour import gorse
from foretaste.behaviour.batch import Taken
from foretaste.domain.data import Recommendation
from foretaste.domain.data import Request as Question
from foretaste.serve.api.lists import Behind
from foretaste.serve.http.body import StrictRoute
from foretaste.serve.http.problems import Refused
from foretaste.serve.http.security import EVENTS, OPEN, READ
from foretaste.serve.schemas.catalogue import cursor_of, cursor_to
from foretaste.serve.service import Service

MOST = 1000
"""Items, users or feedback in one answer."""
LOOKED_AT = 20_000
"""The newest items among which those of a category are looked for."""
SEEDS = 100
"""The newest items of a session that are looked at."""

api = APIRouter(prefix="/api", route_class=StrictRoute, include_in_schema=False)

Many = Annotated[int, Query(ge=0, le=MOST)]
Offset = Annotated[int, Query(ge=0, le=MOST)]
Cursor = Annotated[str, Query(max_length=4000)]


def _affected(count: int) -> dict[str, int]:
    return {"RowAffected": count}


def _taken(taken: Taken, what: str) -> dict[str, int]:
    if not taken.rejected:
        return _affected(taken.accepted + taken.known)
    first, count = taken.rejected[0], len(taken.rejected)
    others = "the others are in; " if len(taken.ids) > count else ""
    raise Refused(
        "nothing-accepted",
        f"{count} of {len(taken.ids)} {what} were not taken, {others}number {first.index}: "
        f"{first.problem}; {first.remedy}",
        rejected=taken.rejected,
    )


def _there(found: Any, what: str, name: str) -> Any:
    if found is None:
        raise Refused("not-found", f"there is no {what} '{name}'")
    return found


def _after(cursor: str) -> str:
    try:
        return cursor_to(cursor)
    except ValueError as error:
        raise Refused("invalid", f"cursor: {error}") from None


# Users and items -------------------------------------------------------------------------------


@api.post("/user")
def post_user(body: gorse.Row, service: Behind) -> Any:
    """Create or replace one."""
    return post_users([body], service)


@api.post("/users")
def post_users(body: list[gorse.Row], service: Behind) -> Any:
    """Create or replace some."""
    return _taken(service.intake.users([gorse.user_row(one) for one in body]), "users")


@api.get("/users")
def get_users(service: Behind, n: Many = 100, cursor: Cursor = "") -> Any:
    """A page."""
    found = service.workspace.store.users_page(_after(cursor), n)
    after = cursor_of(found[-1].id) if found and len(found) == n else ""
    return {"Cursor": after, "Users": [gorse.as_user(one) for one in found]}


@api.get("/user/{user}")
def get_user(user: str, service: Behind) -> Any:
    """One."""
    return gorse.as_user(_there(service.workspace.store.user(user), "user", user))


@api.patch("/user/{user}")
def patch_user(user: str, body: gorse.Row, service: Behind) -> Any:
    """Change what is named and not null."""
    row = gorse.user_row(body)
    _there(service.intake.change_user(user, row), "user", user)
    return _affected(1)


@api.delete("/user/{user}")
def delete_user(user: str, service: Behind) -> Any:
    """Forget one, with all they did."""
    return _affected(int(service.erase(user).erased.anything))


@api.post("/item")
def post_item(body: gorse.Row, service: Behind) -> Any:
    """Create or replace one."""
    return post_items([body], service)


@api.post("/items")
def post_items(body: list[gorse.Row], service: Behind) -> Any:
    """Create or replace some."""
    return _taken(service.intake.items([gorse.item_row(one) for one in body]), "items")


@api.get("/items", dependencies=[READ])
def get_items(service: Behind, n: Many = 100, cursor: Cursor = "", q: str | None = None) -> Any:
    """A page; with q what answers a search."""
    if q:
        listed = service.recommend(Question(query=q, n=max(n, 1)))
        some = [service.workspace.store.item(one.id) for one in listed.items[:n]]
        return {"Cursor": "", "Items": [gorse.as_item(one) for one in some if one is not None]}
    found = service.workspace.store.items_page(_after(cursor), n)
    after = cursor_of(found[-1].id) if found and len(found) == n else ""
    return {"Cursor": after, "Items": [gorse.as_item(one) for one in found]}


@api.get("/item/{item}", dependencies=[READ])
def get_item(item: str, service: Behind) -> Any:
    """One."""
    return gorse.as_item(_there(service.workspace.store.item(item), "item", item))


@api.patch("/item/{item}")
def patch_item(item: str, body: gorse.Row, service: Behind) -> Any:
    """Change what is named and not null."""
    _there(service.intake.change_item(item, gorse.item_row(body)), "item", item)
    return _affected(1)


@api.delete("/item/{item}")
def delete_item(item: str, service: Behind) -> Any:
    """Take one out; what people did with it stays theirs."""
    return _affected(service.workspace.store.delete_items([item]))


@api.put("/item/{item}/category/{category}")
def put_category(item: str, category: str, service: Behind) -> Any:
    """Add a category."""
    return _categories(service, item, lambda had: [*had, category])


@api.delete("/item/{item}/category/{category}")
def delete_category(item: str, category: str, service: Behind) -> Any:
    """Take one away."""
    return _categories(service, item, lambda had: [one for one in had if one != category])


def _categories(service: Service, item: str, change: Callable[[list[str]], list[str]]) -> Any:
    _there(service.intake.change_values(item, gorse.CATEGORIES, change), "item", item)
    return _affected(1)


# Feedback --------------------------------------------------------------------------------------


@api.post("/feedback", dependencies=[EVENTS])
def post_feedback(body: list[gorse.Row], service: Behind) -> Any:
    """Record what people did; of one type, user and item the first holds."""
    return _feedback(service, body)


@api.put("/feedback", dependencies=[EVENTS])
def put_feedback(body: list[gorse.Row], service: Behind) -> Any:
    """Record what people did; of one type, user and item the newest is told."""
    return _feedback(service, body, again=True)


def _feedback(service: Service, body: list[gorse.Row], *, again: bool = False) -> Any:
    rows = [gorse.event_row(one, again=again) for one in body]
    _make_known(service, rows)
    return _taken(service.record(rows), "feedback")


def _make_known(service: Service, rows: Sequence[gorse.Row]) -> None:
    """As Gorse does: an item that feedback names and nobody put is made, without content."""
    store = service.workspace.store
    named = dict.fromkeys(str(row["item"]) for row in rows if row.get("item") not in (None, ""))
    known = store.ever(named)
    new = [{"id": one} for one in named if one not in known]
    if new:
        service.intake.items(new)


@api.get("/feedback")
def get_feedback(service: Behind, n: Many = 100, cursor: Cursor = "") -> Any:
    """A page of all."""
    return _page(service, n, cursor)


@api.get("/feedback/{kind}")
def get_typed_feedback(kind: str, service: Behind, n: Many = 100, cursor: Cursor = "") -> Any:
    """A page of one type."""
    return _page(service, n, cursor, kind=kind)


def _page(service: Service, n: int, cursor: str, **which: str) -> Any:
    after = _after(cursor)
    if after and not after.isdecimal():
        raise Refused("invalid", "cursor: it is that of another list; leave it out to begin anew")
    found = service.workspace.store.events_page(int(after or 0), n, **which)
    following = cursor_of(str(found[-1][0])) if found and len(found) == n else ""
    return {"Cursor": following, "Feedback": [gorse.as_feedback(one) for _, one in found]}


@api.get("/user/{user}/feedback")
@api.get("/user/{user}/feedback/{kind}")
def get_user_feedback(user: str, service: Behind, kind: str | None = None) -> Any:
    """What a user did."""
    return _newest(service, user=user, kind=kind)


@api.get("/item/{item}/feedback")
@api.get("/item/{item}/feedback/")
@api.get("/item/{item}/feedback/{kind}")
def get_item_feedback(item: str, service: Behind, kind: str | None = None) -> Any:
    """What people did with an item."""
    return _newest(service, item=item, kind=kind)


@api.get("/feedback/{user}/{item}")
def get_pair_feedback(user: str, item: str, service: Behind) -> Any:
    """What a user did with an item."""
    return _newest(service, user=user, item=item)


@api.get("/feedback/{kind}/{user}/{item}")
def get_one_feedback(kind: str, user: str, item: str, service: Behind) -> Any:
    """What a user did with an item, of one type."""
    found = _newest(service, user=user, item=item, kind=kind)
    return _there(found[0] if found else None, "feedback", f"{kind}/{user}/{item}")


@api.delete("/feedback/{user}/{item}")
def delete_feedback(user: str, item: str, service: Behind) -> Any:
    """Take back what a user did with an item."""
    return _affected(service.workspace.take_back(user, item))


@api.delete("/feedback/{kind}/{user}/{item}")
def delete_typed_feedback(kind: str, user: str, item: str, service: Behind) -> Any:
    """Take back what a user did with an item, of one type."""
    return _affected(service.workspace.take_back(user, item, kind))


def _newest(service: Service, **which: str | None) -> list[gorse.Row]:
    """Of each type, user and item the newest."""
    found = service.workspace.store.events_page(0, 100_000, **which)
    newest = {(one.kind, one.user, one.item): one for _, one in sorted(found, key=_at)}
    return [gorse.as_feedback(one) for one in newest.values()]


def _at(pair: Any) -> Any:
    return pair[1].at, pair[0]


# Lists -----------------------------------------------------------------------------------------


@api.get("/recommend/{user}", dependencies=[READ])
@api.get("/recommend/{user}/", dependencies=[READ])
@api.get("/recommend/{user}/{category}", dependencies=[READ])
def recommend(
    request: Request,
    user: str,
    service: Behind,
    category: str = "",
    n: Many = 10,
    offset: Offset = 0,
    x_api_version: Annotated[str | None, Header()] = None,
) -> Any:
    """A user's list: ids, or with the header X-API-Version: 2 ids and scores."""
    told = _list(service, n, offset, _wanted(request, category), user=user)
    return told if x_api_version == "2" else [one["Id"] for one in told]


@api.post("/session/recommend", dependencies=[READ])
@api.post("/session/recommend/{category}", dependencies=[READ])
def session_recommend(
    body: list[gorse.Row], service: Behind, category: str = "", n: Many = 10, offset: Offset = 0
) -> Any:
    """A list for what happened in a session, which is not kept."""
    told = sorted(body, key=lambda one: gorse.seconds(one.get("Timestamp")) or 0)
    ids = [str(one["ItemId"]) for one in told if one.get("ItemId")]
    known = [one for one in dict.fromkeys(ids) if service.workspace.store.item(one) is not None]
    seeds = tuple(known[-SEEDS:])
    return _list(service, n, offset, [category], items=seeds, incognito=True)


@api.get("/item-to-item/{name}/{item}", dependencies=[READ])
@api.get("/item/{item}/neighbors", dependencies=[READ])
@api.get("/item/{item}/neighbors/", dependencies=[READ])
@api.get("/item/{item}/neighbors/{category}", dependencies=[READ])
def neighbors(
    request: Request,
    item: str,
    service: Behind,
    name: str = "",
    category: str = "",
    n: Many = 10,
    offset: Offset = 0,
) -> Any:
    """What goes with an item; there is one way to find it, whatever `name` says."""
    return _list(service, n, offset, _wanted(request, category), items=(item,))


@api.get("/popular", dependencies=[READ])
@api.get("/popular/{category}", dependencies=[READ])
@api.get("/non-personalized/{name}", dependencies=[READ])
def popular(
    request: Request,
    service: Behind,
    name: str = "",
    category: str = "",
    n: Many = 10,
    offset: Offset = 0,
) -> Any:
    """What most people took lately."""
    week = 7 * 86_400.0
    return _list(service, n, offset, _wanted(request, category), window=week)


@api.get("/latest", dependencies=[READ])
@api.get("/latest/{category}", dependencies=[READ])
def latest(
    request: Request, service: Behind, category: str = "", n: Many = 10, offset: Offset = 0
) -> Any:
    """The newest items that are on offer, by their Timestamp, which is their score."""
    wanted = set(_wanted(request, category)) - {""}
    most = LOOKED_AT if wanted else offset + n
    found = [
        one
        for one in service.workspace.store.newest_items(service.now(), most)
        if not wanted or wanted & set(one.attributes.get(gorse.CATEGORIES, ()))
    ]
    return [{"Id": one.id, "Score": one.available_from} for one in found[offset : offset + n]]


def _wanted(request: Request, category: str) -> list[str]:
    return [category, *request.query_params.getlist("category")]


def _list(
    service: Service, n: int, offset: int, categories: Sequence[str], **asked: Any
) -> list[gorse.Row]:
    chosen = [one for one in dict.fromkeys(categories) if one]
    if n == 0:
        return []
    found: Recommendation = service.recommend(
        Question(
            n=min(n + offset, MOST),
            filter={gorse.CATEGORIES: chosen} if chosen else {},
            timeout_ms=service.workspace.config.rank.timeout_ms,
            **asked,
        )
    )
    return [{"Id": one.id, "Score": one.score} for one in found.items[offset:]]


@api.get("/health/live", dependencies=[OPEN])
async def live() -> Any:
    """Whether the process is alive."""
    return JSONResponse({"Ready": True})


@api.get("/health/ready", dependencies=[OPEN])
def ready(service: Behind) -> Any:
    """Whether it can answer."""
    why = service.why_not()
    if why is not None:
        raise Refused("not-ready", why, headers={"Retry-After": "1"})
    return {"Ready": True}
