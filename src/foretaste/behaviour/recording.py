"""In: events of a program, as `Event`. Out: the same, checked as those of a JSON body are.

Ids of any type are text, a time beyond tomorrow and an unknown type are errors. Other than over
HTTP nothing is taken of a batch with an error: the caller can mend it.
"""

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from foretaste.behaviour.consent_rows import UNRECORDED
from foretaste.behaviour.event_ids import EventConflicts, find_conflicts
from foretaste.behaviour.forms import service_event_form
from foretaste.behaviour.parse import parse_event
from foretaste.behaviour.reading.ids import IdForms
from foretaste.behaviour.reading.moments import MomentParser
from foretaste.behaviour.settings import EVENT_FIELDS, BehaviourSettings
from foretaste.behaviour.variant_ids import VariantIds
from foretaste.domain.data import IDENTIFY_EVENT, Event, RejectedRow
from foretaste.domain.store import Store
from foretaste.errors import EventConflictWarning, InputError, UnrecordedWarning

ATTRIBUTES = {"event_type": "kind"}
"""Field → how an `Event` calls it, where that is another name."""


def record_events(
    store: Store, events: Iterable[Event], settings: BehaviourSettings, now: float
) -> int:
    """Into the store; → how many were new. now: seconds since 1970.

    Raises InputError for the first that cannot be used, or may not come in again. Warns of those
    whose id was used before for something else, and which are therefore left out: see
    `EventConflictWarning`; and of those whose person does not let them be recorded.
    """
    checked_events = _checked(store, events, settings, now)
    refusals = store.event_refusals(checked_events)
    for index, refusal in refusals.items():
        if refusal.source is None:
            raise InputError(f"events[{index}].event_id: {refusal.problem}; {refusal.remedy}")
    if refusals:
        note = f"{len(refusals)} of {len(checked_events)} events are not recorded: "
        warnings.warn(note + UNRECORDED.problem, UnrecordedWarning, stacklevel=3)
        checked_events = [
            event for index, event in enumerate(checked_events) if index not in refusals
        ]
    new_count = store.add_events(checked_events)
    if new_count < len(checked_events):
        conflicts = EventConflicts()
        for conflict in find_conflicts(
            store, checked_events, lambda index: _given_fields(checked_events[index])
        ):
            conflicts.add(conflict)
        if message := conflicts.message():
            warnings.warn(message, EventConflictWarning, stacklevel=3)
    return new_count


def _given_fields(event: Event) -> list[str]:
    """A program always says when; where in a list only if it knows."""
    return ["at"] if event.position is None else ["at", "position"]


def identify_session(
    store: Store, session: Any, user: Any, settings: BehaviourSettings, now: float
) -> bool:
    """A session is a user's; → whether that is new. Raises InputError where either is nobody.

    False as well where the person, or the session, does not let it be recorded.
    """
    fact = Event("identify", IDENTIFY_EVENT, now, user=user, session=session)
    event = _checked(store, [fact], settings, now)[0]
    if not store.consent(event.user, event.session).allows("record"):
        return False
    return store.identify(str(event.session), str(event.user), now)


def _checked(
    store: Store, events: Iterable[Event], settings: BehaviourSettings, now: float
) -> list[Event]:
    form = service_event_form(settings, IdForms(store))
    # an Event says what its time is: seconds since 1970
    parsers = replace(form.parsers, at=MomentParser("at", unit="s"))
    form = replace(form, parsers=parsers, missing_time="reject")
    checked = []
    for index, event in enumerate(events):
        row = {name: getattr(event, ATTRIBUTES.get(name, name)) for name in EVENT_FIELDS}
        parsed = parse_event(row, form, file="events", line=index, now=now)
        if isinstance(parsed, RejectedRow):
            raise InputError(f"events[{index}].{parsed.column}: {parsed.problem}; {parsed.remedy}")
        checked.append(parsed)
    return _of_items(store, checked)


def _of_items(store: Store, events: Sequence[Event]) -> list[Event]:
    """Events of variants as those of their items."""
    variant_ids = VariantIds(store)
    if not variant_ids.refresh():
        return list(events)
    known_ids = store.known_item_ids({event.item for event in events if event.item is not None})
    return [variant_ids.of_item(event, known_ids) for event in events]


def delete_events(store: Store, user: str, item: str, event_type: str | None = None) -> int:
    """`Store.delete_events`, also of an item that is a variant: its events are another's."""
    variant_ids = VariantIds(store)
    stored_item = variant_ids.representative(item) if variant_ids.refresh() else item
    variant = item if stored_item != item else None
    return store.delete_events(user, stored_item, event_type, variant=variant)
