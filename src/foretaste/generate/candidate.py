"""A sentence that is true of an item, with what it stands on."""

from dataclasses import dataclass

from foretaste.domain.reason import Reason

BEHAVIOUR, THEME, FEATURE, REQUEST, COMMON = "behaviour", "theme", "feature", "request", "common"
LOOK = "look"
"""What a sentence is about: of two about the same an item has one."""


@dataclass(frozen=True, slots=True)
class ReasonCandidate:
    """A sentence that is true of the item."""

    text: str
    subject: str
    definiteness: int
    worth: float
    """How much it tells: what it adds to the score, weighed by how definite it is."""
    contribution: float
    expert: str
    events: tuple[str, ...] = ()
    feature: str | None = None
    names: tuple[str, ...] = ()
    """What in the text is no message: titles, values, words."""
    heading: str | None = None
    """The same over a list of which it is true of every item; None where it cannot stand there."""

    def says_the_same(self, other: "ReasonCandidate") -> bool:
        """Whether both are about the same, or name the same past item."""
        shares_event = bool(set(self.events) & set(other.events))
        return self.subject == other.subject or shares_event

    def reason(self, total: float) -> Reason:
        """total: all that raises the score, in nats."""
        share = min(self.contribution / total, 1.0) if total > 0 else 0.0
        event = self.events[0] if self.events else None
        return Reason(
            self.text,
            self.contribution,
            max(share, 0.0),
            self.expert,
            event,
            self.feature,
            self.names,
            self.events,
        )
