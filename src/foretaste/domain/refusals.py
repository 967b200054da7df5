"""In: one person's events with what each was worth. Out: the same, knowing what was refused since.

Whoever plays a song and then dislikes it, or buys a book and gives it one star, does not want more
of the like: what was done with the item before says as little of the taste as the refusal does.
"""

import numpy as np

from foretaste.domain.arrays import Floats, Ints


def signed_evidence(weights: Floats, worths: Floats | None) -> Floats:
    """[length], below 0 of what was hidden or disliked: by the weight of its event type, or by how
    bad it was by its value, so a bad rating speaks louder than one that is not good.
    """
    return weights if worths is None else np.where((weights > 0) & (worths < 0), worths, weights)


def worths_after_refusals(items: Ints, weights: Floats, worths: Floats | None) -> Floats | None:
    """[length], the worth of each event, and of what its person refused later, the worth of the
    refusal: by the last event with the item. None where all are worth 1.

    items, weights, worths: [length] of one person, oldest first; an item below 0 is none.
    """
    evidence = signed_evidence(weights, worths)
    is_item = items >= 0
    if not (evidence[is_item] < 0).any():
        return worths
    last_evidence = dict(zip(items.tolist(), evidence.tolist(), strict=True))
    refusals = np.array([last_evidence[item] for item in items.tolist()], np.float32)
    is_refused = is_item & (weights > 0) & (refusals < 0)
    if not is_refused.any():
        return worths
    changed_worths = np.ones(len(items), np.float32) if worths is None else worths
    return np.where(is_refused, np.minimum(changed_worths, refusals), changed_worths)
