"""An item in, its title as it stands alone out: an episode names its series where its own title
does not, as twelve items of a list may be called “Episode 1”.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from foretaste.domain.data import Item
from foretaste.domain.part_columns import usual_name
from foretaste.domain.words import without_accents

_NAME_COLUMNS = [
    "seriestitle",
    "seriesname",
    "showtitle",
    "showname",
    "serientitel",
    "serienname",
    "podcasttitle",
    "podcastname",
    "series",
    "show",
    "tvshow",
    "tvseries",
    "serie",
    "podcast",
]
"""Columns that name the whole, the most telling first; those of ids are none."""
_BARE_NUMBER = re.compile(
    r"(?:(?:episode|episodio|folge|capitulo|chapter|kapitel|aflevering|teil|part|lesson|lektion|ep)"
    r"[ .:#-]*)?[0-9]{1,5}"
)
_ID_LETTERS = re.compile(r"[A-Za-z0-9_:-]+")


class _PartColumns(NamedTuple):
    """Columns of an item that say which part of which whole it is."""

    name: str
    season: str | None
    episode: str


def title_of(item: Item) -> str:
    """The item's title, with the name of its series where it is a part and does not say so."""
    columns = _part_columns(tuple(item.attributes))
    if columns is None:
        return item.title
    return _part_title(item.title, item.attributes, columns)


@lru_cache(maxsize=1_000)
def _part_columns(columns: tuple[str, ...]) -> _PartColumns | None:
    """None where items with these columns are no numbered parts of anything."""
    by_usual_name = {usual_name(column): column for column in columns}
    episode = by_usual_name.get("episode")
    if episode is None:
        return None
    by_letters = {
        "".join(filter(str.isalnum, without_accents(column))): column for column in columns
    }
    name = next((by_letters[own] for own in _NAME_COLUMNS if own in by_letters), None)
    return None if name is None else _PartColumns(name, by_usual_name.get("season"), episode)


def _is_bare_id(name: str) -> bool:
    """Whether a name is an id, such as s12 or 7f3a-01."""
    return bool(_ID_LETTERS.fullmatch(name)) and any(map(str.isdigit, name))


def _part_title(
    title: str, attributes: Mapping[str, tuple[str, ...]], columns: _PartColumns
) -> str:
    series = _value(attributes, columns.name)
    episode = _value(attributes, columns.episode)
    if not series or not episode or _is_bare_id(series):
        return title
    plain_title = without_accents(title).strip()
    if without_accents(series) in plain_title:
        return title
    season = _value(attributes, columns.season) if columns.season else ""
    is_bare = not plain_title or _BARE_NUMBER.fullmatch(plain_title)
    if is_bare and season:
        return f"{series} S{_whole(season)} E{_whole(episode)}"
    return f"{series}: {title.strip()}" if plain_title else f"{series} E{_whole(episode)}"


def _value(attributes: Mapping[str, tuple[str, ...]], column: str) -> str:
    return next((value.strip() for value in attributes.get(column, ())), "")


def _whole(number: str) -> str:
    """1 for "01" and "1.0"; anything else as it is."""
    whole = number.removesuffix(".0").lstrip("0")
    return whole or number
