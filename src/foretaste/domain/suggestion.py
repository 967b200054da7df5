"""The nouns of what is suggested while somebody types."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

SuggestionKind = Literal["item", "value", "query"]
"""An item by its title; a value that items can be filtered by; what many people search for."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One line below a search field."""

    kind: SuggestionKind
    text: str
    matches: tuple[tuple[int, int], ...] = ()
    """[start, end) of the text that was typed."""
    item: str | None = None
    image: str | None = None
    column: str | None = None
    label: str | None = None
    """Of a value, what people call its column."""
    value: str | None = None
    items: int | None = None
    """Of a value, how many items it would show."""
    filter: Mapping[str, Any] | None = None
    """Of a value, what chooses it."""
    people: int | None = None
    """Of a query, how many people searched for it."""


@dataclass(frozen=True, slots=True)
class Suggestions:
    """What is suggested for what was typed."""

    query: str
    suggestions: tuple[Suggestion, ...]
    corrected: str | None = None
    """What was meant, where it was mistyped."""
