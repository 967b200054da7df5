"""A condition that holds no longer in what is said in, its attribute out: “take the price limit
off”, “any colour”, “the year doesn't matter”.
"""

from foretaste.understand.grammar import Grammar
from foretaste.understand.meaning import Meaning, Scene
from foretaste.understand.ordering import dimension_called


def lifted_condition(text: str, scene: Scene, grammar: Grammar) -> Meaning | None:
    """None where no condition of the list in hand is meant."""
    hit = grammar.patterns["lifted"].fullmatch(text.strip(" .,!?"))
    if hit is None or not scene.filter:
        return None
    noun = next(group for group in hit.groups() if group)
    columns = _columns_called(noun, scene, grammar) & scene.filter.keys()
    return Meaning("refine", grammar.language, lifted=tuple(columns)) if columns else None


def _columns_called(noun: str, scene: Scene, grammar: Grammar) -> set[str]:
    named = scene.vocabulary.column_called(noun, grammar)
    columns = set() if named is None else {named}
    dimension = dimension_called(noun, grammar)
    if dimension is not None:
        numbers = scene.vocabulary.numbers
        columns |= {column.name for column in numbers.columns if column.dimension == dimension}
    return columns
