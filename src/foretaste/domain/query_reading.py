"""How well an encoder reads the texts of a catalogue, and so what it says of searches in it."""

from typing import NamedTuple


class QueryReading(NamedTuple):
    """Found out once, when a model is trained."""

    reads_texts: bool = True
    """False where it takes the words of the items to pieces, as those of a language that it was not
    taught: then words decide, and meaning says little."""
    unrelated_cosine: float | None = None
    """Up to this cosine two texts may have nothing to do with one another; None where that was not
    found out."""


NOT_CHECKED = QueryReading()
"""Of a catalogue that nobody looked at: it counts as read."""
