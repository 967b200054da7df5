"""What reviews praise and blame, written into the items. In: a workspace; out: how many changed.

The attributes are written anew at each training, so what nobody says any more goes. An item that
was imported again has them again after the next training.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Protocol

from foretaste.config.load import Config
from foretaste.domain.data import Event, Item
from foretaste.domain.store import Store
from foretaste.domain.words import BLAMED_COLUMN, PRAISED_COLUMN
from foretaste.online.loading import stored_reviews
from foretaste.prepare.aspects import (
    Aspect,
    aspect_attributes,
    aspect_names,
    find_aspects,
)
from foretaste.prepare.reviews import REVIEW_TYPE, reviews_of_events
from foretaste.training.encode import DataEncoder

MAX_EVENTS = 1_000
"""Reviews of one item that are looked at for the sentences of its aspects."""


class ReviewWorkspace(Protocol):
    """What reading reviews needs of the loop."""

    @property
    def config(self) -> Config: ...
    @property
    def store(self) -> Store: ...
    @property
    def data_encoder(self) -> DataEncoder: ...


def write_aspects(workspace: ReviewWorkspace) -> int:
    """Into every item what it is praised and criticised for. → items that changed; 0 where the
    settings do not ask for it.
    """
    if not workspace.config.prepare.review_aspects:
        return 0
    store = workspace.store
    reviews = stored_reviews(store, (REVIEW_TYPE,))
    items = [item for _, item in store.items()]
    names = aspect_names(reviews, items)
    aspects = find_aspects(reviews, names, workspace.data_encoder.open_encoder(None).encode)
    changed = 0
    for item in items:
        own = aspect_attributes(aspects.get(item.id, ()))
        if own != _aspects_of(item):
            store.change_item(item.id, partial(_with_aspects, aspects=own))
            changed += 1
    return changed


def item_aspects(workspace: ReviewWorkspace, item_id: str) -> tuple[Aspect, ...]:
    """What people say of one item now, of what it is praised or criticised for, with their
    sentences. Nothing for an item that is not there.
    """
    item = workspace.store.item(item_id)
    if item is None:
        return ()
    names = [name for values in _aspects_of(item).values() for name in values]
    page = workspace.store.events_page(0, MAX_EVENTS, event_type=REVIEW_TYPE, item=item_id)
    events: Sequence[Event] = [event for _, event in workspace.store.teaching_events(page)]
    encoder = workspace.data_encoder.open_encoder(None)
    return find_aspects(reviews_of_events(events), names, encoder.encode).get(item_id, ())


def _aspects_of(item: Item) -> dict[str, tuple[str, ...]]:
    columns = (PRAISED_COLUMN, BLAMED_COLUMN)
    return {column: item.attributes[column] for column in columns if column in item.attributes}


def _with_aspects(item: Item, aspects: dict[str, tuple[str, ...]]) -> Item:
    others = {
        column: values
        for column, values in item.attributes.items()
        if column not in (PRAISED_COLUMN, BLAMED_COLUMN)
    }
    return replace(item, attributes={**others, **aspects})
