"""Times as people say them, on Saturday 12 July 2025."""

from datetime import date

import pytest

from foretaste.understand.grammar import GRAMMARS
from foretaste.understand.number_columns import NumberColumn
from foretaste.understand.relative_times import extract_times

TODAY = date(2025, 7, 12)


def days(text: str, language: str = "en", *, has_days: bool = True) -> list[tuple[str, str]]:
    grammar = GRAMMARS[language]
    _, bounds = extract_times(grammar.normalised(text), grammar, TODAY, has_days=has_days)
    return [(str(bound.first_day), str(bound.last_day)) for bound in bounds]


@pytest.mark.parametrize(
    ("text", "language", "first", "last"),
    [
        ("news from last week", "en", "2025-06-30", "2025-07-06"),
        ("this month", "en", "2025-07-01", "None"),
        ("stories from the last 3 months", "en", "2025-04-12", "None"),
        ("from yesterday", "en", "2025-07-11", "2025-07-11"),
        ("what was in the news on monday", "en", "2025-07-07", "2025-07-07"),
        ("since may", "en", "2025-05-01", "None"),
        ("since october", "en", "2024-10-01", "None"),
        ("older than a month", "en", "None", "2025-06-11"),
        ("nothing older than two weeks", "en", "2025-06-28", "None"),
        ("last year's elections", "en", "2024-01-01", "2024-12-31"),
        ("from the first of March", "en", "2025-03-01", "2025-03-01"),
        ("Nachrichten von letzter Woche", "de", "2025-06-30", "2025-07-06"),
        ("aus den letzten zwei Jahren", "de", "2023-07-12", "None"),
        ("les infos de la semaine dernière", "fr", "2025-06-30", "2025-07-06"),
        ("ces dix dernières années", "fr", "2015-07-12", "None"),
        ("noticias de la semana pasada", "es", "2025-06-30", "2025-07-06"),
        ("de los últimos dos años", "es", "2023-07-12", "None"),
    ],
)
def test_days_of_a_time(text: str, language: str, first: str, last: str) -> None:
    assert days(text, language) == [(first, last)]


@pytest.mark.parametrize("text", ["since may 2025", "no sports today", "something for 30 days of"])
def test_what_is_another_number_or_says_for_how_long_stays(text: str) -> None:
    assert days(text) == []


def test_a_year_alone_is_asked_for_only_where_it_is_said_of_items() -> None:
    assert days("what shall we watch this week", has_days=False) == []
    assert days("from the last two years", has_days=False) == [("2023-07-12", "None")]


def test_a_column_of_years_takes_the_year_and_one_of_dates_the_day() -> None:
    grammar = GRAMMARS["en"]
    _, (bound,) = extract_times("from last year", grammar, TODAY, has_days=True)
    years = NumberColumn("year", "year", False, 1990, 2025, 1.0)
    dates = NumberColumn("published", "year", True, 1e9, 2e9, 1.0)
    assert years.test_of(bound) == {"gte": 2024.0, "lte": 2024.0}
    assert dates.test_of(bound) == {"gte": "2024-01-01", "lt": "2025-01-01"}
