"""In: a table that knows its items by their titles, with who made them beside. Out: what gives a
title that several have made the id of one item each.

"Hello" is a song of Adele and one of Lionel Richie. A log of plays, loans or visits often has no
other name of an item, and a catalogue of songs or books has none either.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from foretaste.behaviour.columns import is_alias, normalise_column, resolve_columns
from foretaste.behaviour.formats.row_steps import StepContext
from foretaste.behaviour.id_columns import may_be_item_id
from foretaste.behaviour.stream import Row, Rows
from foretaste.behaviour.values import is_missing
from foretaste.domain.data import RejectedRow

_TITLE_NAMES = (
    "item title track song movie film book album piece game podcast episode video show play "
    "recording titel lied stuck buch spiel folge hoerbuch horbuch titre chanson morceau livre "
    "titulo cancion pelicula libro musica filme livro titolo canzone brano nummer boek"
)
_CREATOR_NAMES = (
    "artist artists artistname artistnames trackartist songartist performer band musician singer "
    "composer author authors authorname bookauthor writer creator creators director directors "
    "kunstler kuenstler interpret interpreten komponist autor autorin autoren verfasser regie "
    "regisseur artiste artistes interprete compositeur auteur auteurs realisateur artista artistas "
    "compositor autora autores autore regista artiest"
)
TITLE_NAMES = frozenset(_TITLE_NAMES.split())
"""What a column of titles is called, beside what `column_names.toml` has of titles."""
CREATOR_NAMES = frozenset(_CREATOR_NAMES.split())
ID_FIELDS = {"events": "item", "items": "id"}
"""Type of a table → the field with the id of the item; the column that is made has its name."""
SEPARATOR = " – "
MAX_TITLES = 500_000
"""Titles that are looked at to see whether several have made one."""
MIN_VARIED_SHARE = 0.1
"""Of the people with several rows, those with several creators from which the column is none of the
names of these people: whoever writes a review is called its author as well."""
MIN_ROWS_OF_WRITERS, MIN_WRITER_SHARE = 20, 0.9
"""Where nobody has several rows: from so many on, and with so many different creators of them, the
creators are these people."""


@dataclass(frozen=True, slots=True)
class TitledItems:
    """The columns of a table that knows its items by titles."""

    id_column: str
    """The column with the ids that is made: `item` of events, `id` of items."""
    title: str
    creator: str
    user: str | None
    """The column that says whose an event is."""
    is_title_id: bool
    """Whether the titles would be taken for the ids as they are."""
    title_target: str = "title"
    """The column that has the titles afterwards, by a name that is known for one."""

    def has_namesakes(self, rows: Iterable[Row]) -> bool:
        """Whether several have made something of one title."""
        creators: dict[str, str] = {}
        by_user: dict[str, str | None] = {}
        repeated: set[str] = set()
        has_several, row_count = False, 0
        for row in rows:
            title, creator = row.get(self.title), row.get(self.creator)
            if is_missing(title) or is_missing(creator):
                continue
            row_count += 1
            name = _text(creator)
            has_several |= creators.setdefault(_text(title), name) != name
            user = None if self.user is None else row.get(self.user)
            if not is_missing(user):
                key = str(user)
                if key in by_user:
                    repeated.add(key)
                by_user[key] = name if by_user.get(key, name) == name else None
            if len(creators) >= MAX_TITLES:
                break
        if not has_several or self.user is None:
            return has_several
        if not repeated:
            share = len(set(by_user.values())) / max(row_count, 1)
            return row_count < MIN_ROWS_OF_WRITERS or share < MIN_WRITER_SHARE
        varied_count = sum(by_user[user] is None for user in repeated)
        return varied_count > MIN_VARIED_SHARE * len(repeated)


def titled_items(
    columns: Sequence[str], record_type: str | None, configured: Mapping[str, str]
) -> TitledItems | None:
    """The columns of a table whose items have a title and a creator and no id; None of others.

    record_type: None where it is not known yet. configured: field → column, as the settings of the
    file say; what they name stays.
    """
    events = resolve_columns("events", columns, {})
    user = events.get("user", events.get("session"))
    if record_type is None:
        record_type = "items" if user is None else "events"
    field_name = ID_FIELDS.get(record_type)
    if field_name is None or configured.get(field_name) in columns:
        return None
    own = resolve_columns(record_type, columns, {}).get(field_name)
    creators = [name for name in columns if names_creator(name)]
    if not creators or creators[0] in (own, user):
        return None
    if own is None:
        if any(map(may_be_item_id, columns)):
            return None
        titles = [name for name in columns if names_title(name) and name not in (user, *creators)]
        if not titles:
            return None
        return TitledItems(field_name, titles[0], creators[0], user, False, titles[0])
    if not names_title(own):
        return None
    is_known = is_alias("events", "item_title", own) and own != field_name
    target = own if is_known else "item_title" if "title" in columns else "title"
    return TitledItems(field_name, own, creators[0], user, True, target)


def names_title(column: str) -> bool:
    """Whether a column has titles of items, by its name."""
    return normalise_column(column) in TITLE_NAMES or (
        is_alias("events", "item_title", column) and "desc" not in normalise_column(column)
    )


def names_creator(column: str) -> bool:
    """Whether a column has those who made the items, by its name."""
    return normalise_column(column) in CREATOR_NAMES


OTHERWISE = 'creator_in_id = false under [behaviour.files."…"] has titles alone'


@dataclass(frozen=True, slots=True)
class CreatorIds:
    """Gives each row the id of its item: its creator and its title, or the title alone."""

    titled: TitledItems
    has_creator: bool

    def apply(self, rows: Rows, context: StepContext) -> Rows:
        titled = self.titled
        if self.has_creator:
            context.notes[
                f"an item is '{titled.creator}' with '{titled.title}', as several have made "
                f"something of one title; {OTHERWISE}"
            ] = None
        else:
            context.notes[f"an item is its '{titled.title}', as no column has ids"] = None
        for line, row in rows:
            if isinstance(row, RejectedRow):
                yield line, row
                continue
            title, creator = row.get(titled.title), row.get(titled.creator)
            untitled = {column: cell for column, cell in row.items() if column != titled.title}
            item_id = title_id(creator, title) if self.has_creator else title
            yield line, {titled.id_column: item_id, titled.title_target: title, **untitled}


def creator_steps(
    columns: Sequence[str],
    head: Sequence[Row],
    record_type: str | None,
    configured: Mapping[str, str],
    creator_in_id: bool | None,
) -> tuple[CreatorIds, ...]:
    """One step where titles are the only names of items and do not tell them apart, else none.

    head: the first rows, which are asked where `creator_in_id` does not say it.
    """
    titled = titled_items(columns, record_type, configured)
    if titled is None:
        return ()
    has_creator = titled.has_namesakes(head) if creator_in_id is None else creator_in_id
    is_needed = has_creator or not titled.is_title_id
    return (CreatorIds(titled, has_creator),) if is_needed else ()


def title_id(creator: object, title: object) -> object:
    """The id of an item that is known by its title and by who made it; the title where nobody is
    named, and None or an empty cell where the title is missing.
    """
    if is_missing(title) or is_missing(creator):
        return title
    return f"{_text(creator)}{SEPARATOR}{_text(title)}"


def _text(cell: object) -> str:
    return " ".join(str(cell).split())
