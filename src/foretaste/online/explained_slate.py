"""A list with the terms of its scores in, its items as they are answered with out."""

from collections.abc import Mapping
from dataclasses import dataclass

from foretaste.domain.data import Item, Recommended
from foretaste.domain.stock import is_item_sold_out
from foretaste.domain.store import ItemStore
from foretaste.domain.term_table import TermTable
from foretaste.generate.reasons import ListReasons
from foretaste.online.snapshot import Snapshot
from foretaste.rank.condition_nodes import condition_columns
from foretaste.rank.conditions import parse_condition
from foretaste.rank.filters import FilterContext
from foretaste.rank.index import Mask
from foretaste.rank.properties import RequestedProperties
from foretaste.rank.slate import Slate


@dataclass(frozen=True)
class ExplainedSlate:
    """A list, and the terms of its scores."""

    choice: Slate
    terms: TermTable
    user_counts: tuple[int, ...] | None = None
    """How many people took each item within the window, where that is the score."""

    unmatched: Mask | None = None
    """[items], which have nothing of what was searched for; None where that is not known."""

    def only(self, rows: list[int]) -> "ExplainedSlate":
        """Some of its rows."""
        counts = self.user_counts
        return ExplainedSlate(
            self.choice.with_rows(rows),
            self.terms.select_rows(rows),
            None if counts is None else tuple(counts[row] for row in rows),
            self.unmatched,
        )


def recommended_items(
    question: FilterContext,
    snapshot: Snapshot,
    slate: ExplainedSlate,
    list_reasons: ListReasons,
    *,
    is_full: bool,
) -> tuple[Recommended, ...]:
    """Each item of the list, with what is said of it. is_full: whether all experts scored it."""
    request, choice, catalogue = question.request, slate.choice, snapshot.catalogue
    ids, titles = catalogue.ids, catalogue.titles
    items, chosen = snapshot.items, choice.items.tolist()
    columns = RequestedProperties.of(request.properties, question.index, items)
    details = columns.of_each(items.at(chosen))
    return tuple(
        Recommended(
            id=ids[item],
            position=choice.positions[row],
            score=float(choice.scores[row]),
            title=titles[item],
            reason=tuple(reason.text for reason in list_reasons.items[row]),
            terms=tuple(slate.terms[row]) if request.explain else (),
            attributes=details[row][0],
            propensity=choice.propensities[row],
            progress=progress_of(question, item),
            source="fallback" if source == "model" and not is_full else source,
            properties=details[row][1],
            reasons=list_reasons.items[row],
        )
        for row, (item, source) in enumerate(zip(chosen, choice.sources, strict=True))
    )


def progress_of(question: FilterContext, item: int) -> float | None:
    """How far this person got with an item that they have not finished."""
    share = question.trade.progress.shares.get(item)
    return None if share is None else round(share, 4)


def event_titles(terms: TermTable, snapshot: Snapshot) -> dict[str, str]:
    """Of the past items that the terms come from, by their ids."""
    catalogue = snapshot.catalogue
    events = {column.event for column in terms.columns if column.event is not None}
    return {
        event: catalogue.titles[catalogue.index[event]]
        for event in sorted(events)
        if event in catalogue.index
    }


def offered_rows(
    slate: ExplainedSlate,
    question: FilterContext,
    known_items: Mapping[str, Item],
    store: ItemStore,
    stock_column: str | None,
) -> ExplainedSlate:
    """Without what was hidden, taken off or sold out in the store since the snapshot, or changed in
    what the question filters by: who asks for the cheap ones is not shown what became dear.

    known_items: as the snapshot has them. stock_column: that says what is sold out, if one does.
    """
    ids = [question.index.catalogue.ids[item] for item in slate.choice.items.tolist()]
    items = store.items_by_id(ids)
    columns = tuple(condition_columns(parse_condition(question.request.filter or {})))

    def is_offered(item_id: str) -> bool:
        item = items.get(item_id)
        if item is None or not item.available(question.now):
            return False
        old_attributes = known_items[item_id].attributes if item_id in known_items else {}
        return not is_item_sold_out(item.attributes, stock_column) and all(
            item.attributes.get(column) == old_attributes.get(column) for column in columns
        )

    rows = [row for row, item_id in enumerate(ids) if is_offered(item_id)]
    return slate if len(rows) == len(ids) else slate.only(rows)
