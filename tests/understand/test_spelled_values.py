"""People by their last names, and names misspelt."""

import pytest

from foretaste.rank.about import stems
from foretaste.understand.spelled_values import SpelledValues

VALUES = (
    *(
        ("directors", "Steven Spielberg"),
        ("cast", "Robert De Niro"),
        ("authors", "Agatha Christie"),
    ),
    *(("genres", "Comedy"), ("cast", "Steven Spielberg")),
)
SPELLED = SpelledValues(
    {tuple(stems(value)): [v for v in VALUES if v[1] == value] for _, value in VALUES},
    lambda value: len(value[1]),
    lambda word, people: word == "niro",
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("films by spielberg", ("directors", "Steven Spielberg")),
        ("spielberg's films", ("directors", "Steven Spielberg")),
        ("spielbergs films", ("directors", "Steven Spielberg")),
        ("something with niro", ("cast", "Robert De Niro")),
        ("agatha cristie", ("authors", "Agatha Christie")),
        ("comeddy films", ("genres", "Comedy")),
        ("spielberg", None),
        ("niro", ("cast", "Robert De Niro")),
        ("films with de niro", ("cast", "Robert De Niro")),
        ("steven spielburg", ("directors", "Steven Spielberg")),
        ("a film with walls", None),
    ],
)
def test_the_value_that_is_meant(text: str, value: tuple[str, str] | None) -> None:
    known = {"films", "by", "something", "with", "a", "film", "agatha"}
    found = SPELLED.find(text.split(), known.__contains__, {"films", "film", "a", "with", "by"})
    assert (None if found is None else found[2]) == value
