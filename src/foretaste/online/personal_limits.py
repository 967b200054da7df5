"""What people do not want to be shown, kept in memory for when the store cannot be asked.

In: the store, while it answers. Out, while it does not: what a person hid, disliked, muted, or
wants nothing else than; or a refusal where that is not known. A list that shows what somebody
refused is worse than none.

What this process stores is known here when the call that stores it returns, what others store a
second later.
"""

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress

from foretaste.domain.data import IDENTIFY_EVENT, Event
from foretaste.domain.preference import Preference
from foretaste.domain.store import Store, UserKey
from foretaste.errors import StoreError

log = logging.getLogger(__name__)

POLL_SECONDS = 1.0
"""Seconds between two looks at what other processes stored; more where a look takes long."""
MAX_POLL_SHARE = 0.02
"""Of the time, what these looks may take."""
EVENTS_PER_READ = 200_000
"""Numbers of the log that are looked through in one question."""
CLOCK_SECONDS = 60.0
"""Seconds by which the clocks of two processes may differ."""
CLOSE_TIMEOUT = 5.0
"""Seconds that closing waits for a look."""
UNKNOWN_LIMITS = (
    "what this person hid, disliked or muted is not known while the store cannot be reached; ask "
    "again in a moment, or without user and session for a list that suits anybody"
)

Holder = tuple[str, bool]
"""(a user or a session, whether it is a session)"""
Refusal = tuple[str, float]
"""(event type, when)"""


class LimitsUnknown(StoreError):
    """Somebody asks for a list and it is not known what they refused."""

    PUBLIC_TEXT = UNKNOWN_LIMITS


class PersonalLimits:
    """The negative feedback and the preferences of everybody who has any. Safe to share."""

    def __init__(self, store: Store, weights: Mapping[str, float]) -> None:
        self._store = store
        self._event_types = tuple(name for name, weight in weights.items() if weight < 0)
        self._lock = threading.RLock()  # of what is known
        self._known = threading.Condition()
        self._refresh_lock = threading.Lock()  # held by whoever asks the store
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self._is_complete = False
        self._forget()

    def _forget(self) -> None:
        self._refusals: dict[Holder, dict[str, Refusal]] = defaultdict(dict)  # by item
        self._preferences: dict[Holder, dict[str, Preference]] = defaultdict(dict)  # by name
        self._sessions: dict[str, set[str]] = defaultdict(set)  # of a user
        self._users: dict[str, str] = {}  # of a session
        self._event, self._changed_at = 0, float("-inf")
        self._erasures: int | None = None

    # What the store says --------------------------------------------------------------------------

    def follow(self) -> None:
        """Read all that there is, and go on reading what is new, in a thread of its own."""
        with self._lock:
            if self._thread is None and not self._ended.is_set():
                self._thread = threading.Thread(target=self._follow, name="limits", daemon=True)
                self._thread.start()

    def wait_until_known(self, seconds: float) -> bool:
        """Wait until all was read once. → whether it was."""
        with self._known:
            return self._known.wait_for(lambda: self._is_complete or self._ended.is_set(), seconds)

    def close(self) -> None:
        """Read no more."""
        self._ended.set()
        with self._known:
            self._known.notify_all()
        if self._thread is not None:
            self._thread.join(CLOSE_TIMEOUT)

    def _follow(self) -> None:
        seconds = 0.0
        while True:
            start = time.perf_counter()
            try:
                self.refresh()
            except StoreError:
                seconds = 0.0  # it is away: what is known holds until it is back
            except Exception:  # a thread that dies would let what is known grow old
                log.exception("while reading what people do not want to be shown")
            else:
                seconds = time.perf_counter() - start
            if self._ended.wait(max(POLL_SECONDS, seconds / MAX_POLL_SHARE)):
                return

    def refresh(self) -> None:
        """Read what is new. Raises StoreError."""
        with self._refresh_lock:
            erasures = self._store.erasure_count()
            with self._lock:
                if erasures != self._erasures:  # what was erased is forgotten here too
                    self._forget()
            self._read_preferences()
            self._read_events()
            self._erasures = erasures
            if not self._is_complete:
                self._is_complete = True
                with self._known:
                    self._known.notify_all()
                self._read_events()  # those that were stored meanwhile told nobody

    def _read_preferences(self) -> None:
        rows = self._store.preferences_since(self._changed_at - CLOCK_SECONDS)
        with self._lock:
            new_holders = {holder for holder, _ in rows} - self._preferences.keys()
            for holder, preference in rows:
                self._preferences[holder][preference.name] = preference
                self._changed_at = max(self._changed_at, preference.at)
        self._link(new_holders)

    def _read_events(self) -> None:
        first, last = self._event, self._store.last_event_number()
        for start in range(first, last, EVENTS_PER_READ):
            if self._ended.is_set():
                return
            until = min(start + EVENTS_PER_READ, last)
            self._put(self._store.events_of_types(self._event_types, start, until))
        for start in range(first, last, EVENTS_PER_READ):  # now that it is known of whom
            until = min(start + EVENTS_PER_READ, last)
            identifications = self._store.events_of_types((IDENTIFY_EVENT,), start, until)
            with self._lock:
                for event in identifications:
                    self._note_identity(event.session, event.user)
        self._event = last

    def _put(self, events: Iterable[Event]) -> None:
        new_holders = set()
        with self._lock:
            for event in events:
                holder = _holder(event.user, event.session)
                if event.item is None or holder is None:
                    continue
                if holder not in self._refusals:
                    new_holders.add(holder)
                self._refusals[holder][event.item] = event.kind, event.at
        self._link(new_holders)

    def _link(self, holders: Iterable[Holder]) -> None:
        """The sessions of these users, and the users of these sessions, as known up to now."""
        if not self._event:  # all who were identified are read after this
            return
        for name, is_session in holders:
            if is_session:
                user = self._store.user_of_session(name)
                pairs = [(name, user)] if user is not None else []
            else:
                pairs = [(session, name) for session in self._store.sessions_of_user(name)]
            with self._lock:
                for session, user in pairs:
                    self._note_identity(session, user)

    def _note_identity(self, session: str | None, user: str | None) -> None:
        """A user was identified on a session, if either of them has limits."""
        if session is None or user is None:
            return
        holders = ((session, True), (user, False))
        if any(holder in self._refusals or holder in self._preferences for holder in holders):
            self._sessions[user].add(session)
            self._users[session] = user

    # What this process stores ---------------------------------------------------------------------

    def events_added(self, events: Sequence[Event]) -> None:
        """These are in the store now."""
        event_types = (*self._event_types, IDENTIFY_EVENT)
        if self._is_complete and any(event.kind in event_types for event in events):
            self._update()

    def preferences_put(self, user: str | None, session: str | None) -> None:
        """Those of a person are others now."""
        if not self._is_complete:
            return
        try:
            preferences = self._store.preferences(user, session)
        except StoreError:
            self._is_complete = False
            return
        with self._lock:
            holders = self._holders(*self._store.stored_ids(user, session))
            for holder in holders:
                self._preferences.pop(holder, None)
            self._preferences[holders[0]] = {change.name: change for change in preferences}
        with suppress(StoreError):
            self._link(holders[:1])

    def _update(self) -> None:
        try:
            self.refresh()
        except StoreError:
            self._is_complete = False  # until the store has been read again

    # While the store is away ----------------------------------------------------------------------

    def history(self, user: str | None, session: str | None) -> list[Event]:
        """What a person refused, as events; nothing else of what they did.

        Raises StoreError where it is not known.
        """
        with self._lock:
            self._check_known(user, session)
            refusals = {
                item: refusal
                for holder in self._holders(user, session)
                for item, refusal in self._refusals.get(holder, {}).items()
            }
        return [
            Event(f"refused-{item}", kind, at, user=user, session=session, item=item)
            for item, (kind, at) in sorted(refusals.items(), key=lambda row: row[1][1])
        ]

    def preferences(self, user: str | None, session: str | None) -> tuple[Preference, ...]:
        """What a person changed about their lists. Raises StoreError where it is not known."""
        with self._lock:
            self._check_known(user, session)
            changes = {
                change.name: change
                for holder in reversed(self._holders(user, session))
                for change in self._preferences.get(holder, {}).values()
            }
        return tuple(sorted(changes.values(), key=lambda change: (change.at, change.name)))

    def stored_ids(self, user: str | None, session: str | None) -> UserKey:
        """What stands for a person in the store, and here."""
        return self._store.stored_ids(user, session)

    def _check_known(self, user: str | None, session: str | None) -> None:
        if not self._is_complete and (user is not None or session is not None):
            raise LimitsUnknown(UNKNOWN_LIMITS)

    def _holders(self, user: str | None, session: str | None) -> list[Holder]:
        """Whose limits are a person's; the first is where new ones go."""
        if user is None and session is not None:
            user = self._users.get(session)
        sessions = set() if user is None else set(self._sessions.get(user, ()))
        if session is not None:
            sessions.add(session)
        holders = [(name, True) for name in sorted(sessions)]
        return holders if user is None else [(user, False), *holders]


def _holder(user: str | None, session: str | None) -> Holder | None:
    if user is not None:
        return user, False
    return None if session is None else (session, True)
