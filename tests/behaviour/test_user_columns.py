"""Which of several columns says whose an event is."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from foretaste.behaviour.column_guess import TableColumns, columns_of_table
from foretaste.behaviour.settings import BehaviourSettings
from foretaste.behaviour.user_columns import other_user_notes

NOW = 1_772_366_400.0


def columns_of(*columns: str, empty: Mapping[str, int] | None = None) -> TableColumns:
    """Of 40 rows; empty: column → every how many rows it has no value."""
    head: Sequence[dict[str, Any]] = [
        {
            column: None if row % (empty or {}).get(column, 1_000) == 1 else f"{column}{row}"
            for column in columns
        }
        for row in range(40)
    ]
    return columns_of_table("events", columns, head, BehaviourSettings(), NOW)


@pytest.mark.parametrize(
    ("columns", "user", "session"),
    [
        (("visitor_id", "sku"), "visitor_id", None),
        (("visitor_id", "customer_id", "sku"), "customer_id", "visitor_id"),
        (("visitor_id", "email", "sku"), "email", "visitor_id"),
        (("Besucher", "Kundennummer", "Artikelnummer"), "Kundennummer", "Besucher"),
        (("visitor_id", "customer_id", "session_id", "sku"), "customer_id", "session_id"),
    ],
)
def test_an_account_says_more_than_a_browser(
    columns: Sequence[str], user: str, session: str | None
) -> None:
    fields = columns_of(*columns).by_field
    assert (fields["user"], fields.get("session")) == (user, session)


def test_guests_are_told_by_their_addresses() -> None:
    columns = ("customer_id", "email", "visitor_id", "sku")
    assert columns_of(*columns).by_field["user"] == "customer_id"
    guests = columns_of(*columns, empty={"customer_id": 3})
    assert guests.by_field["user"] == "email"
    assert guests.notes == [
        "took column 'email' for the user, as 'customer_id' is empty in more rows"
    ]
    browsers = columns_of(
        "customer_id", "visitor_id", "session_id", "sku", empty={"customer_id": 3}
    )
    assert browsers.by_field["user"] == "customer_id"


def test_a_second_column_of_people_is_said() -> None:
    (note,) = other_user_notes("E-Mail", ["Menge", "Kundennummer"])
    assert "'E-Mail' was taken for the user, and 'Kundennummer' says whose an event is, too" in note
    assert 'user = "Kundennummer"' in note
    assert other_user_notes("reviewerID", ["reviewerName", "visitor_id", "overall"]) == []
    assert other_user_notes(None, ["Kundennummer"]) == []
