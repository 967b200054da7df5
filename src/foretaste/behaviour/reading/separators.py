"""In: a column of attributes. Out: what stands between several values in a cell of it.

A comma in a cell may part two values (`India, France`) or belong to one (`King, Stephen`;
`Austin, TX`). The column tells: what is a value of its own stands alone in other cells, or at other
places of them; what belongs to a name is always at the same place.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from foretaste.behaviour.columns import normalise_column

SEPARATORS = (";", "\n", "/", ",")
"""Looked for in this order, after the one of the settings."""
MIN_EXCHANGED_SHARE = 0.4
"""Of the later parts that come in several cells, those that also come alone, first or elsewhere."""
MIN_EXCHANGED_SHARE_OF_LISTS = 0.1
"""The same of columns that are called as lists are…"""
MIN_RECURRING = 10
"""…where so many parts come again."""
MIN_EXCHANGED_NAMES = 5
"""Exchanged parts from where on `Stephen, King` is a pair of values and no name."""
MAX_PART_LENGTH = 40
"""Mean characters of a part, above which cells are sentences."""
MAX_WORDS_OF_NAME = 2.2
"""Mean words of a cell of names such as `King, Stephen`."""
_NAMES_OF_LISTS = (
    "genre genres tag tags category categories cast actor actors keyword keywords language "
    "languages country countries listedin ingredient ingredients color colors colour colours "
    "author authors director directors topic topics subject subjects theme themes mood moods "
    "platform platforms mechanic mechanics label labels artists productioncompanies studios "
    "publishers developers cuisines cuisine amenities features sizes materials producers writers "
    "creators stars shelves collections types occasions seasons styles allergens interests hobbies"
)
LIST_COLUMN_NAMES = frozenset(_NAMES_OF_LISTS.split())
_NAMES_OF_PEOPLE = (
    "cast actor actors author authors director directors artists producers writers creators stars"
)
PEOPLE_COLUMN_NAMES = frozenset(_NAMES_OF_PEOPLE.split())
_LABELS = {"\n": "a line each", "": "not parted"}


def separator_label(separator: str) -> str:
    """In words: "parted by ','"."""
    return _LABELS.get(separator, f"parted by '{separator}'")


def find_separator(column: str, values: Sequence[Any], usual_separator: str) -> str | None:
    """None for the usual one, which also stands for lists and for cells with one value."""
    texts = dict.fromkeys(value.strip() for value in values if isinstance(value, str))
    cells = [text for text in texts if text]
    if not cells or any(usual_separator in text or text.startswith("[") for text in cells):
        return None
    for separator in SEPARATORS:
        if separator != usual_separator and _parts_values(separator, cells, column):
            return separator
    return None


def _parts_values(separator: str, cells: Sequence[str], column: str) -> bool:
    """Whether it parts values that are each one of its own. cells: different ones."""
    split = [[part.strip() for part in cell.split(separator) if part.strip()] for cell in cells]
    several = [parts for parts in split if len(parts) > 1]
    if not several or any("://" in cell for cell in cells):
        return False
    all_parts = [part for parts in several for part in parts]
    if sum(map(len, all_parts)) > MAX_PART_LENGTH * len(all_parts):
        return False
    if separator == "/" and any(part.isdigit() for part in all_parts):
        return False  # dates and fractions
    recurring, exchanged = _exchanged_parts(split)
    name = normalise_column(column)
    may_be_names = separator == "," and (
        name not in LIST_COLUMN_NAMES or name in PEOPLE_COLUMN_NAMES
    )
    if may_be_names and exchanged < MIN_EXCHANGED_NAMES and _are_names(several, split):
        return False
    if name in LIST_COLUMN_NAMES and separator != "/":
        return recurring < MIN_RECURRING or exchanged >= MIN_EXCHANGED_SHARE_OF_LISTS * recurring
    return recurring > 0 and exchanged >= MIN_EXCHANGED_SHARE * recurring


def _exchanged_parts(split: Sequence[Sequence[str]]) -> tuple[int, int]:
    """(later parts that come in several cells, those of them that come at another place as well).

    Alone and first are the place 0.
    """
    positions_by_part: defaultdict[str, set[int]] = defaultdict(set)
    counts: defaultdict[str, int] = defaultdict(int)
    for parts in split:
        for position, part in enumerate(dict.fromkeys(parts)):
            positions_by_part[part].add(position)
            counts[part] += 1
    later = [part for part, at in positions_by_part.items() if max(at) > 0 and counts[part] > 1]
    return len(later), sum(len(positions_by_part[part]) > 1 for part in later)


def _are_names(several: Sequence[Sequence[str]], split: Sequence[Sequence[str]]) -> bool:
    """Whether nearly every cell is two short words around the separator: `King, Stephen`."""
    pairs = [parts for parts in several if len(parts) == 2]
    if len(pairs) < 0.9 * len(split):
        return False
    words = sum(len(part.split()) for parts in pairs for part in parts)
    return words <= MAX_WORDS_OF_NAME * len(pairs)
