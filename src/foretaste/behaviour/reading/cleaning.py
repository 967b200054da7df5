"""In: a text as a shop system stores it. Out: what a person reads of it.

selectolax reads HTML, the standard library entities and JSON, ftfy repairs text that was decoded
by the wrong encoding. Most texts need none of it, which one search tells.
"""

import html
import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

from foretaste.domain.identifiers import normalise_text, without_invisible

MAX_ROUNDS = 3
"""Markup within entities within entities: feeds escape once, exports of feeds again."""
_TAGS = (
    "a abbr address article aside b blockquote body br button caption center code dd del div dl dt "
    "em embed fieldset figcaption figure font footer form h1 h2 h3 h4 h5 h6 head header hr html i "
    "iframe img input ins label legend li link main meta nav noscript object ol option p pre q s "
    "script section select small span strike strong style sub summary sup svg table tbody td "
    "template tfoot th thead title tr u ul video"
).replace(" ", "|")
_MARKUP = re.compile(
    rf"</?(?:{_TAGS})\s*+/?>|<(?:{_TAGS})\s[^<>=]*+=[^<>]*+>|<!--|<!doctype|<!\[CDATA\[",
    re.IGNORECASE,
)
_UNREAD_TAGS = ["script", "style", "noscript", "template", "iframe", "svg", "head", "object"]
_BLOCK_TAGS = (
    "p,br,li,div,h1,h2,h3,h4,h5,h6,tr,td,th,ul,ol,table,section,article,blockquote,hr,dt,dd,pre,"
    "option,header,footer,figcaption"
)
_CDATA = re.compile(r"<!\[CDATA\[|\]\]>")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,31});", re.IGNORECASE)
_SHORTCODE = re.compile(
    r"\[/?(?:vc_\w++|et_pb_\w++|fusion_\w++|caption|gallery|embed|audio|video|playlist)\b"
    r"[^\[\]]*+\]"
)
_MARKDOWN_LINK = re.compile(r"!?\[([^\[\]]*+)\]\((?:https?://|/|\.|mailto:)[^()\[\]\s]*+\)")
_ADDRESS = re.compile(r"(?:https?:|ftp:)//[^\s<>\"')\]]+|\bwww\.[^\s<>\"')\]]+", re.IGNORECASE)
_DATA_ADDRESS = re.compile(r"data:[\w/+.-]*;base64,[A-Za-z0-9+/=\s]{20,}")
_CODE = re.compile(
    r"(?<!\S)(?=\S*[a-z])(?=\S*[A-Z])(?=\S*\d)[A-Za-z0-9+/_-]{40,}={0,2}(?!\S)"
    r"|(?<!\w)[0-9a-fA-F]{32,}(?!\w)"
)
_LANGUAGE_CODE = re.compile(r"[a-z]{2}(?:[-_][A-Za-z]{2})?")
_FILE_PATH = re.compile(r"[\w./\\-]++")
_FILE_ENDINGS = (".jpg", ".jpeg", ".png", ".gif", ".webp", ".svg", ".avif", ".bmp", ".mp3", ".mp4")
_UUID = re.compile(r"\{?[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\}?")
_URN = re.compile(r"(?<![\w.:-])[a-z][a-z0-9]++(?::[\w.-]++)*:(?=[\w.-]*\d)[\w.-]{8,}")
"""`spotify:track:4uLU6hMCjMI75M1A2tKUQC`: an id within the name of who gives it."""
MIN_CODE_LENGTH = 32
_DIGIT = re.compile("[0-9]")
_RUN_OF_BLANKS = re.compile(r"[^\S\n]+")
_RUN_OF_LINES = re.compile(r" ?\n(?: ?\n)+ ?")


def clean_text(text: str) -> str:
    """A text of several lines: without markup, scripts, addresses and code."""
    if _is_plain(text):
        return text.strip()
    text = _without_json(text)
    text = _without_markup(repair_encoding(text))
    if "[" in text:
        text = _MARKDOWN_LINK.sub(r"\1", _SHORTCODE.sub(" ", text))
    if "base64" in text:
        text = _DATA_ADDRESS.sub(" ", text)
    if "//" in text or "www." in text:
        text = _ADDRESS.sub(" ", text)
    if _has_code(text):
        text = _CODE.sub(" ", text)
    if not text.isascii():
        text = without_invisible(unicodedata.normalize("NFC", text))
    lines = _RUN_OF_BLANKS.sub(" ", text)
    return _RUN_OF_LINES.sub("\n", lines).replace("\n ", "\n").replace(" \n", "\n").strip()


def _is_plain(text: str) -> bool:
    """Whether there is nothing in it that is not for people; most texts are so."""
    return (
        text.isascii()
        and "<" not in text
        and "&" not in text
        and "[" not in text
        and "{" not in text
        and ("/" not in text or "//" not in text)
        and "www." not in text
        and not _has_code(text)
    )


def _has_code(text: str) -> bool:
    """Whether there may be base64 or a hash in it: a long word with digits."""
    if _DIGIT.search(text) is None:
        return False
    return max(map(len, text.split()), default=0) >= MIN_CODE_LENGTH


def clean_line(text: str) -> str:
    """A title or a value: on one line, without markup; an address is left as it is."""
    if text.isascii() and text.isprintable() and "<" not in text and "&" not in text:
        return text.strip()
    return _RUN_OF_BLANKS.sub(" ", normalise_text(_without_markup(repair_encoding(text))))


def without_entities(value: Any) -> Any:
    """A text with `&gt;` as >, so that the semicolon of an entity parts nothing."""
    if not isinstance(value, str) or "&" not in value:
        return value
    return _ENTITY.sub(lambda match: html.unescape(match[0]), value)


def _without_markup(text: str) -> str:
    for _ in range(MAX_ROUNDS):
        cleaned = (
            _ENTITY.sub(lambda entity: html.unescape(entity[0]), text) if "&" in text else text
        )
        if "<" in cleaned and _MARKUP.search(cleaned):
            cleaned = _text_of_html(_CDATA.sub(" ", cleaned))
        if cleaned == text:
            break
        text = cleaned
    return text


def _text_of_html(text: str) -> str:
    from selectolax.lexbor import LexborHTMLParser  # only for text with markup

    tree = LexborHTMLParser(text)
    tree.strip_tags(_UNREAD_TAGS)
    for node in tree.css(_BLOCK_TAGS):
        node.insert_before("\n")
        node.insert_after("\n")
    return tree.body.text() if tree.body is not None else ""


def repair_encoding(text: str) -> str:
    """CafÃ© → Café, where the text as a whole, or a word of it, was decoded wrongly."""
    if text.isascii():
        return text
    from ftfy import badness, fix_encoding  # only for text beyond ASCII

    if not badness.is_bad(text):
        return text
    repaired: str = fix_encoding(text)
    if _is_plausible(text, repaired):
        return repaired
    words = (
        repaired_word if _is_plausible(word, repaired_word := fix_encoding(word)) else word
        for word in text.split(" ")
    )
    return " ".join(words)


def _is_plausible(text: str, repaired: str) -> bool:
    """Whether a repair has brought in no letters of a script that the text has no other of."""
    new_letters = {letter for letter in repaired if not letter.isascii()} - set(text)
    has_latin = any(letter.isascii() and letter.isalpha() for letter in text)
    for letter in new_letters:
        if unicodedata.combining(letter):
            return False
        if has_latin and letter.isalpha() and "LATIN" not in unicodedata.name(letter, ""):
            return False
    return True


def _without_json(text: str) -> str:
    """The sentences of a text that is a JSON object or list, as editors store rich text."""
    stripped = text.strip()
    if stripped[:1] + stripped[-1:] not in ("{}", "[]"):
        return text
    try:
        value = json.loads(stripped)
    except (ValueError, RecursionError):
        return text
    return "\n".join(_sentences(value))


def _sentences(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for member in value:
            yield from _sentences(member)
    elif isinstance(value, Mapping):
        for key, member in value.items():
            # a word beside a key is a setting of the editor, unless the key is a language
            if not isinstance(member, str) or " " in member.strip() or _is_text_key(str(key)):
                yield from _sentences(member)


def _is_text_key(key: str) -> bool:
    is_language = _LANGUAGE_CODE.fullmatch(key) is not None and key != "id"
    return is_language or key in ("text", "value", "content", "insert", "title", "description")


def is_address(text: str) -> bool:
    """Whether a value is nothing but a web address, a path of an image or a data URL."""
    stripped = text.strip()
    if not stripped or " " in stripped:
        return False
    if _ADDRESS.fullmatch(stripped) or stripped.startswith(("data:", "//", "mailto:")):
        return True
    return stripped.lower().endswith(_FILE_ENDINGS) and _FILE_PATH.fullmatch(stripped) is not None


def is_code(text: str) -> bool:
    """Whether a value is nothing but base64, a hash, a UUID or a URN."""
    stripped = text.strip()
    patterns = (_CODE, _DATA_ADDRESS, _UUID, _URN)
    return any(pattern.fullmatch(stripped) for pattern in patterns)
