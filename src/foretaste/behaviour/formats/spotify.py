"""Spotify: the extended streaming history that listeners ask for."""

from foretaste.behaviour.formats.declaration import FileFormat, TableFormat
from foretaste.behaviour.formats.row_steps import Constant, LeaveOut, Require, Select
from foretaste.behaviour.formats.variant_steps import MergeVariants

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
SPOTIFY = FileFormat("spotify", "Spotify", (STREAMS, STREAMED))
