"""In: what was read of pictures, clips and vectors. Out: how many, and in words what was not."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from foretaste.config.load import Config
from foretaste.domain.arrays import nonzero_rows
from foretaste.domain.media import OWN_PREFIX, MediaFailure
from foretaste.domain.text_limits import shorten
from foretaste.language.media.kinds import CLIP, PICTURE
from foretaste.training.encode import EncodedData

MAX_KEPT_FAILURES = 100
"""Of the files that could not be read so many are kept with the model."""
MAX_TOLD_FAILURES = 5
KINDS = {kind.space: kind for kind in (PICTURE, CLIP)}


def media_figures(read: EncodedData, config: Config) -> dict[str, Any]:
    """Items with a vector in each space, and what could not be read, for the manifest."""
    counts = {
        space.name: int(np.count_nonzero(nonzero_rows(space.vectors)))
        for space in read.catalogue.media
        if space.has_vectors
    }
    failures = [failure for failure in read.media_failures if not failure.is_partial]
    parts = [failure for failure in read.media_failures if failure.is_partial]
    wanted = {PICTURE.space: config.images.encoder, CLIP.space: config.audio.encoder}
    return {
        "items": counts,
        "encoders": {space.name: space.fingerprint for space in read.catalogue.media},
        "failures": _rows(failures),
        "reasons": dict(Counter(failure.reason for failure in failures).most_common(20)),
        "parts": _rows(parts),
        "part_count": len(parts),
        "not_read": {
            name: count
            for name, count in read.media_items.items()
            if count and wanted[name] and name not in counts
        },
    }


def _rows(failures: Sequence[MediaFailure]) -> list[dict[str, str]]:
    return [
        {"item": failure.item, "reference": shorten(failure.reference), "reason": failure.reason}
        for failure in failures[:MAX_KEPT_FAILURES]
    ]


def media_lines(figures: Mapping[str, Any]) -> list[str]:
    """What is said after a training; nothing where no item has a picture, clip or vector."""
    lines = []
    for name, count in figures.get("items", {}).items():
        kind = KINDS.get(name)
        kind_text = kind.plural if kind else f"vectors '{name.removeprefix(OWN_PREFIX)}'"
        lines.append(f"{kind_text}: read of {count:,} {'item' if count == 1 else 'items'}")
    for name, unread in figures.get("not_read", {}).items():
        if not figures.get("reasons"):
            kind = KINDS[name]
            lines.append(
                f"{kind.plural} of {unread:,} {'item' if unread == 1 else 'items'} were not read: "
                f"name their folder in {kind.table}.folder, or set {kind.table}.fetch for those at "
                "web addresses; see docs/data.md"
            )
    part_count = figures.get("part_count", 0)
    if part_count:
        lines.append(f"{part_count:,} {'was' if part_count == 1 else 'were'} read in part:")
        lines += _told(figures["parts"])
    failures, reasons = figures.get("failures", []), figures.get("reasons", {})
    total = sum(reasons.values())
    if total:
        count_text = "picture, clip or vector was" if total == 1 else "were"
        lines.append(f"{total:,} {count_text} not read:")
        lines += _told(failures)
        if total > MAX_TOLD_FAILURES:
            lines += [f"  {count:,} × {reason}" for reason, count in reasons.items()]
    return lines


def _told(rows: Sequence[Mapping[str, str]]) -> list[str]:
    return [
        f"  {row['item']}: {row['reference']}: {row['reason']}" for row in rows[:MAX_TOLD_FAILURES]
    ]
