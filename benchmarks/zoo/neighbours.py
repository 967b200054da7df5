"""Item neighbours from another library: histories in; scores for anybody's behaviour out.

scikit-learn's NearestNeighbors with cosines between items, each a row of the people who took it,
weighed by TF-IDF: what `implicit` calls TFIDFRecommender. scikit-learn is a dependency already and
runs in this process; implicit would need an environment of its own and a process for each row.
An item's score is the sum of its cosines to the items of the history (Deshpande and Karypis 2004,
section 4.1.2); what ties, most of all where no neighbour is known, is in the order of popularity.
"""

from collections.abc import Sequence

import numpy as np
from scipy import sparse
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.neighbors import NearestNeighbors

from foretaste.domain.data import Floats, Interactions, UserContext

NEIGHBOURS = 100
"""Of each item, at most."""
TIE = 1e-6
"""What popularity may add: less than any cosine that matters."""


class ItemNeighbours:
    """Fitted on histories."""

    def __init__(self, histories: Interactions, items: int) -> None:
        takes = histories.positive_mask()
        item, person = histories.item[takes], histories.row_users()[takes]
        counts = np.bincount(item, minlength=items)
        self._popularity = (TIE * counts / max(counts.max(initial=0), 1)).astype(np.float32)
        shape = (items, len(histories))
        once = sparse.csr_matrix((np.ones(len(item), np.float32), (item, person)), shape=shape)
        once.data[:] = 1
        self._cosines = _cosines(once, np.flatnonzero(counts))

    def score(self, behaviours: Sequence[UserContext]) -> Floats:
        """[behaviours, items]"""
        taken = [np.unique(behaviour.consumed_items) for behaviour in behaviours]
        rows = np.repeat(np.arange(len(taken)), [len(items) for items in taken])
        columns = np.concatenate([*taken, np.empty(0, np.int32)])
        shape = (len(taken), self._cosines.shape[0])
        ones = np.ones(len(rows), np.float32)
        histories = sparse.csr_matrix((ones, (rows, columns)), shape=shape)
        scores = (histories @ self._cosines).toarray() + self._popularity
        return scores.astype(np.float32)


def _cosines(
    once: sparse.csr_matrix, taken: "np.ndarray[tuple[int], np.dtype[np.int64]]"
) -> sparse.csr_matrix:
    """[items, items] of each taken item its nearest, itself left out."""
    items = once.shape[0]
    if not len(taken):
        return sparse.csr_matrix((items, items), dtype=np.float32)
    tfidf = TfidfTransformer().fit_transform(once[taken])
    most = min(NEIGHBOURS + 1, len(taken))
    nearest = NearestNeighbors(n_neighbors=most, metric="cosine", algorithm="brute").fit(tfidf)
    distances, places = nearest.kneighbors(tfidf)
    rows = np.repeat(taken, most)
    columns = taken[places.ravel()]
    values = np.where(rows == columns, 0, np.maximum(1 - distances.ravel(), 0)).astype(np.float32)
    return sparse.csr_matrix((values, (rows, columns)), shape=(items, items))
