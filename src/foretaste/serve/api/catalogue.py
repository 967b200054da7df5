"""The addresses of items and people, one by one and page by page. In: a checked request. Out: an
answer. Many at once, as JSON Lines, are in `bulk`.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Query
from fastapi.responses import Response
from pydantic_core import to_json

from foretaste.behaviour.export import item_told, user_told
from foretaste.serve.api.lists import Behind, check_some
from foretaste.serve.docs.examples import answer_example, request_examples
from foretaste.serve.http.body import StrictRoute
from foretaste.serve.http.problems import Refused
from foretaste.serve.http.security import ADMIN, READ
from foretaste.serve.schemas import Id
from foretaste.serve.schemas.catalogue import (
    Deleted,
    ErasedOut,
    ErasureAnswer,
    ItemRow,
    ItemsAnswer,
    ItemsBody,
    ItemsPage,
    PageQuery,
    PersonOut,
    UserRow,
    UsersAnswer,
    UsersBody,
    UsersPage,
    cursor_of,
)

v1 = APIRouter(prefix="/v1", route_class=StrictRoute, tags=["catalogue"])
people = APIRouter(prefix="/v1", route_class=StrictRoute, tags=["people"])

ItemId = Annotated[Id, Path(description="The item's id, percent-encoded.")]
UserId = Annotated[Id, Path(description="The user's id, percent-encoded.")]
Page = Annotated[PageQuery, Query()]
ItemPatch = Annotated[dict[str, Any], Body(openapi_examples=request_examples("item-patch"))]
UserPatch = Annotated[dict[str, Any], Body(openapi_examples=request_examples("user-patch"))]


@v1.post("/items", dependencies=[ADMIN], responses=answer_example("items"))
def post_items(
    body: Annotated[ItemsBody, Body(openapi_examples=request_examples("items"))], service: Behind
) -> ItemsAnswer:
    """Create or replace items: one or a thousand.

    Besides the fields named here, any column is a text for the language model to read or an
    attribute to filter by, as in an import. A new item is in the very next list, from its text.
    """
    taken = service.intake.items(body.items)
    check_some(taken, body.items, "items")
    return ItemsAnswer(accepted=taken.accepted, known=taken.known, rejected=taken.rejected)


@v1.get(
    "/items", dependencies=[READ], response_model=ItemsPage, responses=answer_example("items-page")
)
def get_items(page: Page, service: Behind) -> Response:
    """The catalogue, a page at a time. Whatever comes and goes meanwhile, no other item is left out
    and none comes twice.
    """
    found = service.workspace.store.items_page(page.cursor, page.n)
    told: dict[str, Any] = {"items": [item_told(item) for item in found]}
    return _json(told | _next([item.id for item in found], page.n))


@v1.get(
    "/items/{item:path}",
    dependencies=[READ],
    response_model=ItemRow,
    responses=answer_example("item"),
)
def get_item(item: ItemId, service: Behind) -> Response:
    """One item, in the form in which it may be sent again."""
    found = service.workspace.store.item(item)
    if found is None:
        raise _no("item", item)
    return _json(item_told(found))


@v1.patch(
    "/items/{item:path}",
    dependencies=[ADMIN],
    response_model=ItemRow,
    responses=answer_example("item"),
)
def patch_item(item: ItemId, body: ItemPatch, service: Behind) -> Response:
    """Change some fields of an item: a JSON merge patch (RFC 7396).

    A field that is named is replaced as a whole, `null` removes it, what is not named stays. A
    changed price, text or availability counts in the very next list. → the item as it is now.
    """
    found = service.intake.change_item(item, body)
    if found is None:
        raise _no("item", item)
    return _json(item_told(found))


@v1.delete("/items/{item:path}", dependencies=[ADMIN], responses=answer_example("deleted"))
def delete_item(item: ItemId, service: Behind) -> Deleted:
    """Take an item out of the catalogue: no list has it from now on.

    What people did with it stays theirs. Only sending or importing the item again brings it back.
    """
    return Deleted(deleted=bool(service.workspace.store.delete_items([item])))


@people.post("/users", dependencies=[ADMIN], responses=answer_example("users"))
def post_users(
    body: Annotated[UsersBody, Body(openapi_examples=request_examples("users"))], service: Behind
) -> UsersAnswer:
    """Create or replace what is known of users: one or a thousand.

    Any field besides the id is an attribute. One that is named like an attribute of the items is a
    stated taste in it, which counts from the next list on. Nobody has to be created before their
    first event.
    """
    taken = service.intake.users(body.users)
    check_some(taken, body.users, "users")
    return UsersAnswer(accepted=taken.accepted, known=taken.known, rejected=taken.rejected)


@people.get(
    "/users", dependencies=[ADMIN], response_model=UsersPage, responses=answer_example("users-page")
)
def get_users(page: Page, service: Behind) -> Response:
    """The users with attributes, a page at a time."""
    found = service.workspace.store.users_page(page.cursor, page.n)
    told: dict[str, Any] = {"users": [user_told(user) for user in found]}
    return _json(told | _next([user.id for user in found], page.n))


@people.get(
    "/users/{user:path}/export",
    dependencies=[ADMIN],
    response_model=PersonOut,
    responses=answer_example("user-export"),
)
def export_user(user: UserId, service: Behind) -> Response:
    """All that is kept of a user, for themselves: attributes, the sessions they were known on,
    events, and the answers they were given.
    """
    found = service.workspace.personal(user)
    if found is None:
        raise _no("user", user)
    return _json(found)


@people.get(
    "/users/{user:path}",
    dependencies=[ADMIN],
    response_model=UserRow,
    responses=answer_example("user"),
)
def get_user(user: UserId, service: Behind) -> Response:
    """The attributes of one user."""
    found = service.workspace.store.user(user)
    if found is None:
        raise _no("user", user, "with attributes")
    return _json(user_told(found))


@people.patch(
    "/users/{user:path}",
    dependencies=[ADMIN],
    response_model=UserRow,
    responses=answer_example("user"),
)
def patch_user(user: UserId, body: UserPatch, service: Behind) -> Response:
    """Change some attributes of a user: a JSON merge patch (RFC 7396), as for items."""
    found = service.intake.change_user(user, body)
    if found is None:
        raise _no("user", user, "with attributes")
    return _json(user_told(found))


@people.delete("/users/{user:path}", dependencies=[ADMIN], responses=answer_example("erasure"))
def delete_user(user: UserId, service: Behind) -> ErasureAnswer:
    """Forget a user: their events, those of the sessions they were known on, their attributes, the
    answers they were given; and count anew, without them, in every kept version of the model.

    When the answer comes, this process answers from the new counts, and others do with their next
    answer or soon after. Versions that do not answer are counted anew within some minutes after it.
    `waits` says so, and what an erasure does not reach. Again, it erases nothing.
    """
    found = service.erase(user)
    return ErasureAnswer(
        user=user,
        erased=ErasedOut.model_validate(found.erased, from_attributes=True),
        recounted=list(found.recounted),
        waits=list(found.waits),
    )


def _next(ids: list[str], n: int) -> dict[str, str]:
    return {"cursor": cursor_of(ids[-1])} if len(ids) == n else {}


def _no(what: str, name: str, which: str = "") -> Refused:
    return Refused("not-found", f"there is no {what} '{name}'{f' {which}' if which else ''}")


def _json(told: Any) -> Response:
    return Response(to_json(told), media_type="application/json")
