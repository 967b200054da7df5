"""A wish in plain words in, its clauses out: what is wanted, and how much.

    "more slow science fiction, nothing violent"
        → more: slow science fiction   |   none: violent

A fixed grammar, no model: a clause begins with words that say how much (`SAYING`, the longest that
fits), and lasts to the next such words or to a stop. "and", "or", "nor" and a comma go on with the
same wish; "but", a semicolon and a full stop begin anew, where nothing said means more. After a
negation "more" adds nothing: "I don't want more horror" wants none.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Much = Literal["much more", "more", "less", "much less", "none", "only", "forget"]

_PHRASES: Mapping[Much, str] = {
    "much more": "much more/a lot more/lots more/far more/many more/a lot of/lots of",
    "more": "more/some more/i like/i love/i want/i prefer/i enjoy/i would like/i'd like/"
    "give me/show me/recommend/rather/not only/not just/i'm into/i am into",
    "less": "less/fewer/a bit less/not so much/not too much/not as much/not so many/"
    "not too many/not so/not too/not very/rarely/seldom",
    "much less": "much less/a lot less/far less/far fewer/much fewer",
    "none": "no/no more/nothing/none/none of/never/without/without any/not/not any/avoid/skip/"
    "except/except for/anything but/everything but/stop showing me/stop showing/"
    "stop recommending/stop/hide/mute/block/i hate/i can't stand/i do not like/i don't like/"
    "i dislike/i do not want/i don't want/i never want/don't show me/do not show me/don't/"
    "do not/don't want/don't like/not interested in/i'm not interested in/i'm tired of/"
    "i am tired of/i'm sick of/no longer/enough/enough of/leave out/anything without/exclude",
    "only": "only/just/nothing but/exclusively/nothing except",
    "forget": "forget/forget about/forget that i said/undo/i don't mind/i do not mind/unmute/"
    "allow/it's fine to show/not any longer",
}
SAYING = {phrase: much for much, phrases in _PHRASES.items() for phrase in phrases.split("/")}
LONGEST = max(len(phrase.split()) for phrase in SAYING)
GOING_ON = frozenset({"and", "or", "nor", ",", "&", "/", "also", "plus"})
ANEW = frozenset({"but", ";", ".", "!", "?", "\n", "then", "instead"})
AFTER = frozenset({"only", "please", "anymore", "again", "thanks", "exclusively"})
"""Words that may come behind what they speak of."""
_PLAIN = """
    a about all an any anything are as at be been by can could do does everything film
    films for from have i i'd i'm if in is it item items kind kinds know like lot made me
    movie movies my of on one ones please product products really s see so some something
    sort stories story stuff than that the them these thing things this those to too very
    want watch what which who with would you
"""
PLAIN = frozenset(_PLAIN.split())
"""Words that alone name nothing."""
TOKEN = re.compile(r"\w+(?:['’-]\w+)*|[,;.!?&/\n]")
NEGATIVE: frozenset[Much] = frozenset({"none", "less", "much less"})


def named(said: str) -> str:
    """From the first word on that names something: "something funny" is "funny"."""
    words = said.split()
    first = next((place for place, word in enumerate(words) if word.lower() not in PLAIN), 0)
    return " ".join(words[first:])


@dataclass(frozen=True, slots=True)
class Clause:
    """One thing that is wanted, or not."""

    much: Much
    words: tuple[str, ...]
    """In lower case, with the words that name nothing."""
    plain: bool = False
    """Whether nothing was said of how much: it is wanted, that is all."""

    @property
    def said(self) -> str:
        """As it was said."""
        return " ".join(self.words)


def tokens(text: str) -> list[str]:
    """Words in lower case, and stops."""
    return TOKEN.findall(text.lower().replace("’", "'"))


def clauses(text: str) -> list[Clause]:
    """What is wished, in the order in which it was said."""
    return _Reader(tokens(text)).read()


class _Reader:
    """Goes through the words once."""

    def __init__(self, words: list[str]) -> None:
        self._words = words
        self._much: Much = "more"
        self._plain = True
        self._spoken = False  # whether words said how much, and nothing has followed yet
        self._phrase: list[str] = []
        self._found: list[Clause] = []

    def read(self) -> list[Clause]:
        place = 0
        while place < len(self._words):
            word = self._words[place]
            length = self._saying(place)
            if self._trails(place, length):
                if word in ("only", "exclusively"):
                    self._much, self._plain = "only", False
                place += 1
            elif length:
                self._close()
                self._say(SAYING[" ".join(self._words[place : place + length])])
                place += length
            else:
                self._take(word)
                place += 1
        self._close()
        return self._found

    def _saying(self, place: int) -> int:
        """How many words from here say how much; 0 for none."""
        for length in range(LONGEST, 0, -1):
            words = self._words[place : place + length]
            if len(words) == length and " ".join(words) in SAYING:
                return length
        return 0

    def _trails(self, place: int, length: int) -> bool:
        """Whether the word belongs to what is before it: "comedies only"."""
        word, after = self._words[place], self._words[place + 1 : place + 2]
        if word not in AFTER or length > 1:
            return False
        ends = not after or after[0] in ANEW or after[0] in GOING_ON
        return length == 0 or (ends and bool(self._phrase))

    def _say(self, much: Much) -> None:
        if self._spoken and self._much in NEGATIVE and much in ("more", "much more"):
            return  # "not more" is not more
        self._much, self._spoken, self._plain = much, True, False

    def _take(self, word: str) -> None:
        if word in ANEW:
            self._close()
            self._much, self._spoken, self._plain = "more", False, True
        elif word in GOING_ON:
            self._close()
        else:
            self._phrase.append(word)
            if word not in PLAIN:
                self._spoken = False

    def _close(self) -> None:
        if any(word not in PLAIN for word in self._phrase):
            self._found.append(Clause(self._much, tuple(self._phrase), self._plain))
        self._phrase = []
