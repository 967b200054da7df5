"""A wish in plain words in, its clauses out: what is wanted, how much, and for how long.

    "more slow science fiction, nothing violent, something for tonight"
        → more: slow science fiction   |   none: violent   |   wanted: something

A grammar, no model: a clause begins with words that say how much (the longest that fit), and lasts
to the next such words or to a stop. A negation has scope over what it negates and nothing else: it
goes on behind "or" and a comma ("no horror, war or romance"), but ends where something of its own
begins ("nothing violent, something for my kids"), at a preposition that says for whom, and where a
number was. After a negation "more" adds nothing: "I don't want more horror" wants none.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from foretaste.understand.grammar import BOUNDARY, Grammar, Strength

Scope = Literal["talk", "lasting"]
NEGATIVE_STRENGTHS: frozenset[Strength] = frozenset(
    {"none", "without", "less", "much less", "void"}
)
NEITHER_WORDS = frozenset({"neither", "nor", "weder", "ni"})
"""Continuations that refuse by themselves: "neither romantic nor scary"."""
FIRST_PERSON = frozenset({"i", "i'm", "i've", "we", "we're", "ich", "wir", "je", "j", "nous"})
"""What begins a sentence that asks for nothing, unless a wish follows."""
PRONOUNS = frozenset({"i", "we", "you", "he", "she", "it", "they"})
"""What begins a sentence of its own, with its verb: “not black, she's size M”."""
RELATIVE_PRONOUNS = frozenset({"that", "which", "what", "was", "das", "die", "der", "qui", "que"})
CHILDREN_TOKEN = "forchildren"
"""Stands where it was said that it is for children."""


@dataclass(frozen=True, slots=True)
class Clause:
    """One thing that is wanted, or not."""

    strength: Strength
    words: tuple[str, ...]
    """In lower case, with the words that name nothing."""
    is_alternative: bool = False
    """Whether it goes on with the clause before: one of them will do."""

    @property
    def text(self) -> str:
        """As it was said."""
        return " ".join(self.words)


@dataclass(frozen=True, slots=True)
class Wish:
    """Everything that is wished in one text."""

    clauses: tuple[Clause, ...]
    scope: Scope | None = None
    """None where nothing was said of it."""


def parse_wish(text: str, grammar: Grammar) -> Wish:
    """What is wished, in the order in which it was said."""
    return _ClauseParser(grammar.tokens(text), grammar).parse()


def without_plain(words: Sequence[str], grammar: Grammar) -> tuple[str, ...]:
    """Without the words at the ends that name nothing."""
    plain = grammar.clauses["plain"]
    content = [position for position, word in enumerate(words) if word not in plain]
    return tuple(words[content[0] : content[-1] + 1]) if content else ()


class _ClauseParser:
    """Goes through the words once."""

    def __init__(self, words: list[str], grammar: Grammar) -> None:
        self._words, self._grammar = words, grammar
        self._strength: Strength = "wanted"
        self._awaits_words = False  # whether words said how much, and nothing has followed yet
        self._follows_list = False  # whether a comma or "and" stands before this word
        self._goes_on = False  # whether this clause goes on with the one before
        self._phrase: list[str] = []
        self._clauses: list[Clause] = []
        self._scope: Scope | None = None

    def parse(self) -> Wish:
        position = 0
        while position < len(self._words):
            position += self._step(position)
        self._close_clause()
        return Wish(tuple(self._clauses), self._scope)

    def _step(self, position: int) -> int:
        """Take one word or phrase. → how many words that were."""
        grammar, word = self._grammar, self._words[position]
        scope_length = self._scope_length(position)
        if scope_length:
            return scope_length
        if word in ("?", ",") and self._has_content():  # "westerns? no thanks"
            answer_length = grammar.phrase_length(grammar.postponed, self._words, position + 1)
            if answer_length and self._ends_behind(position + 1 + answer_length):
                return 1
        postponed = grammar.phrase_length(grammar.postponed, self._words, position)
        if self._phrase[-1:] in ([pronoun] for pronoun in RELATIVE_PRONOUNS):
            postponed = 0  # “horror that creeps me out” is wanted
        if postponed and self._ends_behind(position + postponed) and self._has_content():
            phrase = " ".join(self._words[position : position + postponed])
            self._strength = grammar.postponed[phrase]
            self._close_clause()
            return postponed
        if postponed and self._ends_behind(position + postponed) and self._refused_before():
            return postponed  # “not Stephen King, he gives me nightmares”
        length = grammar.phrase_length(grammar.strengths, self._words, position)
        if length and word in grammar.clauses["breaks"]:  # "but not so": more than "but not" and so
            next_length = grammar.phrase_length(grammar.strengths, self._words, position + 1)
            length = length if next_length < length else 0
        if length > 1 and self._is_overlapped(position, length):
            length = 0
        if self._is_trailing(position, length):
            if grammar.strengths.get(word) == "only":
                self._strength = "only"
            return 1
        if length:
            phrase = " ".join(self._words[position : position + length])
            self._begin(grammar.strengths[phrase], is_relative=word in RELATIVE_PRONOUNS)
            return length
        self._add_word(word)
        return 1

    def _is_overlapped(self, position: int, length: int) -> bool:
        """Whether a phrase that begins within this one goes beyond it: “der nicht zu”."""
        return any(
            shift
            + self._grammar.phrase_length(self._grammar.strengths, self._words, position + shift)
            > length
            for shift in range(1, length)
        )

    def _scope_length(self, position: int) -> int:
        """Words from here that say for how long; they are noted."""
        for name, scope in (("talk_scope", "talk"), ("lasting_scope", "lasting")):
            phrases = dict.fromkeys(self._grammar.clauses[name])
            length = self._grammar.phrase_length(phrases, self._words, position)
            strength_length = self._grammar.phrase_length(
                self._grammar.strengths, self._words, position
            )
            if length and length >= strength_length:
                self._scope = "talk" if scope == "talk" else "lasting"
                is_strength = strength_length >= length
                return 0 if is_strength else length
        return 0

    def _is_end(self, position: int) -> bool:
        stops = {",", BOUNDARY.strip(), *self._grammar.clauses["breaks"]}
        return position >= len(self._words) or self._words[position] in stops

    def _ends_behind(self, position: int) -> bool:
        """Whether nothing but for how long follows: “leave it out from now on”."""
        phrases = dict.fromkeys(
            (*self._grammar.clauses["talk_scope"], *self._grammar.clauses["lasting_scope"])
        )
        length = self._grammar.phrase_length(phrases, self._words, position)
        return self._is_end(position + length)

    def _refused_before(self) -> bool:
        last_strength = self._clauses[-1].strength if self._clauses else "wanted"
        return not self._has_content() and last_strength in NEGATIVE_STRENGTHS

    def _has_content(self) -> bool:
        return any(word not in self._grammar.clauses["plain"] for word in self._phrase)

    def _is_trailing(self, position: int, length: int) -> bool:
        """Whether the word belongs to what is before it: "comedies only"."""
        clauses = self._grammar.clauses
        following = self._words[position + 1 : position + 2]
        if self._words[position] not in clauses["trailing"] or length > 1:
            return False
        is_last = (
            self._is_end(position + 1)
            or following[0] in clauses["continuations"]
            or following[0] in clauses["trailing"]
        )
        return length == 0 or (is_last and bool(self._phrase))

    def _begin(self, strength: Strength, *, is_relative: bool) -> None:
        """A clause of this strength begins."""
        is_negated = self._awaits_words and self._strength in NEGATIVE_STRENGTHS - {"void"}
        is_relative = is_relative or self._phrase[-1:] in ([word] for word in RELATIVE_PRONOUNS)
        self._close_clause()
        if is_negated and is_relative and strength == "without":
            strength = "only"  # “nothing that isn't a comedy”
        if is_negated and strength in ("more", "much more", "wanted"):
            return  # "not more" is not more
        self._strength, self._awaits_words = strength, True
        self._follows_list = self._goes_on = False

    def _add_word(self, word: str) -> None:
        clauses = self._grammar.clauses
        if word in clauses["breaks"] or word == BOUNDARY.strip():
            self._close_clause()
            self._reset()
        elif word == CHILDREN_TOKEN:
            self._close_clause(keep_negation_of_nothing=True)
            strength: Strength = "wanted"
            if self._negates_directly():
                strength = "without" if self._strength == "without" else "none"
            self._clauses.append(Clause(strength, (CHILDREN_TOKEN,)))
            self._reset()
        elif word in clauses["continuations"]:
            self._close_clause()
            if word in NEITHER_WORDS and self._strength == "wanted":
                self._strength = "without"
            self._goes_on = word in clauses["alternatives"]
            self._follows_list = word not in ("or", "nor", "oder", "noch", "ou", "ni", "o", "u")
        else:
            if (
                self._follows_list
                and not self._phrase
                and self._strength in NEGATIVE_STRENGTHS
                and (word in clauses["resets"] or word.partition("'")[0] in PRONOUNS)
            ):
                self._reset()
                if word in FIRST_PERSON:  # “no wool, I get a rash” says why
                    self._strength = "void"
            elif self._tells_why(word):
                self._close_clause()
                self._reset()
                self._strength = "void"
            self._follows_list = False
            self._phrase.append(word)
            if word not in clauses["plain"]:
                self._awaits_words = False

    def _tells_why(self, word: str) -> bool:
        """ "No wool I'm allergic": a sentence behind what is refused, without a stop between."""
        is_sentence = word.partition("'")[0] in PRONOUNS and word.endswith(("'m", "'re", "'s"))
        return is_sentence and self._strength in ("none", "without") and self._has_content()

    def _negates_directly(self) -> bool:
        return self._awaits_words and self._strength in NEGATIVE_STRENGTHS

    def _reset(self) -> None:
        self._strength, self._awaits_words = "wanted", False
        self._follows_list = self._goes_on = False

    def _close_clause(self, *, keep_negation_of_nothing: bool = False) -> None:
        if self._has_content():
            if self._strength != "void":
                self._clauses.append(Clause(self._strength, tuple(self._phrase), self._goes_on))
        elif self._phrase and not keep_negation_of_nothing:
            self._awaits_words = False
        self._phrase = []
        self._goes_on = False
