"""Settings that were tried: each a file, so that a search that was killed goes on from them."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from foretaste.evaluate.metrics import Ranks
from foretaste.evaluate.protocols import RankingResult
from foretaste.training.search_space import Changes


@dataclass(frozen=True)
class Trial:
    """Settings that were tried."""

    changes: Changes
    """{} are the settings as they are."""
    seed: int
    """Added to that of the model."""
    result: RankingResult | None
    """None where they cannot be trained."""
    problem: str = ""
    seconds: float = 0.0


def write_trial(trial: Trial, path: Path) -> None:
    """One file of arrays and a line of JSON; nothing in it names a person."""
    facts = {
        "changes": trial.changes,
        "seed": trial.seed,
        "problem": trial.problem,
        "seconds": trial.seconds,
        "items": 0 if trial.result is None else trial.result.items,
    }
    arrays: dict[str, Any] = {"facts": np.array(json.dumps(facts))}
    if trial.result is not None:
        ranks = trial.result.ranks
        arrays |= {"users": trial.result.users, "targets": trial.result.targets}
        arrays |= {"unmasked": ranks.unmasked, "masked": ranks.masked}
    with path.open("wb") as file:
        np.savez(file, **arrays)


def read_trial(path: Path) -> Trial | None:
    """None where it was not measured yet."""
    if not path.exists():
        return None
    with np.load(path, allow_pickle=False) as arrays:
        facts = json.loads(str(arrays["facts"]))
        result = None
        if "users" in arrays:
            ranks = Ranks(arrays["unmasked"], arrays["masked"])
            result = RankingResult(arrays["users"], arrays["targets"], ranks, facts["items"])
    return Trial(facts["changes"], facts["seed"], result, facts["problem"], facts["seconds"])
