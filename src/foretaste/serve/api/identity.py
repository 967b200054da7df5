"""The address where a visitor becomes a known user. In: a session and a user. Out: whether new."""

from typing import Annotated

from fastapi import APIRouter, Body

from foretaste.serve.api.lists import ServiceDep
from foretaste.serve.docs.examples import answer_example, request_examples
from foretaste.serve.http.body import StrictRoute
from foretaste.serve.http.security import EVENTS
from foretaste.serve.http.user_access import UserAccessDep
from foretaste.serve.schemas.identity_schemas import IdentifyAnswer, IdentifyBody

v1 = APIRouter(prefix="/v1", route_class=StrictRoute)


@v1.post(
    "/identify", dependencies=[EVENTS], tags=["feedback"], responses=answer_example("identify")
)
def identify(
    body: Annotated[IdentifyBody, Body(openapi_examples=request_examples("identify"))],
    service: ServiceDep,
    user_access: UserAccessDep,
) -> IdentifyAnswer:
    """Say that an anonymous session is a user, when they sign in.

    What the session did becomes part of the user's history, on every device, whether it is sent
    before or after; asked by the session alone, the answers are the user's. Send it again without
    fear. On a shared device the next to sign in owns what comes after that, never what was
    another's; give a visit a new session when somebody signs out.

    With the key of a page (`--user-access signed`) it needs the shop's word: the header
    `X-User-Token` with a token that the shop's server has signed for this user.
    """
    user_access.check(body.user)
    is_new = service.workspace.identify(body.session, body.user)
    return IdentifyAnswer(new=is_new)
