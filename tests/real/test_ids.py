"""Ids that mean nobody, that lost digits, that were floats on their way, and that look alike."""

import unicodedata
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from .conftest import Shop

ZERO_UUID = "00000000-0000-0000-0000-000000000000"
AT = 1_770_000_000
LONG = [90_071_992_547_409_931, 90_071_992_547_409_933]


@pytest.mark.parametrize(
    "word",
    [
        "NA", "n/a", "#N/A", "null", "NULL", "(null)", "None", "nil", "undefined", "(not set)",
        "unknown", "Anonymous", "guest", "-1", "\\N", "NaN", "<NA>", "[object Object]", ZERO_UUID,
        "{" + ZERO_UUID + "}", "0",
    ],
)  # fmt: skip
def test_a_user_that_means_nobody_is_none_and_the_session_is_the_person(
    shop: Shop, word: str
) -> None:
    rows = [f"{word},s{n},i{n % 3},{AT + n}" for n in range(6)]
    rows += [f"ann,s9,i1,{AT}", f"bob,s8,i2,{AT}"]

    result = shop.add("events", "\n".join(["user,session,item,at", *rows]))

    assert result.rejected == 0
    assert [event.user for event in shop.events] == [None] * 6 + ["ann", "bob"]
    assert len({event.session for event in shop.events}) == 8
    assert any(
        f"'{word}' in 6 rows means nobody: there the session is the person" in warning
        for warning in result.warnings
    )


@pytest.mark.parametrize("word", ["NA", "undefined", ZERO_UUID, "-1", "guest"])
def test_a_live_event_of_nobody_belongs_to_its_session(shop: Shop, word: str) -> None:
    shop.send({"user": word, "session": "s1", "item": "i1"})
    assert (shop.events[0].user, shop.events[0].session) == (None, "s1")


def test_a_live_event_of_nobody_without_a_session_is_refused_with_the_setting(shop: Shop) -> None:
    summary = shop.send({"user": "null", "item": "i1"})
    assert summary.rejected[0].problem == "user 'null' means nobody, and there is no session"
    assert "behaviour.null_ids" in summary.rejected[0].remedy

    shop.send({"user": "null", "item": "i1"}, null_ids=())
    assert shop.events[0].user == "null", "the remedy works"


def test_a_session_that_is_none_is_not_one_giant_visit(shop: Shop) -> None:
    shop.add("events", f"user,session,item,at\nann,null,i1,{AT}\nbob,null,i1,{AT}\n,null,i1,{AT}")
    assert [(event.user, event.session) for event in shop.events] == [("ann", None), ("bob", None)]


def test_event_ids_that_are_null_do_not_make_all_events_one(shop: Shop) -> None:
    shop.add("events", f"event_id,user,item,at\nnull,ann,i1,{AT}\nnull,bob,i2,{AT}")
    assert len(shop.events) == 2


def test_an_item_that_is_null_is_none(shop: Shop) -> None:
    result = shop.add("items", "id,title\nnull,Ghost\ni1,Lamp\n(not set),Ghost")
    assert list(shop.items) == ["i1"]
    assert result.rejected == 2


def test_numbered_people_begin_with_0(shop: Shop) -> None:
    rows = [f"{n % 10},s{n % 10},i{n % 3},{AT + n}" for n in range(50)]
    shop.add("events", "\n".join(["user,session,item,at", *rows]))
    assert {event.user for event in shop.events} == {str(n) for n in range(10)}

    shop.send({"user": 0, "session": "s99", "item": "i1"})
    assert shop.events[-1].user == "0", "and so they do in what comes later"


def test_user_0_without_sessions_is_a_person(shop: Shop) -> None:
    shop.add("events", f"user,item,at\n0,i1,{AT}\n1,i1,{AT}")
    assert [event.user for event in shop.events] == ["0", "1"]


@pytest.mark.parametrize("word", ["x-visitor", "visitante", "0"])
def test_one_user_of_most_rows_is_said(shop: Shop, word: str) -> None:
    rows = [f"{word if n % 3 else f'u{n}'},i{n % 7},{AT + n}" for n in range(300)]
    result = shop.add("events", "\n".join(["user,item,at", *rows]))
    assert any(
        f"user '{word}' has 67 % of all rows" in warning and "behaviour.null_ids" in warning
        for warning in result.warnings
    )


def test_no_user_of_a_plausible_share_is_said(shop: Shop) -> None:
    rows = [f"u{n % 40},i{n % 7},{AT + n}" for n in range(400)]
    result = shop.add("events", "\n".join(["user,item,at", *rows]))
    assert not any("of all rows" in warning for warning in result.warnings)


@pytest.mark.parametrize(
    "users",
    [
        pd.Series([*LONG, None]),
        pd.Series([*LONG, 1], dtype="float64"),
        pl.Series([float(n) for n in LONG]),
        np.array(LONG, dtype=float),
        [float(n) for n in LONG],
        ["9.00719925474099E+16", "9,00719925474099E+16"],
        ["9.007199254740993e+16", "90071992547409936.0"],
        pd.Series([16_777_217, 16_777_219], dtype="float32"),
        np.array([16_777_217, 16_777_219], dtype="float32"),
    ],
    ids=str,
)
def test_ids_that_lost_digits_are_refused(shop: Shop, users: Any) -> None:
    if isinstance(users, list):
        source: Any = [{"user": user, "item": "i1", "at": AT} for user in users]
    else:
        items, times = ["i1"] * len(users), [AT] * len(users)
        source = {"user": users, "item": items, "at": times}
        if isinstance(users, pd.Series):
            source = pd.DataFrame(source)
        if isinstance(users, pl.Series):
            source = pl.DataFrame(source)

    result = shop.add("events", source)

    assert result.rejected >= 2
    assert "digits" in result.rejects[0].problem
    assert "text" in result.rejects[0].remedy
    assert all(event.user == "1" for event in shop.events)


def test_ids_of_many_digits_are_kept_where_they_are_whole(shop: Shop) -> None:
    users = pd.Series([*LONG, None], dtype="Int64")
    shop.add("events", pd.DataFrame({"user": users, "item": "i1", "at": AT}))
    shop.send({"user": LONG[0], "item": "i1"})
    assert [event.user for event in shop.events] == [*map(str, LONG), str(LONG[0])]


def test_a_live_id_that_lost_digits_is_refused(shop: Shop) -> None:
    summary = shop.send({"user": float(LONG[0]), "item": "i1"}, {"user": 31.0, "item": "i1"})
    assert "float" in summary.rejected[0].problem
    assert "in quotes" in summary.rejected[0].remedy
    assert shop.events[0].user == "31"


@pytest.mark.parametrize(
    "items",
    [
        pd.Series([31.0, 7.0, None]),
        pd.Series(["31.0", "7.0", None]),
        pd.Series([Decimal("31.00"), Decimal("7.00"), None]),
        pd.Series([31, 7, None], dtype="Int64"),
    ],
    ids=["float", "text", "decimal", "integer"],
)
def test_whole_floats_are_the_integer_in_what_comes_later_too(shop: Shop, items: Any) -> None:
    shop.add("items", "id,title\n31,Lamp\n7,Chair\n")
    frame = pd.DataFrame({"user": ["1.5", "2.0", "3"], "item": items, "at": AT})

    result = shop.add("events", frame)
    summary = shop.send({"user": "2.0", "item": 31.0}, {"user": "x", "item": "7"})

    assert [event.item for event in shop.events] == ["31", "7", "31", "7"]
    assert [event.user for event in shop.events] == ["1.5", "2.0", "2.0", "x"]
    assert (result.rejected, summary.rejected) == (1, [])


def test_a_live_text_of_a_whole_float_is_the_integer_after_such_an_import(shop: Shop) -> None:
    shop.add("events", f"user,item,at\n5.0,31.0,{AT}\n6.0,7.0,{AT}")
    summary = shop.send({"user": "5.0", "item": "31.0"}, {"user": "5", "item": "31"})
    assert summary.rejected == []
    assert {(event.user, event.item) for event in shop.events} == {("5", "31"), ("6", "7")}


def test_versions_are_no_whole_numbers_even_where_they_come_late(shop: Shop) -> None:
    rows = [f"u,{n}.0,{AT + n}" for n in range(2_100)]
    shop.add("events", "\n".join(["user,item,at", *rows, f"u,1.5,{AT}"]))
    assert {event.item for event in shop.events} >= {"1.0", "1.5", "2099.0"}


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (unicodedata.normalize("NFC", "Zoë"), unicodedata.normalize("NFD", "Zoë")),
        ("lamp", "lamp\u200b"),
        ("lamp", "\ufefflamp"),
        ("red lamp", "red\u00a0lamp"),
        ("lamp", "la\u00admp"),
        ("lamp", "lamp\u200e"),
        ("lamp", "\u2060lamp\u2060"),
        ("red lamp", "red\u3000lamp"),
    ],
)
def test_ids_that_look_alike_are_one(shop: Shop, left: str, right: str) -> None:
    result = shop.add("items", f"id,title\n{left},One\n")
    result = shop.add("events", f"user,item,at\n{right},{right},{AT}\n{left},{left},{AT + 1}")
    shop.send({"user": right, "item": right})

    assert result.rejected == 0
    assert list(shop.items) == [left]
    assert {(event.user, event.item) for event in shop.events} == {(left, left)}
    assert any("looks the same" in warning for warning in result.warnings)


def test_joiners_stay_where_they_are_letters(shop: Shop) -> None:
    persian, family = "می\u200cخواهم", "👩\u200d👧"
    shop.add("events", f"user,item,at\n{persian},{family},{AT}")
    assert (shop.events[0].user, shop.events[0].item) == (persian, family)


def test_a_byte_order_mark_amid_a_file_is_no_letter(shop: Shop) -> None:
    first = f"\ufeffuser,item,at\nann,i1,{AT}\n"
    shop.add("events", (first + f"\ufeffann,i2,{AT}\n").encode())
    assert [(event.user, event.item) for event in shop.events] == [("ann", "i1"), ("ann", "i2")]


CATALOGUE = "id,title\n00287,Desk\n00288,Chair\n0007,Lamp\n00007,Shelf\nA12,Mat\n"


def test_an_item_number_without_its_leading_zeros_is_the_item(shop: Shop) -> None:
    shop.add("items", CATALOGUE)
    lines = f"ann,287,Desk,{AT}\nben,288,Chair,{AT}\ncid,00288,Chair,{AT}"
    result = shop.add("events", f"user,item,title,at\n{lines}")

    assert (result.rejected, len(shop.items)) == (0, 5), "nothing is created a second time"
    assert [event.item for event in shop.events] == ["00287", "00288", "00288"]
    assert any("2 rows write the id" in warning for warning in result.warnings)
    assert any("'287' for '00287'" in warning for warning in result.warnings)


def test_a_catalogue_may_have_lost_the_zeros_that_events_have(shop: Shop) -> None:
    shop.add("items", "id,title\n287,Desk\n")
    shop.add("events", f"user,item,at\nann,00287,{AT}")
    assert [event.item for event in shop.events] == ["287"]


def test_an_item_number_that_two_items_have_is_refused(shop: Shop) -> None:
    shop.add("items", CATALOGUE)
    result = shop.add("events", f"user,item,at\nann,7,{AT}\nann,12,{AT}\nann,287x,{AT}")
    assert result.rejected == 3
    assert shop.events == []


ISBNS = ("9783161484100", "978-3-16-148410-0", "316148410X", "3-16-148410-X", "978-3161484100")


@pytest.mark.parametrize("catalogue_id", ISBNS)
def test_an_isbn_is_the_book_however_it_is_written(shop: Shop, catalogue_id: str) -> None:
    shop.add("items", f"isbn,title\n{catalogue_id},Book\n0-571-08989-5,Poems\n0306406152,Tales\n")
    lines = "\n".join(f"u{n},{isbn},{AT}" for n, isbn in enumerate(ISBNS))
    result = shop.add("events", f"user,isbn,at\n{lines}\nu8,571089895,{AT}\nu9,306406152,{AT}")
    shop.send(*({"user": "live", "item": isbn, "kind": "view"} for isbn in ISBNS))
    shop.send({"user": "live", "item": "571089895", "kind": "view"})

    assert (result.rejected, len(shop.items)) == (0, 3)
    items = {event.item for event in shop.events if event.user not in ("u8", "u9")}
    assert items == {catalogue_id, "0-571-08989-5"}
    assert any("'571089895'" in note or "hyphens" in note for note in result.warnings)


def test_a_book_with_a_mistyped_number_is_another(shop: Shop) -> None:
    shop.add("items", "isbn,title\n978-3-16-148410-0,Book\n")
    result = shop.add("events", f"user,isbn,at\nu1,9783161484101,{AT}\nu2,3161484100,{AT}")
    assert result.rejected == 2


def test_numbers_of_events_alone_stay_as_they_are(shop: Shop) -> None:
    shop.add("events", f"user,item,at\nann,007,{AT}\nann,7,{AT}")
    shop.add("events", f"user,item,at\nben,07,{AT}", "later.csv")
    assert [event.item for event in shop.events] == ["007", "7", "07"]


@pytest.mark.parametrize("word", ["Summe", "Grand Total:", "Sous-total", "TOTAL"])
def test_a_row_of_totals_is_no_item(shop: Shop, word: str) -> None:
    result = shop.add("items", f"id,title,price\na,Desk,5\n{word},,5\ntotal,Total jazz,3\n")
    assert set(shop.items) == {"a", "total"}
    assert "is a row of totals" in result.rejects[0].problem


def test_an_item_may_be_called_total_where_nothing_has_titles(shop: Shop) -> None:
    shop.add("items", "id,color\na,red\ntotal,blue\n")
    assert set(shop.items) == {"a", "total"}
