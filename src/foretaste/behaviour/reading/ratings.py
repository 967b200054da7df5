"""In: a column of ratings. Out: their scale, and from which value on a rating is a positive."""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from foretaste.behaviour.columns import is_rating_name
from foretaste.behaviour.reading.column import ColumnReading, read_column
from foretaste.behaviour.reading.numbers import Amount, NumberParser, read_number_column
from foretaste.behaviour.reading.rating_texts import WrittenRating, read_rating_text
from foretaste.behaviour.settings import BehaviourSettings
from foretaste.domain.store import FactStore

UNRATED = -1.0
"""How lists of what people watched write that it was not rated."""
USUAL_TOPS = (1.0, 3.0, 4.0, 5.0, 6.0, 7.0, 10.0, 20.0, 100.0)
STEPS = (1.0, 0.5, 0.25, 0.1)
MAX_TOP_OF_TENTHS = 10.0
"""With tenths a scale goes no further: prices do."""
MAX_DIFFERENT_RATINGS = 101
LIKED_SHARE_OF_TOP = 0.6
"""Above it a rating is a positive: from 4 of 5, 7 of 10, 3.5 of 5 in halves."""
SUSPECT_ZERO_SHARE = 0.2
MIN_TOP_WITH_UNRATED = 3.0
"""Below it -1 and 0 are opinions: thumbs up and down."""
MIN_LIKED_SHARE = 0.25
"""Where fewer ratings reach that, those from the median on are the positives."""
RATING_SCALE = "rating_scale"
"""Under which the store remembers it."""


@dataclass(frozen=True, slots=True)
class RatingScale:
    """What ratings there are."""

    low: float
    high: float
    """The top of the usual scale that holds all of them."""
    step: float
    positive_from: float
    """A rating of this value or more says that somebody liked the item."""
    has_unrated: bool = False
    """Whether -1 says that there is no rating."""
    zero_share: float = 0.0
    """Of the ratings, those of 0."""

    def notes(self) -> list[str]:
        """What is worth knowing of it."""
        notes = [str(self)]
        if self.has_unrated:
            notes.append("-1 says that an item was taken and not rated")
        if self.zero_share >= SUSPECT_ZERO_SHARE and self.high >= MIN_TOP_WITH_UNRATED:
            notes.append(
                f"{self.zero_share:.0%} of the ratings are 0, which often says that there is none; "
                "write -1 there if so"
            )
        return notes

    def __str__(self) -> str:
        return (
            f"ratings from {self.low:g} to {self.high:g} in steps of {self.step:g}; from "
            f"{self.positive_from:g} on they count as liked (behaviour.positive_rating)"
        )


def rating_scale(values: Sequence[float], positive_rating: float | None) -> RatingScale | None:
    """The scale of some ratings; None of numbers that are none, such as prices or counts.

    positive_rating: the setting, which wins over what the values say.
    """
    ratings = np.array([value for value in values if math.isfinite(value)])
    has_unrated = (
        bool(len(ratings)) and ratings.max() >= MIN_TOP_WITH_UNRATED and ratings.min() == UNRATED
    )
    if has_unrated:
        ratings = ratings[ratings != UNRATED]
    if not len(ratings) or ratings.min() < -MAX_TOP_OF_TENTHS or ratings.max() > USUAL_TOPS[-1]:
        return None
    if len(np.unique(ratings)) > MAX_DIFFERENT_RATINGS:
        return None
    step = next((step for step in STEPS if _are_multiples(ratings, step)), None)
    if step is None or (step == STEPS[-1] and ratings.max() > MAX_TOP_OF_TENTHS):
        return None
    low = float(min(ratings.min(), 1.0))
    high = next(top for top in USUAL_TOPS if top >= ratings.max())
    positive_from = _positive_from(ratings, low, high, step)
    if positive_rating is not None:
        positive_from = positive_rating
    zero_share = float(np.mean(ratings == 0))
    return RatingScale(low, high, step, positive_from, bool(has_unrated), zero_share)


def _are_multiples(ratings: "np.ndarray[Any, Any]", step: float) -> bool:
    return bool(np.allclose(ratings / step, np.round(ratings / step), atol=1e-6))


def _positive_from(ratings: "np.ndarray[Any, Any]", low: float, high: float, step: float) -> float:
    """The first value of the scale that says of an item that it was liked."""
    limit = 0.0 if low < 0 else LIKED_SHARE_OF_TOP * high
    liked_from = (math.floor(limit / step + 1e-6) + 1) * step
    if np.mean(ratings >= liked_from - 1e-6) < MIN_LIKED_SHARE:
        liked_from = min(liked_from, float(np.median(ratings)))
    return round(liked_from, 6)


class RatingParser(NumberParser):
    """Reads ratings, also in words and stars; what says that there is none is none.

    top: of the scale that the texts of the column name; None where none does.
    """

    def __init__(
        self, numbers: NumberParser, scale: RatingScale | None, top: float | None = None
    ) -> None:
        super().__init__(numbers.field, numbers.mark, plain_mark=numbers.plain_mark)
        self.scale, self.top = scale, top

    def __call__(self, cell: Any) -> float | None:
        is_new_text = cell.__class__ is str and cell not in self._amounts
        rating = read_rating_text(cell) if is_new_text else None
        if rating is not None:
            amount = Amount(_on_scale(rating, self.top))
            self._amounts[cell] = amount
            return amount.number
        number = super().__call__(cell)
        if number == UNRATED and self.scale is not None and self.scale.has_unrated:
            return None
        return number


def _on_scale(rating: WrittenRating, top: float | None) -> float:
    """The number of a rating where the scale goes up to the top: 4 of 5 is 8 of 10."""
    return rating.number if not rating.top or not top else rating.number * top / rating.top


def read_value_column(
    cells: Sequence[Any], field: str, settings: BehaviourSettings
) -> ColumnReading:
    """A column of values of which some may be ratings: of events that name their types."""
    top = _top_of_texts(cells)
    reading = read_number_column(_with_numbers(cells, top), field, settings)
    assert isinstance(reading.parse, NumberParser)
    return replace(reading, parse=RatingParser(reading.parse, None, top))


def _top_of_texts(cells: Sequence[Any]) -> float | None:
    """The highest top that a cell names."""
    ratings = [rating for cell in cells if (rating := read_rating_text(cell)) is not None]
    return max((rating.top for rating in ratings if rating.top), default=None)


def _with_numbers(cells: Sequence[Any], top: float | None) -> list[Any]:
    """The cells with the numbers of what is written as a rating."""
    return [
        cell if (rating := read_rating_text(cell)) is None else _on_scale(rating, top)
        for cell in cells
    ]


def read_rating_column(
    cells: Sequence[Any], field: str, settings: BehaviourSettings, column: str | None = None
) -> ColumnReading:
    """field: value, or the column's own name, for messages; column: its name in the file.

    Without a scale the decision is that the column holds other numbers, unless its name says that
    they are ratings.
    """
    top = _top_of_texts(cells)
    reading = read_number_column(_with_numbers(cells, top), field, settings)
    numbers = [value for value in reading.values if value is not None]
    scale = rating_scale(numbers, settings.positive_rating)
    assert isinstance(reading.parse, NumberParser)
    parser = RatingParser(reading.parse, scale, top)
    if scale is None:
        is_named = is_rating_name(column or field)
        decision = "ratings without a scale" if is_named else reading.decision
        return replace(reading, decision=decision, parse=parser)
    return read_column(
        cells,
        str(scale),
        parser,
        warnings=reading.warnings,
        problem=reading.problem,
        decided=reading.decided,
    )


def save_rating_scale(store: FactStore, scale: RatingScale) -> None:
    """Have the store remember the scale of its ratings."""
    text = json.dumps(asdict(scale))
    if store.meta_text(RATING_SCALE) != text:
        store.put_meta_text(RATING_SCALE, text)


def load_rating_scale(store: FactStore, settings: BehaviourSettings) -> RatingScale | None:
    """The scale of the store's ratings; None where none was imported."""
    text = store.meta_text(RATING_SCALE)
    if text is None:
        return None
    scale = RatingScale(**json.loads(text))
    if settings.positive_rating is None:
        return scale
    return replace(scale, positive_from=settings.positive_rating)
