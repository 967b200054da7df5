"""In: what a person says. Out: the answer, the list, and the state of the talk."""

from dataclasses import asdict
from typing import Annotated, Any

from pydantic import Field

from foretaste.converse.chat import Reply
from foretaste.converse.state import LONGEST
from foretaste.serve.schemas.answers import Recommendations, encoded
from foretaste.serve.schemas.control import ChangeOut, UnderstoodOut
from foretaste.serve.schemas.values import Answer, Body, Count, Filter, Id, Query


class StateIn(Body):
    """What the person edits by hand; what is left out stays."""

    query: Query | None = None
    """An empty one takes it back."""
    filter: Filter | None = None
    items: list[Id] | None = Field(default=None, max_length=100)
    """Seeds: more like these."""
    n: Annotated[Count, Field(le=50)] | None = None


class ChatBody(Body):
    """One thing said."""

    text: Annotated[Query, Field(max_length=LONGEST)] = ""
    """It may be empty where the state is edited."""
    conversation_id: Id | None = None
    """Of the answer before; without it a new conversation begins."""
    user: Id | None = None
    session: Id | None = None
    state: StateIn | None = None


class StateOut(Answer):
    """What the talk has come to; send back what is to change."""

    query: str | None
    filter: dict[str, Any]
    items: list[str]
    n: int
    shown: dict[str, str]
    """The last list: id → title, in its order."""
    recommendation_id: str | None
    turns: list[list[str]]
    """(who, what was said), the oldest first."""


class ChatAnswer(Answer):
    """What is answered."""

    conversation_id: str
    said: str
    by: str
    """"grammar", or the model that led."""
    state: StateOut
    changes: list[ChangeOut]
    """What holds of the person's profile; edit it at /v1/users/{id}/profile."""
    understood: list[UnderstoodOut]
    """What became of the wishes in this text."""
    recommendation: Recommendations | None = None


def answer_of(reply: Reply) -> ChatAnswer:
    """The answer as it is sent."""
    found = reply.recommendation
    return ChatAnswer(
        conversation_id=reply.conversation_id,
        said=reply.said,
        by=reply.by,
        state=StateOut(**reply.state.told()),
        changes=[ChangeOut(**asdict(one)) for one in reply.changes],
        understood=[UnderstoodOut(**asdict(one)) for one in reply.understood],
        recommendation=None
        if found is None
        else Recommendations.model_validate_json(encoded(found)),
    )
