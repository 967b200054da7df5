"""What a person changed in, what it does to a list out: items never shown, and nats on scores.

A change that names an attribute which no item has any more means no item.
"""

from collections.abc import Sequence

import numpy as np

from foretaste.domain.preference import Preference
from foretaste.errors import InputError, StoreError
from foretaste.rank.conditions import parse_condition
from foretaste.rank.index import FilterIndex, Mask
from foretaste.rank.slate import SlateDraft

PREFERENCE_EXPERT = "wish"
"""Names the terms that come from what a person asked for."""


def matching_items(index: FilterIndex, preference: Preference) -> Mask | None:
    """[items], which the change means; None where it means nothing here."""
    try:
        return index.mask(parse_condition(preference.filter))
    except (InputError, StoreError):  # never seen; or not in memory, while the store is away
        return None


def withheld_items(index: FilterIndex, preferences: Sequence[Preference]) -> Mask:
    """[items], what this person is never shown."""
    excluded = np.zeros(len(index), bool)
    only_mask: Mask | None = None
    for preference in preferences:
        mask = matching_items(index, preference) if preference.act != "boost" else None
        if mask is not None and preference.act == "mute":
            excluded |= mask
        elif mask is not None:
            only_mask = mask if only_mask is None else only_mask | mask
    return excluded if only_mask is None else excluded | ~only_mask


def add_preference_boosts(draft: SlateDraft, preferences: Sequence[Preference]) -> None:
    """Each boost is a term of the score."""
    for preference in preferences:
        mask = matching_items(draft.index, preference) if preference.act == "boost" else None
        if mask is not None:
            draft.add_boost(mask, preference.nats, preference.name, expert=PREFERENCE_EXPERT)
