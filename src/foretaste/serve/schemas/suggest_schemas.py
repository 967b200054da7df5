"""In: what was typed so far, in the address. Out: what may be meant."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from foretaste.domain.suggestion import Suggestion, Suggestions
from foretaste.online.suggestions import MAX_SUGGESTIONS
from foretaste.serve.schemas.list_schemas import LanguageTag
from foretaste.serve.schemas.values import Column, Id, RequestSchema, ResponseSchema

MAX_TYPED = 2_000


def _one_line(text: str) -> str:
    return " ".join(text.split()) + (" " if text[-1:].isspace() and text.strip() else "")


class SuggestQuery(RequestSchema):
    """What was typed, and by whom."""

    q: Annotated[Column, Field(max_length=MAX_TYPED), AfterValidator(_one_line)] = ""
    """Empty for what many take and search for."""
    n: Annotated[int, Field(ge=1, le=MAX_SUGGESTIONS)] = 8
    user: Id | None = None
    session: Id | None = None
    filter: str | None = Field(default=None, max_length=10_000)
    """A filter as JSON, as in `/v1/recommend`."""
    language: LanguageTag | None = None


class SuggestionOut(ResponseSchema):
    """One line below the search field."""

    kind: Literal["item", "value", "query"]
    text: str
    matches: list[list[int]]
    """[start, end) of the text that was typed, in characters."""
    item: str | None = None
    image: str | None = None
    column: str | None = None
    """Of a value."""
    label: str | None = None
    """The column as people call it."""
    value: str | None = None
    items: int | None = None
    """How many items the value would show."""
    filter: dict[str, Any] | None = None
    """What chooses the value."""
    people: int | None = None
    """How many people searched for it lately."""


class SuggestAnswer(ResponseSchema):
    """The suggestions, the likeliest first."""

    query: str
    corrected: str | None = None
    suggestions: list[SuggestionOut]


def suggestions_json(suggestions: Suggestions) -> dict[str, Any]:
    """The answer as it is sent."""
    content: dict[str, Any] = {"query": suggestions.query}
    if suggestions.corrected is not None:
        content["corrected"] = suggestions.corrected
    return content | {"suggestions": [_suggestion_json(own) for own in suggestions.suggestions]}


def _suggestion_json(suggestion: Suggestion) -> dict[str, Any]:
    names = ("item", "image", "column", "label", "value", "items", "filter", "people")
    values = {name: getattr(suggestion, name) for name in names}
    return {
        "kind": suggestion.kind,
        "text": suggestion.text,
        "matches": [list(span) for span in suggestion.matches],
        **{name: value for name, value in values.items() if value is not None},
    }
