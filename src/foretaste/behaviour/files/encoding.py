"""In: the bytes of a text file. Out: the encoding it is written in, told by all its letters.

A file whose letters beyond ASCII are UTF-8 is UTF-8, also where single rows of it are broken: those
are rejected. Else chardet judges them, see docs/decisions/0021-files.md.
"""

import codecs
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from foretaste.behaviour.files.packing import FIRST_BYTES
from foretaste.errors import InputError

UTF8 = "utf-8"
MAX_EVIDENCE_BYTES = 1 << 16
"""Of lines that are not ASCII: enough to judge by."""
MIN_NUL_SHARE = 0.2
"""Of the first bytes, those that are 0, from where on letters have two bytes or four."""
_SEPARATORS = re.compile(r"[\s,;|\"]+")
MAX_SAMPLE_WORDS = 3
MIN_UTF8_SHARE = 0.1
"""Of the lines with other letters, from where on a file is taken for UTF-8 with broken rows."""
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, UTF8),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CANDIDATE_NAMES = (
    "utf-16-le utf-16-be utf-32-le utf-32-be cp1250 cp1251 cp1252 cp1253 cp1254 cp1255 cp1256 "
    "cp1257 cp1258 iso8859-2 iso8859-5 iso8859-7 koi8-r koi8-u cp932 euc-jp iso-2022-jp gb18030 "
    "big5 cp949 mac-roman cp437 cp850 cp852 cp866 tis-620"
)
CANDIDATES = _CANDIDATE_NAMES.split()
"""What files of shops are written in; the others only make a short text look like Estonian."""
LATIN_CANDIDATES = ["cp1252", "cp1250", "cp1254", "cp1257", "cp850", "mac-roman"]
"""Those of the Latin alphabet, the commonest first."""
MAX_BROKEN_SHARE = 0.2
"""Of the words with other letters, those that nobody writes so, up to which a guess is believed."""
FEW_WORDS = 10
"""Words with other letters up to which their bytes tell Western Europe from no other country."""
WESTERN_LETTERS = frozenset("äöüÄÖÜßéèêëÉÈàâÀçÇîïôûùñÑáíóúÁÍÓÚãõåÅæÆøØœ")


@dataclass(frozen=True, slots=True)
class TextEncoding:
    """An encoding, and a few words as they are read by it."""

    name: str = UTF8
    words: tuple[str, ...] = ()

    @property
    def note(self) -> str | None:
        """What is said of it; nothing of UTF-8."""
        if self.name == UTF8:
            return None
        words = f", e.g. {', '.join(self.words)}" if self.words else ""
        return f"read as {self.name}{words}"


def detect_encoding(chunks: Iterable[bytes]) -> TextEncoding:
    """The encoding of a file by as many of its chunks as it takes, mostly all of them."""
    evidence: list[bytes] = []
    evidence_size = valid_count = 0
    partial_line = b""
    for number, chunk in enumerate(chunks):
        if number == 0:
            for mark, name in _BYTE_ORDER_MARKS:
                if chunk.startswith(mark):
                    return TextEncoding(name)
            start = chunk[:FIRST_BYTES]
            if start.count(b"\0") > MIN_NUL_SHARE * len(start):
                return _judge(chunk[:MAX_EVIDENCE_BYTES])
        if not partial_line and chunk.isascii():
            continue
        *lines, partial_line = (partial_line + chunk).replace(b"\r", b"\n").split(b"\n")
        if partial_line.isascii():
            partial_line = b""
        elif len(partial_line) > MAX_EVIDENCE_BYTES:  # a line without end is evidence enough
            break
        other_lines = [line for line in lines if not line.isascii()]
        evidence += other_lines
        evidence_size += sum(map(len, other_lines))
        valid_count += sum(map(_is_utf8, other_lines))
        if evidence_size > MAX_EVIDENCE_BYTES:
            break
    if partial_line and evidence_size <= MAX_EVIDENCE_BYTES:
        evidence.append(partial_line)
        valid_count += _is_utf8(partial_line, is_whole=False)
    if valid_count >= MIN_UTF8_SHARE * len(evidence):
        return TextEncoding()
    return _judge(b"\n".join(evidence)[: 2 * MAX_EVIDENCE_BYTES])


def _is_utf8(line: bytes, *, is_whole: bool = True) -> bool:
    """Whether a line is; one that is not whole may end within a letter."""
    try:
        codecs.utf_8_decode(line, "strict", is_whole)
    except UnicodeDecodeError:
        return False
    return True


def _judge(sample: bytes) -> TextEncoding:
    import chardet  # a twentieth of a second that UTF-8 does not need

    western_words = _words_with_other_letters(sample, "cp1252")
    letters = {letter for word in western_words for letter in word if letter.isalpha()}
    is_western = all(letter.isascii() or letter in WESTERN_LETTERS for letter in letters)
    is_few = b"\0" not in sample and 0 < len(western_words) <= FEW_WORDS
    if is_few and is_western and not _broken_share(western_words):
        return TextEncoding("cp1252", tuple(western_words)[:MAX_SAMPLE_WORDS])
    verdict = chardet.detect(
        sample, include_encodings=CANDIDATES, prefer_superset=True, compat_names=False
    )
    guess = verdict["encoding"] or "cp1252"
    for name in (guess, *LATIN_CANDIDATES, guess):
        words = _words_with_other_letters(sample, name)
        if _broken_share(words) <= MAX_BROKEN_SHARE:
            break
    if name in LATIN_CANDIDATES and words == western_words:
        name = "cp1252"  # which is written most, where both read the same
    return TextEncoding(name, tuple(words)[:MAX_SAMPLE_WORDS])


def _words_with_other_letters(sample: bytes, encoding: str) -> list[str]:
    """Each once, in their order."""
    words = (
        word.strip(".:'()[]")
        for word in _SEPARATORS.split(sample.decode(encoding, errors="replace"))
        if not word.isascii() and len(word) < 40
    )
    return list(dict.fromkeys(words))


def _broken_share(words: list[str]) -> float:
    """The share of words with a sign amid letters (“Se¤or”) or of two alphabets (“Cafι”)."""
    return sum(map(_is_broken, words)) / max(len(words), 1)


def _is_broken(word: str) -> bool:
    return _BROKEN.search("".join(map(_letter_kind, word))) is not None


_BROKEN = re.compile("lf|fl|ls+l|lcl")


def _letter_kind(letter: str) -> str:
    """ "l" of our alphabet, "c" of Chinese, Japanese or Korean, "f" of another, "s" in no word."""
    if letter.isalpha():
        script = unicodedata.name(letter, "LATIN").split(" ")[0]
        return {"LATIN": "l"}.get(script, "c" if script in _EAST_ASIAN else "f")
    return " " if letter.isascii() or letter in "’–—·" or letter.isdigit() else "s"


_EAST_ASIAN = frozenset({"CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "HANGUL", "HALFWIDTH"})


def check_encoding(name: str, setting: str) -> str:
    """The name as Python knows it. InputError where it is none."""
    try:
        return UTF8 if codecs.lookup(name).name in ("utf-8", "utf-8-sig") else name
    except LookupError:
        raise InputError(
            f"{setting} names no encoding: '{name}'; write e.g. cp1252, utf-16 or shift_jis"
        ) from None
