"""Containment: text that others wrote in, the same as a name that may stand in a sentence out.

Titles and values of attributes come from whoever filled the catalogue. What looks like a link, like
markup or like an instruction is in no sentence of ours and in no prompt.
"""

import re
import unicodedata

MAX_NAME_LENGTH = 100
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
_INSTRUCTION = re.compile(
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


def clean_text(text: str) -> str:
    """One line, without what cannot be seen or turns the direction of the text."""
    visible_text = "".join(
        " "
        if unicodedata.category(character) in ("Cc", "Zl", "Zp", "Cn", "Co", "Cs")
        else character
        for character in unicodedata.normalize("NFC", text)
        if unicodedata.category(character) != "Cf"
    )
    return " ".join(visible_text.split())


def is_suspicious(text: str) -> bool:
    """Whether it holds a link, markup, or words that tell people or machines what to do."""
    normalised_text = unicodedata.normalize("NFKC", clean_text(text))
    return any(pattern.search(normalised_text) for pattern in (_LINK, _MARKUP, _INSTRUCTION))


def safe_name(text: str) -> str | None:
    """The text as a name; None where it must not be in a sentence."""
    cleaned_text = clean_text(text)
    for quote in '“”„"«»':
        cleaned_text = cleaned_text.replace(
            quote, "'"
        )  # a name stands in quotes, and must not end them
    return (
        None
        if not cleaned_text or len(cleaned_text) > MAX_NAME_LENGTH or is_suspicious(text)
        else cleaned_text
    )
