"""What a person says in, what they mean out: `understand`.

The grammar of the language does intents, scope, numbers and references; the catalogue's own
vocabulary and the text encoder say what the words name (`vocabulary`). In order: what is all that
was said ("thanks!", "two more"); what is asked of an item ("why not Heat?"); and of what is left
the numbers, the comparatives, whom it is for, and the clauses.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from foretaste.understand.chinese import CHINESE, in_english, is_understood, unknown_title
from foretaste.understand.clauses import CHILDREN_TOKEN, Wish, parse_wish
from foretaste.understand.comparatives import (
    Conditions,
    extract_comparatives,
    extract_superlatives,
    superlative_conditions,
    without_compared_item,
)
from foretaste.understand.complements import without_complement
from foretaste.understand.earlier_questions import earlier_question
from foretaste.understand.grammar import GRAMMARS, UNDERSTOOD_LANGUAGES, Grammar, grammar_of
from foretaste.understand.item_questions import ItemQuestions
from foretaste.understand.item_requests import ItemRequests
from foretaste.understand.item_values import extract_same_values
from foretaste.understand.language import detect_language
from foretaste.understand.lifted_conditions import lifted_condition
from foretaste.understand.meaning import Intent, Meaning, Scene
from foretaste.understand.misspellings import corrected_words
from foretaste.understand.numbers import (
    Bound,
    extract_bounds,
    extract_count,
    extract_count_within,
    with_centuries,
)
from foretaste.understand.occasions import without_occasion
from foretaste.understand.ordering import extract_order
from foretaste.understand.out_of_scope import OutOfScope
from foretaste.understand.parsed_request import ParsedRequest, parsed_request
from foretaste.understand.references import ItemReader
from foretaste.understand.relative_times import extract_times
from foretaste.understand.second_reading import second_reading
from foretaste.understand.self_corrections import SelfCorrection
from foretaste.understand.short_replies import added_conditions, goes_on, number_reply
from foretaste.understand.spelled_values import CAST_COLUMNS, CAST_WORDS, CREATOR_COLUMNS
from foretaste.understand.split_words import with_joined_words
from foretaste.understand.statements import without_statements
from foretaste.understand.talk_language import talk_language
from foretaste.understand.whole_requests import (
    STOPS,
    WholeRequests,
    without_politeness,
    without_request,
)

MAX_ITEMS_OF_A_NAME = 3
"""Items that have a word in their texts, up to which it names the one that is called so."""
MAX_READ_CHARACTERS = 600
"""Of what is said; a wish is shorter."""
NOUN_OF_LIST = re.compile(r"^(?:[\w-]++ ){1,2}ones(?!\w)")
"""“The old ones”: of the list in hand."""


def understand(text: str, scene: Scene) -> Meaning:
    """What is meant by it, in this talk."""
    text = text.strip()[:MAX_READ_CHARACTERS]
    language = talk_language(text, scene)
    if language not in UNDERSTOOD_LANGUAGES:
        return Meaning("unknown", language)
    if language == CHINESE:
        title = unknown_title(text, scene.vocabulary)
        if title is not None:
            return Meaning("like", language, missing_title=title)
        if not is_understood(text, scene.vocabulary):
            return Meaning("unknown", language)
        text = in_english(text, scene.vocabulary)
    grammar = grammar_of(language)
    meaning = _Reader(text, scene, grammar).read()
    meaning = second_reading(meaning, grammar.normalised(text), scene, grammar)
    return replace(meaning, language=language)


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
        line = with_joined_words(grammar.normalised(text), scene.vocabulary, grammar)
        self._line = corrected_words(line, scene.vocabulary, grammar)
        self._items = ItemReader(scene, grammar)
        self._line = SelfCorrection(scene.vocabulary, grammar, self._items).corrected(self._line)
        remainder, self._order, self._order_problem = extract_order(
            without_politeness(self._line, grammar), scene, grammar
        )
        if self._order is not None or self._order_problem is not None:
            self._line = remainder
        self._whole_requests = WholeRequests(grammar)
        self._questions = ItemQuestions(scene, grammar, self._items)
        self._item_requests = ItemRequests(
            self._line,
            scene,
            grammar,
            self._items,
            with_tail=self._with_tail,
            names_feature=self._names_feature,
        )

    def read(self) -> Meaning:
        """What is meant, and in which order it is to be put."""
        problems = () if self._order_problem is None else (self._order_problem,)
        if self._order is None and not problems:
            return self._first_reading()
        if not without_request(without_politeness(self._line, self._grammar), self._grammar):
            return Meaning("refine", self._grammar.language, order=self._order, problems=problems)
        meaning = self._first_reading()
        return replace(meaning, order=self._order, problems=(*meaning.problems, *problems))

    def _first_reading(self) -> Meaning:
        """The first reading that fits."""
        asked = without_politeness(self._line, self._grammar)
        requests = self._whole_requests
        whole = requests.read(self._line.strip(STOPS)) or requests.read(asked)
        whole = whole or requests.last_sentence(self._line)
        if whole is None:  # “what should we watch, me and my mum”
            alone = self._grammar.patterns["recipient"].sub(" ", asked).strip(STOPS)
            whole = requests.read(alone) if alone and alone != asked else None
        if whole is not None and whole.intent == "find" and self._is_of_days(asked):
            whole = None  # “what's new today?”
        if whole is not None:
            return whole
        title = self._title_asked_for(asked)
        if title is not None:
            return Meaning("find", self._grammar.language, query=title)
        earlier = earlier_question(asked, self._scene, self._grammar)
        if earlier is not None:
            return self._with_refinement(*earlier)
        number = number_reply(asked, self._scene, self._grammar)
        if number is not None:
            return Meaning("refine", self._grammar.language, conditions=(number,))
        lifted = lifted_condition(asked, self._scene, self._grammar)
        if lifted is not None:
            return lifted
        question = self._questions.read(asked, has_mark=self._line.rstrip().endswith("?"))
        outside = OutOfScope(
            asked,
            self._line,
            self._grammar,
            self._names_feature,
            self._names_person,
            is_shop=self._scene.vocabulary.numbers.of_dimension("price") is not None,
        )
        if question is not None and not (question.topic == "quality" and outside.names_service()):
            return question
        if outside.asks_service() and not self._items.ending(self._line):
            return Meaning("unknown", self._grammar.language)
        about_items = self._item_requests.read(asked)
        if about_items is not None:
            return about_items
        corrected = self._corrected()
        if corrected is not None:
            return corrected
        if outside.asks_of_data():
            return Meaning("my_data", self._grammar.language)
        if self._questions.asks_of_nothing(asked):
            return Meaning("unknown", self._grammar.language)
        if not self._is_of_days(asked) and outside.asks_something_else():
            return Meaning("unknown", self._grammar.language)
        meaning = self._wishes(asked)
        if meaning is not None:
            return meaning
        return Meaning("unknown", self._grammar.language)

    def _title_asked_for(self, asked: str) -> str | None:
        """A title that is all that is asked for: “do you have Star Wars?”."""
        titles = self._scene.vocabulary.titles
        if titles.exact(asked) and not self._names_feature(asked):
            return None if asked.isdigit() and self._items.is_place(asked) else asked
        bare = without_request(asked, self._grammar).strip(STOPS)
        if self._grammar.patterns["starts.why_not"].match(asked):  # “what about Blade Runner?”
            return None
        if bare != asked and len(bare.split()) > 1 and titles.exact(bare):
            return None if self._names_feature(bare) else bare
        return None

    def _names_feature(self, words: str) -> bool:
        """Whether it is a kind of items rather than one of them: romance, and not “Romance”."""
        tokens = tuple(self._grammar.tokens(words))
        return self._scene.vocabulary.feature(tokens, self._grammar) is not None

    def _names_person(self, text: str) -> bool:
        """Whether somebody is named, by two names at least."""
        words = [word.strip(STOPS) for word in text.split()]
        phrases = (words[i : i + size] for size in (2, 3) for i in range(len(words) - size + 1))
        values = (self._scene.vocabulary.feature(phrase, self._grammar) for phrase in phrases)
        people = (*CREATOR_COLUMNS, *CAST_COLUMNS)
        return any(value is not None and value[0].lower() in people for value in values)

    def _with_tail(self, meaning: Meaning, tail: str) -> Meaning:
        """With what is said behind the items: "but shorter"."""
        if self._item_requests.is_handled(meaning.intent, tail):
            return meaning
        request = self._request(tail, meaning.items)
        return replace(meaning, **request.meaning_fields())

    def _with_refinement(self, meaning: Meaning, tail: str) -> Meaning:
        """An earlier question with what is said behind it: “but from before 1900”."""
        request = self._request(tail)
        return replace(
            meaning,
            query=" ".join(filter(None, (meaning.query, request.query))) or None,
            conditions=(*meaning.conditions, *request.conditions),
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
        text = without_statements(text, grammar, scene.vocabulary)
        for people in ("men", "women"):  # whose things the catalogue may keep apart
            if self._names_feature(people):
                text = grammar.patterns[people].sub(f" {people} ", text)
        text = grammar.patterns["recipient"].sub(" ", text)
        own_text, complements = without_complement(text, grammar, scene.vocabulary)
        has_complement, text = own_text != text, own_text
        text, times = self._times(text)
        text, same_values = extract_same_values(text, scene, grammar, items)
        same_values = (*same_values, *complements)
        text, has_occasion = without_occasion(text, grammar, scene.vocabulary.numbers)
        numbers = scene.vocabulary.numbers
        if numbers.of_dimension("year") and not numbers.of_dimension("price"):
            text = with_centuries(text, grammar)
        text, bounds = extract_bounds(text, grammar)
        text, superlatives, unknown_order = extract_superlatives(text, scene, grammar)
        comparable = text
        text, compared, problems = extract_comparatives(text, scene, grammar, tuple(items))
        problems = (*unknown_order, *problems)
        own_text = without_compared_item(text, scene, grammar)
        wish = parse_wish(own_text, grammar)
        if own_text != text:  # “less scary than the first” is said of this list
            wish = replace(wish, scope=wish.scope or "talk")
        bounds = (*times, *bounds)
        request = parsed_request(wish, bounds, same_values, problems, scene, grammar)
        if compared and not (items or scene.seeds or scene.shown):
            compared = self._compared_among(comparable, request.conditions, compared)
        request = parsed_request(wish, bounds, (*same_values, *compared), problems, scene, grammar)
        refuses = any(change.clause.strength == "none" for change in request.changes)
        request = replace(
            request, asks=request.asks or (has_occasion and not refuses) or has_complement
        )
        if not superlatives:
            return request
        asked_for = request.conditions
        if request.query and not asked_for:  # the cheapest backpack is one
            asked_for = ({"about": request.query},)
        bounds_of_most = superlative_conditions(superlatives, asked_for, scene)
        bound_columns = {column for condition in asked_for for column in condition}
        bounds_of_most = tuple(own for own in bounds_of_most if not own.keys() & bound_columns)
        return replace(request, conditions=(*request.conditions, *bounds_of_most), asks=True)

    def _compared_among(
        self, text: str, conditions: Conditions, compared: Conditions
    ) -> Conditions:
        """ "Leather bags, not too dear": for a bag of leather, where all of them are dear."""
        vocabulary = self._scene.vocabulary
        alike = vocabulary.mask(*conditions)
        if not alike.any() or vocabulary.has_any(*conditions, *compared):
            return compared
        _, among, _ = extract_comparatives(text, self._scene, self._grammar, among=alike)
        return among if vocabulary.has_any(*conditions, *among) else compared

    def _is_of_days(self, text: str) -> bool:
        """Whether days are asked for: “what was in the news on Monday?”."""
        return self._scene.vocabulary.numbers.has_days and bool(self._times(text)[1])

    def _times(self, text: str) -> tuple[str, tuple[Bound, ...]]:
        """(the text without them, "last week" and its like)"""
        today, numbers = self._scene.today, self._scene.vocabulary.numbers
        if today is None:
            return text, ()
        return extract_times(text, self._grammar, today, has_days=numbers.has_days)

    def _wishes(self, asked: str) -> Meaning | None:
        """A list, or a change of the profile."""
        wish_text, left_out = self._without_titles(asked)
        text, count = extract_count(without_request(wish_text, self._grammar), self._grammar)
        if count is None:
            text, count = extract_count_within(text, self._grammar, self._names_feature)
        request = self._request(text if count else wish_text)
        if left_out and (not (wish_text and request.is_empty) or self._names_items(wish_text)):
            exclusion = {"not": {"id": list(left_out)}}
            request = replace(request, conditions=(*request.conditions, exclusion), asks=True)
        if wish_text.split()[:1] and wish_text.split()[0] in CAST_WORDS:
            request = replace(request, conditions=added_conditions(request.conditions, self._scene))
        if request.is_empty and self._names_items(wish_text):
            return Meaning("find", self._grammar.language, count=count)
        if request.is_empty or request.is_noise(self._scene.vocabulary.words):
            return None
        return Meaning(
            self._intent_of(request, wish_text),
            self._grammar.language,
            count=count,
            **request.meaning_fields(),
        )

    def _without_titles(self, text: str) -> tuple[str, tuple[str, ...]]:
        """(what is asked, the items that are left out by their titles): “Stephen King, not It”."""
        grammar, words = self._grammar, text.split()
        for position in range(len(words)):
            length = grammar.phrase_length(grammar.strengths, words, position)
            phrase = " ".join(words[position : position + length])
            refusing = ("without", "none") if position else ("without",)
            if not length or grammar.strengths[phrase] not in refusing:
                continue
            if phrase.split()[-1] in grammar.clauses["of_items"]:  # “nothing with aliens”
                continue
            name = " ".join(words[position + length :])
            items = self._items.titles_alone(name) if name else ()
            is_topic = name not in grammar.clauses["plain"] and self._is_common(name)
            if items and not is_topic and not self._names_feature(name):
                return " ".join(words[:position]).strip(STOPS), items
        return text, ()

    def _is_common(self, name: str) -> bool:
        """Whether a title of one word is a word of many items: aliens, and not “Aliens”."""
        return self._scene.vocabulary.item_count_of_word(name) > MAX_ITEMS_OF_A_NAME

    def _names_items(self, asked: str) -> bool:
        """Whether items are asked for, whatever they are: “a film for my wife”."""
        words = self._grammar.tokens(self._grammar.patterns["recipient"].sub(" ", asked))
        nouns = self._grammar.clauses["item_nouns"]
        plain = self._grammar.clauses["plain"] | self._grammar.frames["filler"]
        asking = {p for p, s in self._grammar.strengths.items() if s in ("wanted", "only")}
        is_plain = all(word in plain | nouns | asking or not word[0].isalpha() for word in words)
        return is_plain and any(word in nouns for word in words)

    def _intent_of(self, request: ParsedRequest, asked: str) -> Intent:
        strengths = {change.clause.strength for change in request.changes}
        if request.asks:
            words = asked.split()
            if words[:1] and words[0] in self._grammar.articles:  # “the same but in wool”
                words = words[1:]
            begins = words[0] if words else ""
            is_more = begins in self._grammar.clauses["refining"] or not request.has_topic
            is_more = (
                is_more
                or NOUN_OF_LIST.match(" ".join(words)) is not None
                or (begins == "for" and not request.conditions)
            )
            asks_alike = self._grammar.patterns["and_this"].match(self._line) is not None
            is_more = is_more or (asks_alike and not request.query)
            is_more = is_more or goes_on(request, asked, self._scene, self._grammar)
            return "refine" if self._scene.has_question and is_more else "find"
        if strengths & {"more", "much more"}:
            return "more"
        return "undo" if strengths == {"forget"} else "fewer"
