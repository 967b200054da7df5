"""The addresses of consent. In: what a person lets be done with what they do. Out: what may be."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Request

from foretaste.domain.consent import MINOR, PURPOSES
from foretaste.serve.api.lists import ServiceDep
from foretaste.serve.docs.examples import answer_example, request_examples
from foretaste.serve.http.body import StrictRoute
from foretaste.serve.http.problem_texts import answer_language
from foretaste.serve.http.problems import ProblemError, is_operator
from foretaste.serve.http.security import ADMIN, EVENTS, READ
from foretaste.serve.http.user_access import UserAccessDep
from foretaste.serve.schemas.consent_schemas import (
    ConsentAnswer,
    ConsentBody,
    ConsentsAnswer,
    ConsentsBody,
    PurposeState,
)
from foretaste.serve.schemas.values import CheckedPathId
from foretaste.serve.service import Service

v1 = APIRouter(prefix="/v1", route_class=StrictRoute)
HolderId = Annotated[CheckedPathId, Path()]
Statements = Annotated[ConsentBody, Body(openapi_examples=request_examples("consent"))]
CONSENT_ROUTE_OPTIONS: dict[str, Any] = {
    "tags": ["control"],
    "responses": answer_example("consent"),
}


@v1.get("/users/{id}/consent", dependencies=[READ], **CONSENT_ROUTE_OPTIONS)
def user_consent(
    id: HolderId,  # noqa: A002  # the address's name
    service: ServiceDep,
    user_access: UserAccessDep,
) -> ConsentAnswer:
    """What may be done with what a person does: by what they said, what this request's headers
    (`Sec-GPC`, `DNT`) say, and `behaviour.consent` in the settings.
    """
    user_access.check(id)
    return _consent_answer(service, id, None)


@v1.patch("/users/{id}/consent", dependencies=[EVENTS], **CONSENT_ROUTE_OPTIONS)
def change_user_consent(
    id: HolderId,  # noqa: A002
    body: Statements,
    request: Request,
    service: ServiceDep,
    user_access: UserAccessDep,
) -> ConsentAnswer:
    """Say what may be done. It holds for the next request; for `train`, from the next training on,
    and nothing more is learnt from what the person does from now on.

    What is kept already stays: to have it deleted, erase the person or take events back.
    """
    user_access.check(id)
    return _changed(service, request, id, None, body)


@v1.get("/sessions/{id}/consent", dependencies=[READ], **CONSENT_ROUTE_OPTIONS)
def session_consent(id: HolderId, service: ServiceDep) -> ConsentAnswer:  # noqa: A002
    """The same of one session, by what is said for it and for the user it is known to be."""
    return _consent_answer(service, None, id)


@v1.patch("/sessions/{id}/consent", dependencies=[EVENTS], **CONSENT_ROUTE_OPTIONS)
def change_session_consent(
    id: HolderId,  # noqa: A002
    body: Statements,
    request: Request,
    service: ServiceDep,
) -> ConsentAnswer:
    """Say it for one session. What a session refuses holds for it, whatever the person allows."""
    return _changed(service, request, None, id, body)


@v1.post(
    "/consents",
    dependencies=[ADMIN],
    tags=["control"],
    responses=answer_example("consents"),
)
def change_consents(
    body: Annotated[ConsentsBody, Body(openapi_examples=request_examples("consents"))],
    service: ServiceDep,
) -> ConsentsAnswer:
    """Say it for many people at once, as a shop does that asked them before it had Foretaste. All
    is kept or, where one row is wrong, nothing. It holds from the next request on.
    """
    rows = [row.model_dump(include=row.model_fields_set) for row in body.consents]
    return ConsentsAnswer(changed=service.workspace.set_consents(rows))


def _changed(
    service: Service, request: Request, user: str | None, session: str | None, body: ConsentBody
) -> ConsentAnswer:
    choices = body.model_dump(include=body.model_fields_set)
    if MINOR in choices and not is_operator(request.scope):
        raise ProblemError("forbidden", "minor: only an admin key says who is a minor")
    if choices:
        service.workspace.set_consent(user, session=session, **choices)
    return _consent_answer(service, user, session)


def _consent_answer(service: Service, user: str | None, session: str | None) -> ConsentAnswer:
    workspace, holder = service.workspace, (user or session, user is None)
    consent = workspace.consent(user, session=session)
    refusals = {
        refusal.purpose: refusal
        for refusal in workspace.reasoning.consent_refusals(consent, answer_language())
    }
    return ConsentAnswer(
        purposes=[
            PurposeState(
                purpose=purpose,
                allowed=consent.allows(purpose),
                source=consent.refusals.get(purpose),
                text=refusals[purpose].text if purpose in refusals else None,
            )
            for purpose in PURPOSES
        ],
        minor=consent.is_minor,
        statements={
            statement.purpose: statement.is_allowed
            for statement in workspace.store.consent_statements(user, session)
            if statement.holder == holder and not statement.by_signal
        },
    )
