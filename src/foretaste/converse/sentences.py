"""A talk without a large model: what was found and done in, sentences out.

They name titles and reasons of the loop and nothing else. A title that holds a link, markup or an
instruction is told by the item's id.
"""

from collections.abc import Mapping
from typing import Any

from foretaste.converse.state import ChatState
from foretaste.domain.data import Recommendation
from foretaste.generate.safe import is_suspicious, safe_name

HELP_TEXT = (
    "Say what you would like: “a slow film about space, nothing violent”. Then “under 20”, “more "
    "like the second”, “why the first?”, “show more”, “start over”."
)
EMPTY_LIST_TEXT = "Nothing more meets all of that; take something of it back."
EXPERT_ASPECTS: Mapping[str, str] = {
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
COMPARISON_SIGNS = {"gte": "≥", "lte": "≤", "gt": ">", "lt": "<"}


def list_in_words(state: ChatState, recommendation: Recommendation | None) -> str:
    """The list as sentences."""
    if recommendation is None or not len(recommendation):
        reason = None if recommendation is None else recommendation.shortfall_text
        return EMPTY_LIST_TEXT if reason is None else f"{EMPTY_LIST_TEXT} ({reason})"
    sentences = [f"{question_text}:" if (question_text := _question_text(state)) else "For you:"]
    for recommended in recommendation:
        reasons = [reason for reason in recommended.reason if not is_suspicious(reason)]
        reason_text = f" ({reasons[0]})" if reasons else ""
        sentences.append(
            f"{recommended.position}. {safe_title(recommended.title, recommended.id)}{reason_text}."
        )
    return " ".join(sentences)


def why_in_words(explanation: Mapping[str, Any]) -> str:
    """What `tools.explain` found, to who asks why it is there."""
    reasons = [reason for reason in explanation["reasons"] if not is_suspicious(reason)]
    title = safe_title(explanation["title"], explanation["item"])
    if reasons:
        return f"“{title}”: {'; '.join(reasons)}."
    return f"“{title}”: nothing sets it apart for you."


def why_not_in_words(explanation: Mapping[str, Any]) -> str:
    """What `tools.explain` found, to who asks why it is not there."""
    if explanation["position"] is not None:
        return f"It is in the list, in place {explanation['position']}."
    if not explanation["shown"]:
        return f"It is not shown: {explanation['why_not']}."
    title = safe_title(explanation["title"], explanation["item"])
    missing = explanation["missing"]
    lacks = f", most of all in {expert_aspect(missing[0]['expert'])}" if missing else ""
    sentence = f"“{title}” is in place {explanation['rank']} by its score{lacks}."
    reasons = [reason for reason in explanation["reasons"] if not is_suspicious(reason)]
    return f"{sentence} What speaks for it: {'; '.join(reasons)}." if reasons else sentence


def expert_aspect(expert: str) -> str:
    """What an expert, or a rule, looks at."""
    kind, _, about = expert.partition(":")
    return EXPERT_ASPECTS.get(kind, f"its {about}" if about else kind)


def safe_title(title: str | None, id_: str) -> str:
    """A title as a name; the id where it must not be in a sentence."""
    return (safe_name(title) if title else None) or id_


def _question_text(state: ChatState) -> str:
    """What the list is of, in words."""
    parts = [f"“{state.query}”"] if state.query else []
    parts += [f"{column} {_value_text(value)}" for column, value in state.filter.items()]
    parts += [f"like “{safe_title(state.shown.get(item_id), item_id)}”" for item_id in state.items]
    return "For " + ", ".join(parts) if parts else ""


def _value_text(value: Any) -> str:
    if isinstance(value, Mapping):
        return " ".join(
            f"{COMPARISON_SIGNS.get(test, test)} {_value_text(operand)}"
            for test, operand in value.items()
        )
    if isinstance(value, list | tuple):
        return ", ".join(map(_value_text, value))
    return f"{value:g}" if isinstance(value, float) else str(value)
