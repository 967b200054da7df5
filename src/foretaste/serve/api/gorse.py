"""The addresses of Gorse under /api, so that its clients need another URL and nothing else.

In: a request as Gorse's clients send it. Out: an answer as they expect it; errors are problem
documents, as everywhere. What is meant otherwise here stands in docs/moving-from-gorse.md.
"""

from collections.abc import Callable, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse

from foretaste.behaviour import gorse
from foretaste.behaviour.batch import EventConflict, IngestSummary
from foretaste.domain.data import Request as Question
from foretaste.serve.api.lists import ServiceDep
from foretaste.serve.http.body import StrictRoute
from foretaste.serve.http.lanes import run_readiness
from foretaste.serve.http.problems import ProblemError
from foretaste.serve.http.security import EVENTS, NO_KEY_NEEDED, READ
from foretaste.serve.http.user_access import UserAccess, UserAccessDep
from foretaste.serve.schemas import PathId, PathText
from foretaste.serve.schemas.catalogue_schemas import decode_cursor, encode_cursor
from foretaste.serve.service import Service

MAX_ROWS = 1000
"""Items, users or feedback in one answer."""

api = APIRouter(prefix="/api", route_class=StrictRoute, include_in_schema=False)

Size = Annotated[int, Query(ge=0, le=MAX_ROWS)]
Cursor = Annotated[str, Query(max_length=4000)]


def _rows_affected(count: int, conflicts: Sequence[EventConflict] = ()) -> gorse.Row:
    return {"RowAffected": count, **gorse.conflicts_to_gorse(conflicts)}


def _respond(summary: IngestSummary, noun: str) -> gorse.Row:
    if not summary.rejected:
        rows_affected = _rows_affected(summary.accepted + summary.duplicates, summary.conflicts)
        return rows_affected | gorse.unrecorded_to_gorse(summary.unrecorded)
    first, count = summary.rejected[0], len(summary.rejected)
    note = "the others are in; " if len(summary.ids) > count else ""
    raise ProblemError(
        "nothing-accepted",
        f"{count} of {len(summary.ids)} {noun} were not taken, {note}number {first.index}: "
        f"{first.problem}; {first.remedy}",
        rejected=summary.rejected,
    )


def _require(entity: Any, noun: str, name: str) -> Any:
    if entity is None:
        raise ProblemError("not-found", f"there is no {noun} '{name}'")
    return entity


def _decode_cursor(cursor: str) -> str:
    try:
        return decode_cursor(cursor)
    except ValueError as error:
        raise ProblemError("invalid", f"cursor: {error}") from None


# Users and items -------------------------------------------------------------------------------


@api.post("/user")
def post_user(body: gorse.Row, service: ServiceDep) -> Any:
    """Create or replace one."""
    return post_users([body], service)


@api.post("/users")
def post_users(body: list[gorse.Row], service: ServiceDep) -> Any:
    """Create or replace some."""
    return _respond(service.ingestor.users([gorse.user_from_gorse(row) for row in body]), "users")


@api.get("/users")
def get_users(service: ServiceDep, n: Size = 100, cursor: Cursor = "") -> Any:
    """A page."""
    users = service.workspace.store.users_page(_decode_cursor(cursor), n)
    next_cursor = encode_cursor(users[-1].id) if users and len(users) == n else ""
    return {"Cursor": next_cursor, "Users": [gorse.user_to_gorse(user) for user in users]}


@api.get("/user/{user}")
def get_user(user: PathId, service: ServiceDep) -> Any:
    """One."""
    return gorse.user_to_gorse(_require(service.workspace.store.user(user), "user", user))


@api.patch("/user/{user}")
def patch_user(user: PathId, body: gorse.Row, service: ServiceDep) -> Any:
    """Change what is named and not null."""
    _require(service.ingestor.change_user(user, gorse.user_from_gorse(body)), "user", user)
    return _rows_affected(1)


@api.delete("/user/{user}")
def delete_user(user: PathId, service: ServiceDep) -> Any:
    """Forget one, with all they did."""
    return _rows_affected(int(service.erase(user).erased.any_erased))


@api.post("/item")
def post_item(body: gorse.Row, service: ServiceDep) -> Any:
    """Create or replace one."""
    return post_items([body], service)


@api.post("/items")
def post_items(body: list[gorse.Row], service: ServiceDep) -> Any:
    """Create or replace some."""
    return _respond(service.ingestor.items([gorse.item_from_gorse(row) for row in body]), "items")


@api.get("/items", dependencies=[READ])
def get_items(service: ServiceDep, n: Size = 100, cursor: Cursor = "", q: str | None = None) -> Any:
    """A page; with q what answers a search."""
    if q:
        recommendation = service.recommend(Question(query=q, n=max(n, 1)))
        hits = [service.workspace.store.item(item.id) for item in recommendation.items[:n]]
        return {
            "Cursor": "",
            "Items": [gorse.item_to_gorse(item) for item in hits if item is not None],
        }
    items = service.workspace.store.items_page(_decode_cursor(cursor), n)
    next_cursor = encode_cursor(items[-1].id) if items and len(items) == n else ""
    return {"Cursor": next_cursor, "Items": [gorse.item_to_gorse(item) for item in items]}


@api.get("/item/{item}", dependencies=[READ])
def get_item(item: PathId, service: ServiceDep) -> Any:
    """One."""
    return gorse.item_to_gorse(_require(service.workspace.store.item(item), "item", item))


@api.patch("/item/{item}")
def patch_item(item: PathId, body: gorse.Row, service: ServiceDep) -> Any:
    """Change what is named and not null."""
    _require(service.ingestor.change_item(item, gorse.item_from_gorse(body)), "item", item)
    return _rows_affected(1)


@api.delete("/item/{item}")
def delete_item(item: PathId, service: ServiceDep) -> Any:
    """Take one out; what people did with it stays theirs."""
    return _rows_affected(service.workspace.store.delete_items([item]))


@api.put("/item/{item}/category/{category}")
def put_category(item: PathId, category: PathText, service: ServiceDep) -> Any:
    """Add a category."""
    return _recategorise(service, item, lambda names: [*names, category])


@api.delete("/item/{item}/category/{category}")
def delete_category(item: PathId, category: PathText, service: ServiceDep) -> Any:
    """Take one away."""
    return _recategorise(service, item, lambda names: [name for name in names if name != category])


def _recategorise(service: Service, item: str, change: Callable[[list[str]], list[str]]) -> Any:
    _require(service.ingestor.change_values(item, gorse.CATEGORIES, change), "item", item)
    return _rows_affected(1)


# Feedback --------------------------------------------------------------------------------------


@api.post("/feedback", dependencies=[EVENTS])
def post_feedback(body: list[gorse.Row], service: ServiceDep, access: UserAccessDep) -> Any:
    """Record what people did; of one type, user and item the first holds."""
    return _record_feedback(service, body, access)


@api.put("/feedback", dependencies=[EVENTS])
def put_feedback(body: list[gorse.Row], service: ServiceDep, access: UserAccessDep) -> Any:
    """Record what people did; of one type, user and item the newest is told."""
    return _record_feedback(service, body, access, overwrite=True)


def _record_feedback(
    service: Service, body: list[gorse.Row], access: UserAccess, *, overwrite: bool = False
) -> Any:
    rows = [gorse.event_from_gorse(row, keep_repeats=overwrite) for row in body]
    _create_missing_items(service, rows)
    return _respond(service.record(rows, access, None), "feedback")  # ids made here: none guessed


def _create_missing_items(service: Service, rows: Sequence[gorse.Row]) -> None:
    """As Gorse does: an item that feedback names and nobody put is made, without content."""
    store = service.workspace.store
    item_ids = dict.fromkeys(filter(None, (gorse.item_id(row.get("item")) for row in rows)))
    existing_ids = store.known_item_ids(item_ids)
    new_items = [{"id": item_id} for item_id in item_ids if item_id not in existing_ids]
    if new_items:
        service.ingestor.items(new_items)


@api.get("/feedback")
def get_feedback(service: ServiceDep, n: Size = 100, cursor: Cursor = "") -> Any:
    """A page of all."""
    return _feedback_page(service, n, cursor)


@api.get("/feedback/{kind}")
def typed_feedback(kind: PathText, service: ServiceDep, n: Size = 100, cursor: Cursor = "") -> Any:
    """A page of one type."""
    return _feedback_page(service, n, cursor, event_type=kind)


def _feedback_page(service: Service, n: int, cursor: str, **conditions: str) -> Any:
    last_number = _decode_cursor(cursor)
    if last_number and not (last_number.isdecimal() and len(last_number) < 19):
        raise ProblemError(
            "invalid", "cursor: it is that of another list; leave it out to begin anew"
        )
    rows = service.workspace.store.events_page(int(last_number or 0), n, **conditions)
    next_cursor = encode_cursor(str(rows[-1][0])) if rows and len(rows) == n else ""
    return {"Cursor": next_cursor, "Feedback": [gorse.event_to_gorse(event) for _, event in rows]}


@api.get("/user/{user}/feedback")
@api.get("/user/{user}/feedback/{kind}")
def get_user_feedback(user: PathId, service: ServiceDep, kind: PathText | None = None) -> Any:
    """What a user did."""
    return _newest_feedback(service, user=user, event_type=kind)


@api.get("/item/{item}/feedback")
@api.get("/item/{item}/feedback/")
@api.get("/item/{item}/feedback/{kind}")
def get_item_feedback(item: PathId, service: ServiceDep, kind: PathText | None = None) -> Any:
    """What people did with an item."""
    return _newest_feedback(service, item=item, event_type=kind)


@api.get("/feedback/{user}/{item}")
def get_pair_feedback(user: PathId, item: PathId, service: ServiceDep) -> Any:
    """What a user did with an item."""
    return _newest_feedback(service, user=user, item=item)


@api.get("/feedback/{kind}/{user}/{item}")
def get_one_feedback(kind: PathText, user: PathId, item: PathId, service: ServiceDep) -> Any:
    """What a user did with an item, of one type."""
    rows = _newest_feedback(service, user=user, item=item, event_type=kind)
    return _require(rows[0] if rows else None, "feedback", f"{kind}/{user}/{item}")


@api.delete("/feedback/{user}/{item}")
def delete_feedback(user: PathId, item: PathId, service: ServiceDep) -> Any:
    """Take back what a user did with an item."""
    return _rows_affected(service.workspace.take_back(user, item))


@api.delete("/feedback/{kind}/{user}/{item}")
def delete_typed_feedback(kind: PathText, user: PathId, item: PathId, service: ServiceDep) -> Any:
    """Take back what a user did with an item, of one type."""
    return _rows_affected(service.workspace.take_back(user, item, kind))


def _newest_feedback(service: Service, **conditions: str | None) -> list[gorse.Row]:
    """Of each type, user and item the newest."""
    rows = service.workspace.store.events_page(0, 100_000, **conditions)
    rows = sorted(rows, key=lambda row: (row[1].at, row[0]))
    newest = {(event.kind, event.user, event.item): event for _, event in rows}
    return [gorse.event_to_gorse(event) for event in newest.values()]


# Health ----------------------------------------------------------------------------------------


@api.get("/health/live", dependencies=[NO_KEY_NEEDED])
async def health_live() -> Any:
    """Whether the process is alive."""
    return JSONResponse({"Ready": True})


@api.get("/health/ready", dependencies=[NO_KEY_NEEDED])
async def health_ready(request: Request, service: ServiceDep) -> Any:
    """Whether it can answer."""
    reason = await run_readiness(request, service.not_ready_reason)
    if reason is not None:
        raise ProblemError("not-ready", reason, headers={"Retry-After": "1"})
    return {"Ready": True}
