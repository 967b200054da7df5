"""What was kept of a person that is kept no longer."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ErasureCounts:
    """How much was kept of a person that is kept no longer."""

    events: int
    sessions: int
    """On which they were identified."""
    recommendations: int
    """Answers they were given."""
    attributes: int
    """1 if there were attributes of theirs."""
    changes: int = 0
    """That they made to their lists."""
    conversations: int = 0
    consents: int = 0
    """What they had said that may be done with what they do."""

    @property
    def any_erased(self) -> bool:
        """Whether there was anything."""
        counts = (self.events, self.recommendations, self.attributes, self.changes)
        return any(counts) or bool(self.conversations) or bool(self.consents)
