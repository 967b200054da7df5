"""The addresses at which an operator looks for items. In: words, a filter. Out: items, and all that
is known of one of them.
"""

from collections.abc import Iterator
from itertools import islice
from typing import Annotated

import numpy as np
from fastapi import APIRouter, Path, Query
from fastapi.responses import Response

from foretaste.domain.data import Item
from foretaste.errors import ForetasteError, InputError
from foretaste.online.fallback import Budget
from foretaste.online.item_facts import item_knowledge, missing_reasons
from foretaste.online.snapshot import Snapshot
from foretaste.rank.conditions import parse_condition
from foretaste.serve.api.lists import ServiceDep
from foretaste.serve.docs.examples import answer_example
from foretaste.serve.http.body import OperatorRoute, encode_json, parse_json
from foretaste.serve.http.problems import ProblemError
from foretaste.serve.http.security import ADMIN
from foretaste.serve.schemas.catalogue_schemas import encode_cursor
from foretaste.serve.schemas.operator_schemas import (
    CataloguePage,
    CatalogueQuery,
    CatalogueRow,
    ItemDetails,
    item_details,
    item_state,
)
from foretaste.serve.schemas.values import CheckedPathId
from foretaste.serve.service import Service

MAX_FILTERED_ITEMS = 20_000
"""Items that meet a filter and are looked at for the words; past them a narrower filter is needed.
"""
IDS_PER_QUERY = 500
NEWEST_EVENTS = 30
WAIT_MS = 5000.0
"""Milliseconds of which half may go by until new items and events are taken in."""

v1 = APIRouter(prefix="/v1", route_class=OperatorRoute, tags=["catalogue"])
ItemId = Annotated[CheckedPathId, Path(description="The item's id, percent-encoded.")]


@v1.get("/catalogue", dependencies=[ADMIN], responses=answer_example("catalogue"))
def find_items(query: Annotated[CatalogueQuery, Query()], service: ServiceDep) -> CataloguePage:
    """Look for items by a part of the id or title, by whether they are on offer, and by a filter;
    hidden ones and those of the past are found too. In the order of the ids, a page at a time.
    """
    now = service.now()
    if query.filter is None:
        reads = service.workspace.store.operator
        items = reads.find_items(query.q, query.state, now, after_id=query.cursor, n=query.n)
    else:
        items = list(islice(_filtered(query, service, now), query.n))
    rows = [CatalogueRow.of(item, now) for item in items]
    is_last = len(rows) < query.n
    return CataloguePage(items=rows, cursor=None if is_last else encode_cursor(rows[-1].id))


def _filtered(query: CatalogueQuery, service: Service, now: float) -> Iterator[Item]:
    """Those that meet the filter, past the cursor, in the order of their ids."""
    condition = parse_condition(parse_json((query.filter or "").encode()), "filter")
    snapshot = live_snapshot(service)
    if snapshot is None:
        raise ProblemError("not-ready", "a filter needs a model; leave it out until there is one")
    mask = service.workspace.slates.index(snapshot).mask(condition)
    positions = np.flatnonzero(mask)
    if len(positions) > MAX_FILTERED_ITEMS and query.q:
        raise InputError(
            f"filter: {len(positions):,} items meet it, too many to look through for the words; "
            "narrow it down"
        )
    ids = [
        item_id
        for item_id in sorted(snapshot.catalogue.ids[position] for position in positions.tolist())
        if item_id > query.cursor
    ]
    words = query.q.lower()
    for start in range(0, len(ids), IDS_PER_QUERY):
        chunk = ids[start : start + IDS_PER_QUERY]
        items = service.workspace.store.items_by_id(chunk)
        for item in (items[item_id] for item_id in chunk if item_id in items):
            is_in_state = query.state in ("all", item_state(item, now))
            if is_in_state and (words in item.title.lower() or words in item.id.lower()):
                yield item


@v1.get(
    "/catalogue/{item:path}",
    dependencies=[ADMIN],
    response_model=ItemDetails,
    responses=answer_example("item-details"),
)
def get_item_details(item: ItemId, service: ServiceDep) -> Response:
    """All that is known of an item: what is read of it, what stands close to it in text and in what
    people do, who takes it, and what may keep it out of lists.

    Change it with `PATCH /v1/items/{item}`: `{"hidden": true}` takes it out of every list.
    """
    store, now = service.workspace.store, service.now()
    stored_item = store.item(item)
    if stored_item is None:
        raise ProblemError("not-found", f"there is no item '{item}'")
    snapshot = live_snapshot(service)
    knowledge = None if snapshot is None else item_knowledge(snapshot, item)
    content = item_details(
        stored_item,
        knowledge,
        missing_reasons(stored_item, knowledge, now),
        store.operator.item_event_counts(item),
        store.operator.newest_item_events(item, NEWEST_EVENTS),
        now,
    )
    return Response(encode_json(content), media_type="application/json")


def live_snapshot(service: Service) -> Snapshot | None:
    """What answers now, with what has changed up to now as far as a request may wait for it; None
    while nothing does. What takes longer is taken in beside the answers, as for lists.
    """
    manager = service.workspace.manager
    if manager.snapshot is None:
        return None
    try:
        return manager.newest(Budget(WAIT_MS)).snapshot
    except ForetasteError:
        return manager.snapshot
