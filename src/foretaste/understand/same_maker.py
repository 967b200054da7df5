"""An item that is named in, what else is by whoever made it out: “by the author of Matilda”."""

from collections.abc import Mapping
from typing import Any

from foretaste.domain.data import Catalogue
from foretaste.understand.spelled_values import CAST_COLUMNS, CREATOR_COLUMNS


def same_maker_condition(
    item: str, catalogue: Catalogue, *, is_cast: bool
) -> Mapping[str, Any] | None:
    """The condition of the first attribute of makers (or actors) that the item has."""
    features = {feature.column.lower(): feature for feature in catalogue.features}
    row = catalogue.index.get(item)
    for column in CAST_COLUMNS if is_cast else CREATOR_COLUMNS:
        feature = features.get(column)
        if row is None or feature is None:
            continue
        values = [feature.values[code] for code in feature.item_codes(row)]
        if values:
            return {feature.column: values[0] if len(values) == 1 else values}
    return None
