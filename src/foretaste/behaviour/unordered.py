"""In: rows that have no number, such as lists that were shown. Out: a transaction for them that
does not wait for the one writer of a PostgreSQL, nor keep others waiting.

The writer's lock is there so that numbers become visible in their order. It is held until the disk,
and a standby, have what was written; so what is written often and has no number takes the time of
what has one. SQLite has one writer in any case.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager

import sqlalchemy as sa

from foretaste.behaviour.engine import left, milliseconds, write_transaction
from foretaste.behaviour.reconnect import until_reached
from foretaste.behaviour.transactions import joint_transaction_of
from foretaste.domain.patience import current_patience

_SET_LIMITS = sa.text(
    "SELECT set_config('lock_timeout', :lock, true), set_config('statement_timeout', :answer, true)"
)


@contextmanager
def unordered_transaction(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A transaction beside those of others. Within a `joint_transaction` of this thread it is that
    one.
    """
    if engine.dialect.name != "postgresql" or joint_transaction_of(engine) is not None:
        with write_transaction(engine) as connection:
            yield connection
        return
    with until_reached(engine, lambda: _entered(engine)) as connection:
        yield connection


def _entered(engine: sa.Engine) -> AbstractContextManager[sa.Connection]:
    with ExitStack() as stack:
        connection = stack.enter_context(engine.connect())
        stack.enter_context(connection.begin())
        seconds = current_patience()
        limits = {"lock": seconds.lock, "answer": seconds.answer}
        connection.execute(
            _SET_LIMITS, {name: str(milliseconds(limit)) for name, limit in limits.items()}
        )
        return left(stack.pop_all(), connection)
