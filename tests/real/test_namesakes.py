"""Logs and catalogues that know an item by its title, where several have made something of it."""

import json
from pathlib import Path

import pytest

from .format_reader import Export

SONGS = [
    ("Hello", "Adele"),
    ("Hello", "Lionel Richie"),
    ("Angel", "Shaggy"),
    ("Angel", "Sarah McLachlan"),
    ("Yellow", "Coldplay"),
    ("Clocks", "Coldplay"),
]
NOTE = "an item is '{}' with '{}', as several have made something of one title"


@pytest.fixture
def export(tmp_path: Path) -> Export:
    return Export(tmp_path)


def log(names: str, songs: list[tuple[str, str]] = SONGS) -> str:
    """Each listener plays half of the songs. names: of the columns."""
    plays = [
        f"u{user},{title},{artist},{1_770_000_000 + 60 * user + place}"
        for user in range(6)
        for place, (title, artist) in enumerate(songs)
        if (user + place) % 2
    ]
    return "\n".join([names, *plays]) + "\n"


@pytest.mark.parametrize(
    ("names", "title", "creator"),
    [
        ("user,song,artist,time", "song", "artist"),
        ("user_id,track_name,artist_name,played_at", "track_name", "artist_name"),
        ("listener,item,performer,time", "item", "performer"),
        ("reader,title,author,date", "title", "author"),
        ("Hörer,Titel,Interpret,Datum", "Titel", "Interpret"),
    ],
)
def test_songs_of_one_name_are_several_items(
    export: Export, names: str, title: str, creator: str
) -> None:
    export.write("plays.csv", log(names))
    shop = export.read()
    assert shop.rejects == []
    assert shop.items.keys() == {f"{artist} – {song}" for song, artist in SONGS}
    hello = shop.items["Adele – Hello"]
    assert (hello.title, hello.attributes[creator]) == ("Hello", ("Adele",))
    assert {event.item for event in shop.events} == shop.items.keys()
    assert NOTE.format(creator, title) in shop.warnings


def test_songs_of_different_names_stay_as_they_are_called(export: Export) -> None:
    export.write("plays.csv", log("user,song,artist,time", SONGS[::2]))
    assert export.read().items.keys() == {"Hello", "Angel", "Yellow"}


def test_the_catalogue_and_the_log_agree(export: Export) -> None:
    """The log has songs of different names alone."""
    songs = "song,artist,genre\n" + "".join(f"{song},{artist},Pop\n" for song, artist in SONGS)
    export.write("songs.csv", songs)
    export.write("plays.csv", log("user,song,artist,time", SONGS[::2]))
    shop = export.read()
    assert shop.rejects == []
    assert len(shop.items) == len(SONGS)
    assert shop.items["Shaggy – Angel"].title == "Angel"
    assert {event.item for event in shop.events} == {
        f"{artist} – {song}" for song, artist in SONGS[::2]
    }


def test_namesakes_may_come_late_in_a_log(export: Export) -> None:
    plays = [("Song " + "abcdefgh"[n % 8], f"Band {n % 8}") for n in range(2_500)]
    export.write("plays.csv", log("user,song,artist,time", [*plays, ("Song a", "Band 7")] * 2))
    assert {"Band 0 – Song a", "Band 7 – Song a"} <= export.read().items.keys()


def test_tracks_with_ids_keep_them(export: Export) -> None:
    plays = log("user,track,artist,time").splitlines()
    rows = [f"{plays[0]},track_id", *(f"{row},t{n % 7}" for n, row in enumerate(plays[1:]))]
    export.write("plays.csv", "\n".join(rows))
    assert export.read().items.keys() == {f"t{n}" for n in range(7)}


def test_whoever_writes_a_review_made_nothing(export: Export) -> None:
    """The author of a review is its reader, whatever else they read."""
    rows = [
        f"u{user},Book {place},Reader {user},{1 + place % 5},{1_770_000_000 + user}"
        for user in range(8)
        for place in range(4)
        if (user + place) % 3
    ]
    export.write("ratings.csv", "\n".join(["user,book,author,rating,time", *rows]))
    assert export.read().items.keys() == {f"Book {place}" for place in range(4)}


@pytest.mark.parametrize(
    "settings",
    [
        '[behaviour.columns.events]\nitem = "song"\n',
        '[behaviour.files."plays.csv"]\ncreator_in_id = false\n',
        '[behaviour.files."plays.csv"]\ntable = "events"\ncolumns = { item = "song" }\n',
    ],
)
def test_the_settings_have_titles_alone(export: Export, settings: str) -> None:
    export.settings(settings)
    export.write("plays.csv", log("user,song,artist,time"))
    assert export.read().items.keys() == {song for song, _ in SONGS}


def test_the_artist_may_be_the_item(export: Export) -> None:
    export.settings('[behaviour.columns.events]\nitem = "artist"\n')
    export.write("plays.csv", log("user,song,artist,time"))
    shop = export.read()
    assert shop.items.keys() == {artist for _, artist in SONGS}


def test_plays_as_json(export: Export) -> None:
    names, *rows = log("user,song,artist,time").splitlines()
    plays = [dict(zip(names.split(","), row.split(","), strict=True)) for row in rows]
    plays.append({"user": "u1", "song": "Without an artist", "time": "1770000000"})
    export.write("plays.json", json.dumps(plays))
    shop = export.read()
    assert len(shop.items) == len(SONGS) + 1
    assert "Without an artist" in shop.items
