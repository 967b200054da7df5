"""A catalogue in files. In: what makes it; out: the same, with its parts in mapped files."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from foretaste.domain.arrays import Array, QuantizedVectors, Vectors
from foretaste.domain.data import Catalogue, Feature, Item
from foretaste.domain.derived_files import IN_MEMORY, DerivedFiles
from foretaste.domain.packed_rows import PackedRows, unpack_item, unpack_text
from foretaste.domain.sharing import Lazy
from foretaste.prepare.item_table import PackedIndex

MakeCatalogue = Callable[[], tuple[Catalogue, Sequence[Item]]]


def stored_catalogue(
    files: DerivedFiles, vectors: Vectors, make: MakeCatalogue
) -> tuple[Catalogue, Sequence[Item]]:
    """(the catalogue, its items), as `make` makes them, both of packed rows; or as they were found
    in the files. vectors: [items, dim].
    """
    built = Lazy(make)

    def part(name: str) -> Callable[[], dict[str, Array]]:
        return lambda: _packed_arrays(getattr(built.get()[0], name))

    ids = PackedRows.from_arrays(files.arrays("ids", part("ids")), unpack_text)
    index = files.arrays("id-index", lambda: _index_arrays(built.get()[0].index))
    items = files.arrays("items", lambda: _packed_arrays(built.get()[1]))
    catalogue = Catalogue(
        ids=ids,
        titles=PackedRows.from_arrays(files.arrays("titles", part("titles")), unpack_text),
        full_texts=PackedRows.from_arrays(files.arrays("texts", part("full_texts")), unpack_text),
        vectors=vectors,
        features=_stored_features(files, lambda: built.get()[0].features),
        index=PackedIndex(ids, index["hashes"], index["positions"]),
        derived=files,
    )
    return catalogue, PackedRows.from_arrays(items, unpack_item)


def stored_origin(catalogue: Catalogue) -> Catalogue | None:
    """The one with files: this, or the one that it has grown of."""
    return catalogue.origin if catalogue.derived is IN_MEMORY else catalogue


def stored_vectors(files: DerivedFiles, make: Callable[[], Vectors]) -> Vectors:
    """[items, dim], in 8 bits, of which the codes stay in the file."""

    def arrays() -> Mapping[str, Array]:
        vectors = make()
        if not isinstance(vectors, QuantizedVectors):
            return {"rows": vectors}
        return {"codes": np.asarray(vectors.codes), "steps": vectors.steps}

    stored_arrays = files.arrays("vectors", arrays)
    if "rows" in stored_arrays:
        return np.array(stored_arrays["rows"])
    return QuantizedVectors(stored_arrays["codes"], np.array(stored_arrays["steps"]))


def _stored_features(
    files: DerivedFiles, make: Callable[[], tuple[Feature, ...]]
) -> tuple[Feature, ...]:
    described: list[dict[str, Any]] = files.value(
        "features",
        lambda: [
            {"column": own.column, "values": own.values, "feature_type": own.feature_type}
            for own in make()
        ],
    )
    arrays = files.arrays(
        "features",
        lambda: {
            f"{name}.{number}": getattr(feature, name)
            for number, feature in enumerate(make())
            for name in ("offsets", "codes")
        },
    )
    return tuple(
        Feature(
            values=tuple(facts["values"]),
            offsets=arrays[f"offsets.{number}"],
            codes=arrays[f"codes.{number}"],
            column=facts["column"],
            feature_type=facts["feature_type"],
        )
        for number, facts in enumerate(described)
    )


def _packed_arrays(rows: Sequence[Any]) -> dict[str, Array]:
    assert isinstance(rows, PackedRows)
    return rows.arrays()


def _index_arrays(index: Mapping[str, int]) -> dict[str, Array]:
    assert isinstance(index, PackedIndex)
    return {"hashes": index.hashes, "positions": index.positions}
