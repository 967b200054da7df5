"""The addresses of items and people, one by one and page by page. In: a checked request. Out: an
answer. Many at once, as JSON Lines, are in `bulk`.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Query
from fastapi.responses import Response

from foretaste.behaviour.export import item_to_json, user_to_json
from foretaste.errors import InputError
from foretaste.serve.api.lists import ServiceDep, require_any_accepted
from foretaste.serve.docs.examples import answer_example, request_examples
from foretaste.serve.http.body import StrictRoute, encode_json
from foretaste.serve.http.problems import ProblemError
from foretaste.serve.http.security import ADMIN, READ
from foretaste.serve.schemas import CheckedPathId
from foretaste.serve.schemas.catalogue_schemas import (
    DeletedAnswer,
    ErasureAnswer,
    ErasureCountsOut,
    ErasureState,
    ItemRow,
    ItemsAnswer,
    ItemsBody,
    ItemsPage,
    PageQuery,
    UserExportOut,
    UserRow,
    UsersAnswer,
    UsersBody,
    UsersPage,
    encode_cursor,
)

v1 = APIRouter(prefix="/v1", route_class=StrictRoute, tags=["catalogue"])
users_router = APIRouter(prefix="/v1", route_class=StrictRoute, tags=["people"])

ItemId = Annotated[CheckedPathId, Path(description="The item's id, percent-encoded.")]
UserId = Annotated[CheckedPathId, Path(description="The user's id, percent-encoded.")]
Page = Annotated[PageQuery, Query()]
ItemPatch = Annotated[dict[str, Any], Body(openapi_examples=request_examples("item-patch"))]
UserPatch = Annotated[dict[str, Any], Body(openapi_examples=request_examples("user-patch"))]


@v1.post("/items", dependencies=[ADMIN], responses=answer_example("items"))
def post_items(
    body: Annotated[ItemsBody, Body(openapi_examples=request_examples("items"))],
    service: ServiceDep,
) -> ItemsAnswer:
    """Create or replace items: one or a thousand.

    Besides the fields named here, any column is a text for the language model to read or an
    attribute to filter by, as in an import. A new item is in the very next list, from its text.
    """
    summary = service.ingestor.items(body.items)
    require_any_accepted(summary, body.items, "items")
    return ItemsAnswer(
        accepted=summary.accepted, duplicates=summary.duplicates, rejected=summary.rejected
    )


@v1.get(
    "/items", dependencies=[READ], response_model=ItemsPage, responses=answer_example("items-page")
)
def get_items(page: Page, service: ServiceDep) -> Response:
    """The catalogue, a page at a time. Whatever comes and goes meanwhile, no other item is left out
    and none comes twice.
    """
    items = service.workspace.store.items_page(page.cursor, page.n)
    content: dict[str, Any] = {"items": [item_to_json(item) for item in items]}
    return _json_response(content | _next_cursor([item.id for item in items], page.n))


@v1.get(
    "/items/{item:path}",
    dependencies=[READ],
    response_model=ItemRow,
    responses=answer_example("item"),
)
def get_item(item: ItemId, service: ServiceDep) -> Response:
    """One item, in the form in which it may be sent again."""
    stored_item = service.workspace.store.item(item)
    if stored_item is None:
        raise _not_found("item", item)
    return _json_response(item_to_json(stored_item))


@v1.patch(
    "/items/{item:path}",
    dependencies=[ADMIN],
    response_model=ItemRow,
    responses=answer_example("item"),
)
def patch_item(item: ItemId, body: ItemPatch, service: ServiceDep) -> Response:
    """Change some fields of an item: a JSON merge patch (RFC 7396).

    A field that is named is replaced as a whole, `null` removes it, what is not named stays. A
    changed price, text or availability counts in the very next list. → the item as it is now.
    """
    changed_item = service.ingestor.change_item(item, body)
    if changed_item is None:
        raise _not_found("item", item)
    return _json_response(item_to_json(changed_item))


@v1.delete("/items/{item:path}", dependencies=[ADMIN], responses=answer_example("deleted"))
def delete_item(item: ItemId, service: ServiceDep) -> DeletedAnswer:
    """Take an item out of the catalogue: no list has it from now on.

    What people did with it stays theirs. Only sending or importing the item again brings it back.
    """
    return DeletedAnswer(deleted=bool(service.workspace.store.delete_items([item])))


@users_router.post("/users", dependencies=[ADMIN], responses=answer_example("users"))
def post_users(
    body: Annotated[UsersBody, Body(openapi_examples=request_examples("users"))],
    service: ServiceDep,
) -> UsersAnswer:
    """Create or replace what is known of users: one or a thousand.

    Any field besides the id is an attribute. One that is named like an attribute of the items is a
    stated taste in it, which counts from the next list on. Nobody has to be created before their
    first event.
    """
    summary = service.ingestor.users(body.users)
    require_any_accepted(summary, body.users, "users")
    return UsersAnswer(
        accepted=summary.accepted, duplicates=summary.duplicates, rejected=summary.rejected
    )


@users_router.get(
    "/users", dependencies=[ADMIN], response_model=UsersPage, responses=answer_example("users-page")
)
def get_users(page: Page, service: ServiceDep) -> Response:
    """The users with attributes, a page at a time."""
    users = service.workspace.store.users_page(page.cursor, page.n)
    content: dict[str, Any] = {"users": [user_to_json(user) for user in users]}
    return _json_response(content | _next_cursor([user.id for user in users], page.n))


@users_router.get(
    "/users/{user:path}/export",
    dependencies=[ADMIN],
    response_model=UserExportOut,
    responses=answer_example("user-export"),
)
def export_user(user: UserId, service: ServiceDep) -> Response:
    """All that is kept of a user, for themselves: attributes, the sessions they were known on,
    events, and the answers they were given.
    """
    personal_data = service.workspace.personal(user)
    if personal_data is None:
        raise _not_found("user", user)
    return _json_response(personal_data)


@users_router.get(
    "/users/{user:path}",
    dependencies=[ADMIN],
    response_model=UserRow,
    responses=answer_example("user"),
)
def get_user(user: UserId, service: ServiceDep) -> Response:
    """The attributes of one user."""
    stored_user = service.workspace.store.user(user)
    if stored_user is None:
        raise _not_found("user", user, "with attributes")
    return _json_response(user_to_json(stored_user))


@users_router.patch(
    "/users/{user:path}",
    dependencies=[ADMIN],
    response_model=UserRow,
    responses=answer_example("user"),
)
def patch_user(user: UserId, body: UserPatch, service: ServiceDep) -> Response:
    """Change some attributes of a user: a JSON merge patch (RFC 7396), as for items."""
    changed_user = service.ingestor.change_user(user, body)
    if changed_user is None:
        raise _not_found("user", user, "with attributes")
    return _json_response(user_to_json(changed_user))


@users_router.delete(
    "/users/{user:path}", dependencies=[ADMIN], responses=answer_example("erasure")
)
def delete_user(user: UserId, service: ServiceDep) -> ErasureAnswer:
    """Forget a user: their events, those of the sessions they were known on, their attributes, the
    answers they were given; and count anew, without them, in every kept version of the model.

    When the answer comes, nothing that names them is kept, this process answers from the new
    counts, and others do with their next answer or soon after. Versions that do not answer are
    counted anew within ten minutes after it; so is the one that answers where that was done a
    moment ago. `pending` says so, and what an erasure does not reach. Again, it erases nothing and
    tells what is still due.
    """
    receipt = service.erase(user)
    return ErasureAnswer(
        user=user,
        erased=ErasureCountsOut.model_validate(receipt.erased, from_attributes=True),
        recounted_versions=list(receipt.recounted_versions),
        pending=list(receipt.pending_notes),
        receipt=dict(receipt.signed_receipt) or None,
    )


@users_router.get(
    "/erasures/{receipt_id}", dependencies=[ADMIN], responses=answer_example("erasure-state")
)
def erasure_state(
    receipt_id: Annotated[str, Path(max_length=64, description="Of the receipt: `receipt_id`.")],
    service: ServiceDep,
) -> ErasureState:
    """What has become of an erasure: what is still due, or the signed receipt that closes it."""
    workspace = service.workspace
    try:
        state = workspace.receipt(receipt_id)
    except InputError as error:
        raise ProblemError("not-found", str(error)) from None
    return ErasureState(
        receipt_id=state.receipt_id,
        erased_at=state.erased_at,
        due=list(state.due),
        completion=None if state.completion is None else dict(state.completion),
        key=dict(workspace.receipt_key()),
    )


def _next_cursor(ids: list[str], n: int) -> dict[str, str]:
    return {"cursor": encode_cursor(ids[-1])} if len(ids) == n else {}


def _not_found(noun: str, name: str, qualifier: str = "") -> ProblemError:
    return ProblemError(
        "not-found", f"there is no {noun} '{name}'{f' {qualifier}' if qualifier else ''}"
    )


def _json_response(content: Any) -> Response:
    return Response(encode_json(content), media_type="application/json")
