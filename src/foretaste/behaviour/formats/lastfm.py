"""Last.fm: HetRec 2011, 360K (plays of artists), 1K (each play of a track), and the scrobbles that
listeners export.
"""

from typing import Any

from foretaste.behaviour.formats.creator_ids import title_id
from foretaste.behaviour.formats.declaration import FileFormat, TableFormat
from foretaste.behaviour.formats.join_steps import Join
from foretaste.behaviour.formats.row_steps import Compute, Constant, Select
from foretaste.behaviour.formats.variant_steps import MergeVariants
from foretaste.behaviour.stream import Row
from foretaste.behaviour.values import is_missing

LISTENS = TableFormat(
    "events",
    "HetRec Last.fm's listens",
    columns={
        "user": "userID|user",
        "item": "artistID|item",
        "event_type": "event_type",
        "value": "weight",
    },
    marks=("userID", "artistID", "weight"),
    steps=(Constant("event_type", "view"),),
)
LISTENS_WITHOUT_NAMES = TableFormat(
    "events",
    "HetRec Last.fm's listens without names of columns",
    columns={"user": "user", "item": "item", "event_type": "event_type", "value": "plays"},
    marks=("user", "item", "plays"),
    file=r"user_artists\.dat",
    header=("user", "item", "plays"),
    delimiter="\t",
    steps=(Constant("event_type", "view"),),
)
ARTISTS = TableFormat(
    "items",
    "HetRec Last.fm's artists",
    columns={"id": "id", "title": "name", "image": "pictureURL"},
    marks=("id", "name", "url", "pictureURL"),
    steps=(
        Join(
            r"user_taggedartists(-timestamps)?\.dat",
            key="id",
            other_key="artistID",
            columns={"tag": "tagID"},
            has_several=True,
            remedy="user_taggedartists.dat is not beside it: artists have no tags",
        ),
        Join(r"tags\.dat", key="tag", other_key="tagID", columns={"tag": "tagValue"}),
    ),
    attribute_columns=("tag",),
)
FRIENDS = TableFormat(
    None, "HetRec Last.fm's friends, which are not read", marks=("userID", "friendID")
)
TAGS = TableFormat(
    None,
    "HetRec Last.fm's tags, which are read with artists.dat",
    marks=("tagID", "tagValue"),
)
TAGGED = TableFormat(
    None,
    "HetRec Last.fm's tags of artists, which are read with artists.dat",
    marks=("userID", "artistID", "tagID"),
)


def _track(row: Row) -> Any:
    """A track without a number of MusicBrainz is known by its artist and its name."""
    track = row.get("track_mbid")
    if not is_missing(track):
        return track
    return title_id(row.get("artist_name"), row.get("track_name"))


_PLAY_COLUMNS = ("user", "at", "artist_mbid", "artist_name", "track_mbid", "track_name")
PLAYS = TableFormat(
    "events",
    "Last.fm 1K's plays",
    columns={name: name for name in ("user", "item", "at", "event_type")},
    marks=_PLAY_COLUMNS,
    file=r"userid-timestamp-.*",
    header=_PLAY_COLUMNS,
    delimiter="\t",
    steps=(
        Compute("item", _track),
        Constant("event_type", "view"),
        Select({name: name for name in ("user", "item", "at", "event_type")}),
    ),
)
TRACKS = TableFormat(
    "items",
    "tracks within the plays of Last.fm 1K",
    columns={"id": "id", "title": "title"},
    marks=_PLAY_COLUMNS,
    file=PLAYS.file,
    header=_PLAY_COLUMNS,
    delimiter="\t",
    steps=(
        Compute("id", _track),
        Select({"id": "id", "title": "track_name", "artist": "artist_name"}),
        MergeVariants(key="id", single=("title", "artist")),
    ),
    attribute_columns=("artist",),
)


def _scrobbled_track(row: Row) -> Any:
    """By its artist and its name: half of the scrobbles of a track have its number of MusicBrainz
    and half have none.
    """
    return title_id(row.get("artist"), row.get("track"))


_SCROBBLE_MARKS = ("uts|utc_time", "artist", "artist_mbid", "track", "track_mbid")
SCROBBLES = TableFormat(
    "events",
    "Last.fm's scrobbles",
    columns={name: name for name in ("user", "item", "at", "event_type")},
    marks=_SCROBBLE_MARKS,
    steps=(
        Compute("item", _scrobbled_track),
        Constant("event_type", "play"),
        Select(
            {
                "user": "username|user|user_id",
                "item": "item",
                "title": "track",
                "artist": "artist",
                "album": "album",
                "at": "uts|utc_time",
                "event_type": "event_type",
            }
        ),
    ),
)
SCROBBLED = TableFormat(
    "items",
    "tracks within Last.fm's scrobbles",
    columns={"id": "id", "title": "title"},
    marks=_SCROBBLE_MARKS,
    steps=(
        Compute("id", _scrobbled_track),
        Select({"id": "id", "title": "track", "artist": "artist", "album": "album"}),
        MergeVariants(key="id", single=("title", "artist", "album")),
    ),
    attribute_columns=("artist", "album"),
)
_ARTIST_PLAYS = ("user", "artist_mbid", "item", "plays")
ARTIST_PLAYS = TableFormat(
    "events",
    "Last.fm 360K's plays of artists",
    columns={"user": "user", "item": "item", "event_type": "event_type", "value": "plays"},
    marks=_ARTIST_PLAYS,
    file=r".*artmbid.*",
    header=_ARTIST_PLAYS,
    delimiter="\t",
    steps=(Constant("event_type", "view"),),
)
_PROFILE_COLUMNS = ("id", "gender", "age", "country", "registered")
PROFILES_360K = TableFormat(
    "users",
    "Last.fm's profiles",
    columns={"id": "id"},
    file=r".*-profile.*",
    header=_PROFILE_COLUMNS,
    delimiter="\t",
    ignored_columns=("registered",),
)
PROFILES_1K = TableFormat(
    "users",
    "Last.fm's profiles",
    columns={"id": "id|#id"},
    marks=("id", "gender", "age", "country", "registered"),
    file=r".*-profile.*",
    ignored_columns=("registered",),
)
LASTFM = FileFormat(
    "lastfm",
    "Last.fm",
    (
        *(LISTENS, LISTENS_WITHOUT_NAMES, ARTISTS, FRIENDS, TAGS, TAGGED, PLAYS, TRACKS),
        *(SCROBBLES, SCROBBLED),
        *(ARTIST_PLAYS, PROFILES_1K, PROFILES_360K),
    ),
)
