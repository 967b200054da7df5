"""A page: several shelves asked for at once in, their lists out, no item twice.

All shelves are of one snapshot, so they agree, and all are put together within one limit of time:
each has its share of what is left. An item that an earlier shelf shows is not shown again; a later
shelf goes on with the next of its own. A shelf that fails, comes too late or has nothing to show is
left out, with why, and takes no other with it. Whoever cannot wait for all has each as it is made.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Protocol

import numpy as np

from foretaste.domain.data import Recommendation, Request
from foretaste.domain.shelf import (
    OmissionCode,
    OmittedShelf,
    Page,
    PageOrder,
    Shelf,
    ShelfRequest,
)
from foretaste.errors import InputError, ModelError, Overdue, StoreError
from foretaste.online.facets import FacetWorkspace, newest_of
from foretaste.online.fallback import Budget, Level
from foretaste.online.list_kinds import KIND_BY_SHELF
from foretaste.online.manager import Newest
from foretaste.online.reasoning import Reasoning
from foretaste.online.shelf_titles import item_title, shelf_title
from foretaste.online.slate import PageRequest, SlateBuilder
from foretaste.rank.filters import HARD_FILTERS, FilterContext, excluded_items

log = logging.getLogger(__name__)

UNEVEN_SHARES, MAX_SHARE = 3.0, 0.7
"""Of the time left, how many even shares a shelf may take, and at most."""
TASTE_ITEMS = 5
"""Items of a shelf, the first, by which it is compared with others."""
NO_HISTORY = "this person has taken nothing yet that could be named"
NOTHING_USUAL = "this person has taken nothing yet, so nothing is away from their usual"
NOTHING_NEW = "nothing is new"
NOTHING_BEGUN = "there is nothing that this person began and has not finished"
ALL_REPEATED = "all that it would show is on earlier shelves of this page"
TOO_LATE = "the time of the page was over before its turn; ask for fewer shelves or more time"
FAILED = "it failed; the service's log says why"
NOTHING = "there is nothing to show"
REASONS = (
    NO_HISTORY,
    NOTHING_USUAL,
    NOTHING_NEW,
    NOTHING_BEGUN,
    ALL_REPEATED,
    TOO_LATE,
    FAILED,
    NOTHING,
)
"""Messages, which are said in the language of the page; all others are in it, or are errors."""


class PageWorkspace(FacetWorkspace, Protocol):
    """What the loop lends to a page."""

    @property
    def reasoning(self) -> Reasoning: ...
    def list_by(
        self, page: PageRequest, budget: Budget, slates: SlateBuilder, newest: Newest
    ) -> Recommendation: ...


class PageBuilder:
    """Puts one page together."""

    def __init__(
        self, workspace: PageWorkspace, common_fields: Mapping[str, Any], timeout_ms: float | None
    ) -> None:
        """common_fields: of every shelf's question: user, session, context, filter, …"""
        self._workspace, self._budget = workspace, Budget(timeout_ms)
        self._common_fields, self._timeout_ms = dict(common_fields), timeout_ms
        slates, self._newest = newest_of(workspace, self._budget)  # one for the whole page
        self._slates = slates.for_page(self._newest.snapshot)
        self._shown_ids: list[str] = []
        self._named_items: set[str] = set()  # that a shelf is about
        self._left_out: list[OmittedShelf] = []
        self._failures: list[InputError] = []

    def build(self, shelves: Sequence[ShelfRequest], order: PageOrder = "given") -> Page:
        """The page. Raises InputError where no shelf can be read, ModelError without a model."""
        filled = self._with_taste(list(self._filled_shelves(shelves)))
        if order == "by_taste":
            filled.sort(key=lambda shelf: -(shelf.taste or 0.0))
        return Page(self._newest.snapshot.version, tuple(filled), tuple(self._left_out))

    def parts(self, shelves: Sequence[ShelfRequest], order: PageOrder = "given") -> Iterator[Page]:
        """The same page, a shelf at a time, each as soon as it is made; at last what is left out.
        What this person likes best is told, and an order by it given, only when all are there.
        """
        if order == "by_taste":
            page = self.build(shelves, order)
            yield from (replace(page, shelves=(shelf,), left_out=()) for shelf in page)
        else:
            for shelf in self._filled_shelves(shelves):
                yield Page(self._newest.snapshot.version, (shelf,))
        yield Page(self._newest.snapshot.version, (), tuple(self._left_out))

    def _filled_shelves(self, shelves: Sequence[ShelfRequest]) -> Iterator[Shelf]:
        """Those that have something to show, each as soon as it is made."""
        for row, request in enumerate(shelves):
            shelf = self._in_time(request, shelves_left=len(shelves) - row)
            if shelf is not None:
                self._shown_ids += [item.id for item in shelf.recommendation.items]
                yield shelf
        if self._failures and len(self._failures) == len(shelves):
            raise self._failures[0]

    def _in_time(self, request: ShelfRequest, shelves_left: int) -> Shelf | None:
        """The shelf; None where it is left out."""
        if self._budget.seconds_left() <= 0:
            self._leave_out(request, "late", TOO_LATE)
            return None
        # of what is left more than an even share: most shelves take less; taste comes at the end
        share = min(UNEVEN_SHARES / (shelves_left + 1), MAX_SHARE)
        budget = self._budget.part(share) if self._budget.limited else self._budget
        try:
            try:
                with budget.store_patience():
                    return self._shelf(request, budget)
            except StoreError as error:
                if self._slates.outage is not None:
                    raise
                without_store = self._workspace.outage.begin(error)
                self._slates = without_store.for_page(self._newest.snapshot)
                return self._shelf(request, budget)
        except InputError as error:
            self._failures.append(error)
            self._leave_out(request, "failed", str(error))
        except Overdue as error:
            self._leave_out(request, "late", str(error))
        except ModelError:
            raise
        except StoreError as error:
            log.error("shelf %s: %s", request.id, error)
            self._leave_out(request, "failed", error.public_text())
        except Exception:  # one shelf that fails does not take the others
            log.exception("shelf %s failed", request.id)
            self._leave_out(request, "failed", FAILED)
        return None

    def _leave_out(self, request: ShelfRequest, code: OmissionCode, reason: str) -> None:
        if reason in REASONS:
            language = self._common_fields.get("language")
            reason = self._workspace.reasoning.display(language).messages.text(reason)
        self._left_out.append(OmittedShelf(request.id, request.kind, code, reason))

    def _shelf(self, request: ShelfRequest, budget: Budget) -> Shelf | None:
        slates, snapshot = self._slates, self._newest.snapshot
        fields = self._fields_of(request)
        page = slates.page_request(fields.pop("user", None), None, fields)
        if request.kind == "because_you_took" and not page.request.items:
            item = self._newest_taken()
            if item is None:
                self._leave_out(request, "empty", NO_HISTORY)
                return None
            page = replace(page, request=replace(page.request, items=(item,)))
        self._named_items.update(page.request.items)
        page = replace(page, earlier=tuple(self._shown_ids))
        recommendation = self._workspace.list_by(page, budget, slates, self._newest)
        if not recommendation.items:
            self._leave_out(request, *self._emptiness(request, recommendation))
            return None
        question = self._question(page.request)
        evidence = slates.evidence(question, snapshot)
        items = page.request.items
        about = (items[0], item_title(items[0], evidence)) if len(items) == 1 else None
        title = request.title or shelf_title(request.kind, page.request, evidence, recommendation)
        placement = page.request.placement
        return Shelf(request.id, request.kind, title, recommendation, placement, about)

    def _fields_of(self, request: ShelfRequest) -> dict[str, Any]:
        """Of its question: what holds for the page, and its own."""
        fields = {**self._common_fields, **request.fields, "shelf": request.id}
        filters = [own.get("filter") for own in (self._common_fields, request.fields)]
        filters = [own for own in filters if own]
        fields["filter"] = {"and": filters} if len(filters) > 1 else (filters or [{}])[0]
        kind = KIND_BY_SHELF.get(request.kind)
        return {**fields, "timeout_ms": self._timeout_ms} | ({} if kind is None else {"kind": kind})

    def _question(self, request: Request) -> FilterContext:
        """All that is known of who asks and what for."""
        slates, snapshot = self._slates, self._newest.snapshot
        page = PageRequest(request).asked_by(slates.owner(request))
        context = slates.user_context(page.request, snapshot)
        return slates.question(page, context, snapshot)

    def _base_question(self) -> FilterContext:
        """What suits this person, whatever is on offer on the shelves."""
        common = self._common_fields
        fields: dict[str, Any] = {name: common.get(name) for name in ("user", "session", "now")}
        return self._question(Request(**fields, context=common.get("context") or {}))

    def _newest_taken(self) -> str | None:
        """What they took last that may be named and that no shelf is about yet."""
        question = self._base_question()
        excluded = excluded_items(question, HARD_FILTERS)
        ids = question.index.catalogue.ids
        for item in reversed(question.user_context.consumed_items.tolist()):
            if not excluded[item] and ids[item] not in self._named_items:
                return ids[item]
        return None

    def _emptiness(
        self, request: ShelfRequest, recommendation: Recommendation
    ) -> tuple[OmissionCode, str]:
        """Why there is nothing on it."""
        shortfall = recommendation.shortfall
        counts = {count.code: count.items for count in shortfall.counts} if shortfall else {}
        if counts.get("earlier-page"):
            return "repeated", ALL_REPEATED
        if request.kind == "explore" and not len(self._base_question().user_context.consumed_items):
            return "empty", NOTHING_USUAL
        if request.kind == "new" and set(counts) == {"kind"}:
            return "empty", NOTHING_NEW
        if request.kind == "resume":
            return "empty", NOTHING_BEGUN
        return "empty", shortfall.reason if shortfall else NOTHING

    # What this person likes best ------------------------------------------------------------------

    def _with_taste(self, shelves: list[Shelf]) -> list[Shelf]:
        """Each with its measure, where there is time for it."""
        if not shelves or self._budget.seconds_left() <= 0:
            return shelves
        try:
            levels: list[Level[list[float | None]]] = [
                Level("full", lambda: self._tastes(shelves), "taste"),
                Level("popularity", lambda: [None] * len(shelves), "taste"),
            ]
            tastes = self._workspace.fallback.first_in_time(levels, self._budget).result
        except Exception:  # a page without an order of its own is a page all the same
            log.exception("the shelves could not be compared")
            return shelves
        return [replace(shelf, taste=taste) for shelf, taste in zip(shelves, tastes, strict=True)]

    def _tastes(self, shelves: Sequence[Shelf]) -> list[float | None]:
        """Of each shelf the probability of its first items, over that of as many of the best."""
        snapshot, question = self._newest.snapshot, self._base_question()
        keep = not self._common_fields.get("incognito")
        listen = partial(self._workspace.listen, encoder=snapshot.encoder, keep=keep)
        deep = bool(self._common_fields.get("explain"))  # as the shelves are scored
        scorer = self._slates.scorer(snapshot, listen, question.user_context, deep=deep)
        positions = [
            question.index.item_indices([item.id for item in shelf.recommendation.items])
            for shelf in shelves
        ]
        allowed = ~excluded_items(question)
        shown = [item for items in positions for item in items[:TASTE_ITEMS]]
        scores = scorer.score_row(allowed, 2 * TASTE_ITEMS, items=shown).astype(np.float64)
        best = np.sort(np.where(allowed, scores, -np.inf))[::-1][:TASTE_ITEMS]
        return [_share_of_best(scores[items[:TASTE_ITEMS]], best) for items in positions]


def _share_of_best(scores: Any, best: Any) -> float | None:
    """Mean probability of some items over that of the best, at most 1."""
    if not len(scores) or not len(best) or not np.isfinite(best[0]):
        return None
    top = max(float(best[0]), float(np.max(scores)))
    share = np.exp(scores - top).mean() / np.exp(best - top).mean()
    return float(min(share, 1.0))
