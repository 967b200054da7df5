"""What the tests of sources share: a run that ends when there is nothing left to read."""

import json
from pathlib import Path
from typing import Any

from foretaste.behaviour.settings import BehaviourSettings
from foretaste.behaviour.store import SqlStore
from foretaste.consume.consumer import Consumer, ConsumerSettings
from foretaste.consume.consumer_status import ConsumerStatus
from foretaste.consume.stream_source import StreamSource

NOW = 1_800_000_000.0


def consumed(
    store: SqlStore, source: StreamSource, folder: Path, records: str = "events", **settings: Any
) -> ConsumerStatus:
    """Everything there is, in batches of three."""
    fields = {
        "batch_rows": 3,
        "until_empty": True,
        "empty_seconds": 0.01,
        "slow_seconds": 0.1,
        **settings,
    }
    consumer = Consumer(
        store,
        BehaviourSettings(),
        source,
        folder,
        ConsumerSettings(records, **fields),
        clock=lambda: NOW,
    )
    status = consumer.run()
    source.close()
    return status


def counts(status: ConsumerStatus) -> tuple[int, int, int]:
    """(accepted, duplicate, rejected)"""
    return status.accepted, status.duplicate, status.rejected


def rejects(folder: Path) -> list[dict[str, Any]]:
    """What the files of rejected rows hold."""
    return [
        json.loads(line)
        for path in sorted((folder / "rejects").glob("*.jsonl"))
        for line in path.read_text().splitlines()
    ]


def event_ids(store: SqlStore) -> list[str]:
    """In the order in which they came in."""
    return [event.event_id for _, event in store.events()]
