"""In: how a PostgreSQL is reached. Out: a connection that is not waited for for ever.

A server, a proxy or a network that stands still keeps a connection open and says nothing; the
system takes that for a server that thinks. So each wait has an end here, and the connection is
given up: what it was asked may have been done or not.

The connections of a workspace also tell others that it is in use: each holds a shared lock of its
schema, which the server takes from a process that dies, on whichever machine it runs.
"""

import time
from collections.abc import Generator, Mapping
from functools import cache
from typing import Any

import sqlalchemy as sa

from foretaste.domain.patience import current_patience

TIMEOUTS = {"connect_timeout": "3", "tcp_user_timeout": "10000", "keepalives_idle": "30"}
"""How soon one that does not answer is given up: seconds, milliseconds, seconds."""
SESSION_SETTINGS = "SET idle_in_transaction_session_timeout = '60s'"
"""A process that stands still in the middle of a write is given up by the server: others wait."""
PRESENCE_LOCK_ID = 0x69757365  # "iuse": the advisory locks of those who have a schema in use
ENTER_SCHEMA = (
    f"SELECT pg_try_advisory_lock_shared({PRESENCE_LOCK_ID},"
    " hashtext(coalesce(%s::text, current_schema()::text, '')))"
)
"""Be known to use a schema until the connection ends; false while somebody has it alone."""
HAVE_SCHEMA_ALONE = (
    f"SELECT pg_try_advisory_xact_lock({PRESENCE_LOCK_ID},"
    " hashtext(coalesce(current_schema()::text, '')))"
)
"""Keep others from the current schema until the transaction ends; false where one uses it."""


def timeouts(url: sa.URL) -> dict[str, str]:
    """`TIMEOUTS`, but for those that the URL itself names."""
    return {name: limit for name, limit in TIMEOUTS.items() if name not in url.query}


class ServerOrder:
    """Of several servers which is asked first: the one that answered last. Else each connection
    would wait for one that is gone. Safe to share.
    """

    def __init__(self) -> None:
        self._last: tuple[str, str] | None = None

    def last_first(self, parameters: Mapping[str, Any]) -> dict[str, str]:
        """The parameters `host` and `port`, in another order; nothing where there is one server."""
        hosts = str(parameters.get("host", "")).split(",")
        ports = str(parameters.get("port", "")).split(",")
        if len(hosts) < 2 or "hostaddr" in parameters or len(ports) not in (1, len(hosts)):
            return {}
        servers = list(zip(hosts, ports if len(ports) > 1 else ports * len(hosts), strict=True))
        servers.sort(key=lambda server: server != self._last)
        return {
            "host": ",".join(host for host, _ in servers),
            "port": ",".join(port for _, port in servers),
        }

    def note(self, connection: Any) -> None:
        """A server answered."""
        self._last = connection.info.host, str(connection.info.port)


def connect(
    *arguments: Any, in_use: bool = False, schema_name: str | None = None, **parameters: Any
) -> Any:
    """A connection, as `psycopg.connect` makes it, whose waits end.

    in_use: whether others are to know that the schema is in use; raises OperationalError while it
    is being restored. schema_name: which it is, also before it is made; None is the current one.
    """
    connection = _connection_class().connect(*arguments, **parameters)
    connection.execute(SESSION_SETTINGS)
    entered = not in_use or connection.execute(ENTER_SCHEMA, [schema_name]).fetchone()[0]
    connection.commit()
    if not entered:
        import psycopg

        connection.close()
        raise psycopg.OperationalError(
            "it is being restored at this moment; start again when that has ended"
        )
    return connection


@cache
def _connection_class() -> Any:
    import psycopg

    class NoAnswer(psycopg.OperationalError, TimeoutError):
        """It was waited for long enough."""

    class PatientConnection(psycopg.Connection[Any]):
        """Raises OperationalError, and is closed, when an answer takes longer than is waited."""

        def wait(self, gen: Any, *arguments: Any, **options: Any) -> Any:
            return super().wait(self._until_given_up(gen), *arguments, **options)

        def _until_given_up(self, gen: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
            seconds = current_patience().answer
            end = time.monotonic() + seconds
            try:
                wait_state = next(gen)
                while True:
                    ready_state = yield wait_state
                    if not ready_state and time.monotonic() > end:
                        self.pgconn.finish()
                        raise NoAnswer(f"no answer within {seconds:g} s")
                    wait_state = gen.send(ready_state)
            except StopIteration as done:
                return done.value

    return PatientConnection
