"""What needs nothing else in, the intent out: "thanks!", "two more", "start over"."""

import re

from foretaste.understand.grammar import Grammar
from foretaste.understand.meaning import Intent, Meaning
from foretaste.understand.numbers import MAX_COUNT, parse_amount

SENTENCE_END = re.compile(r"[,.;!?] ")
STOPS = " \"'.,;:!?-–—"
WHOLE_INTENTS: tuple[Intent, ...] = (
    *("my_data", "forget", "undo", "start_over", "help", "thanks", "greet", "next", "find"),
)
"""In the order in which they are tried."""
TAKING_BACK = re.compile(r"undo|take (?:that|it) back|rückgängig|zurück|annule|deshaz|deshacer")
"""What means the last change, whatever was said before it."""
LAST_INTENTS = ("next", "start_over", "undo", "my_data", "help", "find")
"""Those that may stand behind something else."""


def without_politeness(line: str, grammar: Grammar) -> str:
    """What is asked, without hello and please; the text itself where that is all."""
    before, after = (grammar.patterns[f"politeness.{end}"] for end in ("before", "after"))
    asked = line.strip(STOPS)
    while (hit := before.match(asked)) is not None and hit.end() < len(asked):
        asked = asked[hit.end() :]
    refusals = tuple(f" {phrase}" for phrase in grammar.postponed)
    while (hit := after.search(asked)) is not None and hit.start() > 0:
        if asked.endswith(refusals):  # “not for me” is no politeness
            break
        asked = asked[: hit.start()].rstrip(STOPS)
    return asked.strip(STOPS)


def without_request(text: str, grammar: Grammar) -> str:
    """Without the words that ask: "give me ten westerns" is "ten westerns"."""
    tokens = text.split()
    strength_words = {p: s for p, s in grammar.strengths.items() if s == "wanted"}
    length = grammar.phrase_length(strength_words, grammar.tokens(text), 0)
    return " ".join(tokens[length:]) if length <= len(tokens) else text


class WholeRequests:
    """The intents of a language that are all that is said."""

    def __init__(self, grammar: Grammar) -> None:
        self._grammar = grammar

    def read(self, asked: str) -> Meaning | None:
        """The intents that need nothing else."""
        language = self._grammar.language
        hit = self._grammar.whole("count", asked)
        amount = (
            None if hit is None else parse_amount(next(filter(None, hit.groups())), self._grammar)
        )
        if amount is not None and amount == int(amount) and 1 <= amount <= MAX_COUNT:
            return Meaning("refine", language, count=int(amount))
        hit = self._grammar.whole("next_count", asked)
        if hit is not None:
            counts = [n for name, n in hit.groupdict().items() if n and name != "single"]
            count = 1 if hit.groupdict().get("single") else parse_amount(counts[0], self._grammar)
            return Meaning("next", language, count=int(count or 1))
        for intent in WHOLE_INTENTS:
            if self._grammar.whole(intent, asked):
                return Meaning(intent, language)
        return None

    def last_sentence(self, line: str) -> Meaning | None:
        """ "Not bad! Some more?": an intent behind words that ask for nothing."""
        *earlier, last = SENTENCE_END.split(line.strip(STOPS))
        meaning = self.read(last.strip(STOPS)) if earlier else None
        if meaning is None or meaning.intent not in LAST_INTENTS:
            return None
        if meaning.intent in ("start_over", "my_data"):
            return meaning
        if meaning.intent == "undo" and TAKING_BACK.search(last):
            return meaning
        strengths, plain = self._grammar.strengths, self._grammar.clauses["plain"]
        is_empty = all(
            strengths.get(text) == "void"
            or self.read(text) is not None
            or all(word in plain for word in self._grammar.tokens(text))
            for part in earlier
            if (text := part.strip(STOPS))
        )
        return meaning if is_empty else None
