"""What all trainings of a workspace together have spent of privacy, so that it can be told.

Each training looks at the same people anew. By basic composition (Dwork and Roth 2014, theorem
3.16) epsilons and deltas add up: whoever has seen the lists of ten versions knows at most what the
sum allows.
"""

import json
from collections.abc import Mapping
from typing import Any

from foretaste.domain.store import Store

LEDGER_NAME = "privacy_spent"
"""Name in `meta`."""


def add_to_ledger(store: Store, spent: Mapping[str, Any]) -> dict[str, Any]:
    """What a training spent, with what all so far have, itself included."""
    while True:
        text = store.meta_text(LEDGER_NAME)
        previous = json.loads(text) if text else {"trainings": 0, "epsilon": 0.0, "delta": 0.0}
        total = {
            "trainings": previous["trainings"] + 1,
            "epsilon": round(previous["epsilon"] + spent["epsilon"], 4),
            "delta": previous["delta"] + spent["delta"],
        }
        if store.swap_meta_text(LEDGER_NAME, text, json.dumps(total)):
            return {**spent, "all_trainings": total}
