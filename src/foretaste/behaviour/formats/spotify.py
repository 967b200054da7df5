"""Spotify: the streaming history that listeners ask for, the extended one and that of a year."""

from typing import Any

from foretaste.behaviour.formats.creator_ids import title_id
from foretaste.behaviour.formats.declaration import FileFormat, TableFormat
from foretaste.behaviour.formats.row_steps import (
    Compute,
    Constant,
    LeaveOut,
    Require,
    Select,
    value_at,
)
from foretaste.behaviour.formats.time_zones import as_utc
from foretaste.behaviour.formats.variant_steps import MergeVariants
from foretaste.behaviour.stream import Row

_MARKS = ("ts", "ms_played", "master_metadata_track_name", "spotify_track_uri")
_ITEM = "spotify_track_uri|spotify_episode_uri|audiobook_chapter_uri"
_TITLE = "master_metadata_track_name|episode_name|audiobook_chapter_title"
_DESCRIPTION = {
    "artist": "master_metadata_album_artist_name",
    "album": "master_metadata_album_album_name",
    "show": "episode_show_name|audiobook_title",
}
STREAMS = TableFormat(
    "events",
    "Spotify's extended streaming history",
    columns={name: name for name in ("user", "item", "at", "event_type", "device")},
    marks=_MARKS,
    steps=(
        LeaveOut("incognito_mode", frozenset(("true", "1")), "a private session"),
        Constant("event_type", "play"),
        Select(
            {
                "user": "username|user|user_id",
                "item": _ITEM,
                "title": _TITLE,
                **_DESCRIPTION,
                "at": "ts",
                "event_type": "event_type",
                "ms_played": "ms_played",
                "skipped": "skipped",
                "device": "platform",
            }
        ),
        Require(("item",), reason="neither a track nor an episode"),
    ),
)
STREAMED = TableFormat(
    "items",
    "tracks and episodes within Spotify's streaming history",
    columns={"id": "id", "title": "title"},
    marks=_MARKS,
    steps=(
        Select({"id": _ITEM, "title": _TITLE, **_DESCRIPTION}),
        Require(("id",), reason="neither a track nor an episode"),
        MergeVariants(key="id", single=("title", *_DESCRIPTION)),
    ),
    attribute_columns=tuple(_DESCRIPTION),
)


def _short_item(row: Row) -> Any:
    """The history of a year has no numbers: a track is its artist and its name."""
    creator, title = value_at(row, "artistName|podcastName"), value_at(row, "trackName|episodeName")
    return title_id(creator, title)


_SHORT_MARKS = ("endTime", "artistName|podcastName", "trackName|episodeName", "msPlayed")
_SHORT_DESCRIPTION = {"artist": "artistName", "show": "podcastName"}
SHORT_STREAMS = TableFormat(
    "events",
    "Spotify's streaming history of a year",
    columns={name: name for name in ("user", "item", "at", "event_type")},
    marks=_SHORT_MARKS,
    steps=(
        Compute("item", _short_item),
        Compute("at", lambda row: as_utc(row.get("endTime"))),
        Constant("event_type", "play"),
        Select(
            {
                "user": "username|user|user_id",
                "item": "item",
                "title": "trackName|episodeName",
                **_SHORT_DESCRIPTION,
                "at": "at",
                "event_type": "event_type",
                "ms_played": "msPlayed",
            }
        ),
        Require(("item",), reason="neither a track nor an episode"),
        Require(
            ("user",),
            reason="the file does not say whose history it is: add a column user to its rows",
        ),
    ),
)
SHORT_STREAMED = TableFormat(
    "items",
    "tracks and episodes within Spotify's streaming history of a year",
    columns={"id": "id", "title": "title"},
    marks=_SHORT_MARKS,
    steps=(
        Compute("id", _short_item),
        Select({"id": "id", "title": "trackName|episodeName", **_SHORT_DESCRIPTION}),
        Require(("id",), reason="neither a track nor an episode"),
        MergeVariants(key="id", single=("title", *_SHORT_DESCRIPTION)),
    ),
    attribute_columns=tuple(_SHORT_DESCRIPTION),
)
SPOTIFY = FileFormat("spotify", "Spotify", (STREAMS, STREAMED, SHORT_STREAMS, SHORT_STREAMED))
