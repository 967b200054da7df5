"""Numbers, times and parts of the model in; the words by which people read them out."""

from datetime import UTC, datetime
from typing import Any

from foretaste.domain.words import plain_column

EXPERT_WORDS = {
    "product": "Foretaste",
    "popularity": "What is popular",
    "transition": "What follows the last item",
    "neighbour": "What goes with the last items",
    "content": "What reads alike",
    "media": "What looks alike",
    "media:image": "What looks alike",
    "media:audio": "What sounds alike",
    "audio_match": "What is the same recording",
    "lexical": "What has words in common",
    "refusal": "Unlike what was refused",
    "impression": "What was shown and left alone",
    "repeat": "What is taken again",
    "query": "What answers a search",
    "sequence": "The order of what was done",
    "language": "The history, read as a text",
    "coldness": "How new the item is",
    "popularity correction": "Less of what is popular",
    "goal": "What it brings in",
    "freshness": "When the item came",
    "returning": "What is used up by now",
    "article_number": "What has the number searched for",
}
"""The experts of the model, as a shop owner would call them."""


EXPERT_ASPECTS = {
    "popularity": "how popular it is",
    "transition": "what people go on to from the last item",
    "neighbour": "what people choose together with the last items",
    "content": "reading like what was chosen",
    "media": "looking like what was chosen",
    "media:image": "looking like what was chosen",
    "media:audio": "sounding like what was chosen",
    "audio_match": "being the recording that was asked with",
    "lexical": "sharing words with what was chosen",
    "refusal": "being unlike what was refused",
    "impression": "how often it was shown already",
    "repeat": "being chosen again",
    "query": "answering what was searched for",
    "sequence": "how well it follows on what they did",
    "language": "suiting the history, read as a text",
    "coldness": "how new it is",
    "popularity correction": "being less popular",
    "goal": "bringing in more",
    "freshness": "how long ago it came",
    "returning": "being used up by now",
    "article_number": "having the number that was searched for",
}
"""What an item is behind in, as the end of a sentence."""


FEATURE_WORDS = {
    "popularity": "how popular it is",
    "whole history": "all that was done",
    "new": "that it is new",
}
"""Features of terms that are no attribute, as people would say them."""


def plain_feature(feature: str | None) -> str:
    """What a part of a score comes from: "year: 2006" stays as it is, "price_band: 5-10" is of the
    price.
    """
    if feature is None:
        return ""
    column, mark, value = feature.partition(": ")
    return FEATURE_WORDS.get(feature) or f"{plain_column(column)}{mark}{value}"


def plain_expert(name: str) -> str:
    """An expert or a rule by what it looks at: "attribute:genres" is "The same genres"."""
    kind, _, column = name.partition(":")
    if kind == "attribute" and column:
        return f"The same {plain_column(column).replace('_', ' ')}"
    return EXPERT_WORDS.get(name, name.replace("_", " "))


def expert_with_setting(name: str) -> str:
    """The same with the name by which `model.experts` has it: "attribute:genres" is "The same
    genres" ("attribute" in model.experts).
    """
    return f'“{plain_expert(name)}” ("{name.partition(":")[0]}" in model.experts)'


def expert_aspect(name: str) -> str:
    """What an expert or a rule looks at: "attribute:genres" is "its genres"."""
    kind, _, column = name.partition(":")
    if kind == "attribute" and column:
        return f"its {plain_column(column).replace('_', ' ')}"
    rule = name.removeprefix("rule ")
    if rule != name:
        return f"the rule “{rule}”"
    return EXPERT_ASPECTS.get(name, plain_expert(name))


def thousands(number: float) -> str:
    """12345 is "12,345"; a fraction keeps one digit where it is small."""
    return f"{number:,.0f}" if number >= 10 or float(number).is_integer() else f"{number:,.1f}"


def of_100(share: float) -> str:
    """.183 is "18", .0312 is "3.1": so many of a hundred."""
    hundredths = 100 * share
    return f"{hundredths:.0f}" if round(hundredths, 1) >= 9.95 or not share else f"{hundredths:.1f}"


def percent(share: float | None, digits: int = 1) -> str:
    """.1234 is "12.3 %", with a gap at which no line breaks; None is a dash."""
    return "–" if share is None else f"{share:.{digits}%}".replace("%", "\u00a0%")


def signed(number: float, digits: int = 4) -> str:
    """With its sign, and a true minus."""
    return f"{number:+.{digits}f}".replace("-", "\u2212")


def day(seconds: float) -> str:
    """A time since 1970 as a date in UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d")


def duration(seconds: float) -> str:
    """90 is "90 s", 200 is "3 min 20 s"."""
    minutes, remaining_seconds = divmod(round(seconds), 60)
    return f"{seconds:.0f} s" if seconds < 100 else f"{minutes} min {remaining_seconds} s"


def toml_value(value: Any) -> str:
    """A setting as foretaste.toml has it; "empty" where nothing is set."""
    if value is None or value == () or value == {}:
        return "empty"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(toml_value, value))}]"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return f"{value:.1f}"
    return str(value)
