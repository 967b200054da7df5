"""The checker: a sentence and the evidence in, what is wrong with it out.

A sentence may be said if every name, feature, number and claim in it is evidence. What those are
cannot be told from other words by a machine for certain; so it is the other way round: once the
evidence is taken out, all that is left must be words that claim nothing of their own,
`PLAIN_WORDS`, or words of the template, which says the same facts. Anything else is refused, and
the template speaks.
"""

import re

from foretaste.domain.words import phrase_pattern, search_words, words_of
from foretaste.generate.messages import Messages
from foretaste.generate.safe import clean_text, is_suspicious

MAX_TEXT_LENGTH = 320
"""Characters that a writer may say at once."""
MAX_UNENDED_LENGTH = 200
"""Characters up to which a sentence without its stop is whole, and was not cut off."""
_SENTENCE_END = re.compile(r"[.!?…](?=\s|$)")
_QUOTED = re.compile(r"[“”„\"«»]")
_EVIDENCE_GAP = " ▢ "
"""Where evidence stood."""
_PLAIN_WORDS_TEXT = """
a about after again all along also always an and another any are around as at be because been
before belongs both brings but by can choice choices close comes could day describes each enjoy
enjoyed evening every everything explore fan fans favourite favorite feel feeling few fit fits
following follow follows for from get give gives go goes going good great happy has have having
here how if in inspired interest interested interesting into is it item items its itself just keep
kind know leads liked like likes likely list ll look looking looks lot love loved loves made make
makes many matches matching may maybe might mind mood more most mostly moves much near nearest new
next nice night now of offers often on one ones or other others our out over own part people
perhaps pick picks picked play popular re reads recommend recommended recommendation
recommendations related remind reminds right s same see seem seems selection shares should show
similar so some someone something sort spirit start still style such suggest suggests suit suits
sure take taken takes taste tastes than that the their them theme themes then there these they
thing things think this those through time to today together tonight too topic touch towards try
under up us ve very vein want wanted wants was way we well were what when where which while who
whose why will with word words worth would you your yours yet piece pieces title titles
"""
PLAIN_WORDS = frozenset(_PLAIN_WORDS_TEXT.split())
"""Words that claim nothing: no number, no denial, no praise, no order, no name, no kind of thing:
what is in the list may be films or shoes.
"""


def whole_sentences(text: str) -> str:
    """The text up to the end of its last whole sentence; a writer may have been cut off."""
    last_end = max((match.end() for match in _SENTENCE_END.finditer(text)), default=0)
    if last_end > 1:
        return text[:last_end].strip()
    return f"{text.strip()}." if text.strip() and len(text) <= MAX_UNENDED_LENGTH else ""


def find_fault(
    text: str, names: tuple[str, ...], template_text: str, *, allow_unnamed: bool = False
) -> str | None:
    """Why a text may not be said; None if it may.

    names: the evidence. template_text: the template's, whose words may be used too.
    allow_unnamed: whether it may name no evidence at all.
    """
    if not text or len(text) > MAX_TEXT_LENGTH:
        return "it is too long" if text else "it has no whole sentence"
    if text != clean_text(text) or is_suspicious(text):
        return "it holds a link, markup or an instruction"
    remaining_text = remove_names(text, names)
    if _EVIDENCE_GAP.strip() not in remaining_text and not allow_unnamed:
        return "it names no evidence"
    if _QUOTED.search(remaining_text):
        return "it quotes what is not in the evidence"
    name_stems, allowed_words = (
        _stems(names),
        PLAIN_WORDS | set(words_of(remove_names(template_text, names))),
    )
    for word in words_of(remaining_text):
        if word not in allowed_words and strip_plural(word) not in name_stems:
            return f"'{word}' is not in the evidence"
    return None


def find_reason_fault(text: str, names: tuple[str, ...], messages: Messages) -> str | None:
    """What is wrong with a reason; None if it holds.

    Once the names are taken out, what is left must be words of the messages of its language: a
    reason claims what a message claims and nothing else.
    """
    if not text or len(text) > MAX_TEXT_LENGTH:
        return "it is too long" if text else "it says nothing"
    if text != clean_text(text) or is_suspicious(text):
        return "it holds a link, markup or an instruction"
    for word in search_words(remove_names(text, names)):
        if word not in messages.vocabulary:
            return f"'{word}' is neither in the evidence nor in a message"
    return None


def allowed_vocabulary(names: tuple[str, ...], template_text: str) -> tuple[str, ...]:
    """The words that may stand beside the names, for a writer that can hold itself to them."""
    plurals = {form for name_stem in _stems(names) for form in (name_stem, f"{name_stem}s")}
    return tuple(sorted(PLAIN_WORDS | set(words_of(remove_names(template_text, names))) | plurals))


def _stems(names: tuple[str, ...]) -> set[str]:
    """Of the names of one word."""
    return {
        strip_plural(single_word)
        for name in names
        if len(one_word := words_of(name)) == 1
        for single_word in one_word
    }


def remove_names(text: str, names: tuple[str, ...]) -> str:
    """The text with a gap for each of the names, the longest first, also where it is quoted."""
    for name in sorted(names, key=len, reverse=True):
        unquoted_pattern = phrase_pattern(name)
        quoted_pattern = rf"[“„\"«]{unquoted_pattern}[,.]?[”\"»]"
        text = re.sub(
            f"{quoted_pattern}|{unquoted_pattern}", _EVIDENCE_GAP, text, flags=re.IGNORECASE
        )
    return text


def strip_plural(word: str) -> str:
    """Without the ending of a plural."""
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
