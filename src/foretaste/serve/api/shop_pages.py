"""The addresses that the pages of a shop ask. In: a checked request. Out: shelves of lists."""

from itertools import chain
from typing import Annotated

from fastapi import APIRouter, Body, Path, Query
from fastapi.responses import Response, StreamingResponse
from pydantic_core import to_json

from foretaste.domain.shelf import Page
from foretaste.serve.api.bulk import NDJSON_MEDIA_TYPE
from foretaste.serve.api.lists import ServiceDep, facets_of
from foretaste.serve.docs.examples import answer_example, line_examples, request_examples
from foretaste.serve.http.accept_language import LanguageDep
from foretaste.serve.http.body import UNBUFFERED_HEADERS, StrictRoute
from foretaste.serve.http.problems import ProblemError
from foretaste.serve.http.security import READ
from foretaste.serve.http.user_access import UserAccessDep
from foretaste.serve.schemas.facet_schemas import FacetsAnswer
from foretaste.serve.schemas.item_page_schemas import (
    ItemPageAnswer,
    ItemPageQuery,
    item_page_json,
)
from foretaste.serve.schemas.list_schemas import FacetsBody, parse_json_field, request_from_body
from foretaste.serve.schemas.page_schemas import PageAnswer, PageBody, encode_page
from foretaste.serve.schemas.suggest_schemas import (
    SuggestAnswer,
    SuggestQuery,
    suggestions_json,
)
from foretaste.serve.schemas.values import CheckedPathId
from foretaste.serve.service import Service

v1 = APIRouter(prefix="/v1", route_class=StrictRoute, tags=["pages"])


PAGE_RESPONSES = answer_example("page")
PAGE_RESPONSES[200]["content"][NDJSON_MEDIA_TYPE] = {  # with `stream`; of each line
    "schema": {"type": "string"},
    "example": line_examples("page"),
}


@v1.post("/page", dependencies=[READ], response_model=PageAnswer, responses=PAGE_RESPONSES)
def page(
    body: Annotated[PageBody, Body(openapi_examples=request_examples("page"))],
    service: ServiceDep,
    user_access: UserAccessDep,
    language: LanguageDep,
) -> Response:
    """Several lists for one page, no item twice, each with an id of its own.

    All are made from the same state of the model and the store. An item goes to the first shelf, in
    the order in which they are sent, that would show it; the others go on with their next. A shelf
    with nothing to show, that fails, or that the time does not suffice for is told in `left_out`
    and takes no other with it.
    """
    user_access.check(body.user)
    workspace = service.ready_workspace
    make_page = workspace.page_parts if body.stream else workspace.page
    answer = make_page(
        body.user,
        shelves=body.shelf_specs(),
        order=body.order,
        timeout_ms=body.timeout_ms or workspace.config.rank.timeout_ms * len(body.shelves),
        **body.common_fields(language),
    )
    if isinstance(answer, Page):
        return Response(
            _encoded(answer, service, explain=body.explain), media_type="application/json"
        )
    lines = (_encoded(part, service, explain=body.explain) + b"\n" for part in answer)
    first_line = next(lines)  # what fails before it is answered as a problem
    return StreamingResponse(
        chain((first_line,), lines), media_type=NDJSON_MEDIA_TYPE, headers=UNBUFFERED_HEADERS
    )


def _encoded(part: Page, service: Service, *, explain: bool) -> bytes:
    for shelf in part:
        service.note_answer(shelf.recommendation)
    return encode_page(part, explain=explain)


@v1.post(
    "/facets",
    dependencies=[READ],
    response_model=FacetsAnswer,
    response_model_exclude_none=True,
    responses=answer_example("facets"),
)
def facets(
    body: Annotated[FacetsBody, Body(openapi_examples=request_examples("facets"))],
    service: ServiceDep,
    user_access: UserAccessDep,
    language: LanguageDep,
) -> Response:
    """What people can choose by: each column with its values or ranges, and how many items each
    would show to this person.

    A column at the top level of `filter` is a selection: its own counts are taken without it, as a
    second value is chosen beside the first; all others with it. What is no selection goes into
    `{"and": [{…}]}`. With a query the items that are about it count.
    """
    user_access.check(body.user)
    workspace = service.ready_workspace
    question = request_from_body(
        body, workspace.config.rank, language, workspace.slates.requests.placed
    )
    content = facets_of(workspace, question, body.facets)
    return Response(to_json(content), media_type="application/json")


@v1.get(
    "/suggest",
    dependencies=[READ],
    response_model=SuggestAnswer,
    responses=answer_example("suggest"),
)
def suggest(
    query: Annotated[SuggestQuery, Query()],
    service: ServiceDep,
    user_access: UserAccessDep,
) -> Response:
    """What somebody may mean who is typing: items by their titles, values to filter by, and what
    many people search for. Nothing that this person may not be shown.

    The last word counts as far as it is typed, in any place of a title, without case and accents. A
    word that nothing begins with is corrected: `corrected` says what is suggested for instead.
    """
    user_access.check(query.user)
    workspace = service.ready_workspace
    suggestions = workspace.suggest(
        query.q,
        query.user,
        n=query.n,
        session=query.session,
        filter={} if query.filter is None else parse_json_field("filter", query.filter),
    )
    return Response(to_json(suggestions_json(suggestions)), media_type="application/json")


@v1.get(
    "/items/{item:path}/page",
    dependencies=[READ],
    response_model=ItemPageAnswer,
    responses=answer_example("item-page"),
)
def item_page(
    item: Annotated[CheckedPathId, Path(description="The item's id, percent-encoded.")],
    query: Annotated[ItemPageQuery, Query()],
    service: ServiceDep,
    user_access: UserAccessDep,
    language: LanguageDep,
) -> Response:
    """All that the page of an item shows: its title and facts as people read them, what is similar,
    and what people take together with it; no item twice, each list with an id of its own.
    """
    user_access.check(query.user)
    workspace = service.ready_workspace
    shown_page = workspace.item_page(
        item,
        query.user,
        n=query.n,
        placement=query.placement,
        timeout_ms=query.timeout_ms or 2 * workspace.config.rank.timeout_ms,
        session=query.session,
        language=query.language or language,
        incognito=query.incognito,
    )
    if shown_page is None:
        raise ProblemError("not-found", f"there is no item '{item}'")
    for shelf in shown_page.lists:
        service.note_answer(shelf.recommendation)
    return Response(to_json(item_page_json(shown_page)), media_type="application/json")
