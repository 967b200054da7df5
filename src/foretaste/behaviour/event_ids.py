"""In: events with the ids that their sender gave. Out: the same with the ids that they are stored
under, and what an event that is sent once more says otherwise, for every way into the store.

Everybody can read the key of a page. Were its ids those of all, whoever guesses the id of an order
could send it first, and the true one would count as a duplicate. So an id of such a key holds for
this key and the person whom the event names, and no other key or person meets it.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from hashlib import blake2b

from foretaste.behaviour.values import MAX_ID_LENGTH, display_text
from foretaste.domain.data import Event
from foretaste.domain.store import EventLog

PERSON_DIGEST_BYTES = 12
"""96 bits: nobody finds a session that shares its digest with that of another."""
ID_DIGEST_BYTES = 16
SERVICE_FIELDS = ("at", "position")
"""What the service fills in where an event does not say it; it may do so otherwise another time."""
EVENT_FIELD_NAMES = {"kind": "event_type"}
"""Attribute of an Event → the field of a request, where that has another name."""

CONFLICT_REMEDY = "the first holds; give every event an id of its own"
MAX_CONFLICTS_IN_MESSAGE = 3


@dataclass(frozen=True, slots=True)
class ConflictingEvent:
    """An event under an id that was used before for something else."""

    index: int
    """Its place among the events that came with it."""
    event_id: str
    """As it is stored."""
    fields: list[str]
    """Those in which it differs, as requests call them."""

    @property
    def problem(self) -> str:
        """In words."""
        return f"this event_id was used before with another {', '.join(self.fields)}"


@dataclass
class EventConflicts:
    """How many of the events that were read have an id that was used for something else."""

    count: int = 0
    first: list[ConflictingEvent] = field(default_factory=list)

    def add(self, conflict: ConflictingEvent) -> None:
        """Count it, and keep it if it is one of the first."""
        self.count += 1
        if self.count <= MAX_CONFLICTS_IN_MESSAGE:
            self.first.append(conflict)

    def message(self) -> str | None:
        """What to tell whoever sent them; None where there are none."""
        if not self.count:
            return None
        examples = ", ".join(
            f"'{display_text(conflict.event_id)}' ({', '.join(conflict.fields)})"
            for conflict in self.first
        )
        more = ", …" if self.count > len(self.first) else ""
        events = "1 event has" if self.count == 1 else f"{self.count:,} events have"
        return (
            f"{events} an event_id that was used before for something else: {examples}{more}; "
            f"{CONFLICT_REMEDY}"
        )


def stored_events(events: Sequence[Event], id_owner: str | None) -> list[Event]:
    """These events as they are stored.

    id_owner: the key whose ids they are; None where ids are those of the whole workspace.
    """
    if id_owner is None:
        return list(events)
    return [replace(event, event_id=stored_id(event, id_owner)) for event in events]


def stored_id(event: Event, id_owner: str) -> str:
    """The id of an event under which it is stored."""
    return person_event_id(event.event_id, event.user, event.session, id_owner)


def person_event_id(event_id: str, user: str | None, session: str | None, id_owner: str) -> str:
    """`key:digest of the person:id`, with a digest of an id that would become too long."""
    person = ascii((user, session)).encode("ascii")
    prefix = f"{id_owner}:{blake2b(person, digest_size=PERSON_DIGEST_BYTES).hexdigest()}:"
    if len(prefix) + len(event_id) > MAX_ID_LENGTH:
        event_id = blake2b(event_id.encode(), digest_size=ID_DIGEST_BYTES).hexdigest()
    return prefix + event_id


def find_conflicts(
    store: EventLog, events: Sequence[Event], sent_fields: Callable[[int], Collection[str]]
) -> Iterator[ConflictingEvent]:
    """Those of events, as they were stored or left alone, that differ from the first use of their
    id. sent_fields: index of an event → the fields that its sender gave a value.
    """
    first_uses = store.events_by_id([event.event_id for event in events])
    for index, event in enumerate(events):
        first_use = first_uses.get(event.event_id, event)  # else it was erased meanwhile
        if event != first_use:
            differences = conflicting_fields(event, first_use, sent_fields(index))
            if differences:
                yield ConflictingEvent(index, event.event_id, differences)


def conflicting_fields(
    event: Event, stored_event: Event, sent_fields: Collection[str]
) -> list[str]:
    """The fields in which an event differs from what is stored under its id, as requests call them.

    sent_fields: those that its sender gave a value.
    """
    names = (column.name for column in fields(Event) if column.name != "event_id")
    return [
        EVENT_FIELD_NAMES.get(name, name)
        for name in names
        if getattr(event, name) != getattr(stored_event, name)
        and (name in sent_fields or name not in SERVICE_FIELDS)
    ]
