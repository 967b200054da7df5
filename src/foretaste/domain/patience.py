"""How long whoever asks the store can wait: said where a request begins, looked up where the store
is asked. So no setting goes through all that lies between, and a thread that nobody waits for is
more patient than a request.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds that a store is waited for."""

    lock: float
    """For whoever else is writing, all in all."""
    answer: float
    """For the answer to one statement."""
    reconnect: float = 0.0
    """For a database that is away, by what is written, from when it went; see
    `behaviour.reconnect`."""


WORK = Patience(lock=30.0, answer=300.0, reconnect=30.0)
"""Of work that nobody waits for: an import, a training, a backup."""
BESIDE = Patience(lock=10.0, answer=30.0, reconnect=10.0)
"""Of threads beside the answers."""
REQUEST = Patience(lock=5.0, answer=10.0)
"""Of a request: after that it is refused, and may be sent again."""
LIST = Patience(lock=1.0, answer=2.0)
"""Of a list, which can be made without the store."""
NOTE = Patience(lock=0.2, answer=1.0)
"""Of what may as well be left out."""
UNLIMITED = Patience(lock=86_400.0, answer=86_400.0)
"""Of a change of the tables or of all that is in them, which takes as long as it takes."""

KEEP_ALIVE_SECONDS = 75
"""Seconds that a connection without a request stays open: longer than those who ask keep theirs
(aiohttp 15, nginx 60), or one of them would send a request just as it is closed.
"""
RECONNECT_SECONDS = 5.0
"""That a request which writes waits for a database that is away."""

_patience: ContextVar[Patience] = ContextVar("patience", default=WORK)


def current_patience() -> Patience:
    """That of whoever runs now."""
    return _patience.get()


@contextmanager
def patience(seconds: Patience) -> Iterator[None]:
    """What runs within waits for the store so long."""
    token = _patience.set(seconds)
    try:
        yield
    finally:
        _patience.reset(token)
