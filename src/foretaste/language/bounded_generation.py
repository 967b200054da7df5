"""Writing within bounds: the names and words that a text may have in, whether it may go on so out.

A small model strays from what it is told in most of its sentences. Held to its bounds at every
token it takes, of all it may say, what it finds likeliest; what it wrote is checked all the same.
"""

from collections.abc import Iterable
from typing import Any

import regex

MAX_SENTENCE_UNITS = 28
"""Words and names of one sentence."""
CLOSING_TOKENS = 10
"""Tokens before the end of its room from which a text ends as soon as it can."""
CANDIDATE_TOKENS = 256
"""Tokens, the likeliest first, of which one must be within bounds; else the text ends."""
SENTENCE_ENDS = ".!?"


class TextBounds:
    """What a text may be made of: words, and names, quoted or not."""

    def __init__(self, names: Iterable[str], words: Iterable[str]) -> None:
        ordered_names = sorted(
            {raw_name for raw_name in names if raw_name.strip()}, key=len, reverse=True
        )
        name = (
            "|".join(
                " ".join(map(regex.escape, ordered_name.split())) for ordered_name in ordered_names
            )
            or r"(?!)"
        )
        word = "|".join(map(regex.escape, sorted(words, key=len, reverse=True))) or r"(?!)"
        # (?>…): what was read as a name is not read again as words of its own: a name such as
        # "you you" would else be tried in more ways with every word that is written
        unit = rf"(?>“(?:{name})”|\"(?:{name})\"|(?:{name})(?!\w)|(?:{word})(?!\w))"
        gap = r"(?:[,;:]? |['’-])"
        sentence = rf"{unit}(?:{gap}{unit}){{0,{MAX_SENTENCE_UNITS}}}"
        self._text = regex.compile(
            rf" ?{sentence}(?:[{SENTENCE_ENDS}] {sentence})?[{SENTENCE_ENDS}]?", regex.IGNORECASE
        )
        self._name = regex.compile(rf"(?<!\w)(?:{name})(?!\w)", regex.IGNORECASE)
        self._ending = regex.compile(
            rf".*(?<!\w)(?:{name})[”\"]?[{SENTENCE_ENDS}]?", regex.IGNORECASE
        )

    def can_begin(self, text: str) -> bool:
        """Whether it may still become a text within bounds."""
        whole_text = text.removesuffix("\ufffd")  # half a letter
        return self._text.fullmatch(whole_text, partial=True) is not None

    def is_complete(self, text: str) -> bool:
        """Whether it may end here: it is within bounds and has a name."""
        return self._text.fullmatch(text) is not None and self._name.search(text) is not None

    def may_end(self, text: str) -> bool:
        """Whether it may end here without being cut off: it is whole and ends with a name."""
        return self._ending.fullmatch(text) is not None and self.is_complete(text)


class BoundedLogitsProcessor:
    """Holds generation to bounds: a `LogitsProcessor` of transformers."""

    def __init__(
        self,
        bounds: TextBounds,
        tokenizer: Any,
        prompt_length: int,
        end_tokens: Iterable[int],
        max_tokens: int,
    ) -> None:
        """prompt_length: tokens before what is written. end_tokens: tokens that end it. max_tokens:
        at most so many are written.
        """
        self._bounds, self._tokenizer = bounds, tokenizer
        self._prompt_length, self._end_tokens, self._closing_from = (
            prompt_length,
            frozenset(end_tokens),
            max_tokens - CLOSING_TOKENS,
        )

    def __call__(self, ids: Any, scores: Any) -> Any:
        """[1, tokens], [1, vocabulary] → the same, with one token left."""
        prefix_tokens = ids[0, self._prompt_length :].tolist()
        next_token = None
        if len(prefix_tokens) < self._closing_from or not self._bounds.may_end(
            self._decode(prefix_tokens)
        ):
            best = scores[0].topk(min(CANDIDATE_TOKENS, scores.shape[1])).indices.tolist()
            next_token = self._first_allowed(prefix_tokens, best)
        restricted_scores = scores.new_full(scores.shape, -float("inf"))
        restricted_scores[0, min(self._end_tokens) if next_token is None else next_token] = 0.0
        return restricted_scores

    def _first_allowed(self, prefix_tokens: list[int], best: list[int]) -> int | None:
        """The first that may follow; half a letter only where nothing else does."""
        half = None
        for token in best:
            if not self._may_follow(prefix_tokens, token):
                continue
            if token in self._end_tokens or not self._decode([*prefix_tokens, token]).endswith(
                "\ufffd"
            ):
                return token
            half = token if half is None else half
        return half

    def _may_follow(self, prefix_tokens: list[int], token: int) -> bool:
        if token in self._end_tokens:
            return self._bounds.is_complete(self._decode(prefix_tokens))
        text = self._decode([*prefix_tokens, token])
        return text != self._decode(prefix_tokens) and self._bounds.can_begin(text)

    def _decode(self, tokens: list[int]) -> str:
        return str(self._tokenizer.decode(tokens, skip_special_tokens=True))
