"""What a person says in, what they mean out: `understand`.

The grammar of the language does intents, scope, numbers and references; the catalogue's own
vocabulary and the text encoder say what the words name (`vocabulary`). In order: what is all that
was said ("thanks!", "two more"); what is asked of an item ("why not Heat?"); and of what is left
the numbers, the comparatives, whom it is for, and the clauses.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from foretaste.understand.clauses import CHILDREN_TOKEN, Wish, parse_wish
from foretaste.understand.comparatives import (
    extract_comparatives,
    extract_superlatives,
    superlative_conditions,
    without_compared_item,
)
from foretaste.understand.grammar import GRAMMARS, Grammar
from foretaste.understand.item_questions import ItemQuestions
from foretaste.understand.language import detect_language
from foretaste.understand.meaning import Intent, Meaning, Scene
from foretaste.understand.misspellings import corrected_negations
from foretaste.understand.numbers import Bound, extract_bounds, extract_count
from foretaste.understand.occasions import without_occasion
from foretaste.understand.out_of_scope import OutOfScope
from foretaste.understand.parsed_request import ParsedRequest, parsed_request
from foretaste.understand.references import ItemReader
from foretaste.understand.relative_times import extract_times
from foretaste.understand.same_maker import same_maker_as_before, same_maker_condition
from foretaste.understand.talk_language import talk_language
from foretaste.understand.whole_requests import STOPS, WholeRequests, without_politeness

MAX_READ_CHARACTERS = 600
"""Of what is said; a wish is shorter."""
PAUSE = re.compile(r"[,.;!?]")
MIN_NOISE_LETTERS = 4
NO_WORD = re.compile(r"^[^aeiouàâäáéèêëíîïóôöúûü]++$|[^aeiouyàâäáéèêëíîïóôöúûü]{5}")
"""No vowel, or five consonants after one another."""
NEGATIONS = ("not ", "nicht ", "no ", "n'", "missing")
"""What an ending begins with that asks why something is not there."""
PRONOUNS = frozenset(
    {"these", "those", "they", "it", "that", "das", "es", "ca", "cela", "lo", "eso", "esto"}
)
OR_WORDS = frozenset({"or", "oder", "ou", "o", "u"})
ITEM_INTENTS: tuple[Intent, ...] = (
    *("why_not", "why", "compare", "not_like", "like", "take", "hide"),
)


def understand(text: str, scene: Scene) -> Meaning:
    """What is meant by it, in this talk."""
    text = text.strip()[:MAX_READ_CHARACTERS]
    language = talk_language(text, scene)
    grammar = GRAMMARS.get(language)
    if grammar is None:
        return Meaning("unknown", language)
    return _Reader(text, scene, grammar).read()


def read_wish(text: str) -> tuple[Grammar, Wish]:
    """(its language, the clauses) of a wish for all lists, which asks for nothing now."""
    grammar = GRAMMARS.get(detect_language(text), GRAMMARS["en"])
    line = grammar.normalised(text)
    return grammar, parse_wish(
        grammar.patterns["children"].sub(f" {CHILDREN_TOKEN} ", line), grammar
    )


class _Reader:
    """One text."""

    def __init__(self, text: str, scene: Scene, grammar: Grammar) -> None:
        self._scene, self._grammar = scene, grammar
        self._line = corrected_negations(grammar.normalised(text), scene.vocabulary, grammar)
        self._items = ItemReader(scene, grammar)
        self._whole_requests = WholeRequests(grammar)
        self._questions = ItemQuestions(scene, grammar, self._items)

    def read(self) -> Meaning:
        """The first reading that fits."""
        asked = without_politeness(self._line, self._grammar)
        requests = self._whole_requests
        whole = requests.read(self._line.strip(STOPS)) or requests.read(asked)
        whole = whole or requests.last_sentence(self._line)
        if whole is not None:
            return whole
        if self._scene.vocabulary.titles.exact(asked) and not self._names_feature(asked):
            return Meaning("find", self._grammar.language, query=asked)
        question = self._questions.read(asked)
        if question is not None:
            return question
        outside = OutOfScope(asked, self._line, self._grammar, self._names_feature)
        if outside.asks_service() and not self._items.ending(self._line):
            return Meaning("unknown", self._grammar.language)
        about_items = self._about_items(asked)
        if about_items is not None:
            return about_items
        corrected = self._corrected()
        if corrected is not None:
            return corrected
        if outside.asks_of_data():
            return Meaning("my_data", self._grammar.language)
        has_days = self._scene.vocabulary.numbers.has_days
        is_of_days = has_days and bool(self._times(asked)[1])  # “what was in the news on Monday?”
        if not is_of_days and outside.asks_something_else():
            return Meaning("unknown", self._grammar.language)
        meaning = self._wishes(asked)
        if meaning is not None:
            return meaning
        return Meaning("unknown", self._grammar.language)

    # items

    def _about_items(self, asked: str) -> Meaning | None:
        """What is asked of, or done with, items that are named."""
        same_maker = self._of_same_maker(asked)
        if same_maker is not None:
            return same_maker
        wants_more = self._grammar.patterns["more_request"].search(asked)
        said = asked[: wants_more.start()].strip(STOPS) if wants_more else asked
        for intent in ITEM_INTENTS:
            hit = self._grammar.patterns[f"starts.{intent}"].match(said)
            if hit is None:
                continue
            meaning = self._of_items(intent, said[hit.end() :].strip(" :,\"'"), said)
            if meaning is not None:
                is_known = intent == "take" or CONSUMPTION_WORD.search(hit[0]) is not None
                return replace(meaning, intent="like") if wants_more and is_known else meaning
        said = self._without_request(said)
        return self._reference_alone(said, wants_more=bool(wants_more))

    def _of_same_maker(self, asked: str) -> Meaning | None:
        """ "By the author of Matilda": what has the makers of the item that is named."""
        phrase = self._without_request(asked)
        same_maker = same_maker_as_before(asked, self._scene, self._grammar)
        if same_maker is not None:
            return Meaning("find", self._grammar.language, conditions=(same_maker,))
        hit = self._grammar.patterns["starts.same_maker"].match(phrase)
        items, tail = self._items.leading(phrase[hit.end() :]) if hit is not None else ((), "")
        if hit is None or not items:
            return None
        is_cast = bool(hit["cast"] or hit.groupdict().get("leads"))
        catalogue = self._scene.vocabulary.catalogue
        condition = same_maker_condition(items[0], catalogue, is_cast=is_cast)
        if condition is None:
            return None
        meaning = self._with_tail(Meaning("find", self._grammar.language), tail)
        return replace(meaning, conditions=(condition, *meaning.conditions))

    def _of_items(self, intent: Intent, words: str, said: str) -> Meaning | None:
        """An intent with the items that follow in what was said; None where they are none."""
        language = self._grammar.language
        if intent in ("why", "why_not"):
            ending = self._grammar.patterns["reference.end"].search(words)
            if ending is not None:
                words = words[: ending.start()].strip(STOPS)
                is_negated = ending[0].strip().startswith(NEGATIONS)
                intent = "why_not" if is_negated else intent
            asks_alike = self._grammar.patterns["and_this"].match(self._line) is not None
            if intent == "why_not" and asks_alike and self._names_feature(words):
                return None  # “what about thrillers?”
            if not words and intent == "why":
                return Meaning(intent, language, tuple(self._scene.shown)[:1])
            items, _ = self._items.leading(words)
            items = items or self._items.ending(words)
            if items:
                return Meaning(intent, language, items[:1])
            is_question = self._line.startswith(tuple(WHY_WORDS[language]))
            title = None if self._items.names_place(words) else words
            return Meaning(intent, language, missing_title=title) if is_question else None
        if intent == "compare":
            items, _ = self._items.leading(words, greedy=True)
            return Meaning(intent, language, items[:2]) if len(items) > 1 else None
        if intent in ("take", "hide") and self._names_feature(words):
            return None
        items, tail = self._items.leading(words)
        if intent == "hide" and self._weighs(said, tail):
            return None
        if not items:
            return self._missing(intent, words)
        loved = self._grammar.patterns.get("tails.loved_within")
        if intent == "hide" and loved is not None and loved.search(tail):
            return Meaning("take", language, items)  # “I saw it and loved it”
        return self._with_tail(Meaning(intent, language, items), tail)

    def _weighs(self, said: str, tail: str) -> bool:
        """Whether “not that” weighs a word that follows, as in “not that expensive”, and names no
        item.
        """
        follows = tail[:1] == " " and tail.strip()[:1].isalnum()
        clauses = self._grammar.clauses
        ends = clauses["breaks"] | clauses["continuations"]
        return follows and said.startswith(NEGATIONS) and tail.split()[0] not in ends

    def _names_feature(self, words: str) -> bool:
        """Whether it is a kind of items rather than one of them: romance, and not “Romance”."""
        tokens = tuple(self._grammar.tokens(words))
        return self._scene.vocabulary.feature(tokens, self._grammar) is not None

    def _missing(self, intent: Intent, words: str) -> Meaning | None:
        """A title that nothing has, where only a title can be meant."""
        if intent in ("like", "not_like", "take", "hide") and self._items.names_place(words):
            return Meaning(intent, self._grammar.language)
        if intent != "like" or not self._items.looks_like_title(words, self._line):
            return None
        return Meaning("like", self._grammar.language, missing_title=words)

    def _reference_alone(self, said: str, *, wants_more: bool) -> Meaning | None:
        """ "The last one, but more recent", "Fargo hat mir gefallen": the item stands first."""
        items, tail = self._items.leading(said)
        if not items:
            return None
        if len(items) > 1 and self._ends_as("compare", tail):
            return Meaning("compare", self._grammar.language, items[:2])
        intent = self._told_of(tail)
        if intent is not None:
            liked: Intent = "like" if wants_more and intent == "take" else intent
            return Meaning(liked, self._grammar.language, items)
        if said.split()[0] in PRONOUNS:  # “it is too expensive” is said of the list
            return None
        is_choice = len(items) > 1 and bool(OR_WORDS & set(said.split()))
        if is_choice and not tail.strip(STOPS):
            return Meaning("compare", self._grammar.language, items[:2])
        is_place = self._items.is_place(said) or self._wants_variant(said, items[0], tail)
        if not is_place and not tail.strip(STOPS):
            return None  # a title alone is searched for
        if not is_place and not extract_comparatives(tail, self._scene, self._grammar, items)[1]:
            return None
        return self._with_tail(Meaning("like", self._grammar.language, items), tail)

    def _ends_as(self, intent: str, tail: str) -> bool:
        """Whether what is said behind an item says what is done with it: “seen it”."""
        pattern = self._grammar.patterns.get(f"tails.{intent}")
        return pattern is not None and pattern.fullmatch(tail.strip(STOPS)) is not None

    def _told_of(self, tail: str) -> Intent | None:
        """What became of an item, by all that is said behind it: “hab ich gesehen, war super”."""
        parts = [part.strip(STOPS) for part in PAUSE.split(tail) if part.strip(STOPS)]
        loved = self._grammar.patterns["tails.loved_within"]
        is_taken = [self._ends_as("take", part) or bool(loved.fullmatch(part)) for part in parts]
        is_known = [self._ends_as("hide", part) for part in parts]
        if not parts or not all(map(max, is_taken, is_known)):
            return None
        return "take" if any(is_taken) and not is_known[-1] else "hide"

    def _wants_variant(self, said: str, item: str, tail: str) -> bool:
        """Whether an item that is named by several words is wanted otherwise: “… in black”."""
        title = said[: len(said) - len(tail)].strip(STOPS)
        words = tail.split()
        is_title = len(title.split()) > 1 and self._scene.vocabulary.titles.exact(title) == item
        refining = self._grammar.clauses["refining"]
        return (
            is_title
            and len(words) > 1
            and words[0] in refining
            and any(self._names_feature(word) for word in words)
        )

    def _with_tail(self, meaning: Meaning, tail: str) -> Meaning:
        """With what is said behind the items: "but shorter"."""
        parts = [part for part in PAUSE.split(tail) if part.strip(STOPS)]
        endings = ("handled", meaning.intent)
        if all(any(self._ends_as(ending, part) for ending in endings) for part in parts):
            return meaning
        request = self._request(tail, meaning.items)
        return replace(
            meaning,
            query=request.query,
            conditions=request.conditions,
            changes=request.changes,
            scope=request.scope,
            problems=request.problems,
        )

    def _corrected(self) -> Meaning | None:
        """ "No, I meant the 1995 one", "no, jackets": what is said instead."""
        hit = self._grammar.patterns["correction"].match(self._line)
        rest = self._line[hit.end() :].strip(STOPS) if hit is not None else ""
        if hit is None or not rest or not self._scene.has_question:
            return None
        described = None if hit["bare"] else self._questions.corrected(rest)
        if described is not None:
            return described
        meaning = self._wishes(rest)
        if meaning is None or meaning.changes:
            return meaning
        return replace(meaning, intent="find" if meaning.query else "refine")

    # wishes

    def _request(self, text: str, items: Sequence[str] = ()) -> ParsedRequest:
        """Numbers, comparatives, whom it is for, and clauses."""
        grammar, scene = self._grammar, self._scene
        text = grammar.patterns["children"].sub(f" {CHILDREN_TOKEN} ", text)
        for people in ("men", "women"):  # whose things the catalogue may keep apart
            if self._names_feature(people):
                text = grammar.patterns[people].sub(f" {people} ", text)
        text = grammar.patterns["recipient"].sub(" ", text)
        text, times = self._times(text)
        text, has_occasion = without_occasion(text, grammar, scene.vocabulary.numbers)
        text, bounds = extract_bounds(text, grammar)
        text, superlatives = extract_superlatives(text, scene, grammar)
        text, compared, problems = extract_comparatives(text, scene, grammar, tuple(items))
        wish = parse_wish(without_compared_item(text, scene, grammar), grammar)
        request = parsed_request(wish, (*times, *bounds), compared, problems, scene, grammar)
        refuses = any(change.clause.strength == "none" for change in request.changes)
        request = replace(request, asks=request.asks or (has_occasion and not refuses))
        if not superlatives:
            return request
        asked_for = request.conditions
        if request.query and not asked_for:  # the cheapest backpack is one
            asked_for = ({"about": request.query},)
        bounds_of_most = superlative_conditions(superlatives, asked_for, scene)
        return replace(request, conditions=(*request.conditions, *bounds_of_most), asks=True)

    def _times(self, text: str) -> tuple[str, tuple[Bound, ...]]:
        """(the text without them, "last week" and its like)"""
        today, numbers = self._scene.today, self._scene.vocabulary.numbers
        if today is None:
            return text, ()
        return extract_times(text, self._grammar, today, has_days=numbers.has_days)

    def _wishes(self, asked: str) -> Meaning | None:
        """A list, or a change of the profile."""
        text, count = extract_count(self._without_request(asked), self._grammar)
        request = self._request(text if count else asked)
        if request.is_empty and self._names_items(asked):
            return Meaning("find", self._grammar.language, count=count)
        if request.is_empty or self._is_noise(request):
            return None
        return Meaning(
            self._intent_of(request, asked),
            self._grammar.language,
            query=request.query,
            conditions=request.conditions,
            changes=request.changes,
            count=count,
            scope=request.scope,
            problems=request.problems,
        )

    def _names_items(self, asked: str) -> bool:
        """Whether items are asked for, whatever they are: “a film for my wife”."""
        words = self._grammar.tokens(self._grammar.patterns["recipient"].sub(" ", asked))
        nouns, plain = self._grammar.clauses["item_nouns"], self._grammar.clauses["plain"]
        asking = {p for p, s in self._grammar.strengths.items() if s in ("wanted", "only")}
        is_plain = all(word in plain | nouns | asking or not word[0].isalpha() for word in words)
        return is_plain and any(word in nouns for word in words)

    def _is_noise(self, request: ParsedRequest) -> bool:
        """Whether nothing but letters was typed: no word of any item, and one that is no word."""
        if request.conditions or request.changes or not request.query:
            return False
        words = [word for word in request.query.split() if word.isalpha()]
        known = self._scene.vocabulary.words
        return not any(word in known for word in words) and any(
            len(word) >= MIN_NOISE_LETTERS and NO_WORD.search(word) for word in words
        )

    def _without_request(self, asked: str) -> str:
        """Without the words that ask: "give me ten westerns" is "ten westerns"."""
        tokens = asked.split()
        wanted = {p: s for p, s in self._grammar.strengths.items() if s == "wanted"}
        length = self._grammar.phrase_length(wanted, self._grammar.tokens(asked), 0)
        return " ".join(tokens[length:]) if length <= len(tokens) else asked

    def _intent_of(self, request: ParsedRequest, asked: str) -> Intent:
        strengths = {change.clause.strength for change in request.changes}
        if request.asks:
            begins = asked.split()[0] if asked.split() else ""
            goes_on = begins in self._grammar.clauses["refining"] or not request.has_topic
            asks_alike = self._grammar.patterns["and_this"].match(self._line) is not None
            goes_on = goes_on or (asks_alike and not request.query)
            return "refine" if self._scene.has_question and goes_on else "find"
        if strengths & {"more", "much more"}:
            return "more"
        return "undo" if strengths == {"forget"} else "fewer"


CONSUMPTION_WORD = re.compile(r"read|seen|watched|saw|gelesen|gesehen|lu$|vu$|leido|visto")
"""What was taken before, and not refused."""
WHY_WORDS: Mapping[str, tuple[str, ...]] = {
    "en": ("why", "so why", "and why", "but why", "how come", "explain"),
    "de": ("warum", "wieso", "weshalb", "und warum", "aber warum"),
    "fr": ("pourquoi", "et pourquoi", "mais pourquoi"),
    "es": ("por que", "y por que", "pero por que"),
}
"""What a question of a reason begins with."""
