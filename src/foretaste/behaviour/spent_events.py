"""In: events on their way into the store. Out: those that may not come in (again): their person was
erased since they happened, or they themselves were erased or taken back.

A client that had no answer sends its events again, minutes or weeks later, and a file is imported
once more. So the id of an event that is gone for good leaves a keyed hash behind, and whose it was
another, which tells to look. By them nobody is named who has not both the key and the id.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from threading import Lock
from typing import Any

import sqlalchemy as sa

from foretaste.behaviour.schema import meta, spent_events
from foretaste.behaviour.tombstones import (
    TOMBSTONE_KEY,
    TOMBSTONE_PREFIX,
    make_key,
    session_hash,
    stored_key,
    user_hash,
)
from foretaste.domain.store import EventOwner, EventRefusal

CHANGES_KEY = "spent_events"
"""Under this name `meta` keeps how many times events were spent."""
ERASURE_COUNT_KEY = "erasures"
"""Under this name `meta` keeps how many erasures there have been."""
HASHES_PER_QUERY = 500
MAX_REMEMBERED_PEOPLE = 200_000
_EVENT_MARK = "\0event\0"  # before what is hashed: no id has a NUL
_PERSON_MARK = "\0person of an event\0"
ERASED_REFUSAL = EventRefusal(
    "its person was erased after it happened",
    "leave it out; what they do from now on is taken",
)
SPENT_REFUSAL = EventRefusal(
    "an event with this id was erased or taken back",
    "leave it out; if it has happened once more, give it an id of its own",
)
_UNMARKED = float("nan")


def spend_events(connection: sa.Connection, insert: Any, gone_events: Iterable[EventOwner]) -> None:
    """Keep, within the transaction that deletes them, that these may not come again."""
    key, hashes = make_key(connection, insert), set[str]()
    for event in gone_events:
        hashes.add(user_hash(key, _EVENT_MARK + event.event_id))
        hashes |= {_person_hash(key, person) for person in _people_of(event.user, event.session)}
    if hashes:
        statement = insert(spent_events).on_conflict_do_nothing()
        connection.execute(statement, [{"hash": name} for name in sorted(hashes)])
        _count_change(connection, insert)


def _count_change(connection: sa.Connection, insert: Any) -> None:
    """So that every process looks anew."""
    count = connection.scalar(sa.select(meta.c.text).where(meta.c.name == CHANGES_KEY))
    statement = insert(meta).values(name=CHANGES_KEY, text=str(int(count or 0) + 1))
    replacement = {"text": statement.excluded.text}
    connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=replacement))


def spent_ids(connection: sa.Connection, event_ids: Collection[str]) -> set[str]:
    """Those of these ids of which an event was erased or taken back."""
    key = stored_key(connection)
    if key is None or not event_ids:
        return set()
    ids_by_hash = {user_hash(key, _EVENT_MARK + event_id): event_id for event_id in event_ids}
    column = spent_events.c.hash
    return {ids_by_hash[name] for name in _present(connection, column, ids_by_hash)}


STORE_KEY = sa.select(meta.c.text).where(meta.c.name == TOMBSTONE_KEY)
"""No row where nobody was ever erased and nothing taken back."""


class EventBarrier:
    """Tells of events why they may not come in. Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._state: dict[str, str] = {}  # the store's key, and what counts its changes
        self._erasure_times: dict[_Person, float] = {}
        """Of people who were looked up: when they were erased; -inf for who only has events that
        are gone, nan for who has none."""

    def refusals(
        self, connection: sa.Connection, rows: Sequence[Mapping[str, Any]]
    ) -> dict[int, EventRefusal]:
        """Index → why not, of rows of `events`."""
        names = (TOMBSTONE_KEY, ERASURE_COUNT_KEY, CHANGES_KEY)
        query = sa.select(meta.c.name, meta.c.text).where(meta.c.name.in_(names))
        rows_of_state = connection.execute(query).all()
        state = {row[0]: row[1] for row in rows_of_state}
        if TOMBSTONE_KEY not in state:
            return {}
        times = self._times(connection, state, rows)
        refusals, marked_rows = dict[int, EventRefusal](), dict[int, str]()
        for index, row in enumerate(rows):
            people = _people_of(row["user"], row["session"])
            known_times = [time for time in map(times.get, people) if time is not None]
            if not known_times:
                continue
            # whoever else is on a shared device is not erased with its first user
            if times.get(people[0], float("-inf")) >= row["at"]:
                refusals[index] = ERASED_REFUSAL
            else:
                marked_rows[index] = row["event_id"]
        spent = spent_ids(connection, set(marked_rows.values()))
        refusals |= {i: SPENT_REFUSAL for i, event_id in marked_rows.items() if event_id in spent}
        return refusals

    def _times(
        self,
        connection: sa.Connection,
        state: dict[str, str],
        rows: Sequence[Mapping[str, Any]],
    ) -> dict["_Person", float]:
        """When the people of these rows were erased, of those who were or have events gone."""
        people = {person for row in rows for person in _people_of(row["user"], row["session"])}
        with self._lock:
            known_count = len(self._erasure_times)
            if self._state != state or known_count > MAX_REMEMBERED_PEOPLE:
                self._state, self._erasure_times = state, {}
            remembered = self._erasure_times
        new_people = [person for person in people if person not in remembered]
        remembered.update(_looked_up(connection, state[TOMBSTONE_KEY], new_people))
        times = ((person, remembered[person]) for person in people)
        return {person: time for person, time in times if time == time}


_Person = tuple[str, bool]
"""(a user or a session, whether it is a session)"""


def _people_of(user: str | None, session: str | None) -> list[_Person]:
    """Whose an event is first, then whose else it may be."""
    people = [] if user is None else [(user, False)]
    return people if session is None else [*people, (session, True)]


def _person_hash(key: str, person: _Person) -> str:
    name, is_session = person
    return (session_hash if is_session else user_hash)(key, _PERSON_MARK + name)


def _looked_up(
    connection: sa.Connection, key: str, people: Sequence[_Person]
) -> dict[_Person, float]:
    """Person → when they were erased, -inf where only an event of theirs is gone, nan else."""
    tombstones = {
        TOMBSTONE_PREFIX + (session_hash if is_session else user_hash)(key, name): (
            name,
            is_session,
        )
        for name, is_session in people
    }
    times = dict.fromkeys(people, _UNMARKED)
    marks = {_person_hash(key, person): person for person in people}
    for name in _present(connection, spent_events.c.hash, marks):
        times[marks[name]] = float("-inf")
    names = sorted(tombstones)
    for start in range(0, len(names), HASHES_PER_QUERY):
        chunk = names[start : start + HASHES_PER_QUERY]
        query = sa.select(meta.c.name, meta.c.text).where(meta.c.name.in_(chunk))
        for name, text in connection.execute(query):
            times[tombstones[name]] = float(text)
    return times


def _present(
    connection: sa.Connection, column: sa.Column[str], hashes: Collection[str]
) -> list[str]:
    ordered, present = sorted(hashes), list[str]()
    for start in range(0, len(ordered), HASHES_PER_QUERY):
        chunk = ordered[start : start + HASHES_PER_QUERY]
        present += connection.scalars(sa.select(column).where(column.in_(chunk)))
    return present
