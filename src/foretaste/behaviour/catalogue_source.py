"""Whether all items were made of what events say of them, or somebody gave a catalogue.

With a catalogue, an item that only an event names may be mistyped. Without one it is new, also
where events have told more of other items than their ids.
"""

from foretaste.domain.store import FactStore

SOURCE_KEY = "catalogue_source"
OF_EVENTS, GIVEN = "events", "items"


def note_items_of_events(store: FactStore) -> None:
    """Items have been made of events, where no others were."""
    if store.meta_text(SOURCE_KEY) is None:
        store.put_meta_text(SOURCE_KEY, OF_EVENTS)


def note_catalogue(store: FactStore) -> None:
    """Somebody gave items."""
    if store.meta_text(SOURCE_KEY) == OF_EVENTS:
        store.put_meta_text(SOURCE_KEY, GIVEN)


def are_items_of_events(store: FactStore) -> bool:
    """Whether no catalogue was given since items were first made of events."""
    return store.meta_text(SOURCE_KEY) == OF_EVENTS
