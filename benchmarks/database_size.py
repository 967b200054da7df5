"""The steps of benchmarks/database.py on a large store: what a migration and a month's worth of
retention keep others waiting.

The store is filled by statements of PostgreSQL itself, in the form of an early version.
"""

import argparse
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import sqlalchemy as sa

from benchmarks.serve_steps import postgres
from foretaste.behaviour.database_address import database_url
from foretaste.behaviour.engine import TAKE_SCHEMA_LOCK, migrate
from foretaste.behaviour.store import SqlStore
from foretaste.domain.data import Event

Row = dict[str, Any]
FIRST_FORM = "0003"
"""With events, items, users, keys and what was shown, but without most of today's indexes."""
FORMS = ("0004", "0007", "0008", "0011", "0012", "0013", "0015")
MONTHS = 24
MONTH_SECONDS = 30 * 86_400
START = 1_640_000_000
SHOWN, ITEMS = 200_000, 50_000
FILL = (
    """INSERT INTO events (event_id, kind, at, "user", session, item)
    SELECT 'e' || n, CASE WHEN n % 10 = 0 THEN 'purchase' ELSE 'click' END,
    {start} + n * {step}, 'u' || n * 7919 % 100000, CASE WHEN n % 3 = 0 THEN 's' || n / 5 END,
    'i' || n * 31 % {items} FROM generate_series(1::bigint, {events}) AS n""",
    """INSERT INTO items (id, title, texts, attributes, hidden, revision)
    SELECT 'i' || n, 'The title ' || n, '{{"overview": "words ' || n || '"}}',
    '{{"genre": ["g' || n % 30 || '"]}}', false, n FROM generate_series(1::bigint, {items}) AS n""",
    """INSERT INTO recommendations (id, at, "user", session, model, request, items)
    SELECT 'r' || n, {start} + n, 'u' || n % 1000, 's' || n, 'm', '{{"n": 10}}',
    repeat('["i1", 0.5],', 40) FROM generate_series(1::bigint, {shown}) AS n""",
    "ANALYZE",
)


@contextmanager
def large_store(event_count: int) -> Iterator[str]:
    """The address of a PostgreSQL with so many events of two years, in an early form."""
    with postgres() as address:
        engine = sa.create_engine(database_url(address))
        migrate(engine, FIRST_FORM)
        engine.dispose()
        sizes = {
            "start": START,
            "step": MONTHS * MONTH_SECONDS / event_count,
            "events": event_count,
            "items": ITEMS,
            "shown": SHOWN,
        }
        with psycopg.connect(address, autocommit=True) as connection:
            for statement in FILL:
                connection.execute(statement.format(**sizes))  # type: ignore[arg-type]  # ours
        yield address


@dataclass
class Waits:
    """How long each of many calls took, one after another, in a thread."""

    call: Any
    seconds: list[float] = field(default_factory=list)

    @contextmanager
    def measured(self) -> Iterator[None]:
        ended = threading.Event()

        def run() -> None:
            while not ended.wait(0.01):
                start = time.perf_counter()
                self.call()
                self.seconds.append(time.perf_counter() - start)

        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def longest(self) -> float:
        return max(self.seconds, default=0.0)


def write_once(connection: psycopg.Connection[Any]) -> None:
    """An event as every version writes it: behind the writer's lock."""
    with connection.transaction():
        connection.execute(TAKE_SCHEMA_LOCK)
        connection.execute(
            "INSERT INTO events (event_id, kind, at) VALUES (gen_random_uuid(), 'view', 1)"
        )


def read_once(connection: psycopg.Connection[Any]) -> None:
    """What was shown, and the newest events of a person."""
    with connection.transaction():
        connection.execute("SELECT * FROM recommendations WHERE id = 'r5'").fetchall()
        connection.execute(
            """SELECT * FROM events WHERE "user" = 'u5' ORDER BY at DESC LIMIT 50"""
        ).fetchall()


async def migrations(asked: argparse.Namespace, folder: Path) -> list[Row]:
    """Each migration by itself, beside a writer and a reader of the version before."""
    rows = []
    with large_store(asked.rows) as address:
        engine = sa.create_engine(database_url(address))
        for form in FORMS:
            with psycopg.connect(address) as writing, psycopg.connect(address) as reading:
                writer = Waits(lambda connection=writing: write_once(connection))
                reader = Waits(lambda connection=reading: read_once(connection))
                with writer.measured(), reader.measured():
                    time.sleep(0.3)
                    start = time.perf_counter()
                    migrate(engine, form)
                    took = time.perf_counter() - start
            rows.append(
                {
                    "case": f"to {form}",
                    "migration, s": took,
                    "longest write, s": writer.longest(),
                    "longest read, s": reader.longest(),
                    "load": round(os.getloadavg()[0], 1),
                }
            )
        engine.dispose()
    return rows


async def retention(asked: argparse.Namespace, folder: Path) -> list[Row]:
    """The oldest month is deleted, beside events that are written."""
    with (
        large_store(asked.rows) as address,
        SqlStore(address) as store,
        SqlStore(address) as service_store,  # the worker deletes, other processes write
    ):
        numbers = iter(range(10**9))

        def write() -> None:
            service_store.add_events(
                [Event(f"new-{next(numbers)}", "click", 1.9e9, user="u", item="i1")]
            )

        before, beside = Waits(write), Waits(write)
        with before.measured():
            time.sleep(5)
        size = _table_bytes(address)
        deleted, longest, start = 0, 0.0, time.perf_counter()
        with beside.measured():
            has_more = True
            while has_more:
                part_start = time.perf_counter()
                part = store.delete_older_events(START + MONTH_SECONDS, None)
                longest = max(longest, time.perf_counter() - part_start)
                deleted, has_more = deleted + part.event_count, part.has_more
        took = time.perf_counter() - start
    return [
        {
            "case": f"the oldest of {MONTHS} months",
            "deleted": deleted,
            "s": took,
            "deleted a second": deleted / took,
            "longest of its transactions, s": longest,
            "write p99 before, ms": float(np.percentile(before.seconds, 99) * 1e3),
            "write p99 beside, ms": float(np.percentile(beside.seconds, 99) * 1e3),
            "GB of the table": size / 1e9,
            "load": round(os.getloadavg()[0], 1),
        }
    ]


def _table_bytes(address: str) -> int:
    with psycopg.connect(address) as connection:
        (size,) = connection.execute("SELECT pg_total_relation_size('events')").fetchone() or (0,)
        return int(size)
