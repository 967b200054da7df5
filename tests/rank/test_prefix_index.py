"""Words are found by their beginnings, without case and accents, in any place of a text."""

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foretaste.rank.prefix_index import TypedTextIndex, fold_word, folded_words, matched_spans

TITLES = (
    "The Matrix",
    "Amélie",
    "Matrix Reloaded, The",
    "Straße der Lieder",
    "Star Wars: Episode V",
    "Sci-Fi nights",
    "A Star Is Born",
)


def found(index: TypedTextIndex, typed: str) -> list[str]:
    return [TITLES[row] for row in index.matching(folded_words(typed))]


@pytest.fixture(scope="module")
def index() -> TypedTextIndex:
    return TypedTextIndex.of(TITLES)


@pytest.mark.parametrize(
    ("typed", "titles"),
    [
        ("mat", ["The Matrix", "Matrix Reloaded, The"]),
        ("AME", ["Amélie"]),
        ("amé", ["Amélie"]),
        ("strass", ["Straße der Lieder"]),
        ("star w", ["Star Wars: Episode V"]),
        ("w star", []),
        ("wars star", ["Star Wars: Episode V"]),
        ("sta", ["Star Wars: Episode V", "A Star Is Born"]),
        ("scifi", ["Sci-Fi nights"]),
        ("sci fi", ["Sci-Fi nights"]),
        ("atrix", []),
        ("", list(TITLES)),
        ("😀", list(TITLES)),
    ],
)
def test_words_as_far_as_they_are_typed(
    index: TypedTextIndex, typed: str, titles: list[str]
) -> None:
    assert found(index, typed) == titles


def test_what_a_text_begins_with_may_leave_its_article_out(index: TypedTextIndex) -> None:
    beginning = {TITLES[row] for row in index.beginning(["star"])}
    assert beginning == {"Star Wars: Episode V", "A Star Is Born"}
    assert [TITLES[row] for row in index.beginning(["the", "ma"])] == ["The Matrix"]


@pytest.mark.parametrize(
    ("typed", "whole", "meant"),
    [
        ("amelei", True, "amelie"),
        ("martix", True, "matrix"),
        ("relaoded", True, "reloaded"),
        ("mtari", False, "matrix"),
        ("xyzzyx", True, None),
        ("sta", True, None),
    ],
)
def test_a_mistyped_word_is_the_nearest_one(
    index: TypedTextIndex, typed: str, whole: bool, meant: str | None
) -> None:
    assert index.corrected(typed, whole=whole) == meant


def test_what_was_typed_is_shown_in_the_text_as_it_is_written() -> None:
    text = "Straße nach Léon"
    spans = matched_spans(text, ["strass", "leo"])
    assert [text[start:end] for start, end in spans] == ["Straß", "Léo"]
    assert matched_spans("<b>Bold</b>", ["b"]) == [(1, 2), (3, 4), (9, 10)]


def test_of_nothing_nothing_is_found() -> None:
    empty = TypedTextIndex.of([])
    assert empty.matching(["a"]).tolist() == []
    assert empty.beginning(["a"]).tolist() == []
    assert empty.corrected("matrix", whole=True) is None
    assert fold_word("ÀÉ") == "ae"


words = st.lists(st.text(string.ascii_lowercase[:4], min_size=1, max_size=3), max_size=4)


@settings(max_examples=100, deadline=None)
@given(st.lists(words, max_size=12), words)
def test_it_finds_what_looking_at_every_text_finds(
    texts: list[list[str]], typed: list[str]
) -> None:
    index = TypedTextIndex.of([" ".join(text) for text in texts])
    expected = [
        row
        for row, text in enumerate(texts)
        if all(word in text for word in typed[:-1])
        and (not typed or any(word.startswith(typed[-1]) for word in text))
    ]
    assert index.matching(typed).tolist() == expected
