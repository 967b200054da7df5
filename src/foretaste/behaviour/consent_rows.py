"""In: what people let be done with what they do. Out: the same again, and what follows of it.

A part of `SqlStore`, which has the connection. What anonymous visitors did on a session that is a
user's is asked of the user as well.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from foretaste.behaviour.checks import check_ids
from foretaste.behaviour.engine import store_errors, write_transaction
from foretaste.behaviour.identity import IdentityRows
from foretaste.behaviour.schema import consents, events
from foretaste.domain.consent import (
    MINOR,
    PURPOSES,
    Consent,
    ConsentBook,
    ConsentSettings,
    ConsentStatement,
    HeldConsent,
    Purpose,
    RefusalSource,
    privacy_signals,
)
from foretaste.domain.consent_store import ConsentChange
from foretaste.domain.data import IDENTIFY_EVENT, Event
from foretaste.domain.store import EventRefusal
from foretaste.errors import InputError

PEOPLE_PER_QUERY = 400
MAX_REMEMBERED_SIGNALS = 100_000
"""People whose header is known to be kept already; past it they are looked up again."""
UNRECORDED = EventRefusal(
    "its person does not let what they do be recorded",
    "do not send it; see the consent of the person at /v1/users/{id}/consent",
)

Person = tuple[str | None, str | None]
"""(user, session)"""


class ConsentRows(IdentityRows):
    """The table of what people said."""

    consent_settings: ConsentSettings
    _insert: Any
    _fetch_all: Callable[[sa.Select[Any]], list[Any]]
    _signalled: set[HeldConsent]

    def consent(self, user: str | None, session: str | None) -> Consent:
        """What may be done with what this person does on this session, by all that they, the
        settings and the headers of the request under way say. Of nobody: what these two say.
        """
        if user is None and session is not None:
            user = self.user_of_session(session)
        book = self._book_of([(user, session)])
        return book.consent(user, session, privacy_signals.get())

    def consent_statements(
        self, user: str | None, session: str | None = None
    ) -> list[ConsentStatement]:
        """What this user, and this session, said; of a user also on sessions of theirs."""
        sessions = [] if session is None else [session]
        if user is not None:
            sessions += self.sessions_first_of(user)
        pairs: list[Person] = [(user, None), *((None, name) for name in sessions)]
        rows = [row for own in self._book_of(pairs).statements.values() for row in own]
        return sorted(rows, key=lambda row: (row.is_session, row.holder_id, row.purpose))

    def put_consents(self, changes: Sequence[ConsentChange], at: float) -> None:
        """Keep what users say for themselves, or what is said for single sessions, in one step; a
        later change of the same holds. Raises InputError, and then nothing is kept.
        """
        for change in changes:
            _check_change(change)
        c = consents.c
        with store_errors(self.url), write_transaction(self._engine) as connection:
            for user, session, choices in changes:
                holder = (user, False) if user is not None else (session or "", True)
                connection.execute(  # what a header said, too: the person has spoken
                    sa.delete(consents).where(
                        c.who == holder[0], c.session.is_(holder[1]), c.purpose.in_(list(choices))
                    )
                )
                rows = [
                    _row(ConsentStatement(*holder, name, is_allowed, by_signal=False, at=at))
                    for name, is_allowed in choices.items()
                    if is_allowed is not None
                ]
                if rows:
                    connection.execute(sa.insert(consents), rows)
        self._signalled.clear()

    def consent_refusals(
        self, purpose: Purpose, people: Sequence[Person]
    ) -> dict[int, RefusalSource]:
        """Index → who refuses this purpose, of those of these people for whom it is refused."""
        signals = privacy_signals.get()
        settings = self.consent_settings
        is_open = settings.default(purpose) and purpose not in settings.refused_by(signals)
        if is_open and not self._any_statements():
            return {}
        owned_people = self._with_owners(people)
        book, sources = self._book_of(owned_people), dict[Person, RefusalSource | None]()
        refusals: dict[int, RefusalSource] = {}
        for index, person in enumerate(owned_people):
            if person not in sources:
                sources[person] = book.consent(*person, signals).refusals.get(purpose)
            source = sources[person]
            if source is not None:
                refusals[index] = source
        return refusals

    def training_book(self) -> ConsentBook | None:
        """What everybody said; None where nobody refuses that others learn of it."""
        if self.consent_settings.train and not self._any_statements():
            return None
        rows = self._fetch_all(_STATEMENTS.where(consents.c.purpose.in_(("train", MINOR))))
        return ConsentBook.of(self.consent_settings, map(_statement, rows))

    def training_condition(self) -> sa.ColumnElement[bool] | None:
        """What an event meets that others may learn of; None where all do."""
        if self.consent_settings.train and not self._any_statements():
            return None
        return _training_condition(is_default=self.consent_settings.train)

    def teaching_events(self, tail: Sequence[tuple[int, Event]]) -> list[tuple[int, Event]]:
        """Those of these events that others may learn of."""
        people = [(event.user, event.session) for _, event in tail]
        refusals = self.consent_refusals("train", people)
        return [row for index, row in enumerate(tail) if index not in refusals]

    def record_refusals(self, new_events: Sequence[Event]) -> dict[int, EventRefusal]:
        """Index → why not, of those of these events whose person does not let them be recorded."""
        people = [(event.user, event.session) for event in new_events]
        return {
            index: UNRECORDED._replace(purpose="record", source=source)
            for index, source in self.consent_refusals("record", people).items()
        }

    def recordable(self, new_events: Sequence[Event]) -> Sequence[Event]:
        """Those that may be recorded. What the header of the request under way says of training is
        kept with them, as it is not sent again when that is done.
        """
        refusals = self.record_refusals(new_events)
        if refusals:
            new_events = [event for index, event in enumerate(new_events) if index not in refusals]
        if "train" in self.consent_settings.refused_by(privacy_signals.get()):
            self._keep_signal(new_events)
        return new_events

    def _keep_signal(self, new_events: Sequence[Event]) -> None:
        holders = {_holder(event) for event in new_events} - self._signalled - {("", True)}
        if not holders:
            return
        rows = [
            _row(ConsentStatement(*holder, "train", is_allowed=False, by_signal=True, at=event.at))
            for holder, event in {_holder(event): event for event in new_events}.items()
            if holder in holders
        ]
        insert = self._insert(consents).on_conflict_do_nothing()
        with store_errors(self.url), write_transaction(self._engine) as connection:
            connection.execute(insert, rows)
        if len(self._signalled) > MAX_REMEMBERED_SIGNALS:
            self._signalled.clear()
        self._signalled |= holders

    def _any_statements(self) -> bool:
        return bool(self._raw_select(_ANY_STATEMENT))

    def _with_owners(self, people: Sequence[Person]) -> list[Person]:
        """The same, with who is known on a session where no user is named."""
        anonymous_sessions = {
            session for user, session in people if user is None and session is not None
        }
        owners = self.owners(anonymous_sessions) if anonymous_sessions else None
        if not owners:
            return list(people)
        return [
            (owners.owner_of(session, _NEWEST)[0], session) if user is None else (user, session)
            for user, session in people
        ]

    def _book_of(self, people: Iterable[Person]) -> ConsentBook:
        """What these people said."""
        holders: set[HeldConsent] = set()
        for user, session in people:
            holders |= set() if user is None else {(user, False)}
            holders |= set() if session is None else {(session, True)}
        values = [
            {"who": holder_id, "visit": is_session} for holder_id, is_session in sorted(holders)
        ]
        rows: Iterable[Any] = ()
        if values:
            rows = self._raw_select.for_each(_STATEMENTS_OF_HOLDER, values)
        return ConsentBook.of(self.consent_settings, map(_statement, rows))


def consents_of(holders: Collection[HeldConsent]) -> sa.ColumnElement[bool]:
    """What a row meets that is of one of these."""
    c = consents.c
    users = [holder_id for holder_id, is_session in holders if not is_session]
    sessions = [holder_id for holder_id, is_session in holders if is_session]
    return sa.or_(
        sa.and_(c.session.is_(sa.false()), c.who.in_(users)),
        sa.and_(c.session.is_(sa.true()), c.who.in_(sessions)),
    )


def _training_condition(*, is_default: bool) -> sa.ColumnElement[bool]:
    """What `ConsentBook` says of an event, for statements that only count. The anonymous events of
    a session on which somebody who refuses was ever known are left out with theirs.
    """
    c = events.c
    refusing_users = _people("train", is_session=False, is_allowed=False)
    refusing_sessions = _people("train", is_session=True, is_allowed=False)
    identified = events.alias("identified")
    own_sessions = sa.select(identified.c.session).where(
        identified.c.kind == IDENTIFY_EVENT,
        identified.c.session.is_not(None),
        identified.c.user.in_(refusing_users),
    )
    allowed = sa.or_(
        c.user.in_(_people("train", is_session=False, is_allowed=True)),
        c.session.in_(_people("train", is_session=True, is_allowed=True)),
    )
    signalled = sa.or_(
        c.user.in_(_people("train", is_session=False, by_signal=True)),
        c.session.in_(_people("train", is_session=True, by_signal=True)),
    )
    is_refused = sa.or_(
        c.user.in_(refusing_users),
        c.session.in_(refusing_sessions),
        sa.and_(c.user.is_(None), c.session.in_(own_sessions)),
    )
    refused, said_yes, by_header = (
        sa.func.coalesce(condition, sa.false()) for condition in (is_refused, allowed, signalled)
    )
    if is_default:
        return sa.and_(sa.not_(refused), sa.or_(said_yes, sa.not_(by_header)))
    return sa.and_(sa.not_(refused), said_yes)


def _people(
    purpose: str, *, is_session: bool, is_allowed: bool = False, by_signal: bool = False
) -> sa.Select[Any]:
    """Who said this; minors refuse whatever they said."""
    c = consents.c
    statement = sa.and_(c.purpose == purpose, c.allowed.is_(is_allowed), c.by_signal.is_(by_signal))
    if not is_allowed and not by_signal:
        statement = sa.or_(statement, sa.and_(c.purpose == MINOR, c.allowed.is_(sa.true())))
    return sa.select(c.who).where(c.session.is_(is_session), statement)


def _holder(event: Event) -> HeldConsent:
    """Whose a header is: the session's, or else the user's."""
    if event.session is not None:
        return event.session, True
    return ("", True) if event.user is None else (event.user, False)


def _check_change(change: ConsentChange) -> None:
    check_ids(user=change.user, session=change.session)
    if (change.user is None) == (change.session is None):
        raise InputError("whose consent? name either a user or a session")
    for name in change.choices:
        if name not in (*PURPOSES, MINOR):
            purposes = ", ".join((*PURPOSES, MINOR))
            raise InputError(f"there is no purpose '{name}'; expected one of {purposes}")


def _row(statement: ConsentStatement) -> dict[str, Any]:
    return {
        "who": statement.holder_id,
        "session": statement.is_session,
        "purpose": statement.purpose,
        "by_signal": statement.by_signal,
        "allowed": statement.is_allowed,
        "at": statement.at,
    }


def _statement(row: Any) -> ConsentStatement:
    holder_id, is_session, purpose, is_allowed, by_signal, at = row
    return ConsentStatement(
        holder_id, bool(is_session), purpose, bool(is_allowed), bool(by_signal), at
    )


_NEWEST = 2**62
"""Later than any number of an event."""
_STATEMENTS = sa.select(
    *(consents.c[name] for name in ("who", "session", "purpose", "allowed", "by_signal", "at"))
)
_STATEMENTS_OF_HOLDER = _STATEMENTS.where(
    consents.c.who == sa.bindparam("who"), consents.c.session == sa.bindparam("visit")
)
_ANY_STATEMENT = sa.select(consents.c.purpose).limit(1)
