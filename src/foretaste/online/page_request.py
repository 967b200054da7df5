"""In: a question from whichever door, or the id of a list whose next items are wanted. Out: the
whole question, with what its placement says and what earlier pages of its list have shown.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from foretaste.behaviour.variant_ids import VariantIds
from foretaste.domain.data import Request
from foretaste.domain.request import with_current_names
from foretaste.domain.store import Store
from foretaste.errors import InputError, StoreError
from foretaste.feedback.recommendation_log import RecommendationLog
from foretaste.online.paging import check_same_owner, earlier_pages
from foretaste.online.placement_book import PlacementBook
from foretaste.online.request_checks import bounded_request, with_known_items
from foretaste.rank.settings import RankSettings


@dataclass(frozen=True)
class PageRequest:
    """A question, and what earlier pages of its list have shown."""

    request: Request
    earlier: tuple[str, ...] = ()
    offset: int = 0

    def asked_by(self, owner: str | None) -> "PageRequest":
        """The same, asked by the user whose it is: who signs in meanwhile changes nothing of it."""
        return replace(self, request=replace(self.request, user=owner))


def may_be_unmatched(page: PageRequest) -> bool:
    """Whether items are told apart by whether they have anything of the query, or of what is left
    of it beside its facets: not in a list of the caller's, nor where that made a filter of it.
    """
    request = page.request
    is_search = bool(request.query and request.query.strip()) and not request.media_queries
    has_facets = request.query_facets is False and bool(request.filter)
    return is_search and request.candidates is None and not has_facets


class RequestReader:
    """Reads questions for one workspace."""

    def __init__(
        self,
        store: Store,
        settings: RankSettings,
        log: RecommendationLog,
        placements: PlacementBook | None = None,
    ) -> None:
        self._store, self._settings, self._log = store, settings, log
        self.placements = placements or PlacementBook(store)
        self._variant_ids = VariantIds(store)

    def item_of(self, name: str) -> str:
        """The item that an id stands for, which may be that of a variant."""
        return with_known_items(Request(items=(name,)), self._variant_ids).items[0]

    def page_request(
        self, request_or_user: Request | str | None, n: int | None, fields: Mapping[str, Any]
    ) -> PageRequest:
        """The question; that of a next page is the first page's."""
        request = request_or_user
        if not isinstance(request, Request):
            own_fields = with_current_names(fields) | ({} if n is None else {"n": n})
            own_fields = self.placed(own_fields, own_fields.keys())
            request = Request(user=request, **{"n": self._settings.n, **own_fields})
        elif request.placement is not None and not request.placement_applied:
            own_fields = request.to_json_dict()
            request = Request(**self.placed(own_fields, own_fields.keys()))
        if isinstance(request.n, bool) or request.n < 1 or request.n != int(request.n):
            raise InputError(f"n: {request.n} is no number of items; ask for 1 or more")
        if request.n.__class__ is not int:  # 5.0
            request = replace(request, n=int(request.n))
        request = with_known_items(bounded_request(request), self._variant_ids)
        user, session = self._store.stored_ids(request.user, request.session)
        request = replace(request, user=user, session=session)
        if request.next_page_of is None:
            return PageRequest(request)
        pages = earlier_pages(self._log, request.next_page_of)
        first = Request.from_json_dict(pages[0].request)
        check_same_owner(self._store, first, pages[0].owner)
        repeated = replace(
            first,
            n=request.n if n is not None or isinstance(request_or_user, Request) else first.n,
            explain=request.explain,
            timeout_ms=request.timeout_ms,
            now=request.now,
            next_page_of=request.next_page_of,
        )
        shown_items = [item for page in pages for item in page.items]
        offset = max((item[1] for item in shown_items), default=0)
        return PageRequest(repeated, tuple(item[0] for item in shown_items), offset)

    def placed(self, fields: Mapping[str, Any], said: Any) -> dict[str, Any]:
        """The fields of a question with what the placement says that it names, if it names one.

        said: those that the caller gave.
        """
        name = fields.get("placement")
        if name is None or fields.get("placement_applied"):
            return dict(fields)
        placed = self.placements.required(name).applied_to(fields, said)
        rules = placed.get("rules") or ()
        own_count = len(fields.get("rules") or ())
        kept = self._known_pins(rules[: len(rules) - own_count])
        return {**placed, "rules": (*kept, *rules[len(rules) - own_count :])}

    def _known_pins(self, rules: Any) -> tuple[Any, ...]:
        """Without pins of items that are gone: nobody who asks can do anything about them."""
        pins = [str(rule["pin"]) for rule in rules if "pin" in rule]
        if not pins:
            return tuple(rules)
        try:
            there = self._store.items_by_id(pins)
        except StoreError:
            return tuple(rule for rule in rules if "pin" not in rule)
        return tuple(rule for rule in rules if "pin" not in rule or str(rule["pin"]) in there)
