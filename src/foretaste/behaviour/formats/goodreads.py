"""Goodreads: goodbooks-10k (CSV), and the UCSD Book Graph (JSON)."""

from typing import Any

from foretaste.behaviour.formats.declaration import FileFormat, TableFormat
from foretaste.behaviour.formats.join_steps import Join
from foretaste.behaviour.formats.row_steps import Collect, Compute, Constant, collected
from foretaste.behaviour.stream import Row
from foretaste.behaviour.values import is_missing

SHELVES_OF_READERS = frozenset(
    (
        *("to-read", "currently-reading", "owned", "favorites", "default", "books-i-own", "kindle"),
        *("my-books", "ebook", "ebooks", "library", "wish-list", "owned-books", "my-library"),
        *("audiobook", "audiobooks", "to-buy", "did-not-finish", "dnf", "abandoned", "all-time"),
    )
)
"""Names of shelves that say how somebody reads and not what a book is."""
MAX_SHELVES = 8
_OFFICE_COLUMNS = (
    *("books_count", "work_id", "best_book_id", "goodreads_book_id", "average_rating"),
    *("ratings_count", "work_ratings_count", "work_text_reviews_count", "text_reviews_count"),
    *("ratings_1", "ratings_2", "ratings_3", "ratings_4", "ratings_5", "isbn", "isbn13"),
    *("small_image_url", "asin", "kindle_asin", "edition_information", "similar_books"),
    *("link", "url", "popular_shelves", "series", "original_title", "title_without_series"),
    *("publication_day", "publication_month", "country_code", "is_ebook", "book_id_csv"),
)

BOOKS = TableFormat(
    "items",
    "the books of goodbooks-10k",
    columns={"id": "id|book_id", "title": "title", "image": "image_url"},
    marks=("book_id", "best_book_id", "work_id", "authors", "title"),
    ignored_columns=(*_OFFICE_COLUMNS, "book_id"),
    attribute_columns=("authors", "original_publication_year", "language_code"),
    separators={"authors": ","},
)
RATINGS = TableFormat(
    "events",
    "the ratings of goodbooks-10k",
    columns={"user": "user_id", "item": "book_id", "value": "rating"},
    marks=("user_id", "book_id", "rating"),
    needs_name=True,
)
TO_READ = TableFormat(
    "events",
    "the books to be read of goodbooks-10k",
    columns={"user": "user_id", "item": "book_id", "event_type": "event_type"},
    file=r"to_read.*",
    steps=(Constant("event_type", "like"),),
    needs_name=True,
)


def _event_type(row: Row) -> str:
    """A rating of 0 is none: then the book was read, or put on a shelf to be read."""
    if str(row.get("rating") or "0") not in ("0", "0.0"):
        return "rating"
    return "view" if str(row.get("is_read")).lower() in ("1", "true") else "like"


def _rating(row: Row) -> Any:
    return row.get("rating") if _event_type(row) == "rating" else None


_RATED = (Compute("event_type", _event_type), Compute("value", _rating))
_INTERACTION_COLUMNS = {name: name for name in ("event_type", "value")}
INTERACTIONS = TableFormat(
    "events",
    "the interactions of the UCSD Book Graph",
    columns={
        **_INTERACTION_COLUMNS,
        "user": "user_id",
        "item": "book_id",
        "at": "date_updated|date_added",
    },
    marks=("user_id", "book_id", "is_read", "rating"),
    steps=_RATED,
)


def _review_type(row: Row) -> str:
    return "review" if not is_missing(row.get("review_text")) else _event_type(row)


REVIEWS = TableFormat(
    "events",
    "the reviews of the UCSD Book Graph",
    columns={
        **_INTERACTION_COLUMNS,
        **{"user": "user_id", "item": "book_id", "text": "review_text"},
        "event_id": "review_id",
        "at": "date_updated|date_added",
    },
    marks=("user_id", "book_id", "review_id", "review_text"),
    steps=(Compute("event_type", _review_type), Compute("value", lambda row: row.get("rating"))),
)


def _genres(row: Row) -> Any:
    """The first shelves that say what a book is."""
    names = collected(row, "popular_shelves.name") or []
    return [str(name) for name in names if str(name) not in SHELVES_OF_READERS][:MAX_SHELVES]


GRAPH_BOOKS = TableFormat(
    "items",
    "the books of the UCSD Book Graph",
    columns={"id": "book_id", "title": "title", "image": "image_url"},
    marks=("book_id", "title", "popular_shelves", "authors"),
    steps=(
        Compute("genre", _genres),
        Collect({"authors": "authors.author_id"}),
        Join(
            r"goodreads_book_authors.*",
            key="authors",
            other_key="author_id",
            columns={"author": "name"},
            remedy="goodreads_book_authors.json is not beside it: books have no authors",
        ),
    ),
    text_columns=("description",),
    attribute_columns=("genre", "author", "language_code", "format", "publication_year"),
    ignored_columns=(*_OFFICE_COLUMNS, "authors"),
)
AUTHORS = TableFormat(
    None,
    "the authors of the UCSD Book Graph, which are read with the books",
    marks=("author_id", "name", "average_rating"),
    file=r"goodreads_book_authors.*",
)
GOODREADS = FileFormat(
    "goodreads",
    "Goodreads",
    (BOOKS, REVIEWS, INTERACTIONS, GRAPH_BOOKS, AUTHORS, TO_READ, RATINGS),
)
