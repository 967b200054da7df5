"""The addresses. In: a checked request. Out: an answer; the work is the loop's.

All of them block (SQLite, PyTorch), so they are plain functions: FastAPI runs each in a thread. The
two that must answer whatever happens are not.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic_core import to_json

from foretaste.behaviour.batch import IngestSummary
from foretaste.behaviour.export import recommendation_to_json
from foretaste.domain.data import Request as Question
from foretaste.errors import ForetasteError
from foretaste.generate.consent_text import refusal_in_words
from foretaste.loop import Foretaste
from foretaste.online.outage import WITHOUT_STORE
from foretaste.serve.docs.examples import answer_example, request_examples
from foretaste.serve.http.accept_language import LanguageDep
from foretaste.serve.http.body import StrictRoute
from foretaste.serve.http.direct_route import DirectRoute
from foretaste.serve.http.lanes import run_readiness
from foretaste.serve.http.problems import ProblemError, is_operator, problem_response
from foretaste.serve.http.security import EVENTS, NO_KEY_NEEDED, READ
from foretaste.serve.http.user_access import UserAccess, UserAccessDep
from foretaste.serve.schemas import (
    Alive,
    EventsAnswer,
    EventsBody,
    Health,
    RankBody,
    Recommendations,
    RecommendBody,
    SimilarBody,
    TrendingQuery,
    encode_recommendation,
    request_from_body,
)
from foretaste.serve.schemas.event_schemas import UnattributedOut, UnrecordedOut
from foretaste.serve.schemas.facet_schemas import facet_specs, facets_json
from foretaste.serve.schemas.list_schemas import ListBody
from foretaste.serve.service import Service


async def get_tenant_service(request: Request) -> Service:
    """The service of the caller's tenant."""
    service: Service = request.scope["foretaste.service"]
    return service


ServiceDep = Annotated[Service, Depends(get_tenant_service)]

router = APIRouter(route_class=StrictRoute)
v1 = APIRouter(prefix="/v1", route_class=StrictRoute)
direct = APIRouter(prefix="/v1", route_class=DirectRoute)
"""What is asked most: events, and lists for a body."""


@direct.post(
    "/events", dependencies=[EVENTS], tags=["feedback"], responses=answer_example("events")
)
def post_events(
    body: Annotated[EventsBody, Body(openapi_examples=request_examples("events"))],
    service: ServiceDep,
    user_access: UserAccessDep,
    language: LanguageDep,
) -> EventsAnswer:
    """Record what people did: one event or a thousand.

    Those accepted are on disk when the answer comes, and the next list knows of them. A batch that
    is partly wrong takes the good ones and tells of the others. Send it again without fear: an
    `event_id` that is there already is a duplicate, and its first use holds.

    One that says something else is told in `conflicts`. The ids of a key that may not name every
    user, as those of pages, are its own: each holds for the key and the user and session named.

    `recommendation_id` attributes an event to the list it came from. One of kind `impression`
    without an item stands for all items of its list. A late event takes its place in time.

    What a person does not let be recorded (`/v1/users/{id}/consent`, or `Sec-GPC` and `DNT` sent
    with the request) is left out and told in `unrecorded`.
    """
    summary = service.record(body.events, user_access, user_access.id_owner)
    require_any_accepted(summary, body.events, "events")
    return EventsAnswer(
        accepted=summary.accepted,
        duplicates=summary.duplicates,
        rejected=summary.rejected,
        event_ids=summary.ids,
        unattributed=[
            UnattributedOut(
                event_id=mismatch.event_id,
                recommendation_id=mismatch.recommendation_id,
                problem=mismatch.problem,
            )
            for mismatch in summary.unattributed.values()
        ],
        conflicts=summary.conflicts,
        unrecorded=[
            UnrecordedOut(index=event.row_index, source=event.source, text=text)
            for event, text in zip(
                summary.unrecorded, unrecorded_texts(service, summary, language), strict=True
            )
        ],
    )


def unrecorded_texts(
    service: Service, summary: IngestSummary, language: str | None = None
) -> list[str]:
    """Why each event of `IngestSummary.unrecorded` was left out, for people."""
    if not summary.unrecorded:
        return []
    messages = service.workspace.reasoning.display(language).messages
    return [refusal_in_words("record", event.source, messages).text for event in summary.unrecorded]


def list_response(
    service: Service,
    body: ListBody,
    user_access: UserAccess,
    language: str | None,
    **fields: Any,
) -> Response:
    """The list that a body asks for. fields: of the question, which the body does not name."""
    user_access.check(body.user)
    workspace = service.workspace
    question = request_from_body(
        body, workspace.config.rank, language, workspace.slates.requests.placed
    )
    recommendation = service.recommend(replace(question, **fields))
    content = recommendation_to_json(recommendation, explain=body.explain)
    facets = getattr(body, "facets", None)
    if facets or facets == []:
        content["facets"] = facets_of(workspace, question, facets)["facets"]
    return Response(to_json(content), media_type="application/json")


def facets_of(workspace: Foretaste, question: Question, facets: Any) -> dict[str, Any]:
    """What can be chosen beside a list, put into the words of its language."""
    counts = workspace.facets(question, columns=facet_specs(facets))
    features = tuple(counts.features.values())
    return facets_json(counts, workspace.reasoning.display(question.language, features))


LIST_ROUTE_OPTIONS: dict[str, Any] = {
    "dependencies": [READ],
    "tags": ["lists"],
    "response_model": Recommendations,
    "responses": answer_example("recommend"),
}
"""What the addresses that answer with a list have in common."""


@direct.post("/recommend", **LIST_ROUTE_OPTIONS)
def recommend(
    body: Annotated[RecommendBody, Body(openapi_examples=request_examples("recommend"))],
    service: ServiceDep,
    user_access: UserAccessDep,
    language: LanguageDep,
) -> Response:
    """The list for a person, a visit, or anybody, from all that happened up to now.

    `reasons` are sentences for people, in the language of the request, each with the parts of the
    score that it stands on: `contribution` and its `share` of what raises the score. With `explain`
    all terms come with the list; the reasons are the same.
    """
    return list_response(service, body, user_access, language)


@v1.get("/trending", **LIST_ROUTE_OPTIONS)
def trending(
    query: Annotated[TrendingQuery, Query()],
    service: ServiceDep,
    user_access: UserAccessDep,
    language: LanguageDep,
) -> Response:
    """What most people took within a window up to now, then what is popular.

    `score` is the number of people. Counts hold for five seconds.
    """
    user_access.check(query.user)
    workspace = service.workspace
    question = query.to_request(workspace.config.rank, language, workspace.slates.requests.placed)
    recommendation = service.recommend(question)
    return Response(encode_recommendation(recommendation), media_type="application/json")


@direct.post("/rank", **LIST_ROUTE_OPTIONS)
def rank(
    body: Annotated[RankBody, Body(openapi_examples=request_examples("rank"))],
    service: ServiceDep,
    user_access: UserAccessDep,
    language: LanguageDep,
) -> Response:
    """A list of yours in the order that suits the person.

    What may not be shown (hidden, not on offer, refused by the person, filtered out, unknown) is
    not in the answer and named in `left_out`.
    """
    return list_response(service, body, user_access, language)


@direct.post("/similar", **LIST_ROUTE_OPTIONS)
def similar(
    body: Annotated[SimilarBody, Body(openapi_examples=request_examples("similar"))],
    service: ServiceDep,
    user_access: UserAccessDep,
    language: LanguageDep,
) -> Response:
    """What goes with an item, or with several."""
    return list_response(service, body, user_access, language)


@direct.post("/bought-together", **LIST_ROUTE_OPTIONS)
def bought_together(
    body: Annotated[SimilarBody, Body(openapi_examples=request_examples("bought-together"))],
    service: ServiceDep,
    user_access: UserAccessDep,
    language: LanguageDep,
) -> Response:
    """What people take together with an item, or with those of a cart: in one order, one session,
    or within an hour.

    The reason says by how many. Where hardly anybody took anything with it, what goes with items
    that read like it stands in, then what reads like it; their `source` is `fallback`.
    """
    return list_response(service, body, user_access, language, kind="bought_together")


@router.get("/healthz", dependencies=[NO_KEY_NEEDED], tags=["operation"])
async def healthz() -> Alive:
    """Whether the process is alive. Always yes, from the first moment on."""
    return Alive(status="alive")


@router.get("/readyz", dependencies=[NO_KEY_NEEDED], tags=["operation"], response_model=Health)
async def readyz(request: Request, service: ServiceDep) -> Response:
    """Whether it can answer; if not, why. Also the model's age, and what the worker last did.

    `model.warnings` is what is wrong with the lists of 200 people, as they were looked at after the
    training: a `code`, a `message` and a `remedy` each, the worst first. It is ready all the same.

    `degraded` is a process that answers from memory, as the store cannot be reached: it takes no
    events, and its lists say `degraded`. Who sends no `admin` key, and is not on this machine, is
    told neither reasons nor warnings nor of the worker.
    """
    reason = await run_readiness(request, service.not_ready_reason)
    if reason is None:
        readiness = await run_readiness(request, service.readiness)
        return JSONResponse(
            readiness if is_operator(request.scope) else public_readiness(readiness)
        )
    return problem_response(
        "not-ready",
        reason if is_operator(request.scope) else ForetasteError.PUBLIC_TEXT,
        request_id=request.scope.get("foretaste.request_id"),
        headers={"Retry-After": "1"},
    )


def public_readiness(readiness: Mapping[str, Any]) -> dict[str, Any]:
    """What of it whoever does not run the service may know: reasons name paths and hosts."""
    content = {"status": readiness["status"]}
    if "reason" in readiness:
        content["reason"] = content["why"] = WITHOUT_STORE
    if "model" in readiness:
        content["model"] = {name: readiness["model"][name] for name in ("version", "age_seconds")}
    return content


def require_any_accepted(summary: IngestSummary, rows: Sequence[Any], noun: str) -> None:
    """A batch of which nothing could be used is an error."""
    if len(summary.rejected) < len(rows):
        return
    first = summary.rejected[0]
    intro = "" if len(rows) == 1 else f"all {len(rows)} {noun} are wrong; the first: "
    detail = f"{intro}{noun}.{first.index}: {first.problem}; {first.remedy}"
    raise ProblemError("nothing-accepted", detail, rejected=summary.rejected)
