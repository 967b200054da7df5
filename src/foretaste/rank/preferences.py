"""What a person changed in, what it does to a list out: items never shown, and nats on scores.

A change that names an attribute which no item has any more names no item.
"""

from collections.abc import Sequence

import numpy as np

from foretaste.domain.preference import Change
from foretaste.errors import InputError
from foretaste.rank.conditions import parsed
from foretaste.rank.index import Index, Mask
from foretaste.rank.slate import Draft

EXPERT = "wish"
"""Names the terms that come from what a person asked for."""


def chosen(index: Index, change: Change) -> Mask | None:
    """[items], which the change means; None where it means nothing here."""
    try:
        return index.mask(parsed(change.what))
    except InputError:
        return None


def withheld(index: Index, changes: Sequence[Change]) -> Mask:
    """[items], what this person is never shown."""
    out = np.zeros(len(index), bool)
    wanted: Mask | None = None
    for change in changes:
        mask = chosen(index, change) if change.act != "boost" else None
        if mask is not None and change.act == "mute":
            out |= mask
        elif mask is not None:
            wanted = mask if wanted is None else wanted | mask
    return out if wanted is None else out | ~wanted


def lift(draft: Draft, changes: Sequence[Change]) -> None:
    """Each boost is a term of the score."""
    for change in changes:
        mask = chosen(draft.index, change) if change.act == "boost" else None
        if mask is not None:
            draft.lift(mask, change.nats, change.name, expert=EXPERT)
