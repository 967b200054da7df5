"""In: the columns of a file and the settings. Out: which column holds which field.

The settings win, then our own name of the field, then the usual ones (userId, movieId, rating, …).
"""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from foretaste.behaviour.settings import EVENT_FIELDS, ITEM_FIELDS, USER_FIELDS
from foretaste.errors import InputError

# Written as `normalise_column` leaves them. The first that is there is taken.
_ITEM_ALIASES = (
    "itemid movieid productid asin parentasin articleid trackid songid videoid newsid bookid isbn "
    "artistid gameid showid contentid postid listingid sku movie product article track song"
)
_USER_ALIASES = "userid uid visitorid customerid customer memberid accountid personid reviewerid"
_ALIASES: Mapping[str, Mapping[str, str]] = {
    "events": {
        "user": _USER_ALIASES,
        "item": _ITEM_ALIASES,
        "kind": "event eventtype eventname type action interaction behavior behaviour",
        "at": "timestamp time datetime ts unixreviewtime eventtime date createdat occurredat",
        "value": "rating stars score overall",
        "text": "review reviewtext reviewbody comment",
        "query": "searchquery searchterm searchterms search",
        "session": "sessionid",
        "device": "devicetype",
        "event_id": "eventid",
        "recommendation_id": "recommendationid",
        "position": "rank",
    },
    "items": {
        "id": _ITEM_ALIASES + " item",
        "title": "name movietitle producttitle productname itemname headline",
        "image": "imagepath imageurl picture poster",
        "audio": "audiopath audiourl",
        "available_from": "availablefrom",
        "available_until": "availableuntil",
    },
    "users": {"id": "user " + _USER_ALIASES},
}
FIELDS_BY_RECORD_TYPE: Mapping[str, tuple[str, ...]] = {
    "events": EVENT_FIELDS,
    "items": ITEM_FIELDS,
    "users": USER_FIELDS,
}


def normalise_column(column: str) -> str:
    """'User ID', 'user_id' and 'userId' are one: 'userid'."""
    return "".join(letter for letter in column.lower() if letter.isalnum())


def resolve_columns(
    record_type: str,
    columns: Iterable[str],
    column_settings: Mapping[str, str],
    decided_columns: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Field → column, for the fields that have one.

    record_type: events, items or users. column_settings: field → column. decided_columns: what
    earlier rows of the same file have decided, which stays.
    """
    columns_by_field = dict(decided_columns or {})
    unused_columns = [column for column in columns if column not in columns_by_field.values()]
    for field, column in column_settings.items():
        if field not in columns_by_field and column in unused_columns:
            columns_by_field[field] = column
            unused_columns.remove(column)
    by_name = {normalise_column(column): column for column in reversed(unused_columns)}
    for field in FIELDS_BY_RECORD_TYPE[record_type]:
        if field in columns_by_field or field in column_settings:
            continue
        for alias in (normalise_column(field), *_ALIASES[record_type].get(field, "").split()):
            if by_name.get(alias) in unused_columns:
                columns_by_field[field] = by_name[alias]
                unused_columns.remove(columns_by_field[field])
                break
    return columns_by_field


def missing_column_warnings(
    columns: Iterable[str], column_settings: Mapping[str, str], record_type: str
) -> list[str]:
    """A warning for each column that the settings name and the file does not have."""
    file_columns = set(columns)
    return [
        f"[behaviour.columns.{record_type}] says {field} = '{column}', which is not a column here"
        for field, column in column_settings.items()
        if column not in file_columns
    ]


def missing_column_error(
    file: str,
    record_type: str,
    field: str,
    columns: Iterable[str],
    column_settings: Mapping[str, str],
) -> InputError:
    """The error for a file that lacks a column it must have."""
    columns = list(columns)
    expected_column = column_settings.get(field, field)
    close_matches = get_close_matches(
        expected_column.lower(), [column.lower() for column in columns], n=1
    )
    hint = next(
        (column for column in columns if close_matches and column.lower() == close_matches[0]), None
    )
    remedy = f"did you mean '{hint}'? " if hint else ""
    if not hint and any(_is_number(column) for column in columns):
        remedy = "the first line looks like a row: put a line with the columns' names above it, or "
    missing = (
        "'user' or 'session'"
        if (record_type, expected_column) == ("events", "user")
        else f"'{expected_column}'"
    )
    return InputError(
        f"{file}: no column {missing} among {', '.join(columns) or 'none'}; {remedy}"
        f"name yours under [behaviour.columns.{record_type}], e.g. {field} = "
        f'"{hint or "your column"}"'
    )


def _is_number(column: str) -> bool:
    try:
        float(column)
    except ValueError:
        return False
    return True
