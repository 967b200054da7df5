"""What belongs to another item, in: a column that says so. Out: the items that no list has unasked,
such as trailers, teasers and bonus clips.
"""

import numpy as np

from foretaste.domain.data import Request
from foretaste.domain.part_columns import column_meant
from foretaste.domain.words import without_accents
from foretaste.rank.conditions import parse_condition
from foretaste.rank.index import FilterIndex, Mask
from foretaste.rank.policy import named_values
from foretaste.rank.trade_settings import ExtrasSettings

MAX_SHARE = 0.5
"""Of all items; above it clips are what there is, and no extras to something else."""


def extra_items(index: FilterIndex, settings: ExtrasSettings) -> Mask | None:
    """[items]; None where the catalogue has none."""
    features = {feature.column: feature for feature in index.catalogue.features}
    feature = features.get(column_meant(settings.item_attribute, features))
    if feature is None or not len(feature.codes):
        return None
    names = {_folded(value) for value in settings.values}
    is_extra = np.array([_folded(value) in names for value in feature.values], bool)
    owners = np.repeat(np.arange(len(index)), np.diff(feature.offsets))
    mask = np.zeros(len(index), bool)
    mask[owners[is_extra[feature.codes]]] = True
    return mask if 0 < mask.sum() <= MAX_SHARE * len(mask) else None


def asks_for_extras(request: Request, settings: ExtrasSettings, index: FilterIndex) -> bool:
    """Whether the filter of a request names such a value: who wants no episodes does not."""
    if not request.filter:
        return False
    columns = {feature.column for feature in index.catalogue.features}
    column = column_meant(settings.item_attribute, columns)
    names = {_folded(value) for value in settings.values}
    return any(
        own_column == column and _folded(value) in names
        for own_column, value in named_values(parse_condition(request.filter))
    )


def _folded(value: str) -> str:
    """Bande-annonce and "bande annonce" are the same, trailers and Trailer too."""
    letters = "".join(filter(str.isalnum, without_accents(value)))
    return letters.removesuffix("s")
