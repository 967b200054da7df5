"""In: what a person says. Out: the answer, the list, and the state of the talk."""

from dataclasses import asdict
from typing import Annotated, Any

from pydantic import Field

from foretaste.converse.conversation import Reply
from foretaste.converse.state import ChatState
from foretaste.serve.schemas.consent_schemas import RefusalOut
from foretaste.serve.schemas.preference_schemas import ClauseMatchOut, PreferenceOut
from foretaste.serve.schemas.recommendation_schemas import (
    Recommendations,
    encode_recommendation,
)
from foretaste.serve.schemas.renamed import old_name_of
from foretaste.serve.schemas.values import Count, Filter, Id, Query, RequestSchema, ResponseSchema


class ChatStateIn(RequestSchema):
    """What the person edits by hand; what is left out stays."""

    query: Query | None = None
    """An empty one takes it back."""
    filter: Filter | None = None
    items: list[Id] | None = Field(default=None, max_length=100)
    """Seeds: more like these."""
    n: Annotated[Count, Field(le=50)] | None = None


class ChatBody(RequestSchema):
    """One thing said."""

    text: Query = ""
    """It may be empty where the state is edited."""
    conversation_id: Id | None = None
    """Of the answer before; without it a new conversation begins."""
    user: Id | None = None
    session: Id | None = None
    state: ChatStateIn | None = None


class ChatStateOut(ResponseSchema):
    """What the talk has come to; send back what is to change."""

    query: str | None
    said_query: str | None = None
    """The query in the words of the person, where it is searched in others."""
    filter: dict[str, Any]
    items: list[str]
    n: int
    rules: list[dict[str, Any]] = Field(default_factory=list)
    """What is likelier (`boost`) or less likely (`bury`) in this talk alone."""
    shown_titles: dict[str, str]
    """The last list: id → title, in its order."""
    shown: dict[str, str] = old_name_of("shown_titles")
    recommendation_id: str | None
    turns: list[list[str]]
    """(who, what was said), the oldest first."""
    language: str = "en"
    """ISO code of the language in which the person was understood last."""


class ChatAnswer(ResponseSchema):
    """What is answered."""

    conversation_id: str
    text: str
    said: str = old_name_of("text")
    author: str
    """"grammar", or the model that led."""
    by: str = old_name_of("author")
    intent: str | None = None
    """How it was understood: find, refine, more, why, undo, unknown, …; none where a model led."""
    state: ChatStateOut
    changes: list[PreferenceOut]
    """What holds of the person's profile; edit it at /v1/users/{id}/profile."""
    clause_matches: list[ClauseMatchOut]
    """What became of each part of the wishes in this text."""
    understood: list[ClauseMatchOut] = old_name_of("clause_matches")
    recommendation: Recommendations | None = None
    refused: list[RefusalOut]
    """What was not done, as the person, a header or the settings do not allow it."""


def _state_out(state: ChatState) -> ChatStateOut:
    content = state.to_json_dict()
    for field in ("undo", "seed_titles", "earlier_questions"):
        del content[field]
    return ChatStateOut(shown_titles=content.pop("shown"), said_query=state.said_query, **content)


def chat_answer(reply: Reply) -> ChatAnswer:
    """The answer as it is sent."""
    recommendation = reply.recommendation
    return ChatAnswer(
        conversation_id=reply.conversation_id,
        text=reply.text,
        author=reply.author,
        intent=reply.intent,
        state=_state_out(reply.state),
        changes=[PreferenceOut(**asdict(preference)) for preference in reply.preferences],
        clause_matches=[
            ClauseMatchOut(**asdict(clause_match)) for clause_match in reply.clause_matches
        ],
        recommendation=None
        if recommendation is None
        else Recommendations.model_validate_json(encode_recommendation(recommendation)),
        refused=[RefusalOut(**refusal._asdict()) for refusal in reply.refusals],
    )
