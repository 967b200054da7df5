"""TF-IDF: the same weights as scikit-learn's."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer

from foretaste.model.tfidf import TfIdf

WORDS = ["Rocket", "rocket", "moon", "Öl", "straße", "日本", "film_noir", "3d", "a", "don't", "x-y"]
texts = st.lists(
    st.lists(st.sampled_from(WORDS), max_size=8).map(" ".join), min_size=1, max_size=12
)


@settings(deadline=None)
@given(texts, texts)
def test_the_same_as_scikit_learn(known: list[str], others: list[str]) -> None:
    reference = TfidfVectorizer(
        sublinear_tf=True, min_df=2, token_pattern=r"(?u)\b\w+\b", dtype=np.float32
    )
    tfidf = TfIdf.fit(known)
    try:
        reference.fit(known)
    except ValueError:
        assert tfidf is None
        return
    assert tfidf is not None
    assert list(tfidf.words) == reference.get_feature_names_out().tolist()
    np.testing.assert_allclose(tfidf.idf, reference.idf_, rtol=1e-6)
    for read in (known, others):
        rows, expected = tfidf.transform(read), reference.transform(read)
        assert rows.dtype == np.float32
        assert rows.has_sorted_indices
        np.testing.assert_allclose(rows.toarray(), expected.toarray(), atol=1e-6)


def test_no_texts() -> None:
    tfidf = TfIdf.fit(["red shoe", "red hat"])
    assert tfidf is not None
    assert tfidf.words == ("red",)
    assert tfidf.transform([]).shape == (0, 1)
    assert tfidf.transform(["", "nothing known"]).nnz == 0
