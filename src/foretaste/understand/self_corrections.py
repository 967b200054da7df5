"""A sentence that corrects itself in, the sentence that was meant out: “red shoes, sorry, blue”.

What stands behind “I mean” or “sorry” takes the place of what is of its kind before it: an item of
an item, a value of another of the same attribute, a number of a number. Where nothing before is of
its kind, it is all that is meant.
"""

from foretaste.understand.grammar import BOUNDARY, Grammar
from foretaste.understand.item_requests import ITEM_INTENTS
from foretaste.understand.numbers import extract_bounds
from foretaste.understand.references import ItemReader
from foretaste.understand.spelled_values import FeatureValue
from foretaste.understand.vocabulary import Vocabulary
from foretaste.understand.whole_requests import STOPS

MAX_VALUE_WORDS = 3
MAX_CORRECTIONS = 3
"""Of one sentence."""


class SelfCorrection:
    """The corrections that texts of one talk have within them."""

    def __init__(self, vocabulary: Vocabulary, grammar: Grammar, items: ItemReader) -> None:
        self._vocabulary, self._grammar, self._items = vocabulary, grammar, items

    def corrected(self, line: str) -> str:
        """The line as it was meant; as it is where it corrects nothing."""
        for _ in range(MAX_CORRECTIONS):
            hit = self._grammar.patterns["correction_within"].search(line)
            is_whole = self._grammar.patterns["correction"].match(line) is not None
            if hit is None or is_whole:
                break
            first_text, correction = (
                line[: hit.start()].strip(STOPS),
                line[hit.end() :].strip(STOPS),
            )
            if not first_text or not correction:
                break
            line = self._replaced(first_text, correction)
        return line

    def _replaced(self, first_text: str, correction: str) -> str:
        return (
            self._with_item(first_text, correction)
            or self._with_number(first_text, correction)
            or self._with_value(first_text, correction)
            or correction
        )

    def _with_item(self, first_text: str, correction: str) -> str | None:
        items, _ = self._items.leading(correction)
        if not items:
            return None
        span = self._items.last_title_span(first_text)
        words = first_text.split()
        if span is None:  # a title that there is not, behind what is asked of it
            patterns = (self._grammar.patterns[f"starts.{intent}"] for intent in ITEM_INTENTS)
            hit = next((hit for pattern in patterns if (hit := pattern.match(first_text))), None)
            return None if hit is None else f"{hit[0]} {correction}"
        return " ".join((*words[: span[0]], correction, *words[span[1] :]))

    def _with_number(self, first_text: str, correction: str) -> str | None:
        """ "Under 30, sorry, under 20", "under 30, sorry, 20"."""
        rest, bounds = extract_bounds(first_text, self._grammar)
        if bounds and extract_bounds(correction, self._grammar)[1]:
            return f"{' '.join(rest.replace(BOUNDARY.strip(), ' ').split())} {correction}"
        words, new_words = first_text.split(), correction.split()
        places = [place for place, word in enumerate(words) if word.isdigit()]
        if not places or not new_words[0].isdigit():
            return None
        words[places[-1]] = new_words[0]
        return " ".join((*words, *new_words[1:]))

    def _with_value(self, first_text: str, correction: str) -> str | None:
        words, new_words = first_text.split(), correction.split()
        for length in range(min(MAX_VALUE_WORDS, len(new_words)), 0, -1):
            new_value = self._value(new_words[:length])
            if new_value is None:
                continue
            for size in range(min(MAX_VALUE_WORDS, len(words)), 0, -1):
                for start in range(len(words) - size, -1, -1):
                    value = self._value(words[start : start + size])
                    if value is not None and value[0] == new_value[0]:
                        corrected_words = (
                            *words[:start],
                            *new_words[:length],
                            *words[start + size :],
                        )
                        return " ".join((*corrected_words, *new_words[length:]))
        return None

    def _value(self, words: list[str]) -> FeatureValue | None:
        return self._vocabulary.feature([word.strip(STOPS) for word in words], self._grammar)
