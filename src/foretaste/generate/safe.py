"""Containment: text that others wrote in, the same as a name that may stand in a sentence out.

Titles and values of attributes come from whoever filled the catalogue. What looks like a link, like
markup or like an instruction is in no sentence of ours and in no prompt. For links it is not a list
of endings that is forbidden: a dot or a colon within a word is allowed in numbers, initials and
times of the day, and nowhere else.

Every pattern takes time in proportion to the text (`tests/test_patterns.py`), and longer texts than
`MAX_TEXT_LENGTH` are not looked at: they are no names.
"""

import re
import unicodedata
from functools import lru_cache

from foretaste.domain.text_limits import MAX_TEXT_LENGTH

MAX_CACHED_NAMES = 20_000
"""Names whose form is kept: every list looks at the same titles and values again."""
MAX_NAME_LENGTH = 100
"""Characters of a name; a longer one is no name."""
_DOTTED_WORD = re.compile(r"(?<![\w-])[\w-]++(?>(?:\.[\w-]++)+)")
"""As in evil.example, but also 1.9, U.S.A and Ph.D."""
_IGNORED_CHARACTERS = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0]"
)
"""Seen by nobody, and left out of addresses by browsers (UTS 46)."""
_IDEOGRAPHIC_STOP = "\u3002"
"""Browsers take it for a dot (UTS 46, section 2.3)."""
_NUMBERS_OF_ADDRESS = 4
_LINK = re.compile(r"@|//|\\|[A-Za-z]:\S|[0-9]:[A-Za-z]|\+?\d[\d\s().-]{7,}\d", re.ASCII)
_MARKUP = re.compile(
    r"<(?! )|(?<! )>|\[/?INST\]|```|\][(\[:]|[{}]|^#|&#?\w+;"
    r"|\b(?:system|assistant|user|human)\s*:",
    re.IGNORECASE,
)
_INSTRUCTION = re.compile(
    r"\b(?:ignore|disregard|forget|override|bypass)\b.{0,40}"
    r"\b(?:all|any|above|previous|prior|earlier|instructions?|rules?|prompts?|everything)\b"
    r"|\b(?:instructions?|prompts?)\b.{0,30}\b(?:above|previous|new|system|follow|obey)\b"
    r"|\b(?:new|system|these|following|previous|prior)\s+(?:instructions?|prompts?)\b"
    r"|\byou\s+(?:must|should|shall|have to|are now|will now)\b"
    r"|\b(?:tell|ask|recommend|suggest|instruct|convince)\s+(?:(?:the|all|every|this)\s+)?"
    r"(?:users?|customers?|people|readers?|viewers?|them|everyone)\b"
    r"|\b(?:as an? (?:ai|language model)|language model|chatbot)\b"
    r"|\b(?:click|tap)\s+(?:here|on|this|the|below)\b|\b(?:buy|order|subscribe|download|install|"
    r"sign up|log in|visit|send|pay)\s+(?:now|here|today|us|our|to)\b"
    r"|\b(?:repeat|say|write|print|output|respond|reply|answer)\s+(?:after|with|only|exactly|the "
    r"following)\b|\b(?:password|passwd|credit card|api[ _-]?key)s?\b",
    re.IGNORECASE | re.DOTALL,
)
_LINK_SIGN, _MARKUP_SIGN = re.compile(r"[@/\\:\d]", re.ASCII), re.compile(r"[<>\[\]`{}#&:]")
"""Without one of these characters there is no link, no markup."""
_WORDS_OF_INSTRUCTIONS = (
    "ignore disregard forget override bypass instruction instructions prompt prompts must should "
    "shall have now tell ask recommend suggest instruct convince ai model chatbot click tap buy "
    "order subscribe download install sign log visit send pay repeat say write print output "
    "respond reply answer password passwords passwd passwds credit api apikey apikeys api_key "
    "api_keys"
)
_INSTRUCTION_WORDS = frozenset(_WORDS_OF_INSTRUCTIONS.split())
"""Words of which every instruction that is looked for has one at least."""
_WORD = re.compile(r"\w+")


def clean_text(text: str) -> str:
    """One line, without what cannot be seen or turns the direction of the text."""
    if text.isprintable():  # then it has none of what is left out below
        return " ".join(unicodedata.normalize("NFC", text).split())
    visible_text = "".join(
        " "
        if unicodedata.category(character) in ("Cc", "Zl", "Zp", "Cn", "Co", "Cs")
        else character
        for character in unicodedata.normalize("NFC", text)
        if unicodedata.category(character) != "Cf"
    )
    return " ".join(visible_text.split())


def is_suspicious(text: str) -> bool:
    """Whether it holds a link, markup, or words that tell people or machines what to do, or is too
    long to be looked at.
    """
    if len(text) > MAX_TEXT_LENGTH:
        return True
    normalised_text = unicodedata.normalize("NFKC", clean_text(text))
    normalised_text = _IGNORED_CHARACTERS.sub("", normalised_text).replace(_IDEOGRAPHIC_STOP, ".")
    return (
        ("." in normalised_text and any(map(_is_address, _DOTTED_WORD.findall(normalised_text))))
        or bool(_LINK_SIGN.search(normalised_text) and _LINK.search(normalised_text))
        or bool(_MARKUP_SIGN.search(normalised_text) and _MARKUP.search(normalised_text))
        or _has_instruction(normalised_text)
    )


def _has_instruction(text: str) -> bool:
    """Most texts have none of the words, and to look for these takes a fifth of the time. Of what
    is not ASCII the pattern says by itself which letters are alike.
    """
    if text.isascii() and _INSTRUCTION_WORDS.isdisjoint(_WORD.findall(text.lower())):
        return False
    return _INSTRUCTION.search(text) is not None


def has_link(text: str) -> bool:
    """Whether it names a machine, a mailbox or a telephone."""
    normalised_text = unicodedata.normalize("NFKC", clean_text(text[:MAX_TEXT_LENGTH]))
    normalised_text = _IGNORED_CHARACTERS.sub("", normalised_text).replace(_IDEOGRAPHIC_STOP, ".")
    addresses = map(_is_address, _DOTTED_WORD.findall(normalised_text))
    return any(addresses) or _LINK.search(normalised_text) is not None


def without_links(text: str) -> str:
    """The text with every word that holds a link left out."""
    return " ".join("…" if has_link(word) else word for word in text.split(" "))


def _is_address(dotted_word: str) -> bool:
    """Whether a machine may be meant: not by 1.9, 3.5mm, No.5, U.S.A or Ph.D, since the last part
    of a machine's name has two letters at least.
    """
    parts = dotted_word.split(".")
    if len(parts) == _NUMBERS_OF_ADDRESS and all(part.isdigit() for part in parts):
        return True
    return any(len(part) > 1 and not part[0].isdigit() for part in parts[1:])


@lru_cache(maxsize=MAX_CACHED_NAMES)
def safe_name(text: str) -> str | None:
    """The text as a name; None where it must not be in a sentence."""
    if is_suspicious(text):
        return None
    cleaned_text = clean_text(text)
    for quote in '“”„"«»':
        cleaned_text = cleaned_text.replace(
            quote, "'"
        )  # a name stands in quotes, and must not end them
    return cleaned_text if 0 < len(cleaned_text) <= MAX_NAME_LENGTH else None


UNNAMED_ITEM = "an item"
"""What is said of an item whose title and id must not be in a sentence."""


def safe_item_name(title: str | None, item_id: str) -> str:
    """The title as a name; else the id; `UNNAMED_ITEM` where neither may be in a sentence."""
    return (safe_name(title) if title else None) or safe_name(item_id) or UNNAMED_ITEM
