"""The lists of sampled test cases in; some people, what they took and what they were shown out.

Drawn by chance, not chosen: a reader sees what lists look like, misses too. Ids of people are left
out, as such pages are passed on.
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from foretaste.domain.data import Catalogue
from foretaste.domain.titles import natural_title
from foretaste.evaluate.sampled_lists import SampledLists

PEOPLE = 10
HISTORY_ITEMS = 6
"""Items of a history that are named, the newest."""


@dataclass(frozen=True, slots=True)
class SamplePerson:
    """One test case in words; titles, or ids where there are none."""

    history: tuple[str, ...]
    """What they took last, the newest first."""
    history_length: int
    """Items they had taken."""
    shown: tuple[str, ...]
    """Their list, best first."""
    target: str
    """What they took next."""
    position: int | None
    """Its place in the list, from 1; None where it is not there."""

    def figures(self) -> dict[str, Any]:
        """What JSON can hold."""
        return asdict(self)


def sample_people(
    sample: SampledLists, model: str, catalogue: Catalogue, *, seed: int = 0
) -> tuple[SamplePerson, ...]:
    """At most `PEOPLE` of them, one case each, with the list of this model."""
    cases = sample.cases
    latest_cases = sample.latest_cases()
    rng = np.random.default_rng(seed)
    drawn = rng.choice(latest_cases, min(PEOPLE, len(latest_cases)), replace=False)

    def title(item: int) -> str:
        return natural_title(catalogue.titles[item]) or catalogue.ids[item]

    people = []
    for case in drawn.tolist():
        shown = [item for item in sample.lists[model][case].tolist() if item >= 0]
        target = int(cases.targets[case])
        context = cases.user_contexts(case, case + 1)[0]
        people.append(
            SamplePerson(
                history=tuple(map(title, sample.recent[case][::-1][:HISTORY_ITEMS].tolist())),
                history_length=len(context.consumed_items),
                shown=tuple(map(title, shown)),
                target=title(target),
                position=shown.index(target) + 1 if target in shown else None,
            )
        )
    return tuple(people)
