"""What is said in Chinese in, the same in the words of the English grammar out.

Chinese has no spaces, so its words are found first: names of the catalogue, then the patterns and
phrases of `languages/zh.toml`, the longest that fits. The English grammar looks for words and
hardly at their order, so a translation word for word is enough for it; the answer is Chinese.
"""

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any
from weakref import WeakKeyDictionary

from foretaste.understand.vocabulary import Vocabulary

CHINESE = "zh"
LATIN = re.compile(r"[a-z]")
HAN = re.compile(r"[㐀-鿿]")
TITLE = re.compile(r"[《〈「『“]([^《》〈〉「」『』“”]{1,100})[》〉」』”]")
PUNCTUATION = str.maketrans("，。！？；：、（）", ",.!?;:,()")
MIN_NAME_CHARACTERS = 2
"""Of a name of the catalogue; a single character is mostly part of another word."""
TENS = re.compile(r"([一二三四五六七八九]?)十([一二三四五六七八九]?)")


class _Phrases:
    """The file, ready to be looked up."""

    def __init__(self) -> None:
        source = resources.files("foretaste.understand") / "languages" / f"{CHINESE}.toml"
        content: Mapping[str, Any] = tomllib.loads(source.read_text(encoding="utf-8"))
        self.patterns = [
            (re.compile(pattern), english) for pattern, english in content["patterns"].items()
        ]
        self.phrases: Mapping[str, str] = content["phrases"]
        self.numbers: Mapping[str, int] = content["numbers"]
        self.longest = max(map(len, self.phrases))


@cache
def _phrases() -> _Phrases:
    return _Phrases()


CHINESE_PATTERNS = tuple(pattern for pattern, _ in _phrases().patterns)
"""All of them, for the test that each takes time in proportion to the text."""
_names_by_vocabulary: WeakKeyDictionary[Vocabulary, tuple[frozenset[str], int]] = (
    WeakKeyDictionary()
)


def in_english(text: str, vocabulary: Vocabulary) -> str:
    """Word for word; what is in no phrase stays as it is."""
    text = unicodedata.normalize("NFKC", text).translate(PUNCTUATION).lower()
    names, longest_name = _chinese_names(vocabulary)
    return " ".join(_translated(text, names, longest_name).split())


def is_understood(text: str, vocabulary: Vocabulary) -> bool:
    """Whether something of it is known: a phrase here, or Chinese in the catalogue."""
    names, _ = _chinese_names(vocabulary)
    return bool(names) or LATIN.search(in_english(text, vocabulary)) is not None


def as_said(english: str, text: str) -> str:
    """A phrase of the English, as it stands in the Chinese that it comes from."""
    chinese = [phrase for phrase, meaning in _phrases().phrases.items() if meaning == english]
    return next((phrase for phrase in chinese if phrase in text), english)


def unknown_title(text: str, vocabulary: Vocabulary) -> str | None:
    """What is quoted as a title, 《…》, and is none here."""
    titles = TITLE.findall(text)
    return next((title for title in titles if vocabulary.titles.exact(title) is None), None)


def _translated(text: str, names: frozenset[str], longest_name: int) -> str:
    titles: list[str] = []

    def keep(hit: "re.Match[str]") -> str:
        titles.append(hit[1])
        return f"\x00{len(titles) - 1}\x00"

    text = TITLE.sub(keep, text)
    text = _with_digits(text)
    words: list[str] = []
    position = 0
    while position < len(text):
        english, length = _word_at(text, position, names, longest_name)
        words.append(english)
        position += length
    line = "".join(words)
    for number, title in enumerate(titles):
        line = line.replace(f"\x00{number}\x00", f" {title} ")
    return line


def _word_at(text: str, position: int, names: frozenset[str], longest_name: int) -> tuple[str, int]:
    """(its English, its length) of what begins here; a single character where nothing is known."""
    for length in range(min(longest_name, len(text) - position), MIN_NAME_CHARACTERS - 1, -1):
        name = text[position : position + length]
        if name in names:
            return f" {name} ", length
    phrases = _phrases()
    for pattern, english in phrases.patterns:
        hit = pattern.match(text, position)
        if hit is not None:
            parts = (_translated(part, names, longest_name) for part in hit.groups())
            return f" {english.format(*parts)} ", max(len(hit[0]), 1)
    for length in range(min(phrases.longest, len(text) - position), 0, -1):
        phrase = text[position : position + length]
        if phrase in phrases.phrases:
            return f" {phrases.phrases[phrase]} ", length
    return text[position], 1


def _with_digits(text: str) -> str:
    """Chinese numbers up to 99 as digits, where they count or place something."""
    numbers = _phrases().numbers

    def ten(hit: "re.Match[str]") -> str:
        return str(10 * numbers.get(hit[1] or "一", 1) + numbers.get(hit[2], 0))

    text = HUNDREDS.sub(lambda hit: str(100 * numbers.get(hit[1], 1)) + hit[2], text)
    text = TENS.sub(lambda hit: hit[0] if hit.string[hit.end() :][:2] == "年代" else ten(hit), text)
    return COUNTED.sub(lambda hit: f"{hit[1] or hit[3] or ''}{numbers[hit[2] or hit[4]]}", text)


HUNDREDS = re.compile(r"([一二两三四五六七八九])百(块|元|欧|美元|页|分钟)")
"""Whole hundreds, with their unit."""
COUNTED = re.compile(
    r"(第|前)([一二两三四五六七八九])(?=[个部本件条款篇首])"
    r"|(再来|再给我|给我|推荐|^|,)([二两三四五六七八九])(?=[个部本件条款篇首])"
)
"""“一部” is “a film” rather than one."""


def _chinese_names(vocabulary: Vocabulary) -> tuple[frozenset[str], int]:
    """(titles and values of the catalogue in Chinese, the characters of the longest)."""
    known = _names_by_vocabulary.get(vocabulary)
    if known is None:
        values = (value for feature in vocabulary.catalogue.features for value in feature.values)
        every = (*vocabulary.titles.titles.values(), *values)
        names = frozenset(name.lower() for name in every if HAN.search(name))
        known = names, max(map(len, names), default=0)
        _names_by_vocabulary[vocabulary] = known
    return known
