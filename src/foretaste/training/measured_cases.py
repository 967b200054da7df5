"""In: what a training measured of each taking that it had kept back. Out: the same, with the
version, so that an audit compares groups of people by it.

What answers was taught these takings at the end of its training, so they cannot be measured by it
any more. What is kept is the place of each in its list, in their order, and a digest of all of them
by which they are known again: it names nobody.
"""

import base64
import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from foretaste.domain.data import Doubles, EvaluationCases
from foretaste.evaluate.metrics import ndcg
from foretaste.evaluate.protocols import RankingResult

MEASURED_CASES = "measured_cases"
"""Under this name a version's data have them."""
LISTED = 10
"""Places of a list."""


def measured_cases(
    cases: EvaluationCases, result: RankingResult, *, hide_seen: bool
) -> dict[str, Any]:
    """As JSON can hold them. hide_seen: whether lists leave out what people took."""
    ranks = result.ranks.masked if hide_seen else result.ranks.unmasked
    places = np.where(ranks < LISTED, ranks + 1, 0).astype(np.uint8)
    return {"digest": _digest(cases), "places": base64.b64encode(places.tobytes()).decode("ascii")}


def measured_values(data: Mapping[str, Any], cases: EvaluationCases) -> Doubles | None:
    """[cases] NDCG@10 of each, as the training measured it. data: of the version. None where the
    training measured others, or none.
    """
    kept_cases = data.get(MEASURED_CASES)
    if not kept_cases or kept_cases["digest"] != _digest(cases):
        return None
    places = np.frombuffer(base64.b64decode(kept_cases["places"]), np.uint8)
    return ndcg(np.where(places, places - 1.0, np.inf), LISTED)


def _digest(cases: EvaluationCases) -> str:
    """By which the same takings of the same log are known."""
    parts = (cases.user_indices, cases.target_rows, cases.targets, cases.interactions.offsets)
    digest = hashlib.sha256()
    for part in parts:
        digest.update(np.ascontiguousarray(part, np.int64).tobytes())
    return digest.hexdigest()
