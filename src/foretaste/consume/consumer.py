"""In: a source and a store. Out: the rows of the source in the store, each exactly once.

A batch is read, checked and stored by the code of the HTTP service, what is wrong with a row is
written down, and then the position is kept. A kill between any two of these makes the batch come
again, and all of it is known by then: an event by its id (one without gets the name of its source
and its entry), an item by its content, a rejected row by its entry.
"""

import hashlib
import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from foretaste.behaviour.batch import BatchRejection, IngestSummary
from foretaste.behaviour.ingest import Ingestor
from foretaste.behaviour.lock import Lock
from foretaste.behaviour.settings import BehaviourSettings
from foretaste.behaviour.values import MAX_ID_LENGTH, is_missing
from foretaste.consume.consumer_status import ConsumerStatus, add_consumer
from foretaste.consume.dead_letters import DeadLetters
from foretaste.consume.item_feed import put_feed
from foretaste.consume.stream_source import RowBatch, SourceError, StreamRow, StreamSource
from foretaste.domain.data import RejectedRow
from foretaste.domain.store import Store
from foretaste.errors import Busy, StoreError
from foretaste.feedback.attribution import attribute_events

log = logging.getLogger("foretaste.consume")

READ_SECONDS = 1.0
"""For which rows are waited for before it is looked whether to stop."""
REPORT_SECONDS = 10.0
"""Between two lines in the log, and two signs of life in the store while nothing comes."""
RETRY_SECONDS = (0.2, 0.5, 1.0, 2.0, 5.0)
"""Before each attempt after one that failed; the last holds for all others. A run that ends when
nothing is left to read makes no others.
"""
POSITION_PREFIX = "consumed:"


@dataclass(frozen=True, slots=True)
class ConsumerSettings:
    """How a source is consumed."""

    record_type: str
    """events, items or users."""
    start: str | None = None
    """Read again from this entry on; None goes on past what is stored."""
    batch_rows: int = 500
    """At most so many rows are in memory and stored at once."""
    until_empty: bool = False
    """End when there is nothing left to read."""
    empty_seconds: float = 0.5
    """Without a row, after which the source is asked whether there is nothing left."""
    slow_seconds: float = 30.0
    """Without a row, after which the run ends although the source says that some are left."""
    lease_seconds: float = 30.0


class Consumer:
    """Takes the rows of one source into one store, until it is stopped."""

    def __init__(
        self,
        store: Store,
        behaviour: BehaviourSettings,
        source: StreamSource,
        folder: Path,
        settings: ConsumerSettings,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """folder: the workspace."""
        self._store, self._source, self._settings, self._clock = store, source, settings, clock
        attribute = partial(attribute_events, find_served=store.recommendations_by_id)
        self._ingestor = Ingestor(store, behaviour, attribute)
        self._dead_letters = DeadLetters(folder, source.name)
        self._stop_event = threading.Event()
        self._stored_parts: set[str] = set()  # whose position this run has stored
        status = ConsumerStatus.load(store, source.name)
        self._status = status or ConsumerStatus(source.name, settings.record_type, clock())
        self._rate = _Rate(time.monotonic)

    def stop(self) -> None:
        """End after the batch in hand."""
        self._stop_event.set()

    def run(self) -> ConsumerStatus:
        """Until it is stopped. Raises InputError where the start is no entry of the source, Busy
        where another process took over, SourceError where a run that ends when nothing is left
        does not reach the source.
        """
        lock = Lock(
            self._store,
            f"consumer of {self._source.name}",
            lease=self._settings.lease_seconds,
        )
        with lock:
            add_consumer(self._store, self._source.name)
            log.info("%s: reading %s", self._source.name, self._settings.record_type)
            while not self._stop_event.is_set() and self._follow(lock):
                pass
            self._report(is_complete=not self._stop_event.is_set())
        return self._status

    def _follow(self, lock: Lock) -> bool:
        """Read until something goes wrong with the source. → whether to go on."""
        is_resumed = False
        for attempt in _attempts(self._stop_event):
            try:
                if not is_resumed:
                    self._source.resume(self._stored_position, self._settings.start)
                    is_resumed = True
                return self._read_on(lock)
            except SourceError as error:
                is_resumed = False
                self._note_problem(error, attempt)
                if self._rate.count:  # it was there in between: be quick again
                    self._rate.restart()
                    return True
                if self._settings.until_empty and attempt == len(RETRY_SECONDS):
                    raise
        return False

    def _read_on(self, lock: Lock) -> bool:
        settings = self._settings
        wait = settings.empty_seconds if settings.until_empty else READ_SECONDS
        last_row = time.monotonic()
        while not self._stop_event.is_set():
            self._patiently(partial(self._confirm, lock))
            batch = self._source.read(settings.batch_rows, wait)
            if batch is not None:
                self._patiently(partial(self._take, batch))
                last_row = time.monotonic()
            elif settings.until_empty and self._is_empty(time.monotonic() - last_row):
                return False
            if self._status.problem is not None or self._rate.seconds >= REPORT_SECONDS:
                self._report()
        return False

    def _stored_position(self, part: str) -> str | None:
        if self._settings.start is not None and part not in self._stored_parts:
            return None  # of a run that reads again only what it stored itself counts
        return self._store.meta_text(_position_fact(self._source.name, part))

    def _is_empty(self, silent_seconds: float) -> bool:
        """Whether nothing is left to read. A source that says there is, and gives nothing, may be
        slow; some of it may be what cannot be read yet, such as half a line.
        """
        waiting = self._source.lag()
        if not waiting:
            return True
        if silent_seconds < self._settings.slow_seconds:
            return False
        log.warning("%s: %s are left, which cannot be read now", self._source.name, f"{waiting:,}")
        return True

    def _confirm(self, lock: Lock) -> None:
        if not lock.confirm():
            raise Busy(
                f"another consumer of {self._source.name} took over while this one gave no sign "
                "of life"
            )

    def _patiently(self, action: Callable[[], None]) -> None:
        """An action on the store, as often as it takes: one that is away comes back."""
        for attempt in _attempts(self._stop_event):
            try:
                action()
            except StoreError as error:
                self._note_problem(error, attempt)
                if self._settings.until_empty and attempt == len(RETRY_SECONDS):
                    raise
            else:
                return

    def _take(self, batch: RowBatch) -> None:
        self._store_batch(batch)
        self._source.note_stored(batch)

    def _store_batch(self, batch: RowBatch) -> None:
        summary, rejects = self._ingest(batch.rows)
        self._dead_letters.write(rejects)
        status = replace(
            self._status,
            at=self._clock(),
            is_complete=False,
            accepted=self._status.accepted + summary.accepted,
            duplicate=self._status.duplicate + summary.duplicates,
            rejected=self._status.rejected + len(rejects),
        )
        with self._store.transaction():
            fact = _position_fact(self._source.name, batch.part)
            self._store.put_meta_text(fact, batch.position)
            status.save(self._store)
        self._status = status
        self._stored_parts.add(batch.part)
        self._rate.count += len(batch.rows)

    def _ingest(
        self, rows: Sequence[StreamRow]
    ) -> tuple[IngestSummary, list[tuple[StreamRow, BatchRejection]]]:
        """Store the rows. → (what became of the readable ones, each that was not taken)."""
        readable_rows = [row for row in rows if not isinstance(row.content, RejectedRow)]
        now = self._clock()
        if self._settings.record_type == "events":
            named_rows = [_named_event(row, self._source.name, now) for row in readable_rows]
            summary = self._ingestor.events(named_rows, now)
        elif self._settings.record_type == "items":
            contents = [row.content for row in readable_rows]
            summary = put_feed(self._ingestor, self._store, contents)
        else:
            summary = self._ingestor.users([row.content for row in readable_rows])
        rejects = [(readable_rows[rejection.index], rejection) for rejection in summary.rejected]
        rejects += [
            (row, _rejection(row.content)) for row in rows if isinstance(row.content, RejectedRow)
        ]
        return summary, rejects

    def _note_problem(self, error: Exception, attempt: int) -> None:
        """Say it in the log, once as long as it stays the same, and in the store if it answers."""
        if attempt == 0 or self._status.problem != str(error):
            log.error("%s: %s; trying again", self._source.name, error)
        self._status = replace(self._status, at=self._clock(), problem=str(error))
        try:
            self._status.save(self._store)
        except StoreError:
            return  # it is the store that is away

    def _report(self, *, is_complete: bool = False) -> None:
        """How far it is, into the store; into the log where there was something to do."""
        count, rate = self._rate.count, self._rate.per_second
        self._rate.restart()
        try:
            lag = self._source.lag()
            self._status = replace(
                self._status,
                at=self._clock(),
                lag=lag,
                rows_per_second=rate,
                problem=None,
                is_complete=is_complete,
            )
            self._status.save(self._store)
        except (SourceError, StoreError) as error:
            self._note_problem(error, 0)
            return
        if count:
            status = self._status
            log.info(
                "%s: %s rows, %s a second; in all %s new, %s known before, %s rejected; %s to read",
                status.name,
                *(f"{number:,.0f}" for number in (count, rate, status.accepted)),
                *(f"{number:,}" for number in (status.duplicate, status.rejected)),
                "unknown how much" if lag is None else f"{lag:,}",
            )


class _Rate:
    """Rows since a moment."""

    def __init__(self, ticks: Callable[[], float]) -> None:
        self._ticks = ticks
        self.restart()

    def restart(self) -> None:
        """From now on."""
        self._start, self.count = self._ticks(), 0

    @property
    def seconds(self) -> float:
        """Since the start."""
        return self._ticks() - self._start

    @property
    def per_second(self) -> float:
        """On average."""
        return round(self.count / max(self.seconds, 1e-3), 1)


def _attempts(stop_event: threading.Event) -> Any:
    """0, 1, 2, … with a pause before each but the first, until it is to stop."""
    attempt = 0
    yield attempt
    while not stop_event.wait(RETRY_SECONDS[min(attempt, len(RETRY_SECONDS) - 1)]):
        attempt += 1
        yield attempt


def _position_fact(source_name: str, part: str) -> str:
    return f"{POSITION_PREFIX}{source_name}" + (f"/{part}" if part else "")


def _named_event(row: StreamRow, source_name: str, now: float) -> Mapping[str, Any]:
    """The event with an id and a time, where it says none: always the same."""
    fields = dict(row.content)
    if is_missing(fields.get("event_id")):
        event_id = f"{source_name}/{row.entry}"
        if len(event_id) > MAX_ID_LENGTH:
            event_id = hashlib.blake2b(event_id.encode(), digest_size=16).hexdigest()
        fields["event_id"] = event_id
    if row.at is not None and is_missing(fields.get("at")):
        fields["at"] = min(row.at, now)
    return fields


def _rejection(reject: RejectedRow) -> BatchRejection:
    return BatchRejection(
        index=0,
        field=reject.column,
        problem=reject.problem,
        value=reject.value,
        remedy=reject.remedy,
    )
