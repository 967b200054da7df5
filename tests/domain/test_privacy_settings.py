"""The settings of a budget: both numbers or neither, and nothing that spends more than it has."""

import pytest
from pydantic import ValidationError

from foretaste.config.load import parse_config
from foretaste.domain.privacy_settings import PrivacySettings
from foretaste.errors import SettingsError


@pytest.mark.parametrize("half", [{"epsilon": 4.0}, {"delta": 1e-6}])
def test_half_a_budget_is_refused_with_the_other_half(half: dict[str, float]) -> None:
    with pytest.raises(ValidationError, match=r"e\.g\. (delta = 1e-6|epsilon = 4\.0)"):
        PrivacySettings(**half)


def test_few_people_are_hidden_where_there_is_a_budget() -> None:
    assert PrivacySettings().fewest_people == 1
    assert PrivacySettings(epsilon=4.0, delta=1e-6).fewest_people == 10
    assert PrivacySettings(epsilon=4.0, delta=1e-6, min_people=3).fewest_people == 3


@pytest.mark.parametrize(
    ("tree", "remedy"),
    [
        ({"model": {"language": {"enabled": True}}}, "model.language.enabled = false"),
        ({"language": {"tuning": {"method": "linear"}}}, 'language.tuning.method = "off"'),
        ({"prepare": {"review_aspects": True}}, "prepare.review_aspects = false"),
        ({"model": {"popularity": {"half_life_days": 7}}}, "no model.popularity.half_life_days"),
        ({"rank": {"freshness": {}}}, "rank.freshness.half_life in hours or days"),
        ({"rank": {"replenish": {}}}, "no rank.replenish"),
        ({"behaviour": {"value": {"rating": {"counts": True}}}}, "a threshold or a curve"),
    ],
)
def test_what_learns_of_people_beside_the_budget_is_refused(
    tree: dict[str, object], remedy: str
) -> None:
    parse_config(tree, "foretaste.toml")
    with pytest.raises(SettingsError, match=remedy):
        parse_config({**tree, "privacy": {"epsilon": 4, "delta": 1e-6}}, "foretaste.toml")
