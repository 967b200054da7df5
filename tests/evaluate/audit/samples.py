"""Lists and histories small enough to be worked out by hand."""

from collections.abc import Sequence

import numpy as np

from evaluate.shops import items
from foretaste.domain.arrays import Floats
from foretaste.evaluate.audit.audit_sample import AuditSample
from foretaste.prepare.catalogue_builder import build_catalogue


def sample(
    lists: Sequence[Sequence[int]],
    histories: Sequence[Sequence[int]],
    size: int,
    **columns: Sequence[tuple[str, ...]],
) -> AuditSample:
    """Items are counted as often as the histories have them."""
    goods = items(size, **columns)
    vectors: Floats = np.zeros((size, 2), np.float32)
    taken = np.array([item for history in histories for item in history], np.int64)
    counts = np.bincount(taken, minlength=size).astype(np.float64)
    return AuditSample(
        lists=np.array(lists, np.int32),
        histories=[np.array(history, np.int32) for history in histories],
        event_counts=counts,
        catalogue=build_catalogue(goods, vectors),
        available_items=size,
        event_counts_then=[np.full(len(history), 99) for history in histories],
    )
