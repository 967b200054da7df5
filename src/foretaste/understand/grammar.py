"""How a language says it: `languages/*.toml` in, one `Grammar` a language out.

The files hold the words; nothing of a language stands in code. Patterns are compiled once, when
the package is first used, and each takes time in proportion to the text (`tests/test_patterns.py`).
"""

import re
import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import resources
from typing import Any, Literal, get_args

from foretaste.understand.grammar_patterns import (
    COMPARATIVES,
    about_patterns,
    compiled_patterns,
    plain_phrases,
    question_words,
    spelling_patterns,
    time_patterns,
)

Strength = Literal[
    "much more", "more", "wanted", "less", "much less", "none", "without", "only", "forget", "void"
]
"""wanted: asked for now. none: never. without: not in what is asked for now. void: means nothing.
"""
BOUNDARY = " ¦ "
"""Stands where something was taken out: a clause ends there, and no negation goes on."""
LANGUAGES = ("en", "de", "fr", "es")
MIN_STEM_LETTERS = 3
MIN_BORROWED_LETTERS = 4
SPACED_HYPHEN = re.compile(r"(?<=\w) --? (?=[^\W\d])")
"""A dash, as it is typed."""
EMOTICON = re.compile(
    r"(?<!\w)(?:[:;=8][-'^]?[)(dpo/|*]+|<3|[xX][dD]+|\^\^|[\U0001F000-\U0001FAFF☀-➿️]+)(?!\w)", re.I
)
WORD = re.compile(r"\w++")
DIGRAPHS = (("ae", "a"), ("oe", "o"), ("ue", "u"))
"""How umlauts are typed without them → as they are without their dots."""
FILE_WORD = re.compile(r"[^\W\d_]{2,}")
TOKEN_PATTERN = re.compile(r"\w+(?:['’-]\w+)*|[,;.!?&/:\n¦–—]")


@dataclass(frozen=True)
class Grammar:
    """One language."""

    language: str
    name: str
    """As it calls itself."""
    articles: tuple[str, ...]
    function_words: frozenset[str]
    """Those that tell the language from others."""
    patterns: Mapping[str, "re.Pattern[str]"]
    """By their section and name, as in "whole.greet"."""
    references: Mapping[str, Any]
    joins: frozenset[str]
    number_words: Mapping[str, float]
    decades: Mapping[str, int]
    months: Mapping[str, int]
    strengths: Mapping[str, Strength]
    """Phrase → how much is wanted."""
    clauses: Mapping[str, frozenset[str]]
    postponed: Mapping[str, Strength]
    """Phrase behind what it speaks of → how much of that is wanted."""
    glossary: Mapping[str, str]
    """Word → what a catalogue may call it, in English."""
    endings: tuple[str, ...]
    """Of words, the longest first; two words that differ by them alone are one."""
    meaning_by_stem: Mapping[str, str]
    """The glossary by the stems of its words."""
    spellings: tuple[tuple["re.Pattern[str]", str], ...] = ()
    """How people type what the other patterns expect with its apostrophe, and what that is."""
    about_patterns: tuple[tuple[Any, "re.Pattern[str]"], ...] = ()
    """(topic, pattern) of the questions about an item that `item_questions` reads."""
    own_words: frozenset[str] = frozenset()
    """All words that it has besides the glossary."""
    time_patterns: tuple[tuple[str, "re.Pattern[str]"], ...] = ()
    """(kind, pattern) of the times that `relative_times` reads, in their order."""
    weekdays: Mapping[str, int] = field(default_factory=dict)
    """Name → its place in the week, Monday first."""
    day_words: Mapping[str, int] = field(default_factory=dict)
    """“The first” of a month → its number."""
    frames: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Classes of words around titles, and of sentences that only tell something."""
    ones: frozenset[str] = frozenset()
    """Words that count one: “a week”."""

    def normalised(self, text: str) -> str:
        """One line in lower case, as the patterns expect it."""
        text = EMOTICON.sub(" ", text)
        line = " ".join(text.lower().replace("’", "'").replace("¿", " ").replace("¡", " ").split())
        line = line if self.language == "en" else fold(line)
        if self.language == "de":
            line = WORD.sub(lambda hit: self._with_umlauts(hit[0]), line)
        line = SPACED_HYPHEN.sub(" – ", line)
        for pattern, spelling in self.spellings:
            line = pattern.sub(spelling, line)
        return line

    def _with_umlauts(self, word: str) -> str:
        """A word with “ue” for “ü”, as it is typed without umlauts, where only that is a word."""
        if not any(digraph in word for digraph, _ in DIGRAPHS) or word in self.own_words:
            return word
        if self._meaning_of_form(word) is not None:
            return word
        plain = word
        for digraph, letter in DIGRAPHS:
            plain = plain.replace(digraph, letter)
        is_known = any(form in self.own_words for form in word_forms(plain, self.endings))
        is_known = is_known or self._meaning_of_form(plain) is not None
        return plain if is_known else word

    def tokens(self, text: str) -> list[str]:
        """Words and stops; what is elided is a word of its own, as in "l'amour"."""
        elisions = self.patterns.get("elisions")
        return tokenize(text if elisions is None else elisions.sub(r"\1 ", text))

    def whole(self, intent: str, text: str) -> "re.Match[str] | None":
        """Whether that is all that is said."""
        return self.patterns[f"whole.{intent}"].fullmatch(text)

    def compares(self, word: str) -> bool:
        """Whether it is a comparative: “newer”."""
        return any(self.patterns[f"comparative.{name}"].fullmatch(word) for name in COMPARATIVES)

    def phrase_length(self, phrases: Mapping[str, Any], tokens: list[str], position: int) -> int:
        """How many words from here are one of the phrases, at most; 0 for none."""
        for length in range(MAX_PHRASE_WORDS, 0, -1):
            words = tokens[position : position + length]
            if len(words) == length and " ".join(words) in phrases:
                return length
        return 0

    def meaning(self, phrase: str) -> str | None:
        """What the glossary has for it, in any of its forms, or for the first part of it."""
        found = self._meaning_of_form(phrase)
        compound = self.patterns.get("compounds")
        hit = compound.fullmatch(phrase) if found is None and compound is not None else None
        if hit is None:
            return found
        head = hit["head"]
        heads = (head, head.removesuffix("s"), head.removesuffix("n"), head.removesuffix("en"))
        return next((known for h in heads if (known := self._meaning_of_form(h))), head)

    def _meaning_of_form(self, word: str) -> str | None:
        forms = word_forms(word, self.endings)
        return self.glossary.get(word) or next(
            (self.meaning_by_stem[form] for form in forms if form in self.meaning_by_stem), None
        )

    def compound_parts(self, word: str) -> list[str]:
        """The two words of the glossary that it is made of; the word itself where it is not."""
        if "compounds" not in self.patterns or word in self.glossary:
            return [word]
        for cut in range(MIN_STEM_LETTERS, len(word) - MIN_STEM_LETTERS + 1):
            head, tail = word[:cut], word[cut:]
            if self._meaning_of_form(tail) and self._meaning_of_form(head):
                return [head, tail]
        return [word]

    def is_part_of_compound(self, run: Sequence[str], start: int, stop: int) -> bool:
        """Whether these words and the one beside them are a name of something else: “world war” is
        narrower than the genre.
        """
        beside = [run[start - 1 : stop]] if start else []
        compounds = self.clauses["compounds"]
        return any(" ".join(words) in compounds for words in (*beside, run[start : stop + 1]))

    def translated(self, words: tuple[str, ...]) -> tuple[str, ...]:
        """The words by the glossary, several together before each alone."""
        english: list[str] = []
        position = 0
        while position < len(words):
            for length in (3, 2, 1):
                phrase = " ".join(words[position : position + length])
                meaning = self.meaning(phrase) if self.language != "en" else None
                if meaning is not None and len(words) >= position + length:
                    english += meaning.partition("/")[0].split()
                    break
            else:
                length = 1
                english.append(words[position])
            position += length
        return tuple(english)


def word_forms(word: str, endings: tuple[str, ...]) -> list[str]:
    """The word, and what is left of it without each ending that it has; the longest first."""
    forms = [word.removesuffix(ending) for ending in endings if word.endswith(ending)]
    return [word, *sorted((f for f in forms if len(f) >= MIN_STEM_LETTERS), key=len, reverse=True)]


MAX_PHRASE_WORDS = 7
"""Words of a phrase that says how much, at most."""


def fold(text: str) -> str:
    """Without accents, and with ß as ss: people leave them off."""
    decomposed = unicodedata.normalize("NFD", text.replace("ß", "ss"))
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def tokenize(text: str) -> list[str]:
    """Words in lower case, and stops."""
    return TOKEN_PATTERN.findall(text.lower().replace("’", "'"))


def load_grammar(language: str) -> Grammar:
    """One file read."""
    source = resources.files("foretaste.understand") / "languages" / f"{language}.toml"
    text = source.read_text(encoding="utf-8")
    content = tomllib.loads(text if language == "en" else fold(text))
    patterns = compiled_patterns(content)
    elisions = patterns.get("elisions")

    def phrase_key(phrase: str) -> str:
        return " ".join(tokenize(phrase if elisions is None else elisions.sub(r"\1 ", phrase)))

    numbers, references, clauses = content["numbers"], content["references"], content["clauses"]
    number_words = {str(word): float(number) for word, number in numbers["words"].items()}
    strengths: dict[str, Strength] = {}
    postponed: dict[str, Strength] = {}
    for strength in get_args(Strength):
        for phrase in content["strengths"].get(strength, "").split("/"):
            strengths[phrase_key(phrase)] = strength
        for phrase in content["postponed"].get(strength, "").split("/"):
            postponed[phrase_key(phrase)] = strength
    strengths.pop("", None)
    endings = tuple(sorted(content.get("endings", ()), key=len, reverse=True))
    glossary = {
        phrase_key(str(word)): str(meaning) for word, meaning in content["glossary"].items()
    }
    grammar = Grammar(
        language=language,
        name=content["name"],
        articles=tuple(content["articles"]),
        function_words=frozenset(content["function_words"].split()) | question_words(content),
        own_words=frozenset(FILE_WORD.findall(fold(text.lower()))),
        patterns=patterns,
        references=references,
        joins=frozenset(references["joins"]),
        number_words=number_words,
        decades=numbers["decades"],
        months=numbers["months"],
        strengths=strengths,
        clauses={
            name: frozenset(words.split() if isinstance(words, str) else map(phrase_key, words))
            for name, words in clauses.items()
            if name not in ("children", "men", "women", "occasion", "media", "recipient")
        },
        postponed={phrase: strength for phrase, strength in postponed.items() if phrase},
        glossary=glossary,
        endings=endings,
        meaning_by_stem={},
        about_patterns=about_patterns(content),
        time_patterns=time_patterns(content),
        frames={name: frozenset(words.split()) for name, words in content["frames"].items()},
        weekdays=content["times"]["weekdays"],
        day_words=content["times"]["first"],
        ones=frozenset(content["times"]["ones"].split("|")),
        spellings=(*spelling_patterns(content), *plain_phrases(glossary, clauses["plain"].split())),
    )
    return replace(grammar, meaning_by_stem=_stems(glossary, endings) if endings else {})


def _stems(glossary: Mapping[str, str], endings: tuple[str, ...]) -> dict[str, str]:
    """The glossary by the stems of its words: whole words before what is left of others."""
    stems: dict[str, str] = {}
    for length in (0, 1, 2, 3):
        for word, meaning in glossary.items():
            for form in word_forms(word, endings):
                if len(word) - len(form) == length:
                    stems.setdefault(form, meaning)
    return stems


GRAMMARS: Mapping[str, Grammar] = {language: load_grammar(language) for language in LANGUAGES}


UNDERSTOOD_LANGUAGES = (*LANGUAGES, "zh")
"""Those with a grammar of their own, and Chinese, which is put into the words of English."""


def grammar_of(language: str) -> Grammar:
    """What reads a language. Raises KeyError for one that is not understood."""
    return GRAMMARS["en" if language == "zh" else language]


def borrowed_meaning(word: str, grammar: Grammar) -> str | None:
    """What the glossary of another language has for a word: “a good Krimi”."""
    if (
        len(word) < MIN_BORROWED_LETTERS
        or word in grammar.clauses["plain"] | grammar.function_words
    ):
        return None
    others = [other for other in GRAMMARS.values() if other.language != grammar.language]
    return next((meaning for other in others if (meaning := other.glossary.get(fold(word)))), None)


GRAMMAR_PATTERNS = tuple(
    pattern
    for grammar in GRAMMARS.values()
    for pattern in (
        *grammar.patterns.values(),
        *(pattern for pattern, _ in grammar.spellings),
        *(pattern for _, pattern in (*grammar.time_patterns, *grammar.about_patterns)),
    )
)
"""All of them, for the test that each takes time in proportion to the text."""
