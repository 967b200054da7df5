"""An item that is named in, what else is by whoever made it out: “by the author of Matilda”."""

from collections.abc import Mapping
from typing import Any

from foretaste.domain.data import Catalogue
from foretaste.understand.grammar import Grammar
from foretaste.understand.meaning import Scene
from foretaste.understand.spelled_values import CAST_COLUMNS, CAST_WORDS, CREATOR_COLUMNS


def same_maker_as_before(asked: str, scene: Scene, grammar: Grammar) -> Mapping[str, Any] | None:
    """ "What else did he make?", of the item that was spoken of."""
    if not scene.subject or grammar.patterns["same_maker_again"].fullmatch(asked) is None:
        return None
    is_cast = scene.topic == "cast" or bool(CAST_WORDS & set(asked.split()))
    return same_maker_condition(scene.subject[0], scene.vocabulary.catalogue, is_cast=is_cast)


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
