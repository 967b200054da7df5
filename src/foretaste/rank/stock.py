"""Stock: what a column says of an item being there, in; the items that are sold out, out."""

import numpy as np

from foretaste.domain.stock import STOCK_COLUMN, is_sold_out, is_stock_name
from foretaste.rank.index import FilterIndex, Mask


def sold_out_items(index: FilterIndex, column: str) -> Mask | None:
    """[items], those of which the column says that none is there: no, 0 or less, or such words. An
    item without a value is there. None where the catalogue has no such column.

    column: as the catalogue has it, or as a file did whose column was kept under our own name.
    """
    features = {feature.column: feature for feature in index.catalogue.features}
    feature = features.get(column)
    if feature is None and is_stock_name(column):
        feature = features.get(STOCK_COLUMN)
    if feature is None or not len(feature.codes):
        return None
    is_out = np.array([is_sold_out(value) for value in feature.values], bool)
    mask = np.zeros(len(index), bool)
    owners = np.repeat(np.arange(len(index)), np.diff(feature.offsets))
    mask[owners[is_out[feature.codes]]] = True
    return mask
