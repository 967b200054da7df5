"""A question of earlier in the talk, by what is said of it: “those jackets again”."""

from collections.abc import Mapping
from typing import Any

from foretaste.understand.grammar import Grammar
from foretaste.understand.meaning import Meaning, Scene


def earlier_question(text: str, scene: Scene, grammar: Grammar) -> tuple[Meaning, str] | None:
    """(the newest earlier question that asked for what is named, what else is said); None where
    none did, or where it is not asked for again.
    """
    hit = grammar.patterns["again"].match(text)
    if hit is None:
        return None
    words = tuple(grammar.tokens(hit["named"] or hit["named_behind"]))
    parts = [part for part in scene.vocabulary.parts(words, grammar) if part.words]
    for question in scene.earlier_questions:
        if parts and all(_asked_for(part.condition, part.words, question) for part in parts):
            conditions = tuple(
                condition
                for column, test in question["filter"].items()
                for condition in ([*test] if column == "and" else [{column: test}])
            )
            query = question["query"]
            meaning = Meaning("find", grammar.language, query=query, conditions=conditions)
            return meaning, text[hit.end() :].strip(" ,.;!?")
    return None


def _asked_for(
    condition: Mapping[str, Any], words: tuple[str, ...], question: Mapping[str, Any]
) -> bool:
    """Whether a question asked for it, as an attribute or as words."""
    is_condition = all(
        question["filter"].get(column) == value or value in _values(question["filter"].get(column))
        for column, value in condition.items()
    )
    return is_condition or set(words) <= set((question["query"] or "").split())


def _values(test: Any) -> tuple[Any, ...]:
    if isinstance(test, Mapping):
        test = test.get("all", ())
    return tuple(test) if isinstance(test, list | tuple) else ()
