"""How a query was read: its words, and what of it filters."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class QueryFacet:
    """What was found in a query and acts as a filter."""

    text: str
    """For people: "before 1980"."""
    filter: Mapping[str, Any]
    """As in `Request.filter`; whoever wants it away asks again without it, `query_facets` off."""
    is_applied: bool = True
    """False where nothing would have been left: then its words are searched for as words."""


@dataclass(frozen=True, slots=True)
class SearchedQuery:
    """How a query was read."""

    words: str | None
    """What was searched for as words; None where all of it is facets."""
    facets: tuple[QueryFacet, ...]
    text: str
    """The same in one line, for over the list."""
