"""The terms of several items in one array, and one by one."""

import numpy as np

from foretaste.domain.request import Term
from foretaste.domain.term_table import TermColumn, TermTable

TERMS = [
    [Term("popularity", 0.5, feature="popularity"), Term("content", -1.0, event="a")],
    [],
    [Term("content", 2.0, event="a"), Term("content", 0.25, event="b")],
]


def test_what_goes_in_comes_out_one_by_one() -> None:
    table = TermTable.of(TERMS)
    assert list(table) == TERMS
    assert [table[row] for row in range(len(table))] == TERMS
    assert table[1:] == TERMS[1:]
    assert TermTable.of(table) is table


def test_a_term_that_an_item_has_twice_is_one_with_the_sum() -> None:
    twice = [[*TERMS[0], Term("content", 3.0, event="a")]]
    assert TermTable.of(twice)[0] == [TERMS[0][0], Term("content", 2.0, event="a")]


def test_nothing_is_said_of_an_item_that_does_not_have_the_term() -> None:
    rule = TermColumn("rule", feature="genre: Drama")
    table = TermTable.of(TERMS).with_columns([rule], [1.0, np.nan, np.nan])
    assert table[0] == [*TERMS[0], Term("rule", 1.0, feature="genre: Drama")]
    assert table[1] == []
    assert list(table.select_columns([column == rule for column in table.columns])) == [
        [Term("rule", 1.0, feature="genre: Drama")],
        [],
        [],
    ]
    assert list(table.select_rows([2, 0])) == [TERMS[2], table[0]]


def test_tables_side_by_side_keep_their_order() -> None:
    first, second = TermTable.of(TERMS), TermTable.of([[Term("query", 1.0)]] * 3)
    joined = TermTable.joined([first, second.scaled(0.5)], 3)
    assert list(joined) == [[*terms, Term("query", 0.5)] for terms in TERMS]
    assert list(TermTable.joined([], 2)) == [[], []]
