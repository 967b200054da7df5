"""The addresses of a person's own control. In: changes. Out: the profile as it is then."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Body, Path

from foretaste.preferences.service import Steered
from foretaste.serve.api.lists import Behind
from foretaste.serve.docs.examples import answer_example, request_examples
from foretaste.serve.http.body import StrictRoute
from foretaste.serve.http.security import READ, READ_AND_EVENTS
from foretaste.serve.schemas.control import (
    ChangeOut,
    LikedOut,
    ProfileAnswer,
    SteerBody,
    UnderstoodOut,
)
from foretaste.serve.schemas.values import Id
from foretaste.serve.service import Service

v1 = APIRouter(prefix="/v1", route_class=StrictRoute)
Who = Annotated[Id, Path()]
Changed = Annotated[SteerBody, Body(openapi_examples=request_examples("preferences"))]
PROFILE: dict[str, Any] = {"tags": ["control"], "responses": answer_example("preferences")}


@v1.get("/users/{id}/profile", dependencies=[READ], **PROFILE)
def user_profile(id: Who, service: Behind) -> ProfileAnswer:  # noqa: A002  # the address's name
    """What sets a person's taste apart, and what they changed about their lists."""
    return _shown(service, id, None, service.workspace.steer(id))


@v1.patch("/users/{id}/profile", dependencies=[READ_AND_EVENTS], **PROFILE)
def steer_user(id: Who, body: Changed, service: Behind) -> ProfileAnswer:  # noqa: A002
    """Change it: more, less or none of something, by filters or in plain words.

    Each change holds from the next list on, on every device. A boost is a term of the score, in
    nats, and told among the reasons; what is muted is never shown.
    """
    return _steered(service, id, None, body)


@v1.get("/sessions/{id}/profile", dependencies=[READ], **PROFILE)
def session_profile(id: Who, service: Behind) -> ProfileAnswer:  # noqa: A002
    """The same of an anonymous visit; of one that somebody was identified on, theirs."""
    return _shown(service, None, id, service.workspace.steer(session=id))


@v1.patch("/sessions/{id}/profile", dependencies=[READ_AND_EVENTS], **PROFILE)
def steer_session(id: Who, body: Changed, service: Behind) -> ProfileAnswer:  # noqa: A002
    """The same of an anonymous visit. The changes become the user's who is identified on it."""
    return _steered(service, None, id, body)


def _steered(
    service: Service, user: str | None, session: str | None, body: SteerBody
) -> ProfileAnswer:
    steered = service.workspace.steer(
        user,
        session=session,
        reset=body.reset,
        changes=[one.model_dump(exclude_none=True) for one in body.changes],
        wish=body.wish,
        less_like=body.less_like,
    )
    return _shown(service, user, session, steered)


def _shown(
    service: Service, user: str | None, session: str | None, steered: Steered
) -> ProfileAnswer:
    found = service.workspace.profile(user, session=session)
    return ProfileAnswer(
        profile={
            column: [
                LikedOut(
                    value=one.value,
                    share=one.probability,
                    lift=one.lift,
                    items=list(one.events),
                    stated=one.stated,
                )
                for one in values
            ]
            for column, values in found.items()
        },
        changes=[ChangeOut(**asdict(one)) for one in steered.changes],
        understood=[UnderstoodOut(**asdict(one)) for one in steered.understood],
    )
