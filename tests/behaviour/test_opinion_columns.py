"""A column that says who liked what."""

import json
from pathlib import Path

import pytest

from foretaste.behaviour.importer import import_file
from foretaste.behaviour.opinion_columns import opinion_word, opinions_of_column
from foretaste.behaviour.settings import BehaviourSettings
from foretaste.behaviour.store import SqlStore
from foretaste.domain.data import ImportResult


def import_table(store: SqlStore, table: Path) -> ImportResult:
    return import_file(
        *(store, "events", table, BehaviourSettings()),
        rejects_dir=table.parent,
        now=1_770_000_000.0,
    )


@pytest.mark.parametrize(
    ("column", "values", "expected"),
    [
        ("thumb", ["up", "down"], ["like", "dislike"]),
        ("thumbs", ["Thumbs up", "thumbs_down"], ["like", "dislike"]),
        ("feedback", ["positive", "neutral", "negative"], ["like", "", "dislike"]),
        ("vote", [1, -1, 0], ["like", "dislike", ""]),
        ("vote", [1.0, -1.0], ["like", "dislike"]),
        ("vote", ["+", "-"], ["like", "dislike"]),
        ("is_liked", [True, False], ["like", ""]),
        ("gefällt", ["ja", "nein"], ["like", ""]),
        ("reaction", ["👍", "👎"], ["like", "dislike"]),
        ("direction", ["up", "down"], []),
        ("vote", [1, 2, 3], []),
        ("votes", [0, 1, 0], []),
        ("liked", [0, 0, 0], []),
        ("thumb", ["https://shop.example/1.jpg"], []),
        ("vote", [], []),
    ],
)
def test_values_of_opinions(column: str, values: list[object], expected: list[str]) -> None:
    opinions = opinions_of_column(column, values)
    assert [opinions[opinion_word(value)] for value in values if opinions] == expected


def test_a_thumb_down_is_no_view(store: SqlStore, tmp_path: Path) -> None:
    table = tmp_path / "thumbs.csv"
    table.write_text(
        "user,track_id,thumb,time\nu1,t1,up,1700000000\nu1,t2,down,1700000001\nu1,t3,,1700000002\n"
        "u1,t4,sideways,1700000003\n" + "u2,t1,up,1700000004\n" * 40
    )
    result = import_table(store, table)
    kinds = {event.item: event.kind for _, event in store.events()}
    assert kinds == {"t1": "like", "t2": "dislike", "t3": "view"}
    assert result.rejected == 1, "what is neither up nor down is told"
    assert "'up' for a like and 'down' for a dislike" in " ".join(result.warnings)
    assert "left alone" not in " ".join(result.warnings)


def test_where_plays_are_told_what_is_not_liked_is_a_play(store: SqlStore, tmp_path: Path) -> None:
    table = tmp_path / "plays.json"
    rows = [
        {"user": "u1", "track_id": "t1", "liked": True, "ms_played": 180_000, "ts": 1_700_000_000},
        {"user": "u1", "track_id": "t2", "liked": False, "ms_played": 180_000, "ts": 1_700_000_300},
    ]
    table.write_text(json.dumps(rows))
    import_table(store, table)
    assert [event.kind for _, event in store.events()] == ["like", "view"]


def test_a_button_that_was_not_pressed_is_no_dislike(store: SqlStore, tmp_path: Path) -> None:
    table = tmp_path / "feed.csv"
    table.write_text("user_id,item_id,click,like,ts\nu1,i1,1,0,1700000000\nu1,i2,1,1,1700000100\n")
    import_table(store, table)
    assert [event.kind for _, event in store.events()] == ["view", "like"]


def test_orders_stay_purchases_beside_likes(store: SqlStore, tmp_path: Path) -> None:
    table = tmp_path / "orders.csv"
    table.write_text(
        "order_id,customer_id,sku,quantity,liked,date\n1,u1,i1,2,true,2026-01-01\n"
        "2,u2,i2,1,false,2026-01-02\n"
    )
    import_table(store, table)
    assert [event.kind for _, event in store.events()] == ["purchase", "purchase"]


def test_ratings_beside_votes_stay_ratings(store: SqlStore, tmp_path: Path) -> None:
    table = tmp_path / "ratings.csv"
    table.write_text("user,movie_id,rating,vote,ts\nu1,m1,5,1,1700000000\nu2,m1,2,1,1700000001\n")
    import_table(store, table)
    assert [event.kind for _, event in store.events()] == ["rating", "rating"]


def test_what_is_in_a_playlist_is_liked_by_its_owner(store: SqlStore, tmp_path: Path) -> None:
    table = tmp_path / "playlists.json"
    rows = [
        {"playlist_id": "p1", "owner": "u1", "name": "Best of", "tracks": ["t1", "t2"]},
        {"playlist_id": "p2", "owner": "u2", "name": "Best of", "tracks": ["t2"]},
    ]
    table.write_text(json.dumps(rows))
    import_table(store, table)
    likes = [(event.user, event.kind, event.item) for _, event in store.events()]
    assert likes == [("u1", "like", "t1"), ("u1", "like", "t2"), ("u2", "like", "t2")]
