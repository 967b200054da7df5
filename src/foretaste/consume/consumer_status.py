"""How far the consumers of a workspace are: written by each into the store, read by the service for
its metrics and its status.
"""

import json
from dataclasses import asdict, dataclass

from foretaste.domain.store import FactStore

NAMES_FACT = "consumers"
"""Under this name the store has the names of all sources that were ever consumed."""
STATUS_PREFIX = "consumer:"
SILENT_SECONDS = 60.0
"""Without a sign of life, after which a consumer is taken to have ended."""
OUTCOMES = ("accepted", "duplicate", "rejected")


@dataclass(frozen=True, slots=True)
class ConsumerStatus:
    """One consumer."""

    name: str
    """Of its source."""
    record_type: str
    at: float
    """When it last gave a sign of life, seconds since 1970."""
    accepted: int = 0
    """Since the source was first consumed."""
    duplicate: int = 0
    rejected: int = 0
    lag: int | None = None
    """Entries (or files) that are written and not read; None where the source cannot say."""
    rows_per_second: float = 0.0
    """Of the last seconds in which there were any."""
    problem: str | None = None
    """Why nothing can be read or stored now."""
    is_complete: bool = False
    """Whether it ended as it should, when there was nothing left to read."""

    def is_away(self, now: float) -> bool:
        """Whether nothing comes in by it. now: seconds since 1970."""
        is_silent = not self.is_complete and now - self.at > SILENT_SECONDS
        return self.problem is not None or is_silent

    def save(self, store: FactStore) -> None:
        """In place of what it said before."""
        store.put_meta_text(f"{STATUS_PREFIX}{self.name}", json.dumps(asdict(self)))

    @classmethod
    def load(cls, store: FactStore, name: str) -> "ConsumerStatus | None":
        """None where it never ran, or another version of Foretaste wrote it."""
        try:
            text = store.meta_text(f"{STATUS_PREFIX}{name}")
            return None if text is None else cls(**json.loads(text))
        except (TypeError, ValueError):
            return None


def add_consumer(store: FactStore, name: str) -> None:
    """Have it found by `consumer_statuses`."""
    while True:
        text = store.meta_text(NAMES_FACT)
        names: list[str] = json.loads(text or "[]")
        if name in names:
            return
        if store.swap_meta_text(NAMES_FACT, text, json.dumps(sorted([*names, name]))):
            return


def consumer_statuses(store: FactStore) -> list[ConsumerStatus]:
    """Of all sources, by name."""
    names: list[str] = json.loads(store.meta_text(NAMES_FACT) or "[]")
    statuses = [ConsumerStatus.load(store, name) for name in names]
    return [status for status in statuses if status is not None]


def consumer_gauges(store: FactStore, now: float) -> dict[str, float]:
    """As the metrics say it: `name:labels` → value. now: seconds since 1970."""
    gauges: dict[str, float] = {}
    for status in consumer_statuses(store):
        if status.lag is not None:
            gauges[f"foretaste_consumer_lag:{status.name}"] = float(status.lag)
        if not status.is_complete:
            gauges[f"foretaste_consumer_seconds:{status.name}"] = now - status.at
        gauges[f"foretaste_consumer_failing:{status.name}"] = float(status.problem is not None)
        for outcome in OUTCOMES:
            count = float(getattr(status, outcome))
            gauges[f"foretaste_consumer_rows:{outcome}:{status.name}"] = count
    return gauges
