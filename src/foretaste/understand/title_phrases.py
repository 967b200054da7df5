"""The titles of a catalogue in, which of them have a phrase in them out.

One text of all titles is looked through: a hundred thousand take some milliseconds, and there is
nothing to keep up to date but that text.
"""

import re
from collections.abc import Sequence
from copy import copy

import numpy as np

from foretaste.domain.data import Ints
from foretaste.domain.packed_rows import differing_rows
from foretaste.rank.index import Mask
from foretaste.understand.titles import title_key

_WORD = re.compile(r"[^\W_]+")
MAX_ADDED_LETTERS = 20
"""What a whole title has more than twice its key at most: an article, a year, quotes and stops."""
MIN_LATER_TITLES, MAX_LATER_PART = 1_000, 50
"""New and changed titles up to which, or one in how many, they are read beside the others."""
MAX_FOUND_TITLES = 1_000
"""Titles with a phrase that are looked at."""


class TitlePhrases:
    """Phrases of whole words in titles."""

    def __init__(self, titles: Sequence[str]) -> None:
        self._titles = titles
        self._first = _TitleLines(titles)
        self._later, self._later_rows = _TitleLines([]), np.empty(0, np.int32)
        """Titles that came or changed since the first were read, and their places, ascending."""

    def updated(self, titles: Sequence[str]) -> "TitlePhrases":
        """Of these titles: the same items in the same places, and more."""
        if titles is self._titles:
            return self
        changed = [*differing_rows(titles, self._titles), *range(len(self._titles), len(titles))]
        rows = np.unique(np.array([*self._later_rows.tolist(), *changed], np.int32))
        if len(rows) > max(MIN_LATER_TITLES, len(titles) // MAX_LATER_PART) or len(titles) < len(
            self._titles
        ):
            return TitlePhrases(titles)
        updated = copy(self)
        updated._titles, updated._later_rows = titles, rows
        updated._later = _TitleLines([titles[row] for row in rows.tolist()])
        return updated

    def rows(self, phrase: str) -> Ints:
        """The titles that have these words after one another, by their places."""
        sought = f" {_plain(phrase)} "
        if not sought.strip():
            return np.empty(0, np.int32)
        first = self._first.rows(sought)
        if not len(self._later_rows):
            return first
        first = first[~np.isin(first, self._later_rows)]
        return np.concatenate([first, self._later_rows[self._later.rows(sought)]])

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
        titles = (self._titles[row] for row in rows.tolist())
        likely = (title for title in titles if len(title) <= 2 * len(key) + MAX_ADDED_LETTERS)
        return any(title_key(title) == key for title in likely)


class _TitleLines:
    """Titles in plain words as one text, a line each."""

    def __init__(self, titles: Sequence[str]) -> None:
        lines = [f" {_plain(title)} " for title in titles]
        self._ends = np.cumsum([len(line) + 1 for line in lines])
        self._text = "\n".join(lines)

    def rows(self, sought: str) -> Ints:
        """The lines that have it, `MAX_FOUND_TITLES` at most."""
        rows, position = list[int](), 0
        while len(rows) < MAX_FOUND_TITLES:
            position = self._text.find(sought, position)
            if position < 0:
                break
            row = int(self._ends.searchsorted(position, "right"))
            rows.append(row)
            position = int(self._ends[row]) - 1
        return np.array(rows, np.int32)


def _plain(text: str) -> str:
    """In lower case, stops as gaps; letters stay as they are written."""
    return " ".join(_WORD.findall(text.lower()))
