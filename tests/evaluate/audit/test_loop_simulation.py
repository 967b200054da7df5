"""A model that learns from its own lists narrows, as it does where popularity alone decides."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

import numpy as np
import pytest

from foretaste.domain.audit_settings import AuditSettings
from foretaste.domain.data import Doubles, Floats, UserContext
from foretaste.evaluate.audit.loop_simulation import simulation_section

ITEMS, PEOPLE = 300, 40


@dataclass
class PopularityModel:
    """Scores items by how often they were taken, the more steeply the greater `power`."""

    power: float
    counts: Doubles = field(default_factory=lambda: np.linspace(2, 1, ITEMS))

    def score(self, user_contexts: Sequence[UserContext]) -> Floats:
        scores = self.power * np.log(self.counts)
        noise = [np.random.default_rng(int(user.item[0])).random(ITEMS) for user in user_contexts]
        return (scores + np.stack(noise)).astype(np.float32)

    def fork(self) -> Self:
        return type(self)(self.power, self.counts.copy())

    def learn(self, user_context: UserContext, item: int, weight: float, at: float) -> None:
        assert item not in user_context.item
        self.counts[item] += weight


def person(number: int) -> UserContext:
    return UserContext(
        np.array([number], np.int32),
        np.ones(1, np.float32),
        np.zeros(1, np.int8),
        np.full(1, np.nan, np.float32),
        np.zeros(1),
    )


@pytest.mark.parametrize(("power", "is_growing"), [(3.0, True), (0.0, False)])
def test_popularity_grows_where_the_model_feeds_on_it(power: float, is_growing: bool) -> None:
    model = PopularityModel(power)
    people = [person(number) for number in range(PEOPLE)]
    section = simulation_section(
        model,
        people,
        model.counts.copy(),
        np.ones(ITEMS, bool),
        AuditSettings(rounds=6),
        np.random.default_rng(0),
    )
    plain = section.figures[0]
    assert plain.is_flagged == is_growing
    assert bool(section.remedy) == is_growing
    assert plain.value.low <= plain.value.mean <= plain.value.high
    assert model.counts.sum() == pytest.approx(np.linspace(2, 1, ITEMS).sum())  # it learnt nothing
