"""In: the columns of a file and the settings. Out: which column holds which field.

The settings win, then our own name of the field, then the usual ones (userId, movieId, rating, …).
"""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from foretaste.behaviour.settings import EVENT_FIELDS, ITEM_FIELDS, USER_FIELDS
from foretaste.errors import InputError

# Written as `squeezed` leaves them. The first that is there is taken.
_THING = (
    "itemid movieid productid asin parentasin articleid trackid songid videoid newsid bookid isbn "
    "artistid gameid showid contentid postid listingid sku movie product article track song"
)
_PERSON = "userid uid visitorid customerid customer memberid accountid personid reviewerid"
_ALIASES: Mapping[str, Mapping[str, str]] = {
    "events": {
        "user": _PERSON,
        "item": _THING,
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
        "id": _THING + " item",
        "title": "name movietitle producttitle productname itemname headline",
        "image": "imagepath imageurl picture poster",
        "audio": "audiopath audiourl",
        "available_from": "availablefrom",
        "available_until": "availableuntil",
    },
    "users": {"id": "user " + _PERSON},
}
FIELDS: Mapping[str, tuple[str, ...]] = {
    "events": EVENT_FIELDS,
    "items": ITEM_FIELDS,
    "users": USER_FIELDS,
}


def squeezed(column: str) -> str:
    """'User ID', 'user_id' and 'userId' are one: 'userid'."""
    return "".join(letter for letter in column.lower() if letter.isalnum())


def resolved(
    table: str,
    columns: Iterable[str],
    named: Mapping[str, str],
    kept: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Field → column, for the fields that have one.

    `table` is events, items or users; `named` are the settings; `kept` is what earlier rows of the
    same file have decided, which stays.
    """
    found = dict(kept or {})
    free = [column for column in columns if column not in found.values()]
    for field, column in named.items():
        if field not in found and column in free:
            found[field] = column
            free.remove(column)
    by_name = {squeezed(column): column for column in reversed(free)}
    for field in FIELDS[table]:
        if field in found or field in named:
            continue
        for alias in (squeezed(field), *_ALIASES[table].get(field, "").split()):
            if by_name.get(alias) in free:
                found[field] = by_name[alias]
                free.remove(found[field])
                break
    return found


def unfound(columns: Iterable[str], named: Mapping[str, str], table: str) -> list[str]:
    """A warning for each column that the settings name and the file does not have."""
    there = set(columns)
    return [
        f"[behaviour.columns.{table}] says {field} = '{column}', which is not a column here"
        for field, column in named.items()
        if column not in there
    ]


def without(
    file: str, table: str, field: str, columns: Iterable[str], named: Mapping[str, str]
) -> InputError:
    """The error for a file that lacks a column it must have."""
    columns = list(columns)
    wanted = named.get(field, field)
    close = get_close_matches(wanted.lower(), [column.lower() for column in columns], n=1)
    hint = next((column for column in columns if close and column.lower() == close[0]), None)
    remedy = f"did you mean '{hint}'? " if hint else ""
    if not hint and any(_number(column) for column in columns):
        remedy = "the first line looks like a row: put a line with the columns' names above it, or "
    missing = "'user' or 'session'" if (table, wanted) == ("events", "user") else f"'{wanted}'"
    return InputError(
        f"{file}: no column {missing} among {', '.join(columns) or 'none'}; {remedy}"
        f'name yours under [behaviour.columns.{table}], e.g. {field} = "{hint or "your column"}"'
    )


def _number(column: str) -> bool:
    try:
        float(column)
    except ValueError:
        return False
    return True
