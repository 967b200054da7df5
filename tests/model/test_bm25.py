"""BM25 against the library that makes the index, and with texts that come later."""

import bm25s
import numpy as np

from foretaste.model.bm25 import Bm25, tokenize

TEXTS = ["the red rose", "blue rose rose garden", "garden tools, red handle", "lamp", ""]


def test_is_what_the_library_says() -> None:
    index = bm25s.BM25(method="lucene")
    index.index(tokenize(TEXTS), show_progress=False)
    mine = Bm25.of(TEXTS)

    for words in (["red"], ["red", "rose"], ["rose", "rose", "lamp"]):
        np.testing.assert_allclose(mine.scores(words), index.get_scores(words), rtol=1e-5)


def test_a_text_put_again_weighs_the_same() -> None:
    once, twice = Bm25.of(TEXTS), Bm25.of(TEXTS)
    for place, text in enumerate(TEXTS):
        twice.put(place, text)

    np.testing.assert_allclose(
        twice.scores(["red", "rose"]), once.scores(["red", "rose"]), rtol=1e-5
    )


def test_a_new_text_is_found_by_a_word_nobody_had() -> None:
    index = Bm25.of(TEXTS)
    index.put(5, "a walrus in the garden")

    assert index.scores(["walrus"]).argmax() == 5
    assert index.scores(["garden"])[5] > 0
    assert len(index.scores(["rose"])) == 6


def test_no_words_at_all() -> None:
    index = Bm25.of(["", "the"])
    index.put(2, "rose")

    assert index.scores([]).tolist() == [0, 0, 0]
    assert index.scores(["rose"]).argmax() == 2


def test_how_much_of_the_words_a_text_has() -> None:
    bm25 = Bm25.of(TEXTS)
    coverage = bm25.coverage(["red", "rose", "tools"])

    assert coverage[3] == coverage[4] == 0
    assert np.all(coverage <= 1)
    assert coverage[2] > coverage[0] > coverage[1] > 0, "what is rarer says more"
    np.testing.assert_allclose(bm25.coverage(["blue", "rose"])[1], 1, rtol=1e-6)


def test_chinese_is_found_by_its_characters() -> None:
    (words,) = tokenize(["自行车 Fahrrad 4K"])
    assert words == ["自", "行", "车", "fahrrad", "4k"]
    scores = Bm25.of(["红色自行车", "咖啡机", "ein rotes Fahrrad"]).scores(tokenize(["自行车"])[0])
    assert scores[0] > 0
    assert scores[1:].tolist() == [0, 0]
