"""Approximate search for large catalogues: an inverted file of FAISS, with what is new beside it.

The vectors are turned so that the first few dimensions tell them apart best, and kept in those, in
4 bits each, in lists around centroids (Jégou et al. 2011, section III-B); only the lists nearest to
a query are looked through. What is found so is compared exactly by whoever asked.

Why FAISS, and this type of it: docs/decisions/0018-vector-index.md.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np

from foretaste.domain.data import Floats, Ints
from foretaste.domain.derived_files import IN_MEMORY, DerivedFiles
from foretaste.domain.sharing import Lazy
from foretaste.model.expert_scorer import NO_ITEMS, matching_positions, top_positions
from foretaste.model.index.base import (
    BATCH_ROWS,
    COMPARED_NEIGHBOURS,
    Rows,
    VectorIndex,
    log_sum_exp,
    search_effort,
)
from foretaste.model.index.columns import ColumnBlocks

REDUCED_DIM = 128
"""Dimensions in which lists are looked through."""
PROBED_LISTS = 32
SAMPLED_ITEMS = 2048
"""Items that stand for those that are not near, in the sum that normalises a softmax."""
MIN_RECENT = 4096
"""New and changed items, a 64th of the catalogue if that is more, beyond which all is sorted anew.
"""


class IvfIndex(VectorIndex):
    """What FAISS has of the items, and those that are new or have changed since.

    Extensions share the lists of FAISS, which nobody writes to once they are made, the blocks of
    recent vectors that did not change, and the sample.
    """

    is_exact = False

    def __init__(
        self, rows: Rows, size: int, lists: "_Lists", recent: "_Recent", sample: "_Sample"
    ) -> None:
        self._rows, self.size = rows, size
        self._lists, self._recent, self._sample = lists, recent, sample

    @classmethod
    def of(
        cls, rows: Rows, size: int, files: DerivedFiles = IN_MEMORY, name: str = "index"
    ) -> Self:
        """Sort every item into a list. files: where the lists stay, mapped, under a name."""
        lists = _Lists.from_files(rows, size, files, name)
        recent = _Recent.empty(lists.rotation.shape[1])
        rng = np.random.default_rng(size)
        items = rng.choice(size, min(SAMPLED_ITEMS, size), replace=False).astype(np.int32)
        return cls(rows, size, lists, recent, _Sample(items, rows(items)))

    def scores(self, queries: Floats) -> Floats:
        """[queries, items], some items at a time; slow."""
        scores = np.empty((len(queries), self.size), np.float32)
        for start in range(0, self.size, BATCH_ROWS):
            items = np.arange(start, min(start + BATCH_ROWS, self.size), dtype=np.int32)
            scores[:, start : start + BATCH_ROWS] = queries @ self._rows(items).T
        return scores

    def scores_of(self, queries: Floats, items: Ints) -> Floats:
        """[queries, those items], exact."""
        parts = np.split(items, range(BATCH_ROWS, len(items), BATCH_ROWS))
        return np.concatenate([queries @ self._rows(part).T for part in parts], axis=1)

    def nearest(self, query: Floats, k: int) -> Ints:
        """Those of the nearest lists that are near in few dimensions; recent items among them."""
        return self._nearest(query, k, PROBED_LISTS * search_effort(self.size))

    def _nearest(self, query: Floats, k: int, probed_lists: int) -> Ints:
        reduced = query @ self._lists.rotation
        recent = self._recent
        items, scores = self._lists.search(reduced, k + min(len(recent.replaced), k), probed_lists)
        outdated, _ = matching_positions(items, recent.replaced)
        items = np.concatenate([np.delete(items, outdated), recent.items])
        recent_scores = recent.columns.products(reduced[None])[0]
        scores = np.concatenate([np.delete(scores, outdated), recent_scores])
        return items[top_positions(scores, k)]

    def log_partition(self, queries: Floats) -> Floats:
        """[queries]; the nearest exactly, a uniform sample for the others."""
        sums = []
        for query in queries:
            # of the largest catalogues no more than of others: a sum forgives what a list misses
            nearest = self._nearest(query, COMPARED_NEIGHBOURS, PROBED_LISTS)
            scores = self.scores_of(query[None], nearest)[0]
            sums.append(self.log_partition_given(query, nearest, scores))
        return np.array(sums, np.float32)

    def log_partition_given(self, query: Floats, nearest: Ints, scores: Floats) -> float:
        """[nearest] exactly; a uniform sample for the others."""
        exact = log_sum_exp(scores[None])[0]
        is_near = np.isin(self._sample.items, nearest)
        distant = (self._sample.vectors @ query)[~is_near]
        if not len(distant):
            return float(exact)
        log_weight = np.log((self.size - len(nearest)) / len(distant))
        return float(np.logaddexp(exact, log_sum_exp(distant[None])[0] + log_weight))

    def extended(self, rows: Rows, size: int, changed: Sequence[int]) -> "IvfIndex":
        """What is new or changed is kept beside the lists and looked through whole."""
        items = np.concatenate([np.array(changed, np.int32), np.arange(self.size, size)])
        items = np.unique(items).astype(np.int32)
        recent = self._recent
        if len(items):
            recent = recent.updated(items, rows(items) @ self._lists.rotation, self._lists.size)
        if len(recent.items) > max(MIN_RECENT, size // 64):
            return IvfIndex.of(rows, size)
        return IvfIndex(rows, size, self._lists, recent, self._sample.updated(items, rows))


class _Recent(NamedTuple):
    """Items beside the lists, and where they are in few dimensions."""

    items: Ints
    columns: ColumnBlocks
    replaced: Ints
    """Those, ascending, that the lists have as they were before."""

    @classmethod
    def empty(cls, dim: int) -> "_Recent":
        """No item."""
        return cls(NO_ITEMS, ColumnBlocks.empty(dim), NO_ITEMS)

    def updated(self, items: Ints, reduced: Floats, listed_count: int) -> "_Recent":
        """With these, ascending, of which some may be here already.

        reduced: [items, dim]. listed_count: the items that the lists have, from 0 on.
        """
        order = np.argsort(self.items).astype(np.int32)
        repeated, positions = matching_positions(items, self.items[order])
        is_new = np.ones(len(items), bool)
        is_new[repeated] = False
        columns = self.columns.extended(reduced[is_new], order[positions], reduced[repeated])
        merged = np.concatenate([self.items, items[is_new]])
        return _Recent(merged, columns, np.sort(merged[merged < listed_count]))


class _Sample(NamedTuple):
    """A uniform draw of the items, with their vectors [SAMPLED_ITEMS, dim]."""

    items: Ints
    vectors: Floats

    def updated(self, changed: Ints, rows: Rows) -> "_Sample":
        """Those that changed are read again, into a copy."""
        outdated = np.flatnonzero(np.isin(self.items, changed))
        if not len(outdated):
            return self
        vectors = self.vectors.copy()
        vectors[outdated] = rows(self.items[outdated])
        return _Sample(self.items, vectors)


class _Lists:
    """The inverted file. Searches may run side by side: nothing is written."""

    def __init__(self, rotation: Floats, index: Any) -> None:
        self.rotation, self._index = rotation, index  # [dim, REDUCED_DIM]
        self.size = int(index.ntotal)

    @classmethod
    def of(cls, rows: Rows, size: int) -> Self:
        """k-means on a sample of the items, then every item to its centroid."""
        import faiss  # what a small catalogue need not load
        import torch

        count = min(int(np.clip(2 * np.sqrt(size), 16, 4096)), size)
        rng = np.random.default_rng(size)
        sampled_rows = np.sort(rng.choice(size, min(size, 40 * count), replace=False)).astype(
            np.int32
        )
        sample = rows(sampled_rows)
        rotation = principal_directions(sample, REDUCED_DIM)
        index: Any = faiss.index_factory(
            rotation.shape[1], f"IVF{count},SQ4", faiss.METRIC_INNER_PRODUCT
        )
        index.cp.min_points_per_centroid = 1  # fewer is said on the screen otherwise
        with _threads(torch.get_num_threads()):
            index.train(sample @ rotation)
            for start in range(0, size, BATCH_ROWS):
                items = np.arange(start, min(start + BATCH_ROWS, size), dtype=np.int32)
                index.add(rows(items) @ rotation)
        return cls(rotation, index)

    @classmethod
    def from_files(cls, rows: Rows, size: int, files: DerivedFiles, name: str) -> Self:
        """The same in a file that is mapped, where there are files."""
        import faiss

        built = Lazy(lambda: cls.of(rows, size))
        arrays = files.arrays(f"{name}-rotation", lambda: {"rotation": built.get().rotation})
        path = files.file(f"{name}.faiss", lambda path: built.get()._write(path))
        if path is None:
            return built.get()
        index: Any = faiss.read_index(str(path), faiss.IO_FLAG_MMAP)
        on_disk: Any = faiss.downcast_InvertedLists(index.invlists)
        on_disk.prefetch_nthread = 0  # it would start threads at each search
        return cls(np.array(arrays["rotation"]), index)

    def _write(self, path: Path) -> None:
        """Raises OSError."""
        import faiss

        try:
            faiss.write_index(self._index, str(path))
        except RuntimeError as error:
            raise OSError(str(error)) from error

    def search(self, reduced: Floats, k: int, probed_lists: int) -> tuple[Ints, Floats]:
        """[REDUCED_DIM] → (items, inner products in few dimensions), at most k of each."""
        import faiss

        with _threads(1):
            parameters: Any = faiss.SearchParametersIVF()
            parameters.nprobe = probed_lists
            scores, items = self._index.search(reduced[None], k, params=parameters)
        present = items[0] >= 0  # -1 where the lists hold fewer than k
        return items[0][present].astype(np.int32), scores[0][present]


def principal_directions(sample: Floats, dim: int) -> Floats:
    """[rows, its dim] → [its dim, dim or fewer], the directions of the greatest inner products.

    Not around the mean, as in a principal component analysis: inner products are what is searched.
    """
    _, directions = np.linalg.eigh(sample.T @ sample)
    return np.ascontiguousarray(directions[:, ::-1][:, :dim], np.float32)


@contextmanager
def _threads(count: int) -> Iterator[None]:
    """The threads with which FAISS computes in what this thread calls meanwhile.

    FAISS brings an OpenMP of its own, or shares PyTorch's, whose number is not to change.
    """
    import faiss

    threads_of_caller = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(count)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(threads_of_caller)
