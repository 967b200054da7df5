"""A word or two said of the list in hand in, what they ask for out: “130”, “size M”.

A number alone takes the place of the number that the list was asked for by; values of attributes
that nothing was asked of go on with the question.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from foretaste.understand.grammar import Grammar
from foretaste.understand.meaning import Scene
from foretaste.understand.numbers import parse_amount
from foretaste.understand.parsed_request import ParsedRequest

MAX_WORDS = 4
MAX_RATIO = 5.0
"""How far, in times, a number may be from the one that it stands for."""
TESTS = frozenset({"gt", "gte", "lt", "lte"})


def number_reply(request_text: str, scene: Scene, grammar: Grammar) -> Mapping[str, Any] | None:
    """The condition that a number alone changes; None where it is none, or may be of several."""
    hit = grammar.patterns["amount_alone"].fullmatch(request_text)
    amount = parse_amount(hit["a"], grammar) if hit is not None else None
    tested = [
        (column, test)
        for column, test in scene.filter.items()
        if isinstance(test, Mapping) and set(test) <= TESTS
    ]
    if amount is None or len(tested) != 1:
        return None
    column, test = tested[0]
    name = "lt" if "lt" in test else "lte" if "lte" in test else next(iter(test))
    previous = test[name]
    if not isinstance(previous, int | float) or previous <= 0 or amount <= 0:
        return None
    is_near = 1 / MAX_RATIO <= amount / previous <= MAX_RATIO
    return {column: {**test, name: amount}} if is_near else None


def goes_on(request: ParsedRequest, request_text: str, scene: Scene, grammar: Grammar) -> bool:
    """Whether values that were named go on with the question: “dresses”, then “size S”. What asks
    anew, for the same attribute or for other words, begins a new one.
    """
    words = [word for word in grammar.tokens(request_text) if word[0].isalnum()]
    asks_anew = grammar.phrase_length(_requesting(grammar), words, 0) > 0
    columns = _columns(request.conditions)
    if request.query or not columns or asks_anew or len(words) > MAX_WORDS:
        return False
    return bool(scene.filter) and not columns & set(scene.filter)


def _requesting(grammar: Grammar) -> Mapping[str, Any]:
    return {
        phrase: strength for phrase, strength in grammar.strengths.items() if strength == "wanted"
    }


def _columns(conditions: Sequence[Mapping[str, Any]]) -> set[str]:
    return {column for condition in conditions for column in condition if column != "not"}


def added_conditions(
    conditions: Sequence[Mapping[str, Any]], scene: Scene
) -> tuple[Mapping[str, Any], ...]:
    """ "With something funny": a value beside that of the list, where items can have both."""

    def added(condition: Mapping[str, Any]) -> Mapping[str, Any]:
        column, value = next(iter(condition.items()))
        previous = scene.filter.get(column)
        if not (isinstance(value, str) and isinstance(previous, str)) or previous == value:
            return condition
        if scene.vocabulary.single_valued(column):
            return condition
        return {column: {"all": [previous, value]}}

    return tuple(map(added, conditions))
