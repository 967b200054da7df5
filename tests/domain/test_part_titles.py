"""An episode names its series where its own title does not."""

import pytest

from foretaste.domain.data import Item
from foretaste.domain.part_titles import title_of


@pytest.mark.parametrize(
    ("title", "attributes", "shown"),
    [
        ("Episode 1", {"series": "Dark", "season": "2", "episode": "1"}, "Dark S2 E1"),
        ("Folge 03", {"Serientitel": "Dark", "Staffel": "1", "Folge": "03"}, "Dark S1 E3"),
        (
            "7",
            {"show_title": "Lupin", "season_number": "1.0", "episode_number": "7"},
            "Lupin S1 E7",
        ),
        ("", {"series": "Dark", "season": "1", "episode": "10"}, "Dark S1 E10"),
        ("Episode 4", {"series": "Serial", "episode": "4"}, "Serial: Episode 4"),
        ("Lies", {"series": "Dark", "season": "1", "episode": "2"}, "Dark: Lies"),
        ("The DARK night", {"series": "Dark", "season": "1", "episode": "2"}, "The DARK night"),
        ("Lies", {"series_id": "s12", "season": "1", "episode": "2"}, "Lies"),
        ("Lies", {"series": "s12", "season": "1", "episode": "2"}, "Lies"),
        (
            "Lies",
            {"series_id": "s12", "series_title": "Dark", "season": "1", "episode": "2"},
            "Dark: Lies",
        ),
        ("Heat", {"genres": "Crime"}, "Heat"),
        ("Galaxy A5", {"series": "Galaxy Phones"}, "Galaxy A5"),
        ("Teaser", {"series": "Dark", "episode": ""}, "Teaser"),
    ],
)
def test_a_title_stands_alone(title: str, attributes: dict[str, str], shown: str) -> None:
    values = {name: (value,) if value else () for name, value in attributes.items()}
    assert title_of(Item("x", title, attributes=values)) == shown
