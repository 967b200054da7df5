"""The titles of a catalogue in, which of them have a phrase in them out.

One text of all titles is looked through: a hundred thousand take some milliseconds, and there is
nothing to keep up to date but that text.
"""

import re
from collections.abc import Sequence

import numpy as np

from foretaste.domain.data import Ints
from foretaste.rank.index import Mask
from foretaste.understand.titles import title_key

_WORD = re.compile(r"[^\W_]+")
MAX_ADDED_LETTERS = 12
"""What a title has more than its key at most: three gaps, an article and a year with theirs."""
MAX_FOUND_TITLES = 1_000
"""Titles with a phrase that are looked at."""


class TitlePhrases:
    """Phrases of whole words in titles."""

    def __init__(self, titles: Sequence[str]) -> None:
        self._titles = titles
        lines = [f" {_plain(title)} " for title in titles]
        self._ends = np.cumsum([len(line) + 1 for line in lines])
        self._text = "\n".join(lines)

    def rows(self, phrase: str) -> Ints:
        """The titles that have these words after one another, by their places."""
        sought, rows, position = f" {_plain(phrase)} ", list[int](), 0
        if not sought.strip():
            return np.empty(0, np.int32)
        while len(rows) < MAX_FOUND_TITLES:
            position = self._text.find(sought, position)
            if position < 0:
                break
            row = int(self._ends.searchsorted(position, "right"))
            rows.append(row)
            position = int(self._ends[row]) - 1
        return np.array(rows, np.int32)

    def are_of_others(self, run: Sequence[str], start: int, stop: int, mask: Mask) -> bool:
        """Whether most titles that have these words of the run, with the word beside them, are of
        items that the mask [items] leaves out: “star wars” is no war film.
        """
        for first, last in ((start - 1, stop), (start, stop + 1)):
            if first >= 0 and last <= len(run):
                rows = self.rows(" ".join(run[first:last]))
                if len(rows) and 2 * int(mask[rows].sum()) < len(rows):
                    return True
        return False

    def is_title(self, phrase: str) -> bool:
        """Whether a whole title is this, but for its article and its year."""
        key = title_key(phrase)
        rows = self.rows(key)
        lengths = self._ends[rows] - np.where(rows > 0, self._ends[rows - 1], 0)
        rows = rows[lengths <= len(key) + MAX_ADDED_LETTERS]
        return any(title_key(self._titles[row]) == key for row in rows.tolist())


def _plain(text: str) -> str:
    """In lower case, stops as gaps; letters stay as they are written."""
    return " ".join(_WORD.findall(text.lower()))
