"""In: a database that breaks off or is away, as while a standby takes the place of a primary. Out:
the same work, done again once it is back, or the error where that takes too long.

What is done again is what has not been done: getting a connection and the writer's lock; and a
write that may be done twice, as what it stores is known by its id. It is waited for from when the
database went away, not from when somebody asked: one that stays away keeps nobody waiting.
"""

import logging
import threading
import time
from collections.abc import Callable
from typing import TypeVar
from weakref import WeakKeyDictionary

import sqlalchemy as sa

from foretaste.domain.patience import current_patience
from foretaste.errors import StoreError

log = logging.getLogger(__name__)

T = TypeVar("T")

FIRST_PAUSE, MAX_PAUSE = 0.05, 0.5
"""Seconds before it is asked again: twice as long each time."""
MAX_CONFLICTS = 5
"""Times in a row that a write is done again for what others did at the same moment."""
READ_ONLY_STATE = "25006"
"""The server is a standby now: another one takes what is written."""
_AWAY_STATES = ("08", "57P01", "57P02", "57P03", "53300", READ_ONLY_STATE)
"""How the SQLSTATE begins where the server is away, stops, starts, or has no connection left."""
_CONFLICT_STATES = ("40001", "40P01")
"""Serialisation failure, deadlock: nothing of the transaction was stored."""


class Availability:
    """Whether a database can be reached, as those who write to it see it. Safe to share."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._away_since: float | None = None

    def note_success(self) -> None:
        """It was reached."""
        if self._away_since is None:
            return
        with self._lock:
            away_since, self._away_since = self._away_since, None
        if away_since is not None:
            log.warning("the database is back after %.1f s", time.monotonic() - away_since)

    def seconds_left(self, error: sa.exc.DBAPIError) -> float:
        """It was not reached. → how long it is still waited for, by the current patience."""
        now = time.monotonic()
        with self._lock:
            if self._away_since is None:
                self._away_since = now
                log.warning("the database is away: %s", " ".join(str(error.orig).split())[:300])
            return self._away_since + current_patience().reconnect - now


_availability: WeakKeyDictionary[sa.Engine, Availability] = WeakKeyDictionary()


def _availability_of(engine: sa.Engine) -> Availability:
    return _availability.get(engine) or _availability.setdefault(engine, Availability())


def until_reached(engine: sa.Engine, attempt: Callable[[], T]) -> T:
    """What an attempt to reach the database returns, made again while it is away. Raises its last
    error.
    """
    availability, pause = _availability_of(engine), FIRST_PAUSE
    while True:
        try:
            result = attempt()
        except sa.exc.DBAPIError as error:
            if not is_away(error):
                raise
            seconds_left = availability.seconds_left(error)
            if seconds_left <= 0:
                raise
        else:
            availability.note_success()
            return result
        time.sleep(min(pause, seconds_left))
        pause = min(2 * pause, MAX_PAUSE)


def repeated(engine: sa.Engine, write: Callable[[], T]) -> T:
    """What a write returns that may be done twice, done again where the database broke it off.

    Of a connection that is lost as a transaction ends nobody knows whether it was stored; so what
    is counted as new may be known by then.
    """
    conflicts = 0
    while True:
        try:
            return write()
        except StoreError as error:
            cause = error.__cause__
            if not isinstance(cause, sa.exc.DBAPIError):
                raise
            conflicts += _state_of(cause) in _CONFLICT_STATES
            is_conflict = _state_of(cause) in _CONFLICT_STATES and conflicts <= MAX_CONFLICTS
            if not is_conflict and not (
                is_away(cause) and _availability_of(engine).seconds_left(cause) > 0
            ):
                raise
            log.warning("a write is done again: %s", error)


def is_away(error: sa.exc.DBAPIError) -> bool:
    """Whether a PostgreSQL was not there, or is not any more, for this or any other statement."""
    if not type(error.orig).__module__.startswith("psycopg"):
        return False
    import psycopg

    state = _state_of(error)
    if state is None:  # the server said nothing; of one that stands still enough was waited for
        is_lost = isinstance(error.orig, psycopg.OperationalError | psycopg.InterfaceError)
        return is_lost and not isinstance(error.orig, TimeoutError)
    return state.startswith(_AWAY_STATES)


def _state_of(error: sa.exc.DBAPIError) -> str | None:
    return getattr(error.orig, "sqlstate", None)
