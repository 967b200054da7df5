"""When something is watched or read in what is said in, the same without it out.

A film “for a rainy Sunday” has no rain in it. What is worn or used is chosen by the occasion, so
that a dress “for warm days” keeps it.
"""

import re

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
    scopes = sorted(grammar.clauses["talk_scope"], key=len, reverse=True)

    def boundary(hit: "re.Match[str]") -> str:
        """What says for how long is kept: “no thrillers this evening”."""
        scope = next((phrase for phrase in scopes if hit[0].endswith(f" {phrase}")), "")
        return f" {scope}{BOUNDARY}" if scope else BOUNDARY

    rest, count = grammar.patterns["occasion"].subn(boundary, text)
    return rest, count > 0
