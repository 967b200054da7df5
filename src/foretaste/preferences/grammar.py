"""A wish in plain words in, its clauses out: what is wanted, and how much.

    "more slow science fiction, nothing violent"
        → more: slow science fiction   |   none: violent

A fixed grammar, no model: a clause begins with words that say how much (`STRENGTH_BY_PHRASE`, the
longest that fits), and lasts to the next such words or to a stop. "and", "or", "nor" and a comma go
on with the same wish; "but", a semicolon and a full stop begin anew, where nothing said means more.
After a negation "more" adds nothing: "I don't want more horror" wants none.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Strength = Literal["much more", "more", "less", "much less", "none", "only", "forget"]

_PHRASES_BY_STRENGTH: Mapping[Strength, str] = {
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
STRENGTH_BY_PHRASE = {
    phrase: strength
    for strength, phrases in _PHRASES_BY_STRENGTH.items()
    for phrase in phrases.split("/")
}
MAX_PHRASE_WORDS = max(len(phrase.split()) for phrase in STRENGTH_BY_PHRASE)
CONTINUATIONS = frozenset({"and", "or", "nor", ",", "&", "/", "also", "plus"})
CLAUSE_BREAKS = frozenset({"but", ";", ".", "!", "?", "\n", "then", "instead"})
TRAILING_WORDS = frozenset({"only", "please", "anymore", "again", "thanks", "exclusively"})
"""Words that may come behind what they speak of."""
_PLAIN_TEXT = """
    a about all an any anything are as at be been by can could do does everything film
    films for from have i i'd i'm if in is it item items kind kinds know like lot made me
    movie movies my of on one ones please product products really s see so some something
    sort stories story stuff than that the them these thing things this those to too very
    want watch what which who with would you
"""
PLAIN_WORDS = frozenset(_PLAIN_TEXT.split())
"""Words that alone name nothing."""
TOKEN_PATTERN = re.compile(r"\w+(?:['’-]\w+)*|[,;.!?&/\n]")
NEGATIVE_STRENGTHS: frozenset[Strength] = frozenset({"none", "less", "much less"})


def drop_plain_start(phrase: str) -> str:
    """From the first word on that names something: "something funny" is "funny"."""
    words = phrase.split()
    start = next(
        (word_index for word_index, word in enumerate(words) if word.lower() not in PLAIN_WORDS), 0
    )
    return " ".join(words[start:])


@dataclass(frozen=True, slots=True)
class Clause:
    """One thing that is wanted, or not."""

    strength: Strength
    words: tuple[str, ...]
    """In lower case, with the words that name nothing."""
    is_implicit: bool = False
    """Whether nothing was said of how much: it is wanted, that is all."""

    @property
    def text(self) -> str:
        """As it was said."""
        return " ".join(self.words)


def tokenize(text: str) -> list[str]:
    """Words in lower case, and stops."""
    return TOKEN_PATTERN.findall(text.lower().replace("’", "'"))


def parse_clauses(text: str) -> list[Clause]:
    """What is wished, in the order in which it was said."""
    return _ClauseParser(tokenize(text)).parse()


class _ClauseParser:
    """Goes through the words once."""

    def __init__(self, words: list[str]) -> None:
        self._words = words
        self._strength: Strength = "more"
        self._is_implicit = True
        self._awaits_words = False  # whether words said how much, and nothing has followed yet
        self._phrase: list[str] = []
        self._clauses: list[Clause] = []

    def parse(self) -> list[Clause]:
        position = 0
        while position < len(self._words):
            word = self._words[position]
            length = self._strength_phrase_length(position)
            if self._is_trailing(position, length):
                if word in ("only", "exclusively"):
                    self._strength, self._is_implicit = "only", False
                position += 1
            elif length:
                self._close_clause()
                self._set_strength(
                    STRENGTH_BY_PHRASE[" ".join(self._words[position : position + length])]
                )
                position += length
            else:
                self._add_word(word)
                position += 1
        self._close_clause()
        return self._clauses

    def _strength_phrase_length(self, position: int) -> int:
        """How many words from here say how much; 0 for none."""
        for length in range(MAX_PHRASE_WORDS, 0, -1):
            words = self._words[position : position + length]
            if len(words) == length and " ".join(words) in STRENGTH_BY_PHRASE:
                return length
        return 0

    def _is_trailing(self, position: int, length: int) -> bool:
        """Whether the word belongs to what is before it: "comedies only"."""
        word, following = self._words[position], self._words[position + 1 : position + 2]
        if word not in TRAILING_WORDS or length > 1:
            return False
        is_last = not following or following[0] in CLAUSE_BREAKS or following[0] in CONTINUATIONS
        return length == 0 or (is_last and bool(self._phrase))

    def _set_strength(self, strength: Strength) -> None:
        if (
            self._awaits_words
            and self._strength in NEGATIVE_STRENGTHS
            and strength in ("more", "much more")
        ):
            return  # "not more" is not more
        self._strength, self._awaits_words, self._is_implicit = strength, True, False

    def _add_word(self, word: str) -> None:
        if word in CLAUSE_BREAKS:
            self._close_clause()
            self._strength, self._awaits_words, self._is_implicit = "more", False, True
        elif word in CONTINUATIONS:
            self._close_clause()
        else:
            self._phrase.append(word)
            if word not in PLAIN_WORDS:
                self._awaits_words = False

    def _close_clause(self) -> None:
        if any(word not in PLAIN_WORDS for word in self._phrase):
            self._clauses.append(Clause(self._strength, tuple(self._phrase), self._is_implicit))
        self._phrase = []
