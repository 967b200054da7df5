"""Stock: what a column says of an item being there, in; the items that are sold out, out."""

import numpy as np

from foretaste.domain.feature_types import FLAG_VALUES
from foretaste.rank.conditions import parse_number
from foretaste.rank.index import FilterIndex, Mask

SOLD_OUT_WORDS = frozenset(
    (
        "out of stock",
        "outofstock",
        "sold out",
        "soldout",
        "unavailable",
        "not available",
        "discontinued",
        "ausverkauft",
        "nicht vorrätig",
        "nicht auf lager",
        "rupture de stock",
        "en rupture de stock",
        "épuisé",
        "agotado",
        "sin existencias",
    )
)
"""As shops' exports write it; underscores and capitals do not matter."""


def sold_out_items(index: FilterIndex, column: str) -> Mask | None:
    """[items], those of which the column says that none is there: no, 0 or less, or such words. An
    item without a value is there. None where the catalogue has no such column.
    """
    features = {feature.column: feature for feature in index.catalogue.features}
    feature = features.get(column)
    if feature is None or not len(feature.codes):
        return None
    is_out = np.array([_is_sold_out(value) for value in feature.values], bool)
    mask = np.zeros(len(index), bool)
    owners = np.repeat(np.arange(len(index)), np.diff(feature.offsets))
    mask[owners[is_out[feature.codes]]] = True
    return mask


def _is_sold_out(value: str) -> bool:
    word = " ".join(value.lower().replace("_", " ").split())
    number = parse_number(word)
    if number is not None:
        return number <= 0
    return word in SOLD_OUT_WORDS or FLAG_VALUES.get(word) is False
