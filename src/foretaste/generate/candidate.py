"""A sentence that is true of an item, with what it stands on."""

from typing import NamedTuple

from foretaste.domain.reason import Reason

BEHAVIOUR, THEME, FEATURE, REQUEST, COMMON = "behaviour", "theme", "feature", "request", "common"
LOOK = "look"
"""What a sentence is about: of two about the same an item has one."""


class Sentence(NamedTuple):
    """A message and what goes into its places, not written yet: of ten candidates two are said."""

    message: str
    values: tuple[tuple[str, str | tuple[str, ...]], ...] = ()
    """(place, what stands there); several names are joined as the language does."""


Words = Sentence | str
"""A sentence, or a text that is written already."""


class ReasonCandidate(NamedTuple):
    """A sentence that is true of the item. A tuple: a list is made of dozens."""

    sentence: Words
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
    heading: Words | None = None
    """The same over a list of which it is true of every item; None where it cannot stand there."""

    def says_the_same(self, other: "ReasonCandidate") -> bool:
        """Whether both are about the same, or name the same past item."""
        return self.subject == other.subject or any(event in other.events for event in self.events)

    def reason(self, text: str, total: float) -> Reason:
        """text: the sentence as it is written. total: all that raises the score, in nats."""
        share = min(self.contribution / total, 1.0) if total > 0 else 0.0
        event = self.events[0] if self.events else None
        return Reason(
            text,
            self.contribution,
            max(share, 0.0),
            self.expert,
            event,
            self.feature,
            self.names,
            self.events,
        )
