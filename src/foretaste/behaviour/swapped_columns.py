"""In: which columns of events were taken for the user and for the item, and the first rows. Out: a
warning where their names or their values make it evident that they are the wrong way round.

Such a table goes in without an error where nobody gave a catalogue: customers become items, and
lists recommend customers to products.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from foretaste.behaviour.columns import is_alias
from foretaste.behaviour.stream import Row
from foretaste.behaviour.values import is_missing
from foretaste.domain.no_taste import column_words

_ITEM_NAMES = (
    "product products article artikel item items sku asin isbn ean produkt produit producto "
    "articulo prodotto articolo produto"
)
_WORDS_OF_ITEMS = frozenset(_ITEM_NAMES.split())
_USER_NAMES = (
    "user users customer client buyer shopper member visitor email mail kunde kunden benutzer "
    "nutzer utilisateur cliente usuario utente klant gebruiker"
)
_WORDS_OF_USERS = frozenset(_USER_NAMES.split())
_ADDRESS = re.compile(r"(?<!\S)[^@\s]++@[^@\s.]++\.[^@\s]*[^@\s.]")
MIN_GROUPS = 10
"""Orders or ids with several rows, and different ids, from which their rows tell something."""
MIN_SHARE, MAX_SHARE = 0.95, 0.5
"""Of the groups, those with a single value: at least, for what each has one of; at most, for what
they have several of."""
MIN_ADDRESS_SHARE = 0.9
MIN_COUNTED_USERS, MIN_ITEMS_PER_USER, MAX_EVENTS_PER_ITEM = 3, 30, 1.5
"""Of a whole file."""
MIN_KNOWN_SHARE, MAX_KNOWN_SHARE = 0.8, 0.2
"""Of the ids, those that are items of the catalogue: of items at least, of users at most."""


def swapped_column_warnings(
    by_field: Mapping[str, str],
    head: Sequence[Row],
    known_item_ids: Collection[str] = (),
) -> list[str]:
    """by_field: field → column of events; head: first rows; known_item_ids: of the catalogue."""
    user, item = by_field.get("user"), by_field.get("item")
    if user is None or item is None:
        return []
    is_swapped = f"'{user}' was taken for the user and '{item}' for the item, but "
    remedy = f'; if so, set [behaviour.columns.events] user = "{item}" and item = "{user}"'
    groups = by_field.get("session"), by_field.get("at")
    evidence = list(_evidence(user, item, *groups, head, known_item_ids))
    if evidence:
        return [f"users and items may be swapped: {is_swapped}{' and '.join(evidence)}{remedy}"]
    for column, field, kind in ((user, "user", "items"), (item, "item", "users")):
        if _is_named_for(column, kind):
            return [
                f"'{column}' was taken for the {field}, but columns of {kind} are called so; if it "
                f'is none, set {field} = "that column" under [behaviour.columns.events]'
            ]
    return []


def counts_seem_swapped(event_count: int, user_count: int, item_count: int) -> bool:
    """Whether few users have many events each, of many items that hardly anybody takes twice: so do
    products and their customers, the wrong way round.
    """
    if user_count < MIN_COUNTED_USERS or item_count < MIN_ITEMS_PER_USER * user_count:
        return False
    return event_count < MAX_EVENTS_PER_ITEM * item_count


def _evidence(
    user: str,
    item: str,
    session: str | None,
    at: str | None,
    head: Sequence[Row],
    known_item_ids: Collection[str],
) -> Iterable[str]:
    """What says that the two are the wrong way round, in words."""
    if _is_named_for(user, "items") and _is_named_for(item, "users"):
        yield "their names say the opposite"
    users, items = _cells(head, user), _cells(head, item)
    if _share(items, _ADDRESS.fullmatch) >= MIN_ADDRESS_SHARE > _share(users, _ADDRESS.fullmatch):
        yield f"'{item}' holds e-mail addresses"
    for group in (session, at):  # an order, or lines that were bought at the same moment
        if group and _has_single(head, group, item) and _has_several(head, group, user):
            yield f"each '{group}' has one '{item}' and most have several '{user}'"
            break
    columns = dict.fromkeys(column for row in head[:1] for column in row)
    for title in columns:
        is_title = is_alias("events", "item_title", title) and title not in (user, item)
        if is_title and _has_single(head, user, title) and _has_several(head, item, title):
            yield f"each '{user}' has one '{title}' and most of '{item}' have several"
            break
    if known_item_ids and len(set(users)) >= MIN_GROUPS:
        is_known = known_item_ids.__contains__
        if _share(set(users), is_known) >= MIN_KNOWN_SHARE and (
            _share(set(items), is_known) <= MAX_KNOWN_SHARE
        ):
            yield f"'{user}' holds ids of the catalogue and '{item}' does not"


def _is_named_for(column: str, kind: str) -> bool:
    """kind: items or users. Whether columns of the other kind are never called so."""
    words = set(column_words(column))
    is_item = is_alias("events", "item", column) or bool(words & _WORDS_OF_ITEMS)
    is_user = is_alias("events", "user", column) or bool(words & _WORDS_OF_USERS)
    return is_item != is_user and is_item == (kind == "items")


def _cells(head: Sequence[Row], column: str) -> list[str]:
    return [str(cell).strip() for row in head if not is_missing(cell := row.get(column))]


def _share(texts: Collection[str], has_form: Callable[[str], object]) -> float:
    return sum(bool(has_form(text)) for text in texts) / len(texts) if texts else 0.0


def _has_single(head: Sequence[Row], group: str, column: str) -> bool:
    """Whether nearly each of the groups of several rows has a single value of the column."""
    share = _single_share(head, group, column)
    return share is not None and share >= MIN_SHARE


def _has_several(head: Sequence[Row], group: str, column: str) -> bool:
    """Whether most of the groups of several rows have several values of the column."""
    share = _single_share(head, group, column)
    return share is not None and share <= MAX_SHARE


def _single_share(head: Sequence[Row], group: str, column: str) -> float | None:
    """Of the groups of several rows, those with a single value; None of too few."""
    cells: defaultdict[str, list[str]] = defaultdict(list)
    for row in head:
        key, cell = row.get(group), row.get(column)
        if not is_missing(key) and not is_missing(cell):
            cells[str(key)].append(str(cell))
    groups = [values for values in cells.values() if len(values) > 1]
    if len(groups) < MIN_GROUPS:
        return None
    return sum(len(set(values)) == 1 for values in groups) / len(groups)
