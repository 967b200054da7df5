"""In: the rows of a feed of items, in their order, some of which say that an item is gone. Out: the
same in the store.

`{"id": "31", "deleted": true}` takes an item out of the catalogue, as `DELETE /v1/items/31` does;
its events stay. Every other row creates or replaces an item as a whole.
"""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from foretaste.behaviour.batch import BatchRejection, IngestSummary
from foretaste.behaviour.ingest import Ingestor
from foretaste.behaviour.parse import parse_item
from foretaste.behaviour.values import CellError, display_text
from foretaste.behaviour.visibility import parse_hidden
from foretaste.domain.data import RejectedRow
from foretaste.domain.store import ItemStore

DELETED_FIELD = "deleted"


def put_feed(ingestor: Ingestor, store: ItemStore, rows: Sequence[Any]) -> IngestSummary:
    """Store what the rows say, one after another. The ids of the summary are those of the items."""
    summary = IngestSummary(ids=[None] * len(rows))
    puts_and_deletions = [_without_flag(index, row, summary) for index, row in enumerate(rows)]
    readable_rows = [entry for entry in puts_and_deletions if entry is not None]
    for is_deletion, group in groupby(readable_rows, key=lambda entry: entry[1]):
        indexed_rows = [(index, row) for index, _, row in group]
        if is_deletion:
            _delete(ingestor, store, indexed_rows, summary)
        else:
            put = ingestor.items([row for _, row in indexed_rows])
            summary.accepted += put.accepted
            summary.duplicates += put.duplicates
            for rejection in put.rejected:
                index = indexed_rows[rejection.index][0]
                summary.rejected.append(rejection.model_copy(update={"index": index}))
            for (index, _), item_id in zip(indexed_rows, put.ids, strict=True):
                summary.ids[index] = item_id
    return summary


def _without_flag(index: int, row: Any, summary: IngestSummary) -> tuple[int, bool, Any] | None:
    """(index, whether the item is to go, the row without the field that says so); None where that
    cannot be told.
    """
    if not isinstance(row, Mapping) or DELETED_FIELD not in row:
        return index, False, row
    fields = {name: value for name, value in row.items() if name != DELETED_FIELD}
    try:
        return index, parse_hidden(row[DELETED_FIELD], DELETED_FIELD), fields
    except CellError as fault:
        value = display_text(fault.value)
        summary.rejected.append(
            BatchRejection(
                index=index,
                field=DELETED_FIELD,
                problem=fault.problem,
                value=value,
                remedy="write true or false",
            )
        )
        return None


def _delete(
    ingestor: Ingestor,
    store: ItemStore,
    indexed_rows: Sequence[tuple[int, Mapping[str, Any]]],
    summary: IngestSummary,
) -> None:
    form, item_ids = ingestor.entity_form("items"), dict[str, None]()
    for index, row in indexed_rows:
        item = parse_item({"id": row.get("id")}, form, file="items", line=index)
        if isinstance(item, RejectedRow):
            summary.rejected.append(
                BatchRejection(
                    index=index,
                    field=item.column,
                    problem=item.problem,
                    value=display_text(item.value),
                    remedy=item.remedy,
                )
            )
        else:
            item_ids[item.id] = None
            summary.ids[index] = item.id
    deleted_count = store.delete_items(list(item_ids)) if item_ids else 0
    named_count = sum(summary.ids[index] is not None for index, _ in indexed_rows)
    summary.accepted += deleted_count
    summary.duplicates += named_count - deleted_count
