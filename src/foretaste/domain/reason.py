"""Why an item is in a list: words, and what they stand on."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason for an item: a sentence that people read, and the evidence as data."""

    text: str
    """A sentence in the language of the request, without numbers of the model."""
    contribution: float = 0.0
    """Nats by which it raises the score: what it stands on, added up. 0 for what brought an item to
    its place beside its score, e.g. a rule."""
    share: float = 0.0
    """Of all that raises the score, from 0 to 1."""
    expert: str = ""
    """What says so: the expert that adds most to it, a rule or a wish."""
    event: str | None = None
    """The id of the past item, or the words of the past search, that it comes from."""
    feature: str | None = None
    """The feature that it comes from, e.g. "genre: Drama"."""
    names: tuple[str, ...] = ()
    """What in the text comes from the catalogue or from the person: titles, values, words."""
    events: tuple[str, ...] = ()
    """The ids of all past items that it names."""

    def to_json_dict(self) -> dict[str, Any]:
        """For JSON, without what is not there."""
        fields = {
            "text": self.text,
            "contribution": round(self.contribution, 4),
            "share": round(self.share, 4),
            "expert": self.expert,
            "event": self.event,
            "feature": self.feature,
        }
        return {name: value for name, value in fields.items() if value is not None}
