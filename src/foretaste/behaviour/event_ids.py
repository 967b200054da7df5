"""In: events with the ids that their sender gave. Out: the same with the ids that they are stored
under, and what an event that is sent once more says otherwise.

Everybody can read the key of a page. Were its ids those of all, whoever guesses the id of an order
could send it first, and the true one would count as a duplicate. So an id of such a key holds for
this key and the person whom the event names, and no other key or person meets it.
"""

from collections.abc import Collection, Sequence
from dataclasses import fields, replace
from hashlib import blake2b

from foretaste.behaviour.values import MAX_ID_LENGTH
from foretaste.domain.data import Event

PERSON_DIGEST_BYTES = 12
"""96 bits: nobody finds a session that shares its digest with that of another."""
ID_DIGEST_BYTES = 16
SERVICE_FIELDS = ("at", "position")
"""What the service fills in where an event does not say it; it may do so otherwise another time."""
EVENT_FIELD_NAMES = {"kind": "event_type"}
"""Attribute of an Event → the field of a request, where that has another name."""


def stored_events(events: Sequence[Event], id_owner: str | None) -> list[Event]:
    """These events as they are stored.

    id_owner: the key whose ids they are; None where ids are those of the whole workspace.
    """
    if id_owner is None:
        return list(events)
    return [replace(event, event_id=stored_id(event, id_owner)) for event in events]


def stored_id(event: Event, id_owner: str) -> str:
    """`key:digest of the person:id`, with a digest of an id that would become too long."""
    person = ascii((event.user, event.session)).encode("ascii")
    prefix = f"{id_owner}:{blake2b(person, digest_size=PERSON_DIGEST_BYTES).hexdigest()}:"
    event_id = event.event_id
    if len(prefix) + len(event_id) > MAX_ID_LENGTH:
        event_id = blake2b(event_id.encode(), digest_size=ID_DIGEST_BYTES).hexdigest()
    return prefix + event_id


def conflicting_fields(
    event: Event, stored_event: Event, sent_fields: Collection[str]
) -> list[str]:
    """The fields in which an event differs from what is stored under its id, as requests call them.

    sent_fields: those that its sender gave a value.
    """
    names = (field.name for field in fields(Event) if field.name != "event_id")
    return [
        EVENT_FIELD_NAMES.get(name, name)
        for name in names
        if getattr(event, name) != getattr(stored_event, name)
        and (name in sent_fields or name not in SERVICE_FIELDS)
    ]
