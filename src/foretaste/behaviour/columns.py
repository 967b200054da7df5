"""In: the columns of a file and the settings. Out: which column holds which field.

The settings win, then our own name of the field, then the usual ones (userId, movieId, rating, …).
"""

from collections.abc import Iterable, Mapping
from difflib import SequenceMatcher

from foretaste.behaviour.settings import FIELDS_BY_TABLE
from foretaste.errors import InputError

# Written as `normalise_column` leaves them. The first that is there is taken.
_ITEM_ALIASES = (
    "itemid movieid productid asin parentasin articleid trackid songid videoid newsid bookid isbn "
    "artistid gameid showid contentid postid listingid animeid mangaid recipeid courseid "
    "businessid restaurantid hotelid propertyid placeid venueid jokeid beerid appid podcastid "
    "episodeid documentid docid offerid adid tconst aid stockcode productcode itemcode "
    "articlecode articlenumber articleno productnumber productno itemnumber itemno itemkey "
    "productkey prodid lineitemsku variantsku sku ean gtin upc barcode handle productsku "
    "productname itemname lineitemname movie product article track song book game anime"
)
_USER_ALIASES = (
    "userid uid visitorid customerid customer memberid accountid personid reviewerid clientid "
    "fullvisitorid userpseudoid shopperid buyerid guestid viewerid listenerid readerid studentid "
    "learnerid customernumber customerno customercode custid customerkey clientnumber "
    "membernumber householdkey householdid msno steamid distinctid profileid patronid authorid "
    "reviewername profilename username userkey usr customeremail useremail buyer shopper visitor "
    "member reviewer account email"
)
_SESSION_ALIASES = (
    "sessionid visitid sess sid anonymousid cookieid gasessionid domainsessionid orderid "
    "ordernumber orderno order invoiceno invoiceid invoicenumber invoice transactionid basketid "
    "receiptid cartid tripid visit transaction"
)
_TIME_ALIASES = (
    "timestamp time when datetime ts unixreviewtime eventtime eventtimestamp eventdate "
    "eventdatetime "
    "date createdat occurredat orderdate invoicedate purchasedate transactiondate reviewdate "
    "reviewtime ratingdate visitdate tdat collectortstamp derivedtstamp tstamp receivedat "
    "senttime sentat servertime clienttime unixtime unixtimestamp epoch dateadded datecreated "
    "addedat updatedat watchedat playedat listenedat purchasedat orderedat paidat processedat "
    "starttime"
)
_ALIASES: Mapping[str, Mapping[str, str]] = {
    "events": {
        "user": _USER_ALIASES,
        "item": _ITEM_ALIASES,
        "event_type": (
            "kind event eventname type action interaction behavior behaviour actiontype "
            "interactiontype eventaction behaviortype behaviourtype activity activitytype "
            "feedback feedbacktype operation verb"
        ),
        "at": _TIME_ALIASES,
        "value": (
            "rating stars score overall bookrating reviewscore reviewrating ratingvalue "
            "userrating myrating starrating ratingscore movierating bewertung valoracion "
            "valutazione avaliacao"
        ),
        "text": "review reviewtext reviewbody comment reviewcontent comments tag",
        "query": "searchquery searchterm searchterms search searchphrase keyword",
        "session": _SESSION_ALIASES,
        "device": "devicetype devicecategory",
        "event_id": "eventid",
        "recommendation_id": "recommendationid",
        "position": "rank",
    },
    "items": {
        "id": _ITEM_ALIASES + " item",
        "title": (
            "name movietitle producttitle productname itemname headline booktitle originaltitle "
            "songname songtitle trackname tracktitle artistname gamename animename recipename "
            "coursename coursetitle displayname prodname primarytitle itemtitle articletitle "
            "productdisplayname englishname label"
        ),
        "image": (
            "imagepath imageurl picture poster images imagesrc imagelink thumbnail thumbnailurl "
            "pictureurl posterurl coverimage imgurl imageurll baseimage"
        ),
        "audio": "audiopath audiourl",
        "available_from": "availablefrom",
        "available_until": "availableuntil",
        "hidden": (
            "ishidden visibility visibilityincatalog visible isvisible published ispublished "
            "active isactive enabled isenabled archived isarchived deleted isdeleted discontinued "
            "status"
        ),
    },
    "users": {"id": "user " + _USER_ALIASES},
}
MIN_NAME_RATIO = 0.55
"""How alike a column's name must be to one that is looked for, of 1, to be named in a message."""


def normalise_column(column: str) -> str:
    """'User ID', 'user_id' and 'userId' are one: 'userid'."""
    return "".join(letter for letter in column.lower() if letter.isalnum())


def is_alias(record_type: str, field: str, column: str) -> bool:
    """Whether a column is called as a field is, by us or by others."""
    names = (normalise_column(field), *_ALIASES[record_type].get(field, "").split())
    return normalise_column(column) in names


def is_rating_name(column: str) -> bool:
    """Whether a column is ratings by its name; one called `value` may be anything."""
    return normalise_column(column) in _ALIASES["events"]["value"].split()


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
        is_field = field in FIELDS_BY_TABLE[record_type]
        if is_field and field not in columns_by_field and column in unused_columns:
            columns_by_field[field] = column
            unused_columns.remove(column)
    by_name = {normalise_column(column): column for column in reversed(unused_columns)}
    for field in FIELDS_BY_TABLE[record_type]:
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


def _nearest_column(columns: Iterable[str], names: Iterable[str]) -> str | None:
    """The column whose name is nearest to one of these, if it is near."""
    ratios = [
        (SequenceMatcher(None, normalise_column(column), normalise_column(name)).ratio(), column)
        for column in columns
        for name in names
    ]
    ratio, column = max(ratios, default=(0.0, ""))
    return column if ratio >= MIN_NAME_RATIO else None


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
    columns_in_use = {
        column
        for name, column in resolve_columns(record_type, columns, column_settings).items()
        if name != field
    }
    free_columns = [column for column in columns if column not in columns_in_use]
    names = [expected_column, *_ALIASES[record_type].get(field, "").split()]
    hint = _nearest_column(
        free_columns, names if field not in column_settings else [expected_column]
    )
    remedy = f"did you mean '{hint}'? " if hint else ""
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
