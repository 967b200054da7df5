"""The addresses of a person's own control. In: changes. Out: the profile as it is then."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Body, Path

from foretaste.generate.consent_text import refusal_in_words
from foretaste.preferences.service import PreferenceUpdate
from foretaste.serve.api.lists import ServiceDep
from foretaste.serve.docs.examples import answer_example, request_examples
from foretaste.serve.http.body import StrictRoute
from foretaste.serve.http.problem_texts import answer_language
from foretaste.serve.http.security import READ, READ_AND_EVENTS
from foretaste.serve.http.user_access import UserAccessDep
from foretaste.serve.schemas.consent_schemas import RefusalOut
from foretaste.serve.schemas.preference_schemas import (
    ClauseMatchOut,
    PreferenceOut,
    PreferencesBody,
    ProfileAnswer,
    TasteValueOut,
)
from foretaste.serve.schemas.values import CheckedPathId
from foretaste.serve.service import Service

v1 = APIRouter(prefix="/v1", route_class=StrictRoute)
OwnerId = Annotated[CheckedPathId, Path()]
ChangesBody = Annotated[PreferencesBody, Body(openapi_examples=request_examples("preferences"))]
PROFILE_ROUTE_OPTIONS: dict[str, Any] = {
    "tags": ["control"],
    "responses": answer_example("preferences"),
}


@v1.get("/users/{id}/profile", dependencies=[READ], **PROFILE_ROUTE_OPTIONS)
def user_profile(
    id: OwnerId,  # noqa: A002  # the address's name
    service: ServiceDep,
    user_access: UserAccessDep,
) -> ProfileAnswer:
    """What sets a person's taste apart, and what they changed about their lists."""
    user_access.check(id)
    return _profile_answer(service, id, None, service.workspace.steer(id))


@v1.patch("/users/{id}/profile", dependencies=[READ_AND_EVENTS], **PROFILE_ROUTE_OPTIONS)
def steer_user(
    id: OwnerId,  # noqa: A002
    body: ChangesBody,
    service: ServiceDep,
    user_access: UserAccessDep,
) -> ProfileAnswer:
    """Change it: more, less or none of something, by filters or in plain words.

    Each change holds from the next list on, on every device. A boost is a term of the score
    and told among the reasons; what is muted is never shown.
    """
    user_access.check(id)
    return _change_preferences(service, id, None, body)


@v1.get("/sessions/{id}/profile", dependencies=[READ], **PROFILE_ROUTE_OPTIONS)
def session_profile(id: OwnerId, service: ServiceDep) -> ProfileAnswer:  # noqa: A002
    """The same of an anonymous visit; of one that somebody was identified on, theirs."""
    return _profile_answer(service, None, id, service.workspace.steer(session=id))


@v1.patch("/sessions/{id}/profile", dependencies=[READ_AND_EVENTS], **PROFILE_ROUTE_OPTIONS)
def steer_session(id: OwnerId, body: ChangesBody, service: ServiceDep) -> ProfileAnswer:  # noqa: A002
    """The same of an anonymous visit. The changes become the user's who is identified on it."""
    return _change_preferences(service, None, id, body)


def _change_preferences(
    service: Service, user: str | None, session: str | None, body: PreferencesBody
) -> ProfileAnswer:
    preference_update = service.workspace.steer(
        user,
        session=session,
        reset=body.reset,
        changes=[preference.model_dump(exclude_none=True) for preference in body.changes],
        wish=body.wish,
        less_like=body.less_like,
    )
    return _profile_answer(service, user, session, preference_update)


def _profile_answer(
    service: Service, user: str | None, session: str | None, preference_update: PreferenceUpdate
) -> ProfileAnswer:
    profile = service.workspace.profile(user, session=session)
    return ProfileAnswer(
        profile={
            column: [
                TasteValueOut(
                    value=liked.value,
                    share=liked.probability,
                    lift=liked.lift,
                    items=list(liked.events),
                    stated=liked.stated,
                )
                for liked in values
            ]
            for column, values in profile.items()
        },
        changes=[
            PreferenceOut(**asdict(preference)) for preference in preference_update.preferences
        ],
        clause_matches=[
            ClauseMatchOut(**asdict(clause_match))
            for clause_match in preference_update.clause_matches
        ],
        refused=[
            *_impersonal_refusals(service, user, session),
            *_unrecorded_refusals(service, preference_update),
        ],
    )


def _impersonal_refusals(
    service: Service, user: str | None, session: str | None
) -> list[RefusalOut]:
    """That the profile is empty as nothing may be read of the person."""
    workspace = service.workspace
    consent = workspace.consent(user, session=session)
    return [
        RefusalOut(**refusal._asdict())
        for refusal in workspace.reasoning.consent_refusals(consent, answer_language())
        if refusal.purpose == "personalise"
    ]


def _unrecorded_refusals(service: Service, update: PreferenceUpdate) -> list[RefusalOut]:
    """That items of which less is wanted are not kept."""
    if update.unrecorded is None:
        return []
    messages = service.workspace.reasoning.display(answer_language()).messages
    refusal = refusal_in_words("record", update.unrecorded, messages)
    return [RefusalOut(**refusal._asdict())]
