"""Templates: facts in, plain sentences out. What a language model did not say, or said wrongly,
they say; so they name what the facts name and nothing else.
"""

from collections.abc import Sequence

from foretaste.generate.facts import ItemFacts, SlateFacts

DEFAULT_TITLE = "What suits you next"
"""The title where nothing sets the person apart."""


def title_text(facts: SlateFacts) -> str:
    """A few words over the list."""
    title_parts = [*facts.features[:3], *facts.topics[:1]][:3]
    if facts.query:
        return f"For “{facts.query}”" + (f": {', '.join(title_parts)}" if title_parts else "")
    return " · ".join(title_parts) if title_parts else DEFAULT_TITLE


def description_text(facts: SlateFacts) -> str:
    """What to look for next."""
    parts = []
    if facts.query:
        parts.append(f"You asked for “{facts.query}”.")
    if facts.features:
        parts.append(f"Look next for {join_names(facts.features[:4])}.")
    if facts.topics:
        parts.append(f"Much of it is about {facts.topics[0]}.")
    if not parts:
        parts.append("Nothing sets your taste apart yet; this is what most people take.")
    return " ".join(parts)


def line_text(item: ItemFacts) -> str:
    """Why this item."""
    reason_texts = [reason.text for reason in item.reasons[:2]]
    if reason_texts:
        joined_reasons = " and ".join(reason_texts)
        return joined_reasons[:1].upper() + joined_reasons[1:] + "."
    if item.features:
        return f"It has {join_names(item.features)}."
    return "It is among the likeliest for you."


def join_names(names: Sequence[str]) -> str:
    """a, b and c"""
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
