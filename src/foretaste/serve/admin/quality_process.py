"""`python -m foretaste.serve.admin.quality_process FOLDER`: a workspace in; its data-quality report
as JSON out.

Measuring reads all that ever happened, which takes an interpreter of its own.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np

PRIORITY_STEPS = 19


def report_json(folder: Path) -> dict[str, Any]:
    """The report: its words, and the figures that are drawn."""
    from foretaste.loop import Foretaste

    loop = Foretaste.open(folder)
    try:
        quality = loop.quality()
    finally:
        loop.close()
    timeline = quality.timeline
    return {
        "warnings": quality.warnings,
        "text": quality.text(),
        "figures": {
            name: getattr(quality, name)
            for name in (
                "users",
                "sessions",
                "items",
                "events",
                "positive_events",
                "negative_events",
                "searches",
                "reviews",
                "density",
                "repeats",
                "no_text",
                "no_events",
                "silent",
                "first_time",
                "last_time",
            )
        },
        "event_type_counts": dict(quality.event_type_counts),
        "missing": dict(quality.missing),
        "languages": dict(quality.languages),
        "history_lengths": quality.quantiles(),
        "tail": {
            "gini": quality.tail.gini,
            "top_10_percent": quality.tail.top_10_percent,
            "curve": np.round(quality.tail.curve, 4).tolist(),
        },
        "timeline": None
        if timeline is None
        else {
            "unit": timeline.unit,
            "starts": timeline.starts.astype("datetime64[s]").astype(np.int64).tolist(),
            "counts": timeline.counts.tolist(),
        },
    }


def main() -> None:
    """Print the report."""
    from foretaste.errors import ForetasteError

    os.nice(PRIORITY_STEPS)
    try:
        sys.stdout.write(json.dumps(report_json(Path(sys.argv[1]))))
    except ForetasteError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
