"""Columns of series, of ages and of births as catalogues call them."""

import pytest

from foretaste.domain.feature_types import FeatureSettings, FeatureTyping
from foretaste.domain.part_columns import column_meant


@pytest.mark.parametrize(
    ("column", "columns", "meant"),
    [
        ("season", ["Season Number", "genre"], "Season Number"),
        ("season", ["season_number", "season"], "season"),
        ("series", ["show_title", "series_id"], "series_id"),
        ("age_rating", ["maturityRating"], "maturityRating"),
        ("age", ["birth_year"], "birth_year"),
        ("certificate", ["maturity_rating"], "certificate"),
        ("episode", ["genre"], "episode"),
    ],
)
def test_which_column_is_meant(column: str, columns: list[str], meant: str) -> None:
    assert column_meant(column, columns) == meant


def test_what_the_settings_say_of_a_column_holds_under_its_other_names() -> None:
    typing = FeatureTyping({"season": FeatureSettings(type="count")})
    assert typing.find_type("season_number", ["1", "2"] * 9) == "count"
    assert typing.find_type("volume_number", ["1", "2"] * 9) == "number"
