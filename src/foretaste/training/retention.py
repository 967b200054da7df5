"""How long events are kept. In: a workspace. Out: the same without those that are older than the
settings have it, and what became of it, for the privacy report.

What models have counted of them stays until the next training: counts name nobody.
"""

import json
import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Protocol

from foretaste.behaviour.settings import OTHER_EVENT_TYPES
from foretaste.config.load import Config
from foretaste.domain.store import FactStore, Store
from foretaste.model.artefacts import ModelRegistry
from foretaste.training.encode import DataEncoder

log = logging.getLogger(__name__)

RETENTION_FACT = "retention"
"""Under this name the store says what was deleted last."""
SECONDS_PER_DAY = 86_400.0
APPLY_EVERY_SECONDS = 3600.0
"""Between two looks of a worker for events that are too old."""


class RetentionWorkspace(Protocol):
    """What is needed of the loop."""

    @property
    def store(self) -> Store: ...
    @property
    def models(self) -> ModelRegistry: ...
    @property
    def config(self) -> Config: ...
    @property
    def data_encoder(self) -> DataEncoder: ...
    @property
    def clock(self) -> Callable[[], float]: ...


@dataclass(frozen=True)
class RetentionOutcome:
    """What was deleted."""

    at: float
    """Seconds since 1970."""
    deleted: dict[str, int] = field(default_factory=dict)
    """By event type as in the settings, how many events."""

    @classmethod
    def last(cls, store: FactStore) -> "RetentionOutcome | None":
        """The newest of a workspace."""
        text = store.meta_text(RETENTION_FACT)
        return None if text is None else cls(**json.loads(text))


def apply_retention(workspace: RetentionWorkspace) -> RetentionOutcome | None:
    """Delete what is older than `behaviour.retention_days` says, and the vectors of its words.
    → None where the settings name no event type.
    """
    days_by_type = workspace.config.behaviour.retention_days
    if not days_by_type:
        return None
    store, now = workspace.store, workspace.clock()
    named_types = [name for name in days_by_type if name != OTHER_EVENT_TYPES]
    deleted, texts = dict[str, int](), set[str]()
    for name, days in days_by_type.items():
        event_type = None if name == OTHER_EVENT_TYPES else name
        has_more = True
        while has_more:
            until = now - days * SECONDS_PER_DAY
            count, words, has_more = store.delete_older_events(until, event_type, named_types)
            deleted[name] = deleted.get(name, 0) + count
            texts |= words
    encoders = {version.data.get("encoder") for version in workspace.models.versions()}
    workspace.data_encoder.forget(sorted(texts), {None, *encoders})
    store.purge_log()
    outcome = RetentionOutcome(now, deleted)
    store.put_meta_text(RETENTION_FACT, json.dumps(asdict(outcome)))
    if any(deleted.values()):
        log.info("deleted, as they were kept long enough: %s", deleted)
    return outcome
