"""A text without a value in, such as a review without stars; what it was worth by its words out.

Which words people use who liked something, and which who did not, a training reads out of the texts
that have a value (`prepare.opinion_fitting`); a version of the model keeps them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from foretaste.domain.arrays import Floats
from foretaste.domain.words import search_words


@dataclass(frozen=True)
class OpinionWords:
    """What words say of whether an item was liked."""

    nats: Mapping[str, float]
    """Word → log P(word | liked) - log P(word | disliked)."""
    scores: tuple[float, ...]
    """In ascending order: sums of the words' nats."""
    worths: tuple[float, ...]
    """What texts of such a score were worth on average."""

    def score(self, text: str) -> float:
        """The nats of its words together, each once."""
        return float(sum(self.nats.get(word, 0.0) for word in sorted(opinion_words(text))))

    def worth(self, texts: Sequence[str]) -> Floats:
        """[texts], from -1 to 1; of a text without a known word that of an average one."""
        scores = [self.score(text) for text in texts]
        return np.interp(scores, self.scores, self.worths).astype(np.float32)

    def to_json(self) -> dict[str, Any]:
        """What JSON can hold."""
        return {"nats": dict(self.nats), "scores": list(self.scores), "worths": list(self.worths)}

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> Self:
        """The inverse of `to_json`."""
        return cls(fields["nats"], tuple(fields["scores"]), tuple(fields["worths"]))


def opinion_words(text: str) -> set[str]:
    """The words of a text; of Chinese and Japanese its characters."""
    return set(search_words(text))
