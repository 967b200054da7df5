"""A history as text. In: behaviour; out: what a language model reads of it, the newest last.

rating: Toy Story (1995); Heat (1995). search: a slow film about space. like: Solaris (1972)
"""

from collections.abc import Sequence
from itertools import groupby

from foretaste.domain.data import Behaviour, Catalogue

PART = 200
"""Characters read of one title, search or review."""

Part = tuple[int, str]
"""The row of an event, and its words."""


class Narrator:
    """Puts the last events of a person into words."""

    def __init__(self, catalogue: Catalogue, kinds: Sequence[str], events: int) -> None:
        self.kinds = tuple(kinds)
        self.ids = catalogue.ids
        self._words = [kind.replace("_", " ") for kind in kinds]
        self._events = events
        named = zip(catalogue.titles, catalogue.readings, strict=True)
        self._titles = [(title.strip() or reading.strip())[:PART] for title, reading in named]

    def parts(self, one: Behaviour) -> list[Part]:
        """The last events that say something, oldest first."""
        found: list[Part] = []
        for row in range(len(one) - 1, -1, -1):
            words = self._said(one, row)
            if words:
                found.append((row, words))
                if len(found) == self._events:
                    break
        return found[::-1]

    def _said(self, one: Behaviour, row: int) -> str:
        """The title, and the words of the search or the review."""
        item = int(one.item[row])
        title = self._titles[item] if item >= 0 else ""
        words = one.text[row].strip()[:PART] if one.text else ""
        return f"{title}, {words}" if title and words else title or words

    def told(self, one: Behaviour, parts: Sequence[Part], query: str | None) -> str:
        """In words; a kind is said once for all events of it in a row. "" where there is nothing.

        What the person asks for now comes last, as the search that it is.
        """
        kinds = groupby(parts, lambda part: self._words[int(one.kind[part[0]])])
        sentences = [f"{kind}: {'; '.join(words for _, words in some)}" for kind, some in kinds]
        if query and query.strip():
            sentences.append(f"search: {query.strip()[:PART]}")
        return ". ".join(sentences)

    def text(self, one: Behaviour) -> str:
        """All that is read of a person."""
        return self.told(one, self.parts(one), one.query)

    def name(self, one: Behaviour, row: int) -> str:
        """Of an event in an explanation: the item's id, or the words of the search."""
        item = int(one.item[row])
        return self.ids[item] if item >= 0 else one.text[row]
