"""What all invented data have in common."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from foretaste.domain.data import Doubles

DAY_SECONDS, HOUR_SECONDS = 86_400.0, 3_600.0
SEED = 5
HOUR_WEIGHTS = np.array(
    [1, 0.5, 0.3, 0.2, 0.3, 1, 3, 6, 7, 5, 4, 4, 6, 5, 4, 4, 5, 7, 8, 9, 10, 9, 6, 3], float
)
"""How many people come in each hour of a day: in the morning, at noon, most in the evening."""

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class InventedData:
    """Tables as an export would have them."""

    items: Rows
    events: Rows
    users: Rows
    example_user: str
    """Whose lists are worth a look."""


def times_of_day(rng: np.random.Generator, size: int) -> Doubles:
    """[size], seconds since midnight, by when people come."""
    hours = rng.choice(24, size, p=HOUR_WEIGHTS / HOUR_WEIGHTS.sum())
    return np.asarray((hours + rng.random(size)) * HOUR_SECONDS)


def tastes(rng: np.random.Generator, people: int, kinds: int, concentration: float) -> Doubles:
    """[people, kinds], how much of each kind somebody takes; the rows sum to 1. concentration: the
    less, the fewer kinds somebody keeps to.
    """
    return np.asarray(rng.dirichlet(np.full(kinds, concentration), people))
