"""No regular expression of the package takes more than time in proportion to the text.

Steps are counted and not seconds: the third part of a text may take no more than the second.
"""

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from foretaste.domain.words import phrase_pattern
from foretaste.language.bounded_generation import TextBounds
from pattern_steps import Counter, attacks, growth

SOURCE = Path(__file__).parents[1] / "src"
LENGTH = 64
"""Characters of a part of the text; more than any pattern looks back or ahead."""
SHORT_LENGTH = LENGTH // 2
"""Of a text that is tried before it: what is quadratic takes thousands of steps more in it too, and
a pattern that looks further ahead than this may, so the longer text has the last word.
"""
GROUP_SIZE = 40
"""Patterns that one test looks at: most take less time than a test does."""
MAX_GROWTH = 60
"""Steps. What is quadratic takes thousands more for the third part than for the second."""
WITH_PATTERNS_OF_THEIR_OWN = {
    "foretaste.domain.words.phrase_pattern": "escapes words; see the test of it below",
    "foretaste.generate.checker.remove_names": "phrase_pattern",
    "foretaste.generate.topic_names._surface": "escapes words, with gaps that are read in one way",
    "foretaste.converse.evidence.fault": "phrase_pattern",
    "foretaste.rank.policy._mentions_title": "phrase_pattern",
    "foretaste.rank.about._all_mentions": "one stem and a few endings",
    "foretaste.language.bounded_generation.__init__": "see the test of it below",
    "foretaste.behaviour.files.layouts.offer_header": "of our own, and sees the name of a file",
    "foretaste.behaviour.formats.declaration.has_file_name": "the same",
    "foretaste.behaviour.formats.formatted_table.rows_of": "the same",
    "foretaste.understand.chinese.__init__": "once, all in CHINESE_PATTERNS",
    "foretaste.understand.grammar_patterns.compiled_patterns": "once, all in GRAMMAR_PATTERNS",
    "foretaste.understand.grammar_patterns.spelling_patterns": "the same",
    "foretaste.understand.grammar_patterns.plain_phrases": "the same",
    "foretaste.understand.grammar_patterns.time_patterns": "the same",
    "foretaste.understand.grammar_patterns.about_patterns": "the same",
    "foretaste.display.svg.svg_of": "of our own charts",
    "foretaste.workspace.tenants._with_schema": "of a settings file",
    "foretaste.serve.http.problem_texts._patterns": "loaded once, of messages of our own",
    "foretaste.serve.http.problem_texts._pattern_of": "the same",
}
"""Functions that make patterns while they run: why that is no danger."""


def modules() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(SOURCE.rglob("*.py")):
        name = ".".join(path.relative_to(SOURCE).with_suffix("").parts)
        text = path.read_text(encoding="utf-8")
        if not re.search(r"^\s*import\b.*\bre(gex)?\b", text, re.MULTILINE):
            continue  # most modules: to parse them takes a second
        tree = ast.parse(text)
        if any(
            isinstance(node, ast.Import) and {alias.name for alias in node.names} & {"re", "regex"}
            for node in ast.walk(tree)
        ):
            yield name, tree


def patterns_in(value: Any) -> Iterator["re.Pattern[str]"]:
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, tuple | list | dict):
        for member in value.values() if isinstance(value, dict) else value:
            yield from patterns_in(member)


def all_patterns() -> dict[str, "re.Pattern[str]"]:
    """By their places."""
    found: dict[Any, tuple[str, re.Pattern[str]]] = {}
    for name, _ in modules():
        for variable, value in vars(importlib.import_module(name)).items():
            for number, pattern in enumerate(patterns_in(value)):
                place = f"{name}.{variable}-{number}"
                found.setdefault((pattern.pattern, pattern.flags), (place, pattern))
    return dict(found.values())


def groups() -> list[Any]:
    """Of patterns by their places, each under the name of its first."""
    patterns = list(all_patterns().items())
    starts = range(0, len(patterns), GROUP_SIZE)
    return [
        pytest.param(dict(patterns[start : start + GROUP_SIZE]), id=f"{patterns[start][0]}...")
        for start in starts
    ]


def is_too_dear(pattern: "re.Pattern[str]", attack: tuple[str, str, str]) -> bool:
    """Whether the third part of a text takes more steps than the second."""
    return all(growth(pattern, attack, length) > MAX_GROWTH for length in (SHORT_LENGTH, LENGTH))


def weak_places(pattern: "re.Pattern[str]") -> list[tuple[str, str, str]]:
    """The attacks that make it dear."""
    return [attack for attack in attacks(pattern) if is_too_dear(pattern, attack)]


@pytest.mark.parametrize("patterns", groups())
def test_steps_grow_as_the_text_does(patterns: dict[str, "re.Pattern[str]"]) -> None:
    weak = {place: weak_places(pattern)[:1] for place, pattern in patterns.items()}
    assert {place: attack for place, attack in weak.items() if attack} == {}


REPEATED_GROUP = re.compile(r"(?<!\\)\)(?:[*+?]|\{[0-9,]++\})\+")
"""A group that gives nothing back. Python 3.11.2, which Debian 12 has, matches it wrongly: where
the last round fails half-way it does not go back to where that round began. `(?>(?:…)*)` does."""


def test_no_group_is_repeated_possessively() -> None:
    patterns = {
        place: text.decode("latin-1") if isinstance(text, bytes) else text
        for place, text in ((place, found.pattern) for place, found in all_patterns().items())
    }
    assert [name for name, text in patterns.items() if REPEATED_GROUP.search(text)] == []


@pytest.mark.parametrize("pattern", [r"(?:a|b)*+", r"(?:ab)++", r"(?:a)?+", r"(?:a ){0,3}+"])
def test_a_group_repeated_possessively_is_seen(pattern: str) -> None:
    assert REPEATED_GROUP.search(pattern)


@pytest.mark.parametrize("pattern", [r"(?>(?:a|b)*)", r"\)++", r"(a)+", r"[)]*+(b)"])
def test_other_repeats_are_no_such_group(pattern: str) -> None:
    assert not REPEATED_GROUP.search(pattern)


def functions_with_patterns() -> set[str]:
    """Those that use `re` or `regex` otherwise than by a pattern of their module."""
    found = set()
    for name, tree in modules():
        for function in ast.walk(tree):
            if isinstance(function, ast.FunctionDef):
                for node in ast.walk(function):
                    if (
                        isinstance(node, ast.Attribute)
                        and isinstance(node.value, ast.Name)
                        and node.value.id in ("re", "regex")
                        and node.attr.islower()
                    ):
                        found.add(f"{name}.{function.name}")
    return found


def test_patterns_are_made_once_in_their_module_where_they_are_seen_by_this_test() -> None:
    assert functions_with_patterns() == set(WITH_PATTERNS_OF_THEIR_OWN)


@pytest.mark.parametrize("phrase", ["a", "a a a", "-a- (a", "aa aa aa b", "...", "“a”"])
def test_a_phrase_is_looked_for_in_steps_that_grow_as_the_text_does(phrase: str) -> None:
    pattern = re.compile(phrase_pattern(phrase), re.IGNORECASE)
    assert weak_places(pattern) == []
    for pump in (phrase, f"{phrase} ", phrase[:-1], f"{phrase[:-1]} "):
        if pump:
            assert growth(pattern, ("", pump, "\0"), LENGTH) <= MAX_GROWTH


def test_a_name_of_words_that_may_be_said_is_read_in_one_way() -> None:
    bounds = TextBounds(("you you", "you", "you you you"), ("you", "yo", "u"))
    pattern = re.compile(bounds._text.pattern, re.IGNORECASE)
    for pump in ("you ", "yo-u ", "you, you "):
        assert growth(pattern, ("you ", pump, "\0"), LENGTH // 2) <= MAX_GROWTH


@pytest.mark.parametrize(
    "pattern",
    [r"\S+@\S+\.\S+", r"\d+\.?\d*", r"<[^>]*>", r".+?!", r"\s*x"],
)
def test_what_is_not_linear_is_found(pattern: str) -> None:
    compiled = re.compile(pattern)
    assert any(is_too_dear(compiled, attack) for attack in attacks(compiled))


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"(?:a|ab)(?:c|bcd)(d*)", "abcd abcdd ac"),
        (r"(?<!\w)a\s+b(?!\w)", "a b, aa b, a  b"),
        (r"x{2,3}?y*+", "xxxyy xx xyy"),
        (r"(?m)^[^\s\d]+$", "ab\n1\ncd e\nf"),
        (r"(?i)\bSYSTEM\s*:", "System : system:"),
    ],
)
def test_what_counts_finds_what_python_finds(pattern: str, text: str) -> None:
    compiled = re.compile(pattern)
    counter = Counter(compiled, text)
    at, spans = 0, []
    while at <= len(text):
        end = next(counter.ends(counter.tree, at), None)
        if end is not None:
            spans.append((at, end))
        at = at + 1 if end is None else max(end, at + 1)
    assert spans == [hit.span() for hit in compiled.finditer(text)]
