"""What people do with the items in: columns of the catalogue and types of events. Out: the verb."""

from collections.abc import Mapping, Sequence

from foretaste.domain.data import Feature
from foretaste.domain.no_taste import column_words
from foretaste.generate.messages import Messages
from foretaste.generate.settings import Activity

_ACTIVITY_BY_EVENT_TYPE: Mapping[str, Activity] = {
    **dict.fromkeys(("purchase", "order", "add_to_cart", "checkout", "wishlist"), "buy"),
    **dict.fromkeys(("watch", "watched", "stream"), "watch"),
    **dict.fromkeys(("listen", "listened", "scrobble"), "listen"),
    **dict.fromkeys(("read", "borrow"), "read"),
}
PLAY_EVENT_TYPES = frozenset(("play", "played"))
LOOK_EVENT_TYPES = frozenset(("view", "click"))
"""By which somebody looked at an item, and took nothing."""
_COLUMNS_BY_ACTIVITY: Mapping[Activity, str] = {
    "watch": "director directors cast actor actors actress starring runtime seasons episodes movie",
    "listen": "artist artists kunstler interpret artiste artista album track bpm tempo song",
    "read": "author authors isbn pages headline section byline abstract journalist",
    "buy": "price brand size colour color material sku vendor department",
}
"""Words of columns that tell the trade, the most telling first."""
_FILM_GENRES = frozenset(
    ("Drama", "Comedy", "Thriller", "Horror", "Action", "Romance", "Sci-Fi", "Animation", "Western")
)
MIN_FILM_GENRES = 4
_PAST_TENSES: Mapping[Activity, str] = {
    "watch": "watched",
    "buy": "bought",
    "read": "read",
    "listen": "listened to",
    "play": "played",
    "view": "looked at",
    "choose": "chose",
}


def trade_of(features: Sequence[Feature]) -> Activity | None:
    """What people do with items that have these columns; None where they do not tell."""
    words = {word for feature in features for word in column_words(feature.column)}
    for activity, columns in _COLUMNS_BY_ACTIVITY.items():
        if words & set(columns.split()):
            return activity
    for feature in features:
        if len(_FILM_GENRES.intersection(feature.values)) >= MIN_FILM_GENRES:
            return "watch"
    return None


def activity_of(
    event_types: Sequence[str], features: Sequence[Feature], setting: Activity | None = None
) -> Activity:
    """What somebody did. event_types: of their events, the commonest first. setting: wins."""
    if setting is not None:
        return setting
    for event_type in event_types[:1]:
        if event_type in _ACTIVITY_BY_EVENT_TYPE:
            return _ACTIVITY_BY_EVENT_TYPE[event_type]
    trade = trade_of(features)
    if event_types[:1] and event_types[0] in PLAY_EVENT_TYPES:  # a song that is played is heard
        return trade if trade in ("listen", "watch") else "play"
    is_look = bool(event_types) and event_types[0] in LOOK_EVENT_TYPES
    if is_look and trade in (None, "buy"):
        return "view"
    if trade == "buy" and event_types[:1] and event_types[0] in ("rating", "like"):
        return "choose"
    return trade or "choose"


def participle(activity: Activity, messages: Messages) -> str:
    """As in "watched by ten people"."""
    verb = "chosen" if activity == "choose" else _PAST_TENSES[activity]
    return messages.word("by people", verb)


def past_tense(activity: Activity, messages: Messages) -> str:
    """watched, bought, …; in other languages the participle."""
    return messages.word("what people did", _PAST_TENSES[activity])
