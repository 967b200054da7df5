"""What is said around titles in, what is meant of those items out, in whatever order it is said.

“Dune I read twice years ago”, “what do I read after The Godfather?”, “the third sounds fun”. Every
word beside the title must be of a class of the language (`[frames]`): what was consumed, liked or
disliked, what asks for something alike, and words that say nothing. With any other word it is no
such sentence, so that “sharks like Jaws has” stays a search.
"""

import re
from dataclasses import dataclass

from foretaste.understand.grammar import Grammar
from foretaste.understand.grammar_patterns import COMPARATIVES
from foretaste.understand.meaning import Intent, Scene
from foretaste.understand.references import ItemReader
from foretaste.understand.titles import title_key

PAUSE = re.compile(
    r"[,.;:!?] ?| – | (?:but|though|although|because|aber|mais|pero) "
    r"| and (?=(?:i |we |i'd )?(?:want|need|would|fancy|like|looking|now)(?!\w))"
)
OR_WORDS = frozenset({"or", "oder", "ou", "o", "vs", "versus"})
GOING, GOING_WITH = frozenset({"go", "goes"}), frozenset({"with", "along", "together"})
DIFFERENCE_WORDS = frozenset({"difference", "differences", "what's", "differ", "unterschied"})
EDGE = " \"'“”«»„?.!,;:()"
MAX_TITLE_WORDS = 8
MAX_ITEMS = 4
SEQUEL_ENDINGS = (" ii", " 2", " part ii", " part 2", " two")


@dataclass(frozen=True)
class FramedItems:
    """What is meant of which items, and what else was said."""

    intent: Intent
    items: tuple[str, ...]
    tail: str = ""


class ItemFrames:
    """The sentences of one talk that are of items alone."""

    def __init__(self, scene: Scene, grammar: Grammar, items: ItemReader) -> None:
        self._scene, self._grammar, self._items = scene, grammar, items
        clauses = grammar.clauses
        self._empty_words = (
            clauses["plain"]
            | grammar.function_words
            | grammar.frames["adverbs"]
            | frozenset(grammar.articles)
            | grammar.joins
        )

    def read(self, line: str) -> FramedItems | None:
        """The first intent that a sentence of it has of items; None where none has."""
        compared = self._compared(line)
        if compared is not None:
            return compared
        framed: FramedItems | None = None
        other_sentences: list[str] = []
        for sentence in filter(None, (part.strip(EDGE) for part in PAUSE.split(line))):
            told_items = self._sentence(sentence)
            if told_items is None and framed is not None:
                sequel = self._sequel_of(sentence, framed.items[-1]) or self.item_alone(sentence)
                told_items = None if sequel is None else FramedItems(framed.intent, (sequel,))
            if told_items is None or (framed is not None and told_items.intent != framed.intent):
                other_sentences.append(sentence)
            elif framed is None:
                framed = told_items
            else:
                framed = FramedItems(framed.intent, (*framed.items, *told_items.items))
        if framed is None:
            return None
        if (
            any(self._asks_more(sentence) for sentence in other_sentences)
            and framed.intent == "take"
        ):
            framed = FramedItems("like", framed.items)
        tail = ", ".join(
            sentence for sentence in other_sentences if not self._says_nothing(sentence)
        )
        return FramedItems(framed.intent, tuple(dict.fromkeys(framed.items)), tail)

    def _compared(self, line: str) -> FramedItems | None:
        """ "Blade Runner or Alien, which is better?"."""
        words, items = self._words(line), list[str]()
        if not OR_WORDS & set(words):
            return None
        while len(items) < MAX_ITEMS and (span := self._title_span(words)) is not None:
            items.append(span[2])
            words[span[0] : span[1]] = []
        frames = self._grammar.frames
        expected_words = self._empty_words | frames["questions"] | frames["liked"] | OR_WORDS
        expected_words |= DIFFERENCE_WORDS
        is_alone = all(word in expected_words or word.endswith(("er", "est")) for word in words)
        return FramedItems("compare", tuple(items[:2])) if len(items) > 1 and is_alone else None

    def asks_more(self, line: str) -> tuple[str, bool]:
        """(the text without its last sentence, whether that asked for more of the kind)"""
        parts = list(PAUSE.finditer(line.rstrip(EDGE)))
        if not parts or not self._asks_more(line[parts[-1].end() :].strip(EDGE)):
            return line, False
        return line[: parts[-1].start()].strip(EDGE), True

    def asks_alike(self, sentence: str) -> bool:
        """Whether something like an item is asked for, and not only more: “anything similar?”."""
        return any(word in self._grammar.frames["alike"] for word in self._words(sentence))

    def without_refused(self, tail: str) -> tuple[str, tuple[str, ...]]:
        """(what is said behind an item without the sentences that only refuse others, those other
        items): “I loved Alien, but Fargo bored me”.
        """
        kept_sentences, refused = list[str](), list[str]()
        for sentence in filter(None, (part.strip(EDGE) for part in PAUSE.split(tail))):
            framed = self._sentence(sentence.removeprefix("but ").removeprefix("and "))
            if framed is not None and framed.intent == "hide":
                refused += framed.items
            else:
                kept_sentences.append(sentence)
        return (", ".join(kept_sentences) if refused else tail), tuple(refused)

    def without_opinions(self, tail: str) -> str:
        """What is said behind an item, without the sentences that only say what was thought."""
        parts = [part for part in PAUSE.split(tail) if part.strip(EDGE)]
        telling = [part for part in parts if not self._is_opinion(part)]
        return tail if len(telling) == len(parts) else ", ".join(telling)

    def _is_opinion(self, sentence: str) -> bool:
        frames, words = self._grammar.frames, self._words(sentence)
        opinions = frames["liked"] | frames["disliked"]
        nouns = self._grammar.clauses["item_nouns"]
        return (
            any(word in opinions for word in words)
            and not any(word in nouns for word in words)
            and all(word in self._empty_words | opinions for word in words)
        )

    def _asks_more(self, sentence: str) -> bool:
        words, frames = self._words(sentence), self._grammar.frames
        if self._compares(sentence):  # “but more recent”
            return False
        asking = frames["more"] | frames["alike"]
        return any(word in asking for word in words) and all(
            word in asking or word in self._empty_words for word in words
        )

    def _compares(self, sentence: str) -> bool:
        patterns = self._grammar.patterns
        return any(patterns[f"comparative.{name}"].search(sentence) for name in COMPARATIVES)

    def _says_nothing(self, sentence: str) -> bool:
        frames = self._grammar.frames
        opinions = frames["liked"] | frames["disliked"]
        expected_words = self._empty_words | frames["more"] | frames["alike"] | opinions
        if self._compares(sentence) or self._grammar.patterns["children"].search(sentence):
            return False  # “but for kids”
        return all(word in expected_words for word in self._words(sentence))

    def _words(self, sentence: str) -> list[str]:
        return [word for part in sentence.split() if (word := part.strip(EDGE))]

    def _sentence(self, sentence: str) -> FramedItems | None:
        """The items of one sentence and what is said of them."""
        words = self._words(sentence)
        items: list[str] = []
        while len(items) < MAX_ITEMS:
            span = self._title_span(words)
            if span is None:
                break
            start, stop, item = span
            items.append(item)
            words[start:stop] = []
        begins = next(iter(self._words(sentence)), "")
        is_question = begins in self._grammar.frames["questions"]
        if len(items) == 1 and any(word in self._grammar.frames["sequel"] for word in words):
            sequel = self._sequel_of(" ".join(words), items[0])
            return None if sequel is None else FramedItems("find", (sequel,))
        intent = self._intent(words, is_question=is_question) if items else None
        return None if intent is None else FramedItems(intent, tuple(items))

    def item_alone(self, sentence: str) -> str | None:
        """The item of a sentence that says nothing else: “the second, maybe”."""
        words = self._words(sentence)
        span = self._title_span(words)
        if span is None or not self._says_nothing(" ".join(words[: span[0]] + words[span[1] :])):
            return None
        return span[2]

    def _title_span(self, words: list[str]) -> tuple[int, int, str] | None:
        """(first word, word behind it, the item) of the longest title or place in the words."""
        for length in range(min(MAX_TITLE_WORDS, len(words)), 0, -1):
            for start in range(len(words) - length + 1):
                item = self._item(" ".join(words[start : start + length]))
                if item is not None:
                    return start, start + length, item
        return None

    def _item(self, name: str) -> str | None:
        """By its whole title or by its place; no word that the grammar has a use for."""
        if self._items.names_place(name) and not name.isdigit():
            items, tail = self._items.leading(name)
            return items[0] if items and not tail else None
        bare = title_key(name)
        frames = self._grammar.frames
        is_used = bare in self._empty_words or any(bare in words for words in frames.values())
        if is_used or not bare or bare.isdigit() or bare in self._grammar.number_words:
            return None
        feature = self._scene.vocabulary.feature(tuple(name.split()), self._grammar)
        return self._scene.vocabulary.titles.exact(name) if feature is None else None

    def _intent(self, words: list[str], *, is_question: bool) -> Intent | None:
        """What the words beside the titles say; None where one of them may say something else."""
        frames = self._grammar.frames
        if any(word in ("you", "u") for word in words) and not any(
            word in frames["alike"] for word in words
        ):
            return None  # “have you got Casablanca?”
        if GOING & set(words) and not GOING_WITH & set(words):
            return None  # “number three can go”
        negated = any(word in frames["negation"] or word.endswith("n't") for word in words)
        classes = ("alike", "liked", "disliked", "consumed")
        counts = {name: sum(word in frames[name] for word in words) for name in classes}
        expected_words = frames["negation"].union(
            *(frames[name] for name in classes), frames["more"]
        )
        if not all(
            w in expected_words or w in self._empty_words or w.endswith("n't") for w in words
        ):
            return None
        if counts["alike"]:
            return "not_like" if negated else "like"
        if is_question:
            return None
        if counts["liked"]:
            return "hide" if negated else "take"
        if counts["disliked"]:
            return None if negated else "hide"
        return "hide" if counts["consumed"] and not negated else None

    def _sequel_of(self, sentence: str, item: str) -> str | None:
        """ "The sequel too", where the catalogue has it."""
        words = self._words(sentence)
        sequel_words = self._grammar.frames["sequel"]
        expected_words = self._empty_words | sequel_words | self._grammar.frames["liked"]
        if not any(w in sequel_words for w in words) or not all(w in expected_words for w in words):
            return None
        titles = self._scene.vocabulary.titles
        key = title_key(titles.titles[item])
        return next((s for end in SEQUEL_ENDINGS if (s := titles.exact(key + end))), None)
