"""Where it is kept what people let be done with what they do."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from foretaste.domain.consent import (
    Consent,
    ConsentBook,
    ConsentStatement,
    Purpose,
    RefusalSource,
)
from foretaste.domain.data import Event


class EventRefusal(NamedTuple):
    """Why an event may not be stored, though nothing is wrong with it."""

    problem: str
    remedy: str
    purpose: Purpose | None = None
    """That its person refuses; None where it is not they who do."""
    source: RefusalSource | None = None


class ConsentChange(NamedTuple):
    """What is said of a user, or of a session."""

    user: str | None
    session: str | None
    choices: Mapping[str, bool | None]
    """Purpose, or `MINOR` → whether it may be; None takes what was said back."""


class ConsentStore(Protocol):
    """What people let be done with what they do."""

    def consent(self, user: str | None, session: str | None) -> Consent:
        """What may be done with what this person does on this session."""

    def consent_statements(
        self, user: str | None, session: str | None = None
    ) -> list[ConsentStatement]:
        """What this user, and this session, said."""

    def put_consents(self, changes: Sequence[ConsentChange], at: float) -> None:
        """Keep what users say for themselves, or what is said for single sessions: all or none."""

    def training_book(self) -> ConsentBook | None:
        """What everybody said; None where nobody refuses that others learn of it."""

    def teaching_events(self, tail: Sequence[tuple[int, Event]]) -> list[tuple[int, Event]]:
        """Those of these events that others may learn of."""
