"""What became of a batch of events, items or users: how many are new, and what is wrong with each
row that was not taken.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

from pydantic import BaseModel

from foretaste.domain.consent import RefusalSource
from foretaste.domain.request import Unattributed


class BatchRejection(BaseModel):
    """One event or item of a batch that was not taken."""

    index: int
    """Its place in the batch, from 0."""
    field: str
    problem: str
    value: str
    """What was sent, on one line and shortened."""
    remedy: str


class EventConflict(BaseModel):
    """An event under an `event_id` that was there already with another content: the first holds."""

    index: int
    """Its place in the batch, from 0."""
    event_id: str
    fields: list[str]
    """Those in which it differs."""
    problem: str
    remedy: str


class UnrecordedEvent(NamedTuple):
    """An event that was left out, as its person does not let it be recorded."""

    row_index: int
    """Its place in the batch, from 0."""
    source: RefusalSource


@dataclass
class IngestSummary:
    """What became of a batch."""

    accepted: int = 0
    """New, or changed."""
    duplicates: int = 0
    """There already."""
    returns: int = 0
    """Events that say that something came back, of those that were not rejected."""
    rejected: list[BatchRejection] = field(default_factory=list)
    ids: list[str | None] = field(default_factory=list)
    """The id of each row, None where it was rejected or may not be recorded."""
    unattributed: dict[str, Unattributed] = field(default_factory=dict)
    """By event id, what does not fit the list it names."""
    conflicts: list[EventConflict] = field(default_factory=list)
    """Of the duplicates, those that say something else than what is there."""
    unrecorded: list[UnrecordedEvent] = field(default_factory=list)
    """Events that may not be recorded; they are neither accepted nor rejected."""
