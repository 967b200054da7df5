"""The address of conversations. In: what a person says. Out: an answer, a list, the state."""

from typing import Annotated

from fastapi import APIRouter, Body

from foretaste.serve.api.lists import ServiceDep
from foretaste.serve.docs.examples import answer_example, request_examples
from foretaste.serve.http.accept_language import LanguageDep
from foretaste.serve.http.body import StrictRoute
from foretaste.serve.http.security import READ_AND_EVENTS
from foretaste.serve.http.user_access import UserAccessDep
from foretaste.serve.schemas.chat_schemas import ChatAnswer, ChatBody, chat_answer

v1 = APIRouter(prefix="/v1", route_class=StrictRoute)


@v1.post(
    "/chat", dependencies=[READ_AND_EVENTS], tags=["control"], responses=answer_example("chat")
)
def chat(
    body: Annotated[ChatBody, Body(openapi_examples=request_examples("chat"))],
    service: ServiceDep,
    user_access: UserAccessDep,
    language: LanguageDep,
) -> ChatAnswer:
    """Say what is wanted, refine it, ask why; the state is seen and can be edited.

    “A slow film about space” is a question of this talk, as are “under 20”, “from the 90s” and
    “only comedies”. “More …”, “less …” and “nothing …” change the profile, for all lists. “More
    like the second”, “why the first?”, “why not Heat?”, “I'll take the third”, “show more” and
    “start over” are understood too. With `language.writer.tools` a larger model leads, over the
    same tools.
    """
    user_access.check(body.user)
    reply = service.chat.say(
        body.text,
        conversation=body.conversation_id,
        user=body.user,
        session=body.session,
        edit=None if body.state is None else body.state.model_dump(exclude_unset=True),
        language=language,
    )
    return chat_answer(reply)
