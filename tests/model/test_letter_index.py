import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer

from foretaste.model.letter_index import MAX_SIMILAR_WORDS, LetterIndex, letter_groups

WORDS = ["a", "of", "rain", "train", "training", "strainer", "größe", "banana", "été", "007", "ab"]
UNKNOWN = ["tarin", "trainings", "bananna", "grosse", "x", "aba", "zzqq"]


def test_it_weighs_letters_as_scikit_learn_does() -> None:
    vectorizer = TfidfVectorizer(
        analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True, dtype=np.float32
    )
    word_rows = vectorizer.fit_transform(WORDS)
    expected = (vectorizer.transform(UNKNOWN) @ word_rows.T).toarray()  # [unknown words, words]
    similar_words = LetterIndex(WORDS).similar_words(UNKNOWN, min_cosine=1e-6)
    for row, pairs in zip(expected, similar_words, strict=True):
        values = sorted(row[row > 0], reverse=True)[:MAX_SIMILAR_WORDS]
        np.testing.assert_allclose([cosine for _, cosine in pairs], values, rtol=1e-5)
        for word, cosine in pairs:
            np.testing.assert_allclose(cosine, row[WORDS.index(word)], rtol=1e-5)


def test_groups_of_letters_are_those_of_scikit_learn() -> None:
    analyse = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4)).build_analyzer()
    for word in (*WORDS, *UNKNOWN, "Größe"):
        assert letter_groups(word) == list(analyse(word))


def test_words_can_be_added_and_the_index_that_others_read_stays() -> None:
    index = LetterIndex(WORDS)
    before = index.similar_words(UNKNOWN, 0.1)
    extended = index.extended([*WORDS, "astronaut", "zzqqk"])
    anew = LetterIndex([*WORDS, "astronaut", "zzqqk"])
    asked = [*UNKNOWN, "astronaout"]
    assert extended.similar_words(asked, 0.1) == anew.similar_words(asked, 0.1)
    assert extended.similar_words(asked, 0.1)[-1][0][0] == "astronaut"
    assert (index.size, extended.size) == (len(WORDS), len(WORDS) + 2)
    assert index.similar_words(UNKNOWN, 0.1) == before
    assert index.similar_words(["astronaout"], 0.3)[0] == []


def test_of_no_words_nothing_is_similar() -> None:
    assert LetterIndex([]).similar_words(["word"], 0.1) == [[]]
