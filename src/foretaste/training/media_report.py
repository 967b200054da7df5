"""In: what was read of pictures and vectors. Out: how many, and in words what was not."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np

from foretaste.domain.arrays import nonzero_rows
from foretaste.domain.media import IMAGE, OWN_PREFIX
from foretaste.domain.text_limits import shorten
from foretaste.language.media.settings import ImageSettings
from foretaste.training.encode import EncodedData

MAX_KEPT_FAILURES = 100
"""Of the pictures that could not be read so many are kept with the model."""
MAX_TOLD_FAILURES = 5


def media_figures(read: EncodedData, settings: ImageSettings) -> dict[str, Any]:
    """Items with a vector in each space, and what could not be read, for the manifest."""
    counts = {
        space.name: int(np.count_nonzero(nonzero_rows(space.vectors)))
        for space in read.catalogue.media
    }
    failures = [
        {"item": failure.item, "reference": shorten(failure.reference), "reason": failure.reason}
        for failure in read.media_failures[:MAX_KEPT_FAILURES]
    ]
    reasons = Counter(failure.reason for failure in read.media_failures)
    is_wanted = bool(settings.encoder) and IMAGE not in counts
    unseen = read.pictured_items if is_wanted else 0
    return {
        "items": counts,
        "failures": failures,
        "reasons": dict(reasons.most_common(20)),
        "not_looked_at": unseen,
    }


def media_lines(figures: Mapping[str, Any]) -> list[str]:
    """What is said after a training; nothing where no item has a picture or vector."""
    lines = []
    for name, count in figures.get("items", {}).items():
        kind_text = "pictures" if name == IMAGE else f"vectors '{name.removeprefix(OWN_PREFIX)}'"
        lines.append(f"{kind_text}: read of {count:,} {'item' if count == 1 else 'items'}")
    unseen = figures.get("not_looked_at", 0)
    if unseen and not figures.get("reasons"):
        lines.append(
            f"pictures of {unseen:,} {'item' if unseen == 1 else 'items'} were not looked at: name "
            "their folder in images.folder, or set images.fetch for those at web addresses; see "
            "docs/data.md"
        )
    failures, reasons = figures.get("failures", []), figures.get("reasons", {})
    total = sum(reasons.values())
    if total:
        lines.append(f"{total:,} {'picture or vector was' if total == 1 else 'were'} not read:")
        shown_failures = failures[:MAX_TOLD_FAILURES]
        lines += [f"  {row['item']}: {row['reference']}: {row['reason']}" for row in shown_failures]
        if total > len(shown_failures):
            lines += [f"  {count:,} × {reason}" for reason, count in reasons.items()]
    return lines
