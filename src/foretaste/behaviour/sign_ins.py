"""In: events of a file in which visitors are anonymous before they sign in. Out: who signed in on
which session, as the service is told by `identify`.

Where a single customer signs in on a session, its anonymous events are theirs, before and after.
On a shared device, where several do, nothing says whose the anonymous ones are: they stay the
visitor's. See decision 89.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from foretaste.behaviour.parse import content_id
from foretaste.behaviour.user_columns import names_browser
from foretaste.domain.data import IDENTIFY_EVENT, Event

FACTS_PER_BATCH = 20_000


@dataclass(slots=True)
class SessionPeople:
    """Who did what on one session of a file."""

    user: str | None = None
    """The first customer; None while nobody signed in."""
    signed_in_at: float = 0.0
    """The time of their first event."""
    anonymous_count: int = 0
    is_shared: bool = False
    """Whether several customers signed in, so that whose its other events are is not clear."""
    is_identified: bool = False
    """Whether the file has events of the type `identify` of it, which say all."""


@dataclass
class SignIns:
    """What the events of a file say of who a visitor is."""

    user_column: str | None
    session_column: str | None
    _sessions: dict[str, SessionPeople] = field(default_factory=dict)
    _anonymous_count: int = 0

    def note(self, batch: Sequence[Event]) -> None:
        """Take note of the events of a batch."""
        if self.user_column is None or self.session_column is None:
            return
        for event in batch:
            if event.session is None:
                continue
            people = self._sessions.get(event.session)
            if people is None:
                people = self._sessions[event.session] = SessionPeople()
            if event.kind == IDENTIFY_EVENT:
                people.is_identified = True
            elif event.user is None:
                people.anonymous_count += 1
                self._anonymous_count += 1
            elif people.user is None:
                people.user, people.signed_in_at = event.user, event.at
            elif people.user != event.user:
                people.is_shared = True
            else:
                people.signed_in_at = min(people.signed_in_at, event.at)

    def identifications(self) -> Iterator[Event]:
        """The facts of sign-ins, each with an id that it has whenever the file is read again.

        Of a browser's id it is also kept who signed in where this file has no anonymous event of
        it: the file of another month has, or that of a tracker.
        """
        for session, people in self._sessions.items():
            if _is_clear(people) and (self._is_of_browsers or people.anonymous_count):
                at = people.signed_in_at
                content = (people.user, session, None, IDENTIFY_EVENT, at, None, None, None)
                event_id = content_id(content, (None, "", None, None))
                yield Event(event_id, IDENTIFY_EVENT, at, people.user, session)

    @property
    def _is_of_browsers(self) -> bool:
        return self.session_column is not None and names_browser(self.session_column)

    def notes(self) -> list[str]:
        """How many events were joined, and how many could not be."""
        joined = [
            people
            for people in self._sessions.values()
            if _is_clear(people) and people.anonymous_count
        ]
        shared = [
            people
            for people in self._sessions.values()
            if people.is_shared and not people.is_identified and people.anonymous_count
        ]
        notes = []
        if self._is_of_browsers and not self._anonymous_count:
            known_count = sum(map(_is_clear, self._sessions.values()))
            if known_count:
                notes.append(
                    f"{_visitors(known_count)} of '{self.session_column}' signed in: what they do "
                    f"without '{self.user_column}' in other files is theirs"
                )
        if joined:
            notes.append(
                f"{self._events_of(joined)} joined to the customer who signed in on the same "
                f"'{self.session_column}'"
            )
        if shared:
            notes.append(
                f"{self._events_of(shared)} joined to nobody, as several customers signed in on "
                f"the same '{self.session_column}'"
            )
        return notes

    def _events_of(self, sessions: Sequence[SessionPeople]) -> str:
        count = sum(people.anonymous_count for people in sessions)
        events, were = ("1 event", "was") if count == 1 else (f"{count:,} events", "were")
        return f"{events} without '{self.user_column}' ({_visitors(len(sessions))}) {were}"


def _visitors(count: int) -> str:
    return "1 visitor" if count == 1 else f"{count:,} visitors"


def _is_clear(people: SessionPeople) -> bool:
    return people.user is not None and not people.is_shared and not people.is_identified


def put_identifications(
    facts: Iterable[Event],
    put: Callable[[Sequence[Any]], int],
    refuse: Callable[[Sequence[Any]], Mapping[int, Any]],
) -> None:
    """Store the facts of a file after its events: no row of it, so they are not counted."""
    batch: list[Event] = []

    def put_batch() -> None:
        refusals = refuse(batch)
        admitted = [fact for index, fact in enumerate(batch) if index not in refusals]
        if admitted:
            put(admitted)
        batch.clear()

    for fact in facts:
        batch.append(fact)
        if len(batch) == FACTS_PER_BATCH:
            put_batch()
    put_batch()
