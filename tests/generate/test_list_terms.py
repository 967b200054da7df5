"""The terms of a list, sorted once for all its items."""

import numpy as np

from foretaste.domain.term_table import TermColumn, TermTable
from foretaste.generate.list_terms import ListTerms

from .test_reasons import SHELF, evidence

UNKNOWN = np.nan


def list_terms(columns: list[TermColumn], nats: list[list[float]], *items: str) -> ListTerms:
    table = TermTable(columns, np.array(nats))
    return ListTerms([SHELF.index[item] for item in items], table, evidence())


def test_past_events_come_strongest_first_and_twice_taken_is_one() -> None:
    columns = [TermColumn("content", event) for event in ("metal", "crystal", "metal", "khan")]
    terms = list_terms(
        columns,
        [
            [0.25, 0.5, 0.5, UNKNOWN],
            [UNKNOWN, 0.5, -0.25, 1.0],
            [UNKNOWN, 0.5, UNKNOWN, 1.0],
        ],
        *("tron", "maze", "khan"),
    )

    assert terms.events("content") == [
        [("metal", 0.75), ("crystal", 0.5)],
        [("khan", 1.0), ("crystal", 0.5), ("metal", -0.25)],
        [("crystal", 0.5)],  # nothing is there because of itself
    ]
    assert terms.events("lexical") == [[], [], []]


def test_kinds_of_experts_are_told_apart() -> None:
    terms = list_terms([TermColumn("attribute:year", feature="year: 1982")], [[0.5]], "tron")

    assert terms.has_any(["media", "attribute"])
    assert not terms.has_any(["content", "attribute:year"])
