"""MovieLens: 100K (`u.data`), 1M and 10M (`::`), and the later sets with names of columns."""

from foretaste.behaviour.formats.declaration import FileFormat, TableFormat
from foretaste.behaviour.formats.row_steps import Constant

_GENRES = (
    "unknown|Action|Adventure|Animation|Children's|Comedy|Crime|Documentary|Drama|Fantasy|"
    "Film-Noir|Horror|Musical|Mystery|Romance|Sci-Fi|Thriller|War|Western"
)
_RATING_COLUMNS = {"user": "user|userId", "item": "item|movieId", "value": "value|rating"}
_RATINGS = ("user", "item", "value", "at")
RATINGS_100K = TableFormat(
    "events",
    "MovieLens 100K's ratings",
    columns={**_RATING_COLUMNS, "at": "at"},
    file=r"(u\.(data|base|test)|u[1-5ab]\.(base|test))",
    header=_RATINGS,
    delimiter="\t",
)
FILMS_100K = TableFormat(
    "items",
    "MovieLens 100K's films",
    columns={"id": "id", "title": "title"},
    file=r"u\.item",
    header=(
        *("id", "title", "release_date", "video_release_date", "imdb_url"),
        *(f"genre={genre}" for genre in _GENRES.split("|")),
    ),
    delimiter="|",
    attribute_columns=("genre",),
)
_PEOPLE_100K = ("id", "age", "gender", "occupation", "zip_code")
PEOPLE_100K = TableFormat(
    "users",
    "MovieLens 100K's users",
    columns={"id": "id"},
    file=r"u\.user",
    header=_PEOPLE_100K,
    delimiter="|",
)
PEOPLE_1M = TableFormat(
    "users",
    "MovieLens 1M's users",
    columns={"id": "id"},
    file=r"users\.dat",
    header=("id", "gender", "age", "occupation", "zip_code"),
    delimiter="::",
)
RATINGS_1M = TableFormat(
    "events",
    "MovieLens' ratings",
    columns=RATINGS_100K.columns,
    file=r"ratings\.dat",
    header=_RATINGS,
    delimiter="::",
)
FILMS_1M = TableFormat(
    "items",
    "MovieLens' films",
    columns={"id": "id", "title": "title"},
    file=r"movies\.dat",
    header=("id", "title", "genres"),
    delimiter="::",
    separators={"genres": "|"},
)
TAGS_10M = TableFormat(
    "events",
    "MovieLens' tags",
    columns={"user": "user|userId", "item": "item|movieId", "text": "text|tag", "at": "at"},
    file=r"tags\.dat",
    header=("user", "item", "text", "at"),
    delimiter="::",
    steps=(Constant("event_type", "review"),),
)
RATINGS = TableFormat(
    "events",
    "MovieLens' ratings",
    columns={**_RATING_COLUMNS, "at": "timestamp"},
    marks=("userId", "movieId", "rating", "timestamp"),
)
FILMS = TableFormat(
    "items",
    "MovieLens' films",
    columns={"id": "movieId", "title": "title"},
    marks=("movieId", "title", "genres"),
)
TAGS = TableFormat(
    "events",
    "MovieLens' tags",
    columns={
        **{"user": "userId", "item": "movieId", "text": "tag", "at": "timestamp"},
        "event_type": "event_type",
    },
    marks=("userId", "movieId", "tag", "timestamp"),
    steps=(Constant("event_type", "review"),),
)
LINKS = TableFormat(
    None,
    "MovieLens' ids of the films elsewhere, which say nothing of taste",
    marks=("movieId", "imdbId"),
    file=r"links.*",
)
GENOME = TableFormat(
    None,
    "MovieLens' tag genome, which is not read",
    file=r"(genome[-_].*|u\.(genre|info|occupation))",
)
MOVIELENS = FileFormat(
    "movielens",
    "MovieLens",
    (
        *(RATINGS_100K, FILMS_100K, PEOPLE_100K, RATINGS_1M, FILMS_1M, PEOPLE_1M, TAGS_10M),
        *(RATINGS, FILMS, TAGS, LINKS, GENOME),
    ),
)
