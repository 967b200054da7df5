"""A group with worse lists is found; among many groups of no difference no alarm is raised."""

import numpy as np
import pytest

from foretaste.domain.audit_settings import AuditSettings
from foretaste.evaluate.audit.audit_sample import HeldOutQuality
from foretaste.evaluate.audit.figures import corrected
from foretaste.evaluate.audit.people_groups import people_groups, people_section

PEOPLE = 300
SETTINGS = AuditSettings()


def quality(generator: np.random.Generator, worse: str | None = None) -> HeldOutQuality:
    countries = [("de",) if number % 3 else ("fr",) for number in range(PEOPLE)]
    ages = [(str(20 + number % 5 * 10),) for number in range(PEOPLE)]
    rights = np.array([0.05 if country == (worse,) else 0.4 for country in countries])
    return HeldOutQuality(
        users=np.arange(PEOPLE),
        values=(generator.random(PEOPLE) < rights) * generator.uniform(0.3, 1, PEOPLE),
        history_lengths=generator.integers(1, 50, PEOPLE),
        popularity_tastes=generator.random(PEOPLE),
        attributes={"country": countries, "age": ages},
    )


def test_a_group_with_worse_lists_is_flagged() -> None:
    generator = np.random.default_rng(0)
    section = people_section(quality(generator, worse="fr"), SETTINGS, generator)
    flagged = {figure.name for figure in section.flagged}
    assert "country: fr" in flagged
    assert all("country: fr" in name for name in flagged)
    assert "country: fr" in section.verdict


def test_many_groups_of_no_difference_raise_no_alarm() -> None:
    alarms = 0
    for seed in range(3):
        generator = np.random.default_rng(seed)
        alarms += len(people_section(quality(generator), SETTINGS, generator).flagged)
    assert alarms == 0


@pytest.mark.parametrize("least", [30, 70, 150])
def test_no_group_is_smaller_than_the_settings_allow(least: int) -> None:
    data = quality(np.random.default_rng(0))
    single, common, withheld = people_groups(data, AuditSettings(min_group_people=least))
    assert all(group.members.sum() >= least for group in (*single, *common))
    assert withheld > 0
    assert any(" and " in group.name for group in common) == (least < 150)


def test_whoever_has_not_said_is_a_group() -> None:
    data = quality(np.random.default_rng(0))
    half = [("de",) if number % 2 else () for number in range(PEOPLE)]
    data = HeldOutQuality(
        data.users, data.values, data.history_lengths, data.popularity_tastes, {"country": half}
    )
    single, _, _ = people_groups(data, SETTINGS)
    assert {"country: de", "country: not known"} <= {group.name for group in single}


def test_p_values_are_corrected_for_how_many_there_are() -> None:
    p_values = [0.01, 0.02, 0.5]
    assert corrected(p_values)[0] == pytest.approx(0.01 * 3 * (1 + 1 / 2 + 1 / 3))
    assert len(corrected([])) == 0
