"""Templates: facts in, plain sentences out. What a language model did not say, or said wrongly,
they say; so they name what the facts name and nothing else.
"""

from collections.abc import Sequence

from foretaste.generate.facts import Facts, ItemFacts

ANY = "What suits you next"
"""The title where nothing sets the person apart."""


def title(facts: Facts) -> str:
    """A few words over the list."""
    told = [*facts.features[:3], *facts.topics[:1]][:3]
    if facts.asked:
        return f"For “{facts.asked}”" + (f": {', '.join(told)}" if told else "")
    return " · ".join(told) if told else ANY


def description(facts: Facts) -> str:
    """What to look for next."""
    parts = []
    if facts.asked:
        parts.append(f"You asked for “{facts.asked}”.")
    if facts.features:
        parts.append(f"Look next for {listed(facts.features[:4])}.")
    if facts.topics:
        parts.append(f"Much of it is about {facts.topics[0]}.")
    if not parts:
        parts.append("Nothing sets your taste apart yet; this is what most people take.")
    return " ".join(parts)


def line(item: ItemFacts) -> str:
    """Why this item."""
    told = [reason.words for reason in item.reasons[:2]]
    if told:
        said = " and ".join(told)
        return said[:1].upper() + said[1:] + "."
    if item.features:
        return f"It has {listed(item.features)}."
    return "It is among the likeliest for you."


def listed(names: Sequence[str]) -> str:
    """a, b and c"""
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
