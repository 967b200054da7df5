"""What somebody has and looks for something to go with in, the kinds that are not asked for out.

“Shoes that go with a black dress” asks for shoes: they need not be black, and are no dress.
"""

from collections.abc import Mapping
from typing import Any

from foretaste.understand.exclusive_kinds import stands_alone
from foretaste.understand.grammar import BOUNDARY, Grammar
from foretaste.understand.vocabulary import Vocabulary


def without_complement(
    text: str, grammar: Grammar, vocabulary: Vocabulary
) -> tuple[str, tuple[Mapping[str, Any], ...]]:
    """(the text without it, conditions that leave out what the person has). Only in a shop."""
    patterns = (grammar.patterns["goes_with"], grammar.patterns["goes_with_last"])
    hit = next((hit for pattern in patterns if (hit := pattern.search(text))), None)
    if hit is None or vocabulary.numbers.of_dimension("price") is None:
        return text, ()
    parts = vocabulary.parts(tuple(grammar.tokens(hit["owned"])), grammar)
    kinds = [
        part.condition
        for part in parts
        if part.match_type in ("named", "synonym")
        and not stands_alone(grammar.translated(part.words))
    ]
    exclusions = tuple({"not": dict(kind)} for kind in kinds)
    return f"{text[: hit.start()]}{BOUNDARY}{text[hit.end() :]}", exclusions
