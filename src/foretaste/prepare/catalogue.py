"""Items in, the `Catalogue` of the model out: features as sparse tables, texts ready to be read."""

from collections.abc import Sequence

import numpy as np

from foretaste.domain import Catalogue, Feature, Floats, Item


def catalogue(items: Sequence[Item], vectors: Floats) -> Catalogue:
    """The items in this order; `vectors` [items, dim] is what the language model read of each."""
    columns = dict.fromkeys(column for item in items for column in item.attributes)
    return Catalogue(
        ids=tuple(item.id for item in items),
        titles=tuple(item.title for item in items),
        readings=tuple(item.reading() for item in items),
        vectors=vectors,
        features=tuple(_feature(column, items) for column in columns),
        index={item.id: place for place, item in enumerate(items)},
    )


def _feature(column: str, items: Sequence[Item]) -> Feature:
    codes: dict[str, int] = {}
    rows = [item.attributes.get(column, ()) for item in items]
    flat = [codes.setdefault(value, len(codes)) for values in rows for value in values]
    lengths = np.fromiter((len(values) for values in rows), np.int64, len(rows))
    return Feature(
        column=column,
        values=tuple(codes),
        offsets=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        codes=np.array(flat, np.int32),
    )
