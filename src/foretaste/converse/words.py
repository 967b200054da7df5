"""A talk without a large model: what was found and done in, sentences out.

They name titles and reasons of the loop and nothing else. A title that holds a link, markup or an
instruction is told by the item's id.
"""

from collections.abc import Mapping
from typing import Any

from foretaste.converse.state import State
from foretaste.domain.data import Recommendation
from foretaste.generate.safe import name, suspicious

HELP = (
    "Say what you would like: “a slow film about space, nothing violent”. Then “under 20”, “more "
    "like the second”, “why the first?”, “show more”, “start over”."
)
NOTHING = "Nothing more meets all of that; take something of it back."
EXPERTS: Mapping[str, str] = {
    "popularity": "how popular it is",
    "transition": "what people go on to from your last one",
    "neighbour": "what is taken together with yours",
    "content": "reading like yours",
    "lexical": "words shared with yours",
    "sequence": "fitting your history as a whole",
    "language": "fitting your history as text",
    "query": "answering what you asked for",
    "refusal": "being unlike what you refused",
    "repeat": "being known to you",
    "wish": "what you wished for",
}
"""What an expert looks at, as said to the person."""
SIGNS = {"gte": "≥", "lte": "≤", "gt": ">", "lt": "<"}


def list_in_words(state: State, found: Recommendation | None) -> str:
    """The list as sentences."""
    if found is None or not len(found):
        return NOTHING
    told = [f"{asked}:" if (asked := _asked(state)) else "For you:"]
    for one in found:
        said = [reason for reason in one.reason if not suspicious(reason)]
        why = f" ({said[0]})" if said else ""
        told.append(f"{one.position}. {plain(one.title, one.id)}{why}.")
    return " ".join(told)


def why_in_words(told: Mapping[str, Any]) -> str:
    """What `tools.explain` found, to who asks why it is there."""
    reasons = [one for one in told["reasons"] if not suspicious(one)]
    title = plain(told["title"], told["item"])
    if reasons:
        return f"“{title}”: {'; '.join(reasons)}."
    return f"“{title}”: nothing sets it apart for you."


def why_not_in_words(told: Mapping[str, Any]) -> str:
    """What `tools.explain` found, to who asks why it is not there."""
    if told["position"] is not None:
        return f"It is in the list, in place {told['position']}."
    if not told["shown"]:
        return f"It is not shown: {told['why_not']}."
    title = plain(told["title"], told["item"])
    missing = told["missing"]
    lacks = f", most of all in {lacking(missing[0]['expert'])}" if missing else ""
    said = f"“{title}” is in place {told['rank']} by its score{lacks}."
    reasons = [one for one in told["reasons"] if not suspicious(one)]
    return f"{said} What speaks for it: {'; '.join(reasons)}." if reasons else said


def lacking(expert: str) -> str:
    """What an expert, or a rule, looks at."""
    kind, _, about = expert.partition(":")
    return EXPERTS.get(kind, f"its {about}" if about else kind)


def plain(title: str | None, id_: str) -> str:
    """A title as a name; the id where it must not be in a sentence."""
    return (name(title) if title else None) or id_


def _asked(state: State) -> str:
    """What the list is of, in words."""
    told = [f"“{state.query}”"] if state.query else []
    told += [f"{column} {_worded(value)}" for column, value in state.filter.items()]
    told += [f"like “{plain(state.shown.get(one), one)}”" for one in state.items]
    return "For " + ", ".join(told) if told else ""


def _worded(value: Any) -> str:
    if isinstance(value, Mapping):
        return " ".join(f"{SIGNS.get(test, test)} {_worded(one)}" for test, one in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(_worded, value))
    return f"{value:g}" if isinstance(value, float) else str(value)
