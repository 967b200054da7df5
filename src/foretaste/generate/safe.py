"""Containment: text that others wrote in, the same as a name that may stand in a sentence out.

Titles and values of attributes come from whoever filled the catalogue. What looks like a link, like
markup or like an instruction is in no sentence of ours and in no prompt.
"""

import re
import unicodedata

LONGEST = 100
"""Characters of a name; a longer one is no name."""
_LINK = re.compile(
    r"https?:|www\.|\b[\w-]+\.(?:com|net|org|io|ru|cn|info|biz|xyz|shop|link|app|dev|ly|co)\b"
    r"|\S+@\S+\.\S+|\bjavascript:|\bdata:\w+/|\+?\d[\d\s().-]{7,}\d",
    re.IGNORECASE,
)
_MARKUP = re.compile(
    r"<[^>]*>|<\||\|>|\[/?INST\]|```|\]\(|\{\{|\}\}|^\s*#|&#?\w+;"
    r"|\b(?:system|assistant|user|human)\s*:",
    re.IGNORECASE,
)
_ORDER = re.compile(
    r"\b(?:ignore|disregard|forget|override|bypass)\b.{0,40}"
    r"\b(?:all|any|above|previous|prior|earlier|instructions?|rules?|prompts?|everything)\b"
    r"|\b(?:instructions?|prompts?)\b.{0,30}\b(?:above|previous|new|system|follow|obey)\b"
    r"|\b(?:new|system|these|following|previous|prior)\s+(?:instructions?|prompts?)\b"
    r"|\byou\s+(?:must|should|shall|have to|are now|will now)\b"
    r"|\b(?:tell|ask|recommend|suggest|instruct|convince)\s+(?:the|all|every|this)?\s*"
    r"(?:users?|customers?|people|readers?|viewers?|them|everyone)\b"
    r"|\b(?:as an? (?:ai|language model)|language model|chatbot)\b"
    r"|\b(?:click|tap)\s+(?:here|on|this|the|below)\b|\b(?:buy|order|subscribe|download|install|"
    r"sign up|log in|visit|send|pay)\s+(?:now|here|today|us|our|to)\b"
    r"|\b(?:repeat|say|write|print|output|respond|reply|answer)\s+(?:after|with|only|exactly|the "
    r"following)\b|\b(?:password|passwd|credit card|api[ _-]?key)s?\b",
    re.IGNORECASE | re.DOTALL,
)


def clean(text: str) -> str:
    """One line, without what cannot be seen or turns the direction of the text."""
    kept = "".join(
        " " if unicodedata.category(one) in ("Cc", "Zl", "Zp", "Cn", "Co", "Cs") else one
        for one in unicodedata.normalize("NFC", text)
        if unicodedata.category(one) != "Cf"
    )
    return " ".join(kept.split())


def suspicious(text: str) -> bool:
    """Whether it holds a link, markup, or words that tell people or machines what to do."""
    told = unicodedata.normalize("NFKC", clean(text))
    return any(pattern.search(told) for pattern in (_LINK, _MARKUP, _ORDER))


def name(text: str) -> str | None:
    """The text as a name; None where it must not be in a sentence."""
    told = clean(text)
    for quote in '“”„"«»':
        told = told.replace(quote, "'")  # a name stands in quotes, and must not end them
    return None if not told or len(told) > LONGEST or suspicious(text) else told
