"""In: a block of work on a store. Out: one transaction for all that its thread writes and reads in
it, through whatever method of the store.

What is written in the block is there as a whole or not at all, and is seen by whoever reads in it.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

import sqlalchemy as sa

from foretaste.behaviour.reconnect import until_reached

T = TypeVar("T")


class PutListener(Protocol):
    """Who notes what puts change, e.g. for an import that may be undone."""

    def note_puts(self, table: sa.Table, puts: "EntityPuts") -> None: ...

    def note_known_events(self, event_rows: list[dict[str, Any]]) -> None: ...

    def note_fact(self, name: str, old_text: str | None, text: str) -> None: ...


@dataclass(frozen=True, slots=True)
class EntityPuts:
    """What a put of items or users changed."""

    changed_rows: list[dict[str, Any]]
    """The new rows, with their revisions."""
    stored_rows: Mapping[str, Mapping[str, Any]]
    """By id, what was there of all that was put, changed or not."""
    deletion_revisions: dict[str, int]
    """By id, of the changed, those that people had deleted before."""


@dataclass(eq=False)
class JointTransaction:
    """A transaction that several calls of a store share."""

    engine: sa.Engine
    connection: sa.Connection
    put_listener: PutListener | None = None
    after_commit: list[Callable[[], None]] = field(default_factory=list)


_joint_transaction: ContextVar[JointTransaction | None] = ContextVar(
    "joint_transaction", default=None
)


def joint_transaction_of(engine: sa.Engine) -> JointTransaction | None:
    """The transaction that this thread has open on the database; None where there is none."""
    joint = _joint_transaction.get()
    return joint if joint is not None and joint.engine is engine else None


@contextmanager
def entered(joint: JointTransaction) -> Iterator[JointTransaction]:
    """The calls in the block take part in this transaction."""
    token = _joint_transaction.set(joint)
    try:
        yield joint
    finally:
        _joint_transaction.reset(token)


@contextmanager
def read_connection(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A connection to read with: that of the open transaction, which sees what it has written. Else
    each statement stands alone, as a beginning and an end would be two more questions to a server.
    """
    joint = joint_transaction_of(engine)
    if joint is not None:
        yield joint.connection
        return
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection = connection.execution_options(isolation_level="AUTOCOMMIT")
        yield connection


def read_surely(engine: sa.Engine, read: Callable[[sa.Connection], T]) -> T:
    """What is read with such a connection; again where the database broke it off or is away, as
    long as whoever writes waits for it.
    """

    def attempt() -> T:
        with read_connection(engine) as connection:
            return read(connection)

    return attempt() if joint_transaction_of(engine) is not None else until_reached(engine, attempt)
