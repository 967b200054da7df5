"""In: an open table. Out: whether its rows are events, items or users, and why.

The settings of the file decide, then its columns: who and what make an event, an id with nobody
beside it an item. Where columns leave two of them open, the name of the file decides.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from foretaste.behaviour.column_guess import columns_of_table
from foretaste.behaviour.column_roles import decide_columns
from foretaste.behaviour.columns import normalise_column
from foretaste.behaviour.files.file_settings import RecordType
from foretaste.behaviour.nested import nested_rows
from foretaste.behaviour.rows import OpenTable
from foretaste.behaviour.settings import BehaviourSettings
from foretaste.behaviour.values import is_missing
from foretaste.behaviour.wide import is_wide
from foretaste.domain.words import without_accents

_NO_LETTERS = re.compile(r"[^a-z]+")
_CAMEL_CASE = re.compile(r"(?<=[a-z])(?=[A-Z])")
_WORDS_OF_FILES: Mapping[RecordType, str] = {
    "events": (
        "event events rating ratings click clicks order orders transaction transactions purchase "
        "purchases buys view views review reviews interaction interactions log logs history plays "
        "behavior behaviors behaviour sessions sales invoices tags feedback actions activity "
        "activities clickstream baskets checkins listens likes favorites bookings playlists "
        "wishlists watchlists bookmarks pageviews ereignisse aufrufe seitenaufrufe klicks "
        "bestellungen verkaufe bewertungen kommentare comments scrobbles"
    ),
    "items": (
        "item items product products catalog catalogue movie movies film films book books article "
        "articles news song songs track tracks artist artists game games anime titles videos show "
        "shows course courses recipe recipes listing listings metadata meta business restaurants "
        "hotels venues places inventory stock offers beers podcasts episodes stories "
        "artikel produkte katalog sortiment beitrage meldungen filme bucher lieder"
    ),
    "users": (
        "user users customer customers member members people persons profiles visitors accounts "
        "clients subscribers subscriptions buyers shoppers readers listeners viewers "
        "kunden nutzer benutzer leser horer zuschauer abonnenten abos mitglieder"
    ),
}
_WORDS_OF_USERS = (
    "age gender sex occupation job profession birthday birthdate birthyear yob dob email phone "
    "firstname lastname surname income maritalstatus education membership club loyalty signup "
    "joined registered zip zipcode postalcode postcode totalspent totalorders acceptsmarketing "
    "clubmemberstatus fashionnewsfrequency subscription subscribedsince subscriptionstart "
    "membersince plz postleitzahl abo abonnement aboseit abobeginn mitgliedseit kundeseit alter "
    "geschlecht beruf geburtsdatum geburtsjahr vorname nachname anrede telefon kundigung "
    "kundigungzum codepostal sexe profession prenom naissance abonnedepuis codigopostal sexo edad "
    "profesion"
)
_COLLECTIONS = ("playlist", "wishlist", "watchlist", "merkliste", "wunschliste")
MIN_ROWS_OF_A_CATALOGUE = 3
"""From so many rows with an item each of its own on, a table with titles is a catalogue."""

MIN_ROWS_OF_A_LOG = 10
"""From so many rows on it is seen whether people come again."""


@dataclass(frozen=True, slots=True)
class RecordTypeGuess:
    """What the rows of a table are."""

    record_type: RecordType | None
    """None where it cannot be told."""
    reason: str
    """In words: "it has users and items"; or what is missing."""


def guess_record_type(table: OpenTable, settings: BehaviourSettings, now: float) -> RecordTypeGuess:
    """now: seconds since 1970."""
    named_type = _type_of_file(table.name)
    if not table.columns:
        return RecordTypeGuess(named_type, "its name" if named_type else "it has no columns")
    if is_wide(table.columns):
        return RecordTypeGuess("events", "a row is a user with lists of what they did")
    columns, head = table.columns, table.head
    fields = columns_of_table("events", columns, head, settings, now).by_field
    items = columns_of_table("items", columns, head, settings, now).by_field
    has_title = "title" in items or ("id" in items and named_type == "items")
    if (
        "item" not in fields
        and "query" not in fields
        and (not has_title or _has_collections(table))
    ):
        nested = nested_rows(table, settings)
        if nested is not None:
            flat = nested.flat_table()
            columns, head = flat.columns, flat.head
            fields = columns_of_table("events", columns, head, settings, now).by_field
    person_fields = [name for name in ("user", "session") if name in fields]
    subject = [name for name in ("item", "query") if name in fields]
    if person_fields and subject:
        if named_type != "events" and _is_catalogue(fields, items, head):
            return RecordTypeGuess("items", "each row is another item, with a title")
        field_texts = [f"{name} '{fields[name]}'" for name in (*person_fields, *subject)]
        return RecordTypeGuess("events", f"it has {' and '.join(field_texts)}")
    if subject and not person_fields and named_type == "events":
        problem = f"it has items ('{fields[subject[0]]}') and neither users nor sessions"
        return RecordTypeGuess(None, problem)
    return _entities(table, named_type, items, settings, now)


def _type_of_file(name: str) -> RecordType | None:
    """What the words of a file's name say, if they say one thing: the last word counts most."""
    words = _NO_LETTERS.split(without_accents(_CAMEL_CASE.sub(" ", name)))
    for word in reversed(words):
        for record_type, names in _WORDS_OF_FILES.items():
            if word in names.split():
                return record_type
    return None


def _has_collections(table: OpenTable) -> bool:
    """Whether the rows are collections that people made, whose titles are of no item."""
    names = map(normalise_column, (table.name, *table.columns))
    return any(word in name for name in names for word in _COLLECTIONS)


def _is_catalogue(
    fields: Mapping[str, str], items: Mapping[str, str], head: Sequence[Mapping[Any, Any]]
) -> bool:
    """Whether a table with people in it, such as authors or sellers, lists items: each comes once,
    with a title, and nothing happens to it.
    """
    if "title" not in items or "id" not in items or {"event_type", "value"} & fields.keys():
        return False
    ids = [str(cell) for row in head if not is_missing(cell := row.get(items["id"]))]
    people = [str(cell) for row in head if not is_missing(cell := row.get(fields.get("user")))]
    are_different = len(set(ids)) == len(ids) >= MIN_ROWS_OF_A_CATALOGUE
    return are_different and ("at" not in fields or len(set(people)) < len(people))


def _has_only_ids(table: OpenTable, items: Mapping[str, str], settings: BehaviourSettings) -> bool:
    """Whether nothing can be learnt of items from it, such as `links.csv` of MovieLens: taken for
    items, it would replace those that have titles.
    """
    other_columns = [column for column in table.columns if column not in items.values()]
    if not other_columns or len(items) > 1:
        return False
    decisions = decide_columns(other_columns, table.head, settings, {}).values()
    return all(decision.role == "skip" and "ids" in decision.reason for decision in decisions)


def _come_again(column: str, head: Sequence[Mapping[Any, Any]]) -> bool:
    """Whether most rows are of somebody whom a row before names: what users did, and not users."""
    ids = [str(cell) for row in head if not is_missing(cell := row.get(column))]
    return len(ids) >= MIN_ROWS_OF_A_LOG and len(set(ids)) < len(ids) / 2


def _entities(
    table: OpenTable,
    named_type: RecordType | None,
    items: Mapping[str, str],
    settings: BehaviourSettings,
    now: float,
) -> RecordTypeGuess:
    """Items or users: a table with an id, and nothing that somebody did."""
    users = columns_of_table("users", table.columns, table.head, settings, now).by_field
    has_items, has_users = "id" in items, "id" in users
    words = {normalise_column(column) for column in table.columns}
    user_words = words & set(_WORDS_OF_USERS.split())
    if has_items and "title" not in items and _has_only_ids(table, items, settings):
        return RecordTypeGuess(None, f"beside '{items['id']}' it has nothing but ids")
    if has_items and has_users and items["id"] == users["id"]:
        if named_type in ("items", "users"):
            return RecordTypeGuess(named_type, f"its name, and the id '{items['id']}'")
        if user_words:
            return RecordTypeGuess(
                "users", f"an id '{users['id']}' and {', '.join(sorted(user_words))}"
            )
        return RecordTypeGuess("items", f"an id '{items['id']}' and no user")
    if has_items and not (has_users and (named_type == "users" or user_words)):
        return RecordTypeGuess("items", f"an item's id '{items['id']}' and no user")
    if has_users and named_type != "users" and _come_again(users["id"], table.head):
        problem = f"'{users['id']}' has the same users in many rows, and no column names an item"
        return RecordTypeGuess(None, problem)
    if has_users:
        return RecordTypeGuess("users", f"a user's id '{users['id']}' and no item")
    return RecordTypeGuess(None, f"no id of a user or an item among {', '.join(table.columns)}")
