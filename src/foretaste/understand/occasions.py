"""When something is watched or read in what is said in, the same without it out.

A film “for a rainy Sunday” has no rain in it. What is worn or used is chosen by the occasion, so
that a dress “for warm days” keeps it.
"""

from foretaste.understand.grammar import BOUNDARY, Grammar
from foretaste.understand.number_columns import NumberColumns


def without_occasion(text: str, grammar: Grammar, numbers: NumberColumns) -> tuple[str, bool]:
    """(the text without the day, its weather and the place, whether it had any)

    Only where what is asked for is no thing of use: that is what is watched, read or heard, or
    anything of a catalogue without prices.
    """
    is_media = grammar.patterns["media"].search(text) is not None
    if not is_media and numbers.of_dimension("price") is not None:
        return text, False
    rest, count = grammar.patterns["occasion"].subn(BOUNDARY, text)
    return rest, count > 0
