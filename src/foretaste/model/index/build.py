"""Which index suits a catalogue: vectors in; an index out, one for all experts that compare with
the same vectors.
"""

from collections.abc import Sequence
from weakref import WeakValueDictionary

import numpy as np

from foretaste.domain.arrays import Vectors, sum_rows
from foretaste.domain.data import Catalogue, Floats
from foretaste.domain.derived_files import IN_MEMORY, DerivedFiles
from foretaste.model.index.base import Rows, VectorIndex, is_exhaustive, rows_of
from foretaste.model.index.exact import ExactIndex
from foretaste.model.index.ivf import IvfIndex


def build_index(
    rows: Rows, size: int, files: DerivedFiles = IN_MEMORY, name: str = "index"
) -> VectorIndex:
    """The kind that suits the size. files: keep an approximate one, under a name."""
    if is_exhaustive(size):
        return ExactIndex.of(rows, size)
    return IvfIndex.of(rows, size, files, name)


def extend_index(
    index: VectorIndex, rows: Rows, size: int, changed: Sequence[int] | None
) -> VectorIndex:
    """With new items at the end and those `changed` read again. None reads all anew."""
    if changed is None or is_exhaustive(size) != is_exhaustive(index.size):
        return build_index(rows, size)
    return index.extended(rows, size, changed)


class SharedVectorIndex:
    """A catalogue's vectors and the index of them, which several experts compare with."""

    def __init__(self, vectors: Vectors, index: VectorIndex) -> None:
        self.vectors, self.index = vectors, index  # the vectors stay, so their id stays theirs
        self.extensions: WeakValueDictionary[int, SharedVectorIndex] = WeakValueDictionary()


def vector_sum(catalogue: Catalogue) -> Floats:
    """[dim], of the vectors of all items."""
    stored_arrays = catalogue.derived.arrays(
        "texts-sum", lambda: {"sum": sum_rows(catalogue.vectors)}
    )
    return np.array(stored_arrays["sum"])


_indexes: "WeakValueDictionary[int, SharedVectorIndex]" = WeakValueDictionary()
"""Those in use, by the id of their vectors."""


def shared_index(vectors: Vectors, files: DerivedFiles = IN_MEMORY) -> SharedVectorIndex:
    """The index of these vectors; made once, whoever asks."""
    shared = _indexes.get(id(vectors))
    if shared is None:
        shared = SharedVectorIndex(
            vectors, build_index(rows_of(vectors), len(vectors), files, "texts-index")
        )
        _indexes[id(vectors)] = shared
    return shared


def extended_index(
    shared: SharedVectorIndex, vectors: Vectors, changed: Sequence[int] | None
) -> SharedVectorIndex:
    """The same after the catalogue grew; made once, whoever asks. None reads all anew."""
    if changed is None:
        return shared_index(vectors)
    if vectors is shared.vectors and not len(changed):
        return shared
    extension = shared.extensions.get(id(vectors))
    if extension is None:
        index = extend_index(shared.index, rows_of(vectors), len(vectors), changed)
        extension = SharedVectorIndex(vectors, index)
        shared.extensions[id(vectors)] = extension
    return extension
