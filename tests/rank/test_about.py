"""What items are about: the words they have, and what they read like."""

import numpy as np
import pytest

from foretaste.domain.words import stem
from foretaste.rank import about
from foretaste.rank.about import MIN_COSINE, items_mentioning, items_similar_to


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("films", "film"),
        ("comedies", "comedy"),
        ("violence", "violent"),
        ("musicals", "musical"),
        ("wars", "war"),
        ("robots", "robot"),
    ],
)
def test_forms_of_a_word(one: str, other: str) -> None:
    assert stem(one) == stem(other)


def test_other_words_stay_apart() -> None:
    assert len({stem(word) for word in ("war", "warm", "glass", "violin", "viola", "sea")}) == 6


def test_who_says_so() -> None:
    readings = ["A violent man", "No VIOLENCE here", "A violin", "space travel", "Space. Traveller"]
    assert items_mentioning(readings, "violent").tolist() == [True, True, False, False, False]
    assert items_mentioning(readings, "travel space").tolist() == [False, False, False, True, False]
    assert not items_mentioning(readings, "…").any()


def test_a_word_begins_where_no_letter_is_before_it() -> None:
    readings = ["warship", "a post-war film", "postwar film", "_war", "WAR\nfilms", "İwar", ""]
    expected = [False, True, False, False, True, False, False]
    assert items_mentioning(readings, "war").tolist() == expected


def test_texts_are_looked_through_some_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(about, "TEXTS_AT_A_TIME", 2)
    readings = ["red", "shoe", "red shoes", "red", "shoe red"]
    assert items_mentioning(readings, "red shoe").tolist() == [False, False, True, False, True]
    assert items_mentioning(["İstanbul"], "istanbul").tolist() == [True]
    assert items_mentioning([], "red").tolist() == []


def test_who_reads_like_it() -> None:
    rng = np.random.default_rng(1)
    vectors = rng.normal(size=(200, 16)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    topic = vectors[7]
    found = items_similar_to(vectors, topic)
    assert found[7]
    assert found.sum() < 12
    assert (vectors[found] @ topic >= MIN_COSINE).all()
    # where nothing is close, nothing is about it, however far it stands out
    assert not items_similar_to(vectors * np.float32(MIN_COSINE / 2), topic).any()
    assert items_similar_to(vectors[:0], topic).shape == (0,)
