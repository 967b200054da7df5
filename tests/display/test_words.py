import pytest

from foretaste.display.words import (
    EXPERT_ASPECTS,
    duration,
    expert_aspect,
    expert_with_setting,
    of_100,
    percent,
    plain_expert,
    plain_feature,
    signed,
    thousands,
    toml_value,
)
from foretaste.model.experts import EXPERTS


@pytest.mark.parametrize(
    ("share", "said"), [(0, "0"), (0.0312, "3.1"), (0.0996, "10"), (0.183, "18"), (1, "100")]
)
def test_so_many_of_a_hundred(share: float, said: str) -> None:
    assert of_100(share) == said


def test_every_expert_has_a_name_that_people_read() -> None:
    for expert in EXPERTS:
        assert (
            plain_expert(expert.name) != expert.name.replace("_", " ") or expert.name == "attribute"
        )
    assert plain_expert("attribute:release_year") == "The same release year"
    assert plain_expert("attribute:VK brutto_band") == "The same VK brutto"
    assert plain_expert("rule boost") == "rule boost"
    assert (
        expert_with_setting("attribute:VK brutto_band")
        == '“The same VK brutto” ("attribute" in model.experts)'
    )


def test_what_a_part_of_a_score_comes_from_names_the_column_of_the_file() -> None:
    features = ("VK brutto_band: 20-50", "year: 2006", "Color_band: a: b", "new", None)
    assert [plain_feature(feature) for feature in features] == [
        "VK brutto: 20-50", "year: 2006", "Color: a: b", "that it is new", "",
    ]  # fmt: skip


def test_every_expert_looks_at_something_that_people_can_say() -> None:
    for expert in EXPERTS:
        assert expert.name in EXPERT_ASPECTS or expert.name == "attribute"
    assert expert_aspect("attribute:release_year") == "its release year"
    assert expert_aspect("attribute:price_band") == "its price"
    assert expert_aspect("rule summer sale") == "the rule “summer sale”"


def test_numbers_and_times() -> None:
    assert (thousands(12345), thousands(2.5), thousands(3.0)) == ("12,345", "2.5", "3")
    assert signed(-0.5, 2) == "−0.50"
    assert (percent(None), percent(0.1234)) == ("–", "12.3\u00a0%")
    assert (duration(42.4), duration(200)) == ("42 s", "3 min 20 s")


def test_settings_are_said_as_the_file_has_them() -> None:
    assert [toml_value(value) for value in (None, (), True, 3, 2.0, 0.05, "x", ("a", 1))] == [
        "empty", "empty", "true", "3", "2.0", "0.05", '"x"', '["a", 1]',
    ]  # fmt: skip
