"""What lists are to bring in: an expression over the items' numbers in, a worth of each item out.

    [rank]
    goal = "revenue"
    [rank.goals]
    revenue = "price * margin"

A list then has the items of the highest expected worth, P(taken) · worth: the logarithm of the
worth, beside that of the middle item, is added to the score. An item whose worth is not known
counts as the middle one.
"""

import ast
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from simpleeval import DEFAULT_OPERATORS, SimpleEval

from foretaste.domain.data import Doubles, Floats
from foretaste.errors import InputError, did_you_mean
from foretaste.rank.index import FilterIndex

EVENT_VALUE = "event_value"
"""Names, in an expression, what the item's events were worth on average: stars, sums, seconds."""
MAX_EXPRESSION_LETTERS = 1000
MIN_WORTH_SHARE = 1e-3
"""Of the worth of the middle item: what is worth nothing counts as this much."""
_NO_LETTER = re.compile(r"\W")
OPERATORS = {
    **DEFAULT_OPERATORS,
    ast.Add: np.add,
    ast.Mult: np.multiply,
    ast.Div: np.divide,
    ast.Pow: np.float_power,
}
FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "log": np.log,
    "sqrt": np.sqrt,
    "min": np.minimum,
    "max": np.maximum,
}


def item_worths(
    goal: str, goals: Mapping[str, str], index: FilterIndex, event_values: Callable[[], Doubles]
) -> Doubles:
    """[items], what each is worth by a goal; nan where that is not known.

    goal: the name of an expression in `goals`, or a column of numbers. event_values: → [items], the
    mean value of each item's events. Raises InputError for a goal that is not there, and for an
    expression that cannot be computed.
    """
    expression = goals.get(goal)
    field = f"rank.goals.{goal}"
    if expression is None:
        expression, field = goal, "goal"
        if _column_of(goal, index) is None and goal != EVENT_VALUE:
            known = [*goals, *_number_columns(index), EVENT_VALUE]
            raise InputError(
                f"goal: '{goal}' is no goal of the settings and no column of numbers; "
                f"{did_you_mean(goal, known)}"
            )
    column = _column_of(expression, index)
    if column is not None:
        return index.column(column).item_numbers

    def number_of(node: ast.Name) -> Doubles:
        if node.id == EVENT_VALUE:
            return event_values()
        column = _column_of(node.id, index)
        if column is None:
            raise InputError(
                f"{field}: there is no column of numbers '{node.id}'; "
                f"{did_you_mean(node.id, [*_number_columns(index), EVENT_VALUE])}"
            )
        return index.column(column).item_numbers

    if len(expression) > MAX_EXPRESSION_LETTERS:
        raise InputError(f"{field}: at most {MAX_EXPRESSION_LETTERS} letters")
    try:
        with np.errstate(all="ignore"):
            evaluator = SimpleEval(operators=OPERATORS, functions=FUNCTIONS, names=number_of)
            worths = np.asarray(evaluator.eval(expression), np.float64)
            return np.broadcast_to(worths, len(index))
    except InputError:
        raise
    except Exception as error:  # of many kinds: whatever was written there
        raise InputError(
            f"{field}: '{expression}' cannot be computed: {error}; write it like price * margin"
        ) from None


def worth_shift(worths: Doubles, weight: float) -> Floats:
    """[items], what is added to each score: the logarithm of its worth beside that of the middle
    item, times `weight`. worths: [items], nan where it is not known.
    """
    usable = worths[np.isfinite(worths) & (worths > 0)]
    if not len(usable):
        return np.zeros(len(worths), np.float32)
    shares = np.maximum(worths / np.median(usable), MIN_WORTH_SHARE)
    return np.asarray(weight * np.log(np.where(np.isfinite(shares), shares, 1.0)), np.float32)


def _column_of(name: str, index: FilterIndex) -> str | None:
    """The column of numbers of this name, in which an expression writes _ for what is no letter."""
    for column in _columns(index):
        if name in (column, _NO_LETTER.sub("_", column)) and _has_numbers(column, index):
            return column
    return None


def _number_columns(index: FilterIndex) -> Iterable[str]:
    """As an expression writes them."""
    return (
        _NO_LETTER.sub("_", column) for column in _columns(index) if _has_numbers(column, index)
    )


def _columns(index: FilterIndex) -> list[str]:
    return [feature.column for feature in index.catalogue.features]


def _has_numbers(column: str, index: FilterIndex) -> bool:
    return bool(np.isfinite(index.column(column).item_numbers).any())
