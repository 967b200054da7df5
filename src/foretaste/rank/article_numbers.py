"""What somebody typed in. Out: the items whose number it is: their id, or an attribute that is an
article number, such as an EAN.

Numbers are compared without case and without what people put between their parts: "ab 1005" is
AB-1005. Where nothing has the whole number, it may be the beginning of one.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from foretaste.domain.data import Catalogue
from foretaste.domain.no_taste import column_words, is_number_name
from foretaste.rank.filters import FilterContext
from foretaste.rank.index import FilterIndex, Mask
from foretaste.rank.slate_parts import ScoreBoost

NUMBER_EXPERT = "article_number"
"""Names the terms of items with the number that was searched for."""
WHOLE, BEGINNING = "its number", "the beginning of its number"
"""Features of these terms."""
NUMBER_NATS = 100.0
"""Above all that experts say of another item."""
MAX_NUMBERED_ITEMS = 200_000
"""Of a larger catalogue ids are compared as they are written."""
MAX_NUMBER_LENGTH = 60
MIN_BEGINNING, MIN_DIGITS = 4, 5
"""Letters and digits that may begin a number; so many where all are digits, unlike a year's."""
MAX_BEGUN_ITEMS = 50
_LAST = "\U0010ffff"


class NumberedItems(NamedTuple):
    """Items by what was typed."""

    items: tuple[int, ...]
    """Internal ids, in order of their numbers."""
    is_whole: bool
    """Whether that is their whole number."""

    def boost(self, size: int) -> ScoreBoost:
        """What puts them first. size: of the catalogue."""
        mask: Mask = np.zeros(size, bool)
        mask[list(self.items)] = True
        feature = WHOLE if self.is_whole else BEGINNING
        return ScoreBoost(mask, NUMBER_NATS, feature, NUMBER_EXPERT)


class ArticleNumbers:
    """The numbers of one catalogue, sorted when they are first asked for."""

    def __init__(self, index: FilterIndex) -> None:
        self.catalogue: Catalogue = index.catalogue
        self._numbers: tuple[list[str], list[int]] | None = None

    def matching(self, typed: str) -> NumberedItems:
        """Those whose number it is, else those whose number begins so."""
        typed, folded = typed.strip(), _folded(typed)
        own = self.catalogue.index.get(typed)
        own_items = () if own is None else (own,)
        if not may_be_number(typed):
            return NumberedItems(own_items, is_whole=True)
        whole = tuple(dict.fromkeys((*own_items, *self._between(folded, folded))))
        is_short = len(folded) < (MIN_DIGITS if folded.isdigit() else MIN_BEGINNING)
        if whole or is_short:
            return NumberedItems(whole, is_whole=True)
        begun = dict.fromkeys(self._between(folded, folded + _LAST))
        return NumberedItems(tuple(begun)[:MAX_BEGUN_ITEMS], is_whole=False)

    def _between(self, first: str, last: str) -> Sequence[int]:
        numbers, items = self._sorted()
        start = bisect_left(numbers, first)
        stop = bisect_left(numbers, last + "\0")
        return items[start:stop]

    def _sorted(self) -> tuple[list[str], list[int]]:
        if self._numbers is None:
            is_small = len(self.catalogue) <= MAX_NUMBERED_ITEMS
            pairs = sorted(_numbers(self.catalogue)) if is_small else []
            self._numbers = [number for number, _ in pairs], [item for _, item in pairs]
        return self._numbers


class NewestNumbers:
    """Those of the newest catalogue, for all who make lists of it."""

    def __init__(self) -> None:
        self._numbers: ArticleNumbers | None = None

    def numbered_items(
        self, typed: str, index: FilterIndex, item_of: Callable[[str], str] | None
    ) -> NumberedItems:
        """Those whose number was typed. item_of: the id of a variant → the item that it is of; None
        where nobody can say.
        """
        if not typed.strip():
            return NumberedItems((), is_whole=True)
        numbers = self._numbers
        if numbers is None or numbers.catalogue is not index.catalogue:
            numbers = self._numbers = ArticleNumbers(index)
        numbered = numbers.matching(typed)
        is_found = bool(numbered.items) and numbered.is_whole
        if is_found or item_of is None or not may_be_number(typed):
            return numbered
        own = index.catalogue.index.get(item_of(typed.strip()))
        return numbered if own is None else NumberedItems((own,), is_whole=True)


def may_be_number(typed: str) -> bool:
    """Whether it may be more of a number than an id without any digit."""
    return len(typed) <= MAX_NUMBER_LENGTH and any(map(str.isdigit, typed))


def with_unmatched(question: FilterContext, unmatched: Mask | None) -> FilterContext:
    """The question with what has nothing of what is searched for; what has its number does."""
    for boost in question.trade.boosts:
        if boost.expert == NUMBER_EXPERT and unmatched is not None:
            unmatched = unmatched & ~boost.mask
    return replace(question, unmatched=unmatched)


def _numbers(catalogue: Catalogue) -> Iterator[tuple[str, int]]:
    """(number, internal id) of all ids, and of all values of columns of article numbers."""
    for item, item_id in enumerate(catalogue.ids):
        yield _folded(item_id), item
    for feature in catalogue.features:
        if not is_number_name(column_words(feature.column)):
            continue
        owners = np.repeat(np.arange(len(feature.offsets) - 1), np.diff(feature.offsets))
        for item, code in zip(owners.tolist(), feature.codes.tolist(), strict=True):
            yield _folded(feature.values[code]), item


def _folded(number: str) -> str:
    return "".join(filter(str.isalnum, number.casefold()))
