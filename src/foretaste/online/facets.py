"""In: a question, and which columns are wanted. Out: how many items each choice would show.

With a query the items that count are those about it, see `rank.about`; where there are none, those
about one of its words.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from foretaste.domain.data import Feature, Request, UserContext
from foretaste.domain.words import words_of
from foretaste.errors import InputError, StoreError, did_you_mean
from foretaste.online.fallback import Budget, FallbackChain
from foretaste.online.manager import ModelManager, Newest
from foretaste.online.outage import Outage
from foretaste.online.slate import PageRequest, SlateBuilder
from foretaste.rank.conditions import parse_condition
from foretaste.rank.facets import (
    Facet,
    Selection,
    count_facet,
    count_shown,
    facet_columns,
    has_enough_items,
)
from foretaste.rank.filters import FilterContext, excluded_items
from foretaste.rank.index import FilterIndex, Mask
from foretaste.rank.rules import QuotaRule, parse_rules

MAX_VALUES, DEFAULT_VALUES, DEFAULT_RANGES = 200, 12, 7
MAX_FACETS = 30
MIN_WORD_LETTERS = 3
"""Letters of a word of a query that nothing is about as a whole, for what is about it to count."""


@dataclass(frozen=True, slots=True)
class FacetRequest:
    """One column that is asked for."""

    column: str
    n: int | None = None
    """Values or ranges, at most."""


@dataclass(frozen=True)
class FacetCounts:
    """What can be chosen, and how many items are left."""

    items: int
    facets: tuple[Facet, ...]
    features: Mapping[str, Feature]
    """By column, for whoever puts the facets into words."""


class FacetWorkspace(Protocol):
    """What the loop lends to facets."""

    @property
    def slates(self) -> SlateBuilder: ...
    @property
    def manager(self) -> ModelManager: ...
    @property
    def outage(self) -> Outage: ...
    @property
    def fallback(self) -> FallbackChain: ...
    def listen(
        self, behaviour: UserContext, encoder: str | None = None, *, keep: bool = True
    ) -> UserContext: ...


def facet_requests(specs: Sequence[Any] | bool | None) -> list[FacetRequest] | None:
    """The columns that are asked for; None is every useful one. Raises InputError."""
    if specs is None or specs is True:
        return None
    if isinstance(specs, str | Mapping) or specs is False:
        raise InputError('facets: give a list of columns, e.g. ["genre", {"column": "price"}]')
    if len(specs) > MAX_FACETS:
        raise InputError(f"facets: {len(specs)} columns; ask for at most {MAX_FACETS}")
    requests = []
    for row, spec in enumerate(specs):
        spec = {"column": spec} if isinstance(spec, str) else spec
        if not isinstance(spec, Mapping) or not isinstance(spec.get("column"), str):
            raise InputError(f'facets.{row}: write "genre" or {{"column": "genre", "n": 10}}')
        n = spec.get("n")
        if n is not None and (isinstance(n, bool) or not 1 <= n <= MAX_VALUES):
            raise InputError(f"facets.{row}.n: {n}; ask for 1 to {MAX_VALUES} values")
        requests.append(FacetRequest(spec["column"], n))
    return requests


def count_facets(
    workspace: FacetWorkspace, page: PageRequest, wanted: Sequence[FacetRequest] | None
) -> FacetCounts:
    """The counts for one question. Raises InputError for a column that is no facet."""
    budget = Budget(page.request.timeout_ms)
    slates, newest = newest_of(workspace, budget)
    page = page.asked_by(slates.owner(page.request))
    context = slates.user_context(page.request, newest.snapshot)
    question = slates.question(page, context, newest.snapshot)
    workspace.fallback.lookup.look_up(_with_query(question), budget)
    index = question.index
    columns = {feature.column: feature for feature in facet_columns(index.catalogue)}
    if wanted is None:
        useful = [column for column, feature in columns.items() if has_enough_items(feature)]
        wanted = [FacetRequest(column) for column in useful[:MAX_FACETS]]
    for row, request in enumerate(wanted):
        if request.column not in columns:
            hint = did_you_mean(request.column, sorted(columns)) if columns else "there are none"
            raise InputError(f"facets.{row}: '{request.column}' is no facet; {hint}")
    selection = Selection.of(page.request.filter, index)
    shown = shown_items(question) & _items_asked(question)
    counted = [
        count_facet(index, columns[own.column], selection, shown, _size(own, columns[own.column]))
        for own in wanted
    ]
    total = count_shown(index, selection.allowed(index, shown))
    return FacetCounts(total, tuple(counted), columns)


def _size(request: FacetRequest, feature: Feature) -> int:
    is_counted = feature.feature_type in ("list", "category", "flag")
    return request.n or (DEFAULT_VALUES if is_counted else DEFAULT_RANGES)


def newest_of(workspace: FacetWorkspace, budget: Budget) -> tuple[SlateBuilder, Newest]:
    """What makes lists now, and of which snapshot."""
    if workspace.outage.slates is None:
        try:
            with budget.store_patience():
                return workspace.slates, workspace.manager.newest(budget)
        except StoreError as error:
            workspace.outage.begin(error)
    return workspace.outage.slates or workspace.slates, Newest(workspace.manager.current)


def shown_items(question: FilterContext) -> Mask:
    """[items], what a list may show to whoever asks, whatever its filter says: not hidden, muted,
    taken, barred, nor kept out by a rule.
    """
    free = replace(question, request=replace(question.request, filter={}))
    hidden = excluded_items(free)
    for row, rule in enumerate(parse_rules(question.request.rules)):
        if isinstance(rule, QuotaRule) and rule.max_items == 0 and not isinstance(rule.quota, str):
            condition = parse_condition(rule.quota, f"rules.{row}.quota")
            hidden = hidden | question.index.mask(condition)
    return ~hidden


def _with_query(question: FilterContext) -> FilterContext:
    """The question as what looks up conditions sees it: what it is about is one of them."""
    request = question.request
    if not request.query:
        return question
    both = [own for own in (request.filter, {"about": request.query}) if own]
    return replace(question, request=replace(request, filter={"and": both}))


def _items_asked(question: FilterContext) -> Mask:
    """[items], what answers the query; all where there is none."""
    request: Request = question.request
    index: FilterIndex = question.index
    if not request.query or not request.query.strip():
        return np.ones(len(index), bool)
    about_all = index.mask(parse_condition({"about": request.query}))
    if about_all.any():
        return about_all
    words = [word for word in words_of(request.query) if len(word) >= MIN_WORD_LETTERS]
    masks = [index.mask(parse_condition({"about": word})) for word in dict.fromkeys(words)]
    return np.any(masks, axis=0) if masks else about_all
