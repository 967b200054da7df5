"""Probabilities of items near a query: exact, and estimated."""

import numpy as np
import pytest

from foretaste.domain.data import Floats
from foretaste.model.index.base import VectorIndex, rows_of
from foretaste.model.index.exact import ExactIndex
from foretaste.model.index.ivf import IvfIndex
from foretaste.model.index.softmax import SoftmaxScorer
from model.index.vectors import clustered


@pytest.mark.parametrize(("kind", "tolerance"), [(ExactIndex, 1e-4), (IvfIndex, 0.15)])
def test_a_score_is_the_log_of_a_softmax(
    kind: type[ExactIndex | IvfIndex], tolerance: float
) -> None:
    rows: Floats = clustered()
    index: VectorIndex = kind.of(rows_of(rows), len(rows))
    query = clustered(1, seed=5)[0] / np.float32(0.5)
    scores = (rows @ query).astype(np.float64)
    expected = scores - np.logaddexp.reduce(scores)
    likeliest = np.argsort(-scores)[:50].astype(np.int32)
    scorer = SoftmaxScorer(index, query)

    np.testing.assert_allclose(scorer.log_prob(likeliest), expected[likeliest], atol=tolerance)
    np.testing.assert_allclose(scorer.log_prob()[likeliest], scorer.log_prob(likeliest), atol=1e-4)
    assert set(likeliest[:5]) <= set(scorer.candidates(100))
    assert len(scorer.candidates(100)) == 100
