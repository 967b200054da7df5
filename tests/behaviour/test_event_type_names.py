"""Which event type a word means."""

from pathlib import Path

import pytest

from foretaste.behaviour.event_type_names import (
    EVENT_TYPE_BY_NAME,
    known_event_type,
    says_nothing_of_taste,
)
from foretaste.behaviour.importer import import_file
from foretaste.behaviour.settings import BehaviourSettings
from foretaste.behaviour.store import SqlStore
from foretaste.domain.data import EVENT_TYPE_WEIGHTS


@pytest.mark.parametrize(
    ("word", "event_type"),
    [
        ("view", "view"),
        ("page_view", "view"),
        ("article_view", "view"),
        ("song_played", "view"),
        ("user_liked_song", "like"),
        ("movie_rated", "rating"),
        ("produkt_gekauft", "purchase"),
        ("article_impression", "impression"),
        ("email_click", "click"),
        ("search_result_click", "click"),
        ("email_open", None),  # which is no look at an item
        ("article", None),
        ("article_archived", None),
    ],
)
def test_what_was_done_is_known_beside_what_it_was_done_to(
    word: str, event_type: str | None
) -> None:
    assert known_event_type(word, EVENT_TYPE_WEIGHTS, EVENT_TYPE_BY_NAME) == event_type


def test_letters_that_were_opened_say_nothing_of_taste() -> None:
    for word in ("email_open", "newsletter_opened", "unsubscribed"):
        assert says_nothing_of_taste(word)
    assert not says_nothing_of_taste("email_click")


def test_a_type_of_the_settings_comes_before_another_name_of_a_known_one() -> None:
    weights = {**EVENT_TYPE_WEIGHTS, "skip": 0.0}
    assert known_event_type("song_skip", weights, EVENT_TYPE_BY_NAME) == "skip"


def test_a_file_with_such_words_is_imported(store: SqlStore, tmp_path: Path) -> None:
    table = tmp_path / "log.csv"
    table.write_text(
        "reader,article_id,event,ts\n"
        "r1,a1,article_view,1700000000\n"
        "r1,a2,ArticleLiked,1700000001\n"
        "r1,a2,article_removed_from_cart,1700000002\n"
    )
    result = import_file(
        *(store, "events", table, BehaviourSettings()), rejects_dir=tmp_path, now=1_770_000_000.0
    )
    assert [event.kind for _, event in store.events()] == ["view", "like"]
    assert result.rejected == 0
    assert "took 'article_view' for view, 'ArticleLiked' for like" in result.warnings
    assert any("article_removed_from_cart" in warning for warning in result.warnings), (
        "what says nothing of taste is counted"
    )


@pytest.mark.parametrize(
    ("columns", "cells", "settings", "event_type"),
    [
        ("Nutzer;Artikel-ID;Datum;Kommentar", "Unsinn.", {}, "review"),
        (
            "Nutzer;Artikel-ID;Datum;Kommentar",
            "Unsinn.",
            {"default_event_type": "click", "event_weights": {"comment": 1.0}},
            "comment",
        ),
        ("user;product_id;date;review_text", "Fine", {"default_event_type": "click"}, "review"),
        ("customer_id;sku;order_date;comment", "Ring twice", {}, "purchase"),
        ("user;product_id;date;comment", "", {}, "view"),
    ],
)
def test_what_people_wrote_is_a_review_or_a_comment(
    columns: str,
    cells: str,
    settings: dict[str, object],
    event_type: str,
    store: SqlStore,
    tmp_path: Path,
) -> None:
    """Where most rows have none it is a log in which some wrote, and orders have notes."""
    table = tmp_path / "export.csv"
    rows = [f"u{n};i{n % 3};2026-11-02;{cells or ('Nice' if n == 3 else '')}" for n in range(12)]
    table.write_text("\n".join([columns, *rows]))
    result = import_file(
        *(store, "events", table, BehaviourSettings.model_validate(settings)),
        rejects_dir=tmp_path,
        now=1_800_000_000.0,
    )
    assert result.rejected == 0
    assert {event.kind for _, event in store.events()} == {event_type}
