"""Writing within bounds: the names and words that a text may have in, whether it may go on so out.

A small model strays from what it is told in most of its sentences. Held to its bounds at every
token it takes, of all it may say, what it finds likeliest; what it wrote is checked all the same.
"""

from collections.abc import Iterable
from typing import Any

import regex

LONGEST = 28
"""Words and names of one sentence."""
LAST = 10
"""Tokens before the end of its room from which a text ends as soon as it can."""
TRIED = 256
"""Tokens, the likeliest first, of which one must be within bounds; else the text ends."""
STOPS = ".!?"


class Bounds:
    """What a text may be made of: words, and names, quoted or not."""

    def __init__(self, names: Iterable[str], words: Iterable[str]) -> None:
        told = sorted({one for one in names if one.strip()}, key=len, reverse=True)
        name = "|".join(" ".join(map(regex.escape, one.split())) for one in told) or r"(?!)"
        word = "|".join(map(regex.escape, sorted(words, key=len, reverse=True))) or r"(?!)"
        unit = rf"(?:“(?:{name})”|\"(?:{name})\"|(?:{name})|(?:{word}))"
        gap = r"(?:[,;:]? |['’-])"
        sentence = rf"{unit}(?:{gap}{unit}){{0,{LONGEST}}}"
        self._text = regex.compile(
            rf" ?{sentence}(?:[{STOPS}] {sentence})?[{STOPS}]?", regex.IGNORECASE
        )
        self._name = regex.compile(rf"(?<!\w)(?:{name})(?!\w)", regex.IGNORECASE)
        self._rest = regex.compile(rf".*(?<!\w)(?:{name})[”\"]?[{STOPS}]?", regex.IGNORECASE)

    def begins(self, text: str) -> bool:
        """Whether it may still become a text within bounds."""
        begun = text.removesuffix("\ufffd")  # half a letter
        return self._text.fullmatch(begun, partial=True) is not None

    def whole(self, text: str) -> bool:
        """Whether it may end here: it is within bounds and has a name."""
        return self._text.fullmatch(text) is not None and self._name.search(text) is not None

    def rests(self, text: str) -> bool:
        """Whether it may end here without being cut off: it is whole and ends with a name."""
        return self._rest.fullmatch(text) is not None and self.whole(text)


class Within:
    """Holds generation to bounds: a `LogitsProcessor` of transformers."""

    def __init__(
        self, bounds: Bounds, tokenizer: Any, begins: int, ends: Iterable[int], room: int
    ) -> None:
        """begins: tokens before what is written. ends: tokens that end it. room: at most so many
        are written.
        """
        self._bounds, self._tokenizer = bounds, tokenizer
        self._begins, self._ends, self._last = begins, frozenset(ends), room - LAST

    def __call__(self, ids: Any, scores: Any) -> Any:
        """[1, tokens], [1, vocabulary] → the same, with one token left."""
        written = ids[0, self._begins :].tolist()
        chosen = None
        if len(written) < self._last or not self._bounds.rests(self._said(written)):
            best = scores[0].topk(min(TRIED, scores.shape[1])).indices.tolist()
            chosen = self._first(written, best)
        held = scores.new_full(scores.shape, -float("inf"))
        held[0, min(self._ends) if chosen is None else chosen] = 0.0
        return held

    def _first(self, written: list[int], best: list[int]) -> int | None:
        """The first that may follow; half a letter only where nothing else does."""
        half = None
        for token in best:
            if not self._may(written, token):
                continue
            if token in self._ends or not self._said([*written, token]).endswith("\ufffd"):
                return token
            half = token if half is None else half
        return half

    def _may(self, written: list[int], token: int) -> bool:
        if token in self._ends:
            return self._bounds.whole(self._said(written))
        said = self._said([*written, token])
        return said != self._said(written) and self._bounds.begins(said)

    def _said(self, tokens: list[int]) -> str:
        return str(self._tokenizer.decode(tokens, skip_special_tokens=True))
