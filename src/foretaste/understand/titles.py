"""Titles as people say them in, ids of items out: articles moved, accents left off, a letter wrong.

"The Shining", "shining" and "Shining, The (1980)" are one. What is not exactly a title is the one
that differs least from it (`rapidfuzz`), if it differs little.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence

from rapidfuzz import fuzz, process

ARTICLES = (
    *("the", "a", "an", "der", "die", "das", "ein", "eine", "le", "la", "les", "l", "un", "une"),
    *("el", "los", "las", "una", "il", "lo"),
)
MIN_RATIO = 84.0
"""Of 100: how much of the letters must be the same in their order."""
MIN_FUZZY_LETTERS = 5
"""Of what is said; in a shorter word one letter wrong is another word."""
_YEAR_END = re.compile(r"\((?:18|19|20)\d\d\)$")
_WORDS = re.compile(r"\w+")
_PARENTHESES = re.compile(r"\(([^()]*)\)")


def plain_words(text: str) -> list[str]:
    """Lower case, without accents and punctuation."""
    decomposed = unicodedata.normalize("NFKD", text.lower().replace("'", "").replace("’", ""))
    return _WORDS.findall("".join(c for c in decomposed if not unicodedata.combining(c)))


def title_key(title: str) -> str:
    """What titles are compared by: no year, no article at either end."""
    title = title.strip(" \"'“”«»„?.!")
    words = plain_words(_YEAR_END.sub("", title))
    if len(words) > 1 and words[-1] in ARTICLES and "," in title:
        words = words[:-1]
    elif len(words) > 1 and words[0] in ARTICLES:
        words = words[1:]
    return " ".join(words)


def _spellings(title: str) -> list[str]:
    """A title, and what people call it: the part before a colon or parentheses."""
    titles = [title, _PARENTHESES.sub("", _YEAR_END.sub("", title))]
    titles += [title.partition(":")[0]] if ":" in title else []
    titles += [alias for alias in _PARENTHESES.findall(title) if not alias.isdigit()]
    return [key for key in dict.fromkeys(map(title_key, titles)) if key]


class TitleIndex:
    """The titles of a catalogue, or of a list."""

    def __init__(self, titles: Mapping[str, str]) -> None:
        self.titles = titles
        self._item_by_key: dict[str, str] = {}
        self._whole_titles: dict[str, str] = {}
        for item_id, title in titles.items():
            for spelling, key in enumerate(_spellings(title)):
                known = self._whole_titles if spelling == 0 else self._item_by_key
                known.setdefault(key, item_id)
        self._item_by_key = {**self._item_by_key, **self._whole_titles}
        self._ids = {item_id.lower(): item_id for item_id in titles}
        self._keys: Sequence[str] = list(self._item_by_key)

    def exact(self, words: str) -> str | None:
        """The item of this title or id."""
        return self._item_by_key.get(title_key(words)) or self._ids.get(words.strip().lower())

    def containing(self, words: str) -> str | None:
        """The one item that has these words after one another in its title: “the loafers”."""
        sought = f" {' '.join(plain_words(words))} "
        items = {item for key, item in self._item_by_key.items() if sought in f" {key} "}
        return next(iter(items)) if len(items) == 1 and sought.strip() else None

    def nearest(self, words: str) -> str | None:
        """The item of this title, or of the one that begins so, or that is very like it."""
        item = self.exact(words)
        key = title_key(words)
        if item is not None or len(key) < MIN_FUZZY_LETTERS:
            return item
        beginnings = [known for known in self._keys if known.startswith(key + " ")]
        if len({self._item_by_key[known] for known in beginnings}) == 1:
            return self._item_by_key[beginnings[0]]
        nearest = process.extractOne(
            key, self._keys, scorer=fuzz.ratio, score_cutoff=MIN_RATIO, processor=None
        )
        return None if nearest is None else self._item_by_key[nearest[0]]
