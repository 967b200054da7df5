"""A question with a query in, the same with what the query names as its filter out.

A filter that leaves nothing helps nobody: then as many facets are given up as it takes, those that
fewest items meet first, and the query is searched for as it was typed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from foretaste.domain.searched_query import QueryFacet, SearchedQuery
from foretaste.generate.condition_text import condition_texts
from foretaste.generate.item_display import ItemDisplay
from foretaste.online.indexed_words import IndexedWords
from foretaste.online.reasoning import Reasoning
from foretaste.online.slate import PageRequest, SlateBuilder
from foretaste.online.snapshot import Snapshot
from foretaste.rank.conditions import parse_condition
from foretaste.rank.index import FilterIndex, Mask
from foretaste.understand.search_query import SearchVocabulary, read_search

Facet = Mapping[str, Any]


class QueryFacets:
    """Reads queries, as the settings of a workspace have it."""

    def __init__(self, reasoning: Reasoning, *, is_on: bool) -> None:
        self._reasoning, self._is_on = reasoning, is_on
        self._vocabulary: SearchVocabulary | None = None

    def apply(
        self, page: PageRequest, slates: SlateBuilder, snapshot: Snapshot
    ) -> tuple[PageRequest, SearchedQuery | None]:
        """(the question with the facets as its filter, how the query was read)"""
        request = page.request
        is_on = self._is_on if request.query_facets is None else request.query_facets
        is_search = bool(request.query and request.query.strip())
        is_ours = request.candidates is None and request.window is None
        if not (is_on and is_search and is_ours):
            return page, None
        index = slates.index(snapshot)
        query = read_search(
            request.query or "",
            self._vocabulary_of(index, snapshot),
            self._reasoning.language(request.language),
            today=datetime.fromtimestamp(slates.asked_at(request), UTC).date(),
        )
        facets = [facet for facet in query.facets if not facet.keys() & request.filter.keys()]
        display = self._reasoning.display(request.language, snapshot.catalogue.features)
        if not query.facets and query.words != (request.query or "").strip():
            in_catalogue_words = replace(request, query=query.words)
            return replace(page, request=in_catalogue_words), _searched(
                query.words, (), (), display
            )
        if not facets:
            return page, None
        applied = _with_items_left(facets, _allowed_items(page, slates, index), index)
        given_up = [facet for facet in query.facets if facet not in applied]
        words = request.query if any(map(_names_value, given_up)) else query.words
        searched = _searched(words, facets, applied, display)
        if not applied:
            return page, searched
        conditions = [*([request.filter] if request.filter else []), *applied]
        changed = replace(
            request,
            query=words or "",
            filter=conditions[0] if len(conditions) == 1 else {"and": conditions},
        )
        return replace(page, request=changed), searched

    def _vocabulary_of(self, index: FilterIndex, snapshot: Snapshot) -> SearchVocabulary:
        """The names there are, kept as long as the items are the same."""
        if self._vocabulary is None or self._vocabulary.catalogue is not index.catalogue:
            words = IndexedWords(snapshot)
            self._vocabulary = SearchVocabulary(index, words, self._vocabulary)
        return self._vocabulary


def _allowed_items(page: PageRequest, slates: SlateBuilder, index: FilterIndex) -> Mask:
    """[items], what is on offer and meets the filter of the request, where nothing has to be read
    for it.
    """
    request = page.request
    allowed = ~index.availability.unavailable(slates.asked_at(request))
    if request.filter and not _needs_reading(request.filter):
        allowed &= index.mask(parse_condition(request.filter))
    return allowed


def _with_items_left(facets: Sequence[Facet], allowed: Mask, index: FilterIndex) -> list[Facet]:
    """The facets that some item meets together, without those that fewest meet."""
    masks = {
        position: allowed & index.mask(parse_condition(facet))
        for position, facet in enumerate(facets)
        if not _needs_reading(facet)
    }
    while masks:
        together = allowed.copy()
        for mask in masks.values():
            together &= mask
        if together.any():
            break
        del masks[min(masks, key=lambda position: int(masks[position].sum()))]
    return [f for at, f in enumerate(facets) if at in masks or _needs_reading(f)]


def _names_value(facet: Facet) -> bool:
    """Whether it is a value by its name, whose words can be searched for; a bound has none."""
    ((column, test),) = facet.items()
    return column != "not" and (not isinstance(test, Mapping) or "all" in test)


def _needs_reading(facet: Facet) -> bool:
    """Whether texts of items tell it, which are read in time with the other conditions."""
    refused = facet.get("not")
    return "about" in facet or (isinstance(refused, Mapping) and "about" in refused)


def _searched(
    words: str | None, facets: Sequence[Facet], applied: Sequence[Facet], display: ItemDisplay
) -> SearchedQuery:
    """How the query was read, in words too."""
    query_facets = tuple(
        QueryFacet(", ".join(condition_texts(facet, display)), facet, facet in applied)
        for facet in facets
    )
    messages = display.messages
    used = [facet.text for facet in query_facets if facet.is_applied]
    unused = [facet.text for facet in query_facets if not facet.is_applied]
    quoted = [messages.text("“{word}”", word=words)] if words else []
    searched = ", ".join([*quoted, *used])
    if unused:
        text = messages.text(
            "Searched as: {facets}. Left out, as nothing here is all of that: {unused}",
            facets=searched,
            unused=messages.names(unused),
        )
    else:
        text = messages.text("Searched as: {facets}", facets=searched)
    return SearchedQuery(words, query_facets, text)
