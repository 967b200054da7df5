"""How a language says it: `languages/*.toml` in, one `Grammar` a language out.

The files hold the words; nothing of a language stands in code. Patterns are compiled once, when
the package is first used, and each takes time in proportion to the text (`tests/test_patterns.py`).
"""

import itertools
import re
import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import resources
from typing import Any, Literal, get_args

Strength = Literal[
    "much more", "more", "wanted", "less", "much less", "none", "without", "only", "forget", "void"
]
"""wanted: asked for now. none: never. without: not in what is asked for now. void: means nothing.
"""
Dimension = Literal["year", "price", "length", "rating"]
COMPARATIVES: Mapping[str, tuple[Dimension, Literal["low", "high"]]] = {
    "newer": ("year", "low"),
    "older": ("year", "high"),
    "cheaper": ("price", "high"),
    "dearer": ("price", "low"),
    "shorter": ("length", "high"),
    "longer": ("length", "low"),
    "better": ("rating", "low"),
}
"""Comparative → (what it compares, which bound the other item is)."""
BOUNDARY = " ¦ "
"""Stands where something was taken out: a clause ends there, and no negation goes on."""
LANGUAGES = ("en", "de", "fr", "es")
MIN_STEM_LETTERS = 3
MIN_BORROWED_LETTERS = 4
MAX_CHILD_AGE = 14
SPACED_HYPHEN = re.compile(r"(?<=\w) --? (?=[^\W\d])")
"""A dash, as it is typed."""
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

    def normalised(self, text: str) -> str:
        """One line in lower case, as the patterns expect it."""
        line = " ".join(text.lower().replace("’", "'").replace("¿", " ").replace("¡", " ").split())
        line = line if self.language == "en" else fold(line)
        line = SPACED_HYPHEN.sub(" – ", line)
        for pattern, spelling in self.spellings:
            line = pattern.sub(spelling, line)
        return line

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
    patterns = _patterns(content)
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
        function_words=frozenset(content["function_words"].split()),
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
            if name not in ("children", "men", "women")
        },
        postponed={phrase: strength for phrase, strength in postponed.items() if phrase},
        glossary=glossary,
        endings=endings,
        meaning_by_stem={},
        spellings=(*_spellings(content), *_plain_phrases(glossary, clauses["plain"].split())),
    )
    stems: dict[str, str] = {}
    for length in (0, 1, 2, 3):  # whole words before what is left of others
        for word, meaning in glossary.items():
            for form in word_forms(word, endings):
                if len(word) - len(form) == length:
                    stems.setdefault(form, meaning)
    return replace(grammar, meaning_by_stem=stems if endings else {})


def _spellings(content: Mapping[str, Any]) -> list[tuple["re.Pattern[str]", str]]:
    spellings = content.get("spellings", {})
    return [(re.compile(rf"(?<!\w)(?:{typed})(?!\w)"), it) for typed, it in spellings.items()]


def _plain_phrases(
    glossary: Mapping[str, str], plain: Sequence[str]
) -> list[tuple["re.Pattern[str]", str]]:
    """Phrases that mean something though each of their words means nothing: “love story”."""
    return [
        (re.compile(rf"(?<!\w){re.escape(phrase)}(?!\w)"), meaning.partition("/")[0])
        for phrase, meaning in glossary.items()
        if " " in phrase and all(word in plain for word in phrase.split())
    ]


def _patterns(content: Mapping[str, Any]) -> dict[str, "re.Pattern[str]"]:
    """Everything of a file that is a pattern, compiled."""
    number_words = content["numbers"]["words"]
    words = "|".join(sorted(map(re.escape, map(str, number_words)), key=len, reverse=True))
    numbering = itertools.count()

    def count(_: "re.Match[str]") -> str:
        return rf"(?P<count_{next(numbering)}>\d{{1,2}}|{words})"

    patterns = {
        f"whole.{name}": f"^(?:{re.sub(r'[{]n[}]', count, pattern)})$"
        for name, pattern in content["whole"].items()
    }
    patterns |= {name: content[name] for name in ("elisions", "compounds") if name in content}
    patterns |= {f"starts.{name}": rf"^(?:{it})(?!\w)" for name, it in content["starts"].items()}
    patterns |= {
        "politeness.before": rf"^(?:{content['politeness_before']})(?!\w)[ ,.!:;]*+",
        "politeness.after": rf"(?<!\w)(?:{content['politeness_after']})(?!\w)[ ,.!?]*+$",
        "reference.end": rf"(?<!\w)(?:{content['ends']['reference']})[ .?!]*+$",
        "more_request": rf"(?:^|[,.!;?:]| and| so) ?(?:{content['ends']['more_requests']})[.?!]*+$",
        "reference.before": rf"^(?:(?:{content['references']['before']})(?!\w) ?)++",
        "reference.after": rf" (?:{content['references']['after']})$",
        "than": rf"^(?:{content['comparatives']['than']}) ",
        "children": rf"(?<!\w)(?:{_children_pattern(content)})(?!\w)",
        "men": rf"(?<!\w)(?:{content['clauses']['men']})(?!\w)",
        "women": rf"(?<!\w)(?:{content['clauses']['women']})(?!\w)",
        "service": rf"(?<!\w)(?:{content['service']})(?!\w)",
        "private": rf"(?<!\w)(?:{content['private']})(?!\w)",
        "questions": rf"^(?:{content['questions']})(?!\w)",
        "described": rf"^(?:{content['references']['described']})$",
    }
    patterns |= {
        f"tails.{name}": f"^(?:{tail})$" for name, tail in content.get("tails", {}).items()
    }
    loved = content.get("tails", {}).get("loved", "(?!)")
    patterns["tails.loved_within"] = (
        rf"(?<!\w)(?<!not )(?<!nicht )(?<!pas )(?<!no )(?:{loved})(?!\w)"
    )
    nouns = "|".join(map(re.escape, content["clauses"]["item_nouns"].split()))
    patterns["bound.count_at_most"] = (
        rf"^(?:{content['numbers']['at_most']}) (?P<a>\d{{1,2}}|{words}) (?=(?:{nouns})(?!\w))"
    )
    for name in COMPARATIVES:
        words_of_it = content["comparatives"][name]
        patterns[f"comparative.{name}"] = rf"(?<!\w)(?:{words_of_it})(?!\w)"
        superlatives = content["superlatives"][name]
        patterns[f"superlative.{name}"] = rf"(?<!\w)(?:{superlatives})(?!\w)"
    patterns |= _number_patterns(content["numbers"], words)
    return {name: re.compile(pattern) for name, pattern in patterns.items()}


def _children_pattern(content: Mapping[str, Any]) -> str:
    """With the ages of children in digits and in words."""
    words = content["numbers"]["words"]
    ages = "|".join(word for word, number in words.items() if 1 < number <= MAX_CHILD_AGE)
    return str(content["clauses"]["children"]).replace("{age}", rf"(?:\d|1[0-4]|{ages})")


def _number_patterns(numbers: Mapping[str, Any], words: str) -> dict[str, str]:
    """Numbers with what is compared: each finds its number as a, a second as b, units beside."""
    units = "|".join(f"(?P<{{0}}_{unit}>{spelling})" for unit, spelling in numbers["units"].items())
    amount = (
        r"(?:[$€£] ?)?(?P<{0}>\d{{1,9}}(?:[.,]\d{{1,3}}){{0,3}}|(?:" + words + r")(?= ))"
        r"(?: ?(?:" + units + r")(?!\w))?"
    )
    first, second = amount.format("a"), amount.format("b")
    year = r"(?P<a>1[0-9]\d\d|20\d\d)(?!\w)"
    months = "|".join(sorted(numbers["months"], key=len, reverse=True))
    month = rf"(?P<month>{months})\.? (?:of |de |del )?(?P<a>1[0-9]\d\d|20\d\d)(?!\w)"
    upwards, downwards = numbers["upwards"], numbers["downwards"]
    decades = "|".join(sorted(numbers["decades"], key=len, reverse=True))
    decade = numbers["decade_pattern"].replace("{decades}", decades)
    before = rf"(?:(?:{numbers['decade_before']}) )?(?:the )?"
    return {
        "bound.month_before": rf"(?<!\w)(?:{numbers['before']}) {month}",
        "bound.month_since": rf"(?<!\w)(?:{numbers['since']}) {month}(?: (?:{upwards})(?!\w))?",
        "bound.month_after": rf"(?<!\w)(?:{numbers['after']}) {month}",
        "bound.month": rf"(?<!\w)(?:(?:{numbers['exactly']}|im) )?{month}",
        "bound.decade": rf"(?<!\w){before}{decade}(?!\w)",
        "bound.century": rf"(?<!\w){before}{numbers['century_pattern']}(?!\w)",
        "bound.range": rf"(?<!\w){first} ?(?:{numbers['range_to']}) ?{second}(?!\w)",
        "bound.open": r"(?<!\w)(?:[$€£] ?)?(?P<a>\d{1,6}) ?\+(?: ?(?:"
        + units.format("a")
        + r"))?(?!\w)",
        "bound.between": rf"(?<!\w)(?:{numbers['between']}) {first} ?(?:{numbers['between_and']}) ?"
        rf"{second}(?!\w)",
        "bound.before": rf"(?<!\w)(?:{numbers['before']}) {year}",
        "bound.after": rf"(?<!\w)(?:{numbers['after']}) {year}",
        "bound.since": rf"(?<!\w)(?:{numbers['since']}) {year}(?: (?:{upwards})(?!\w))?",
        "bound.at_most": rf"(?<!\w)(?:{numbers['at_most']}) {first}(?!\w)",
        "bound.at_least": rf"(?<!\w)(?:{numbers['at_least']}) {first}(?!\w)"
        rf"(?: (?:{upwards})(?!\w))?",
        "bound.under": rf"(?<!\w)(?:{numbers['under']}) ?{first}(?!\w)",
        "bound.over": rf"(?<!\w)(?:{numbers['over']}) ?{first}(?!\w)",
        "bound.upwards": rf"(?<!\w){first} (?:{upwards})(?!\w)",
        "bound.downwards": rf"(?<!\w){first} (?:{downwards})(?!\w)",
        "bound.around": rf"(?<!\w)(?:{numbers['around']}) {first}(?!\w)",
        "bound.exactly": rf"(?<!\w)(?:{numbers['exactly']}) {year}",
        "bound.count": rf"^(?:(?:{numbers['article']}) "
        rf"(?=\S+ (?:{numbers['ranked']})(?!\w)))?(?:top )?"
        rf"(?P<a>\d{{1,2}}|{words}) (?=\w)",
    }


GRAMMARS: Mapping[str, Grammar] = {language: load_grammar(language) for language in LANGUAGES}


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
    for pattern in (*grammar.patterns.values(), *(pattern for pattern, _ in grammar.spellings))
)
"""All of them, for the test that each takes time in proportion to the text."""
