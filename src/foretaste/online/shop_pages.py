"""What a shop's pages ask of a workspace besides lists: the part of the facade `loop.Foretaste`
that puts whole pages together.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from foretaste.domain.data import Recommendation, Request
from foretaste.domain.identifiers import required_identifier
from foretaste.domain.shelf import Page, PageOrder
from foretaste.domain.store import Store
from foretaste.domain.suggestion import Suggestions
from foretaste.errors import InputError, did_you_mean
from foretaste.online.facets import FacetCounts, count_facets, facet_requests
from foretaste.online.item_page import (
    ItemPage,
    item_description,
    item_facts,
    item_title,
    page_shelves,
)
from foretaste.online.page_builder import PageBuilder, PageWorkspace
from foretaste.online.shelf_requests import shelf_requests
from foretaste.online.suggestions import SuggestWorkspace, suggest

PAGE_FIELDS = (
    "session",
    "context",
    "filter",
    "placement",
    "n",
    "explain",
    "properties",
    "incognito",
    "language",
    "now",
)
"""What holds for every shelf of a page."""


class ShopWorkspace(PageWorkspace, SuggestWorkspace, Protocol):
    """What the loop lends to the pages of a shop."""

    def recommend(
        self, request: Request | str | None = None, /, *, n: int | None = None, **fields: Any
    ) -> Recommendation: ...
    @property
    def store(self) -> Store: ...
    @property
    def clock(self) -> Callable[[], float]: ...


class ShopPages:
    """Pages of a shop, of one workspace."""

    def suggest(
        self: ShopWorkspace, typed: str, user: str | None = None, *, n: int = 8, **fields: Any
    ) -> Suggestions:
        """What somebody may mean who has typed so far: items, values of columns, and what many
        people search for; nothing that they may not be shown. fields: session, filter, language.
        """
        words = {"query": typed} if typed.strip() else {}
        page = self.slates.page_request(user, None, {**fields, **words})
        return suggest(self, typed, page, n)

    def page(
        self: PageWorkspace,
        user: str | None = None,
        *,
        shelves: Sequence[Any],
        order: PageOrder = "given",
        timeout_ms: float | None = None,
        **fields: Any,
    ) -> Page:
        """Several lists at once, no item twice, each with an id of its own for attribution.

        shelves: names of kinds (`domain.shelf.ShelfKind`), or of each a mapping: id, kind, title,
        and n, filter, rules, placement, item, items, query, window as its kind has them. order:
        "by_taste" puts first what this person likes best. fields: session, context, filter,
        placement, n, … of all shelves. timeout_ms: of the page.
        """
        common_fields = _page_fields(fields)
        _check_order(order)
        builder = PageBuilder(self, {**common_fields, "user": user}, timeout_ms)
        return builder.build(shelf_requests(shelves), order)

    def page_parts(
        self: PageWorkspace,
        user: str | None = None,
        *,
        shelves: Sequence[Any],
        order: PageOrder = "given",
        timeout_ms: float | None = None,
        **fields: Any,
    ) -> Iterator[Page]:
        """The same as `page` in parts: each shelf as soon as it is made, then what is left out.
        `taste` is told only in an order by it, which comes when all shelves are there.
        """
        common_fields = _page_fields(fields)
        _check_order(order)
        builder = PageBuilder(self, {**common_fields, "user": user}, timeout_ms)
        return builder.parts(shelf_requests(shelves), order)

    def facets(
        self: PageWorkspace,
        request: Request | str | None = None,
        /,
        *,
        columns: Sequence[Any] | None = None,
        **fields: Any,
    ) -> FacetCounts:
        """How many items each value or range of a column would show to this person, for a query and
        a filter; asked as `recommend` is.

        columns: names, or {"column": "price", "n": 6}; without them every useful one. A column at
        the top level of the filter is a selection, which its own counts are taken without.
        """
        page = self.slates.page_request(request, fields.pop("n", None), fields)
        return count_facets(self, page, facet_requests(columns))

    def bought_together(
        self: ShopWorkspace,
        item: str | Sequence[str],
        user: str | None = None,
        *,
        n: int | None = None,
        **fields: Any,
    ) -> Recommendation:
        """What people take together with an item, or with those of a cart; asked as `similar` is.
        Where nobody took anything with it, what goes with items like it, and the reasons say so.
        """
        items = (item,) if isinstance(item, str) else tuple(item)
        request = {**fields, "items": items, "kind": "bought_together"}
        return self.recommend(user, n=n, **request)

    def item_page(
        self: ShopWorkspace,
        item: str,
        user: str | None = None,
        *,
        n: int | None = None,
        placement: str | None = None,
        timeout_ms: float | None = None,
        **fields: Any,
    ) -> ItemPage | None:
        """What the page of an item shows: the item as people read it, what is similar and what
        people take together with it; None where there is no such item. fields: session, language.
        """
        item = required_identifier(item, "item")
        stored = self.store.item(item)
        if stored is None:
            return None
        shelves = shelf_requests(page_shelves(item, n, placement))
        builder = PageBuilder(self, {**_page_fields(fields), "user": user}, timeout_ms)
        lists = builder.build(shelves)
        features = self.manager.current.catalogue.features
        display = self.reasoning.display(fields.get("language"), features)
        return ItemPage(
            item=stored,
            title=item_title(stored),
            description=item_description(stored),
            is_available=stored.available(self.clock()),
            facts=item_facts(stored, display),
            lists=lists,
        )


def _check_order(order: str) -> None:
    if order not in ("given", "by_taste"):
        raise InputError(f"order: '{order}' is none; write given or by_taste")


def _page_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Those that are said. Raises InputError for what no page has."""
    for name in fields:
        if name not in PAGE_FIELDS:
            raise InputError(f"unknown field '{name}'; {did_you_mean(name, PAGE_FIELDS)}")
    return {name: value for name, value in fields.items() if value is not None}
