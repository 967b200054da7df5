"""In: a user. Out: all that is kept of them, for themselves; or nothing of it any more.

A part of `SqlStore`, which has the connection. What is a user's: their events, the anonymous events
of the sessions they were identified on (those that are theirs and not another's on a shared
device), the facts of identity, their attributes, what they changed about their lists, the answers
they were given, and the conversations with them, by the owner of the session at that time.
"""

import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from foretaste.behaviour.consent_rows import consents_of
from foretaste.behaviour.conversations import conversation_from_row
from foretaste.behaviour.engine import store_errors, write_transaction
from foretaste.behaviour.erased_numbers import erased_numbers_row, first_number_past
from foretaste.behaviour.erasure_files import export_erasures
from foretaste.behaviour.keys import KeyTable
from foretaste.behaviour.preference_rows import PreferenceRows, belongs_to
from foretaste.behaviour.purge import purge_notes
from foretaste.behaviour.purged_files import PurgedFiles
from foretaste.behaviour.recommendations import RecommendationRows, recommendation_from_row
from foretaste.behaviour.schema import (
    consents,
    conversations,
    events,
    json_text,
    meta,
    preferences,
    recommendations,
    replaced_rows,
    users,
)
from foretaste.behaviour.spent_events import (
    ERASURE_COUNT_KEY,
    STORE_KEY,
    EventBarrier,
    spend_events,
    spent_ids,
)
from foretaste.behaviour.tombstones import (
    TOMBSTONE_KEY,
    ErasureList,
    erasure_time,
    make_key,
    put_times,
    put_tombstones,
    read_list,
    session_hash,
    stored_key,
    stored_sessions,
    stored_users,
    user_hash,
)
from foretaste.behaviour.transactions import read_surely
from foretaste.behaviour.variant_ids import CONTEXT_KEY
from foretaste.domain.data import RETURN_EVENT, ErasureCounts, Event, LoggedRecommendation
from foretaste.domain.preference import Conversation
from foretaste.domain.store import EventOwner, EventRefusal, TakeBackCounts

IDS_PER_QUERY = 500
"""Numbers or names in one statement."""


class ErasureRows(RecommendationRows, PreferenceRows, PurgedFiles):
    """What is kept of one person."""

    folder: Path | None
    keys: KeyTable
    _event_barrier: EventBarrier

    def erase(self, user: str, at: float | None = None) -> ErasureCounts:
        """Delete all that is kept of a user, in one transaction. → how much that was.

        at: the time, seconds since 1970; now where it is left out.
        Numbers of events are never given again, so a reader that goes on from one misses nothing.
        """
        with store_errors(self.url), write_transaction(self._engine) as connection:
            # Read within the writer's lock: nobody is identified meanwhile
            sessions, own_sessions = self.sessions_of({user}), self.sessions_first_of(user)
            anonymous_numbers, holders = (
                self._anonymous_event_numbers(user, sessions),
                self._holders(user, None),
            )
            groups = [events.c.user == user, *_number_conditions(anonymous_numbers)]
            first_number = self._spend(connection, groups)
            event_count = _delete_groups(connection, groups)
            erased = ErasureCounts(
                events=event_count,
                sessions=len(sessions),
                recommendations=_delete_owned(connection, recommendations, user, own_sessions),
                attributes=connection.execute(sa.delete(users).where(users.c.id == user)).rowcount,
                changes=connection.execute(
                    sa.delete(preferences).where(belongs_to(holders))
                ).rowcount,
                conversations=_delete_owned(connection, conversations, user, own_sessions),
                consents=connection.execute(
                    sa.delete(consents).where(consents_of(holders))
                ).rowcount,
            )
            _delete_replaced_users(connection, user)
            if erased.any_erased:
                erasure_at = time.time() if at is None else at
                put_tombstones(connection, self._insert, user, own_sessions, erasure_at)
                # what training made of attributes is not known by numbers
                has_attributes = bool(erased.attributes)
                self._count_erasure(connection, 0 if has_attributes else first_number)
        return erased

    def erased_at(self, user: str) -> float | None:
        """When a user was last erased, seconds since 1970; None for who never was."""
        with store_errors(self.url):
            return read_surely(self._engine, lambda connection: erasure_time(connection, user))

    def erasure_list(self) -> ErasureList:
        """Who was erased, and which API keys have ended."""
        with store_errors(self.url), write_transaction(self._engine) as connection:
            return read_list(connection, make_key(connection, self._insert))

    def erasure_key(self) -> str | None:
        """The secret key of the hashes in this store's list; None where it has none yet."""
        with store_errors(self.url), self._engine.connect() as connection:
            return stored_key(connection)

    def apply_erasures(self, erasures: ErasureList, key: str, since: float) -> int:
        """Erase again whoever the list says was erased from a time on, end the API keys it says
        have ended, and keep the list as this store's own. → how many people it knew of.
        """
        erased_count = 0
        with store_errors(self.url), write_transaction(self._engine) as connection:
            if stored_key(connection) is None:
                insert = self._insert(meta).values(name=TOMBSTONE_KEY, text=key)
                connection.execute(insert)
            people = set(stored_users(connection))
            sessions = set(stored_sessions(connection))
        later = {person: at for person, at in erasures.erased_at.items() if at >= since}
        for user in sorted(people):
            if (at := later.get(user_hash(key, user))) is not None:
                erased_count += self.erase(user, at).any_erased
        for session in sorted(sessions):
            at = later.get(session_hash(key, session))
            if at is not None and self.user_of_session(session) is None:
                stand_in = f"erased {uuid4().hex}"  # the owner they became after the backup
                self.identify(session, stand_in, at)
                self.erase(stand_in, at)
        for key_id, (revoked, expires) in erasures.key_ends.items():
            self.keys.end_key(key_id, revoked=revoked, expires=expires)
        with store_errors(self.url), write_transaction(self._engine) as connection:
            put_times(connection, self._insert, erasures.erased_at)
        return erased_count

    def export_erasures(self) -> bool:
        """Write the list of erasures into the workspace and beside its backups, so that a restore
        erases them again. → False where it could not be written everywhere.
        """
        return self.folder is None or export_erasures(self._engine, self.folder)

    def delete_events(
        self, user: str, item: str, event_type: str | None = None, *, variant: str | None = None
    ) -> int:
        """Take back what a user did with an item, of one event type or all; of events that named a
        variant of it those alone. → how many events.
        """
        c = events.c
        conditions = [c.item == item, *([] if event_type is None else [c.kind == event_type])]
        if variant is not None:
            context_part = json_text({CONTEXT_KEY: variant})[1:-1]
            conditions.append(c.context.contains(context_part, autoescape=True))
        with store_errors(self.url), write_transaction(self._engine) as connection:
            numbers = self._anonymous_event_numbers(user, self.sessions_of({user}), *conditions)
            groups = [sa.and_(c.user == user, *conditions), *_number_conditions(numbers)]
            first_number = _first_number(connection, groups)
            if _hold_returns(connection, groups):
                first_number = 0  # purchases from before count again
            event_count = _delete_groups(connection, groups)
            if event_count:  # models are to count anew without them
                self._count_erasure(connection, first_number)
            return event_count

    def take_back_events(
        self, event_owners: Sequence[EventOwner], *, keep_out_unknown: bool = False
    ) -> TakeBackCounts:
        """Delete events for good, by their ids: they may not come again.

        keep_out_unknown: nor may those that have not come yet, which need whom they name.
        """
        ids = list(dict.fromkeys(event.event_id for event in event_owners))
        with store_errors(self.url), write_transaction(self._engine) as connection:
            groups = [events.c.event_id.in_(chunk) for chunk in _id_chunks(ids)]
            present = {
                event_id
                for group in groups
                for event_id in connection.scalars(sa.select(events.c.event_id).where(group))
            }
            if present:
                first_number = self._spend(connection, groups)
                _delete_groups(connection, groups)
                self._count_erasure(connection, first_number)
            spent = spent_ids(connection, set(ids) - present)
            gone = present | spent
            if keep_out_unknown:
                unknown_owners = [event for event in event_owners if event.event_id not in gone]
                spend_events(connection, self._insert, unknown_owners)
        return TakeBackCounts(
            tuple(event_id for event_id in ids if event_id in present),
            tuple(event_id for event_id in ids if event_id in spent),
            tuple(event_id for event_id in ids if event_id not in gone),
        )

    def event_refusals(self, new_events: Sequence[Event]) -> dict[int, EventRefusal]:
        """Index → why not, of those of these events that may not come in (again)."""
        if not self._raw_select(STORE_KEY):  # as in most shops, with each event
            return self.record_refusals(new_events)
        rows = [
            {"event_id": event.event_id, "user": event.user, "session": event.session}
            | {"at": event.at}
            for event in new_events
        ]
        with store_errors(self.url):
            refusals = read_surely(
                self._engine, lambda connection: self._refusals(connection, rows)
            )
        return {**self.record_refusals(new_events), **refusals}

    def _refusals(
        self, connection: sa.Connection, rows: Sequence[Mapping[str, Any]]
    ) -> dict[int, EventRefusal]:
        return self._event_barrier.refusals(connection, rows)

    def _spend(
        self, connection: sa.Connection, groups: Sequence[sa.ColumnElement[bool]]
    ) -> int | None:
        """Keep that the events of these groups may not come again. → the least of their numbers."""
        c = events.c
        numbers = list[int]()
        for group in groups:
            rows = connection.execute(
                sa.select(c.seq, c.kind, c.event_id, c.user, c.session).where(group)
            ).all()
            # a purchase counts again where its return goes, and that came before it
            numbers += [0 if kind == RETURN_EVENT else number for number, kind, *_ in rows]
            owners = (EventOwner(*owner) for _, _, *owner in rows)
            spend_events(connection, self._insert, owners)
        return min(numbers, default=None)

    def first_erased_number(self, after_count: int) -> int | None:
        """The least number of an event that went with an erasure past the first `after_count`;
        None where none did, 0 where that is not known.
        """
        with store_errors(self.url):
            return read_surely(
                self._engine, lambda connection: first_number_past(connection, after_count)
            )

    def erasure_count(self) -> int:
        """How many erasures there have been, of people and of single events."""
        with store_errors(self.url):
            count = read_surely(
                self._engine, lambda connection: connection.scalar(_erasure_count_query())
            )
        return int(count or 0)

    def recommendations_to(self, user: str) -> list[LoggedRecommendation]:
        """The answers that were given to a user and are kept, oldest first."""
        rows = self._owned_rows(recommendations, user)
        return sorted(
            map(recommendation_from_row, rows),
            key=lambda recommendation: (recommendation.at, recommendation.id),
        )

    def conversations_with(self, user: str) -> list[Conversation]:
        """The conversations with a user that are kept, oldest first."""
        rows = self._owned_rows(conversations, user)
        return sorted(
            map(conversation_from_row, rows),
            key=lambda conversation: (conversation.at, conversation.id),
        )

    def _owned_rows(self, table: sa.Table, user: str) -> list[Any]:
        own_sessions = self.sessions_first_of(user)
        with store_errors(self.url), self._engine.connect() as connection:
            return [
                row
                for condition in _ownership_conditions(table, user, own_sessions)
                for row in connection.execute(sa.select(table).where(condition))
            ]

    def _anonymous_event_numbers(
        self, user: str, sessions: Collection[str], *conditions: sa.ColumnElement[bool]
    ) -> list[int]:
        """Numbers of the events without a user that are this user's and meet the conditions."""
        c, owners = events.c, self.owners(sessions)
        numbers = []
        with store_errors(self.url), self._engine.connect() as connection:
            for chunk in _id_chunks(sessions):
                query = sa.select(c.seq, c.session).where(c.user.is_(None), c.session.in_(chunk))
                for number, session in connection.execute(query.where(*conditions)):
                    if owners.owner_of(session, number)[0] == user:
                        numbers.append(number)
        return numbers

    def _count_erasure(
        self, connection: sa.Connection, first_number: int | None, *, is_deleted: bool = True
    ) -> None:
        """is_deleted: whether something left the store, and not only what is counted of it."""
        count = int(connection.scalar(_erasure_count_query()) or 0) + 1
        rows = [
            {"name": ERASURE_COUNT_KEY, "text": str(count)},
            erased_numbers_row(connection, count, first_number),
            *(purge_notes(connection, count) if is_deleted else ()),
        ]
        insert = self._insert(meta).values(rows)
        replacement = {"text": insert.excluded.text}
        connection.execute(insert.on_conflict_do_update(index_elements=["name"], set_=replacement))


def _number_conditions(numbers: Collection[int]) -> list[sa.ColumnElement[bool]]:
    """What the events of these numbers meet, one of these alone."""
    return [events.c.seq.in_(chunk) for chunk in _id_chunks(numbers)]


def _delete_groups(connection: sa.Connection, groups: Iterable[sa.ColumnElement[bool]]) -> int:
    """Delete the events of these groups. → how many."""
    return sum(connection.execute(sa.delete(events).where(group)).rowcount for group in groups)


def _first_number(
    connection: sa.Connection, groups: Iterable[sa.ColumnElement[bool]]
) -> int | None:
    """The least number of an event of these groups."""
    query = sa.select(sa.func.min(events.c.seq))
    numbers = [connection.scalar(query.where(group)) for group in groups]
    return min((number for number in numbers if number is not None), default=None)


def _hold_returns(connection: sa.Connection, groups: Iterable[sa.ColumnElement[bool]]) -> bool:
    """Whether a return is among the events of these groups."""
    query = sa.select(events.c.seq).where(events.c.kind == RETURN_EVENT).limit(1)
    return any(connection.scalar(query.where(group)) is not None for group in groups)


def _erasure_count_query() -> sa.Select[Any]:
    return sa.select(meta.c.text).where(meta.c.name == ERASURE_COUNT_KEY)


def _ownership_conditions(
    table: sa.Table, user: str, own_sessions: Collection[str]
) -> list[sa.ColumnElement[bool]]:
    """What a row meets, one of these alone, that is a user's: they own it, or nobody does and it
    is of a session on which they were the first.
    """
    c = table.c
    return [
        c.owner == user,
        *(sa.and_(c.owner.is_(None), c.session.in_(chunk)) for chunk in _id_chunks(own_sessions)),
    ]


def _delete_owned(
    connection: sa.Connection, table: sa.Table, user: str, own_sessions: Collection[str]
) -> int:
    """Delete a user's rows of answers or conversations. → how many."""
    return sum(
        connection.execute(sa.delete(table).where(condition)).rowcount
        for condition in _ownership_conditions(table, user, own_sessions)
    )


def _delete_replaced_users(connection: sa.Connection, user: str) -> None:
    """No undo of an import brings back what was known of them."""
    c = replaced_rows.c
    connection.execute(sa.delete(replaced_rows).where(c.record_type == users.name, c.id == user))


def _id_chunks(values: Collection[Any]) -> Iterable[list[Any]]:
    ordered = sorted(values)
    return [
        ordered[start : start + IDS_PER_QUERY] for start in range(0, len(ordered), IDS_PER_QUERY)
    ]
