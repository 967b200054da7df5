"""A list with the terms of its scores in, its items as they are answered with out."""

from dataclasses import dataclass

from foretaste.domain.data import Recommended
from foretaste.domain.store import ItemStore
from foretaste.domain.term_table import TermTable
from foretaste.generate.reasons import ListReasons
from foretaste.online.snapshot import Snapshot
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
            source="fallback" if source == "model" and not is_full else source,
            properties=details[row][1],
            reasons=list_reasons.items[row],
        )
        for row, (item, source) in enumerate(zip(chosen, choice.sources, strict=True))
    )


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
    slate: ExplainedSlate, question: FilterContext, store: ItemStore
) -> ExplainedSlate:
    """Without what was hidden or taken off in the store since the snapshot."""
    ids = [question.index.catalogue.ids[item] for item in slate.choice.items.tolist()]
    items = store.items_by_id(ids)
    rows = [
        row for row, item in enumerate(ids) if item in items and items[item].available(question.now)
    ]
    return slate if len(rows) == len(ids) else slate.only(rows)
