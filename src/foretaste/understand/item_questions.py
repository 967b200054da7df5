"""A question about one item in, the item and what is asked of it out: “how long is Heat?”.

Each language has its questions with a place for the item (`[about]`), which must be a title, a
place in the list, a pronoun or a word for one of the list (“the blue one”). What is no item is no
such question, so that “who is the president?” stays out of scope.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from foretaste.understand.clauses import CHILDREN_TOKEN, without_plain
from foretaste.understand.grammar import Grammar
from foretaste.understand.grammar_patterns import COMPARATIVES, Dimension
from foretaste.understand.item_frames import OR_WORDS, ItemFrames
from foretaste.understand.meaning import Meaning, Scene, Topic
from foretaste.understand.references import MAX_TITLE_WORDS, ItemReader
from foretaste.understand.spelled_values import FeatureValue
from foretaste.understand.titles import title_key

STOPS = " \"'.,;:!?-–—"
QUESTION_BREAK = re.compile(r"[,:;.?!–—-] | (?=(?:but|aber|mais|pero) )")
TOPICS_WITH_MORE: tuple[Topic, ...] = ("quality", "noun", "values")
"""Those of which the talk does not keep what was asked."""
PARENTHESES = re.compile(r"\([^()]{1,40}\)")
EXCESS_WORDS = {"en": "too", "de": "zu", "fr": "trop", "es": "demasiado"}
"""With an adjective it is a comparative: “too long”."""
THING_WORDS = frozenset({"things", "dinge", "choses", "cosas"})
KIND_COLUMNS = ("category", "categories", "genre", "genres", "type", "section", "sections")
"""Attributes that say what kind of thing an item is."""
AND_WORDS = {"en": "and", "de": "und", "fr": "et", "es": "y"}
ALONE_TOPICS: tuple[Topic, ...] = (
    *("price", "length", "year", "maker", "cast", "text", "reviews", "stock", "made_of"),
)
NOUN_TOPICS: tuple[Topic, ...] = (
    *("length", "year", "price", "maker", "cast", "text", "reviews", "made_of"),
)


class ItemQuestions:
    """The questions of one talk."""

    def __init__(self, scene: Scene, grammar: Grammar, items: ItemReader) -> None:
        self._scene, self._grammar, self._items = scene, grammar, items

    def read(self, asked: str, *, has_mark: bool = False) -> Meaning | None:
        """What is asked of which item; None where it is no such question. has_mark: whether it ends
        with a question mark.
        """
        text = " ".join(PARENTHESES.sub(" ", asked).split()).strip(STOPS)
        if self._grammar.patterns["starts.compare"].match(text):
            return self._extreme_of(text)
        return (
            self._first_of_two(text)
            or self._question(text)
            or self._behind_item(text)
            or self._short_question(text)
            or self._same_of_other(text)
            or (self._variant_of_title(text) if has_mark else None)
        )

    def _first_of_two(self, text: str) -> Meaning | None:
        """ "How much is the evening dress and does it come in red?"; of two items, both: “how much
        are the boots and how much are the loafers?”.
        """
        question, joint, other = text.partition(f" {AND_WORDS[self._grammar.language]} ")
        first = self._question(question) if joint else None
        second = None if first is None else self._question(other)
        items = (*first.items, *second.items) if first is not None and second is not None else ()
        if len(set(items)) == 2:
            return Meaning("compare", self._grammar.language, items)
        return first

    def _extreme_of(self, text: str) -> Meaning | None:
        """ "Which of these is the cheapest?", which begins like a comparison of two."""
        patterns = [
            pattern for topic, pattern in self._grammar.about_patterns if topic == "extreme"
        ]
        hits = (pattern.fullmatch(text) for pattern in patterns)
        return next((m for hit in hits if hit and (m := self._meaning("extreme", hit))), None)

    def _variant_of_title(self, text: str) -> Meaning | None:
        """ "Silk Blouse Vienna in size L?": whether an item is so, with nothing but a title."""
        words = text.split()
        for count in range(min(len(words) - 1, MAX_TITLE_WORDS), 1, -1):
            title, said = " ".join(words[:count]), words[count]
            item = self._scene.vocabulary.titles.exact(title)
            is_choice = said in OR_WORDS  # “The Lion King or Aladdin?”
            if item is not None and said in self._grammar.clauses["refining"] and not is_choice:
                return self._of_quality(item, title, " ".join(words[count:]))
        return None

    def corrected(self, words: str) -> Meaning | None:
        """ "(I meant) the 1995 one": the same of another item."""
        item, topic = self._item(words), self._scene.topic
        if topic is None or topic in TOPICS_WITH_MORE:
            topic = "facts"
        return None if item is None else self._about((item,), topic)

    def _question(self, text: str) -> Meaning | None:
        for topic, pattern in self._grammar.about_patterns:
            hit = pattern.fullmatch(text)
            meaning = self._meaning(topic, hit) if hit is not None else None
            if meaning is not None:
                return meaning
        return None

    def _behind_item(self, text: str) -> Meaning | None:
        """ "The second one, who directed it?": the item first, and a question of it."""
        pause = QUESTION_BREAK.search(text)
        if pause is None:
            return None
        item = self._item(text[: pause.start()])
        if item is None:
            frames = ItemFrames(self._scene, self._grammar, self._items)
            item = frames.item_alone(text[: pause.start()])
        if item is None:
            extreme = self._question(text[: pause.start()].strip(STOPS))
            item = extreme.items[0] if extreme is not None and extreme.items else None
        if item is None:
            return None
        scene = replace(self._scene, subject=(item,))
        question = text[pause.end() :].strip(STOPS)
        links = self._grammar.frames["links"]
        while question.split() and question.split()[0] in links:
            question = question.partition(" ")[2]
        questions = ItemQuestions(scene, self._grammar, ItemReader(scene, self._grammar))
        return questions._question(question) or questions._short_question(question)

    def asks_of_nothing(self, text: str) -> bool:
        """Whether something is asked of “it” where nothing was spoken of: “is it on at eight?”."""
        pronouns = self._grammar.patterns["about_nouns.pronouns"]
        hits = [
            hit
            for topic, pattern in self._grammar.about_patterns
            if topic == "quality" and (hit := pattern.fullmatch(text.strip(STOPS)))
        ]
        return self._pronoun() is None and any(
            pronouns.fullmatch(hit["item"])
            and not any(map(self._is_told, self._grammar.tokens(hit["quality"])))
            for hit in hits
        )

    def _short_question(self, text: str) -> Meaning | None:
        """ "The loafers, how much", "first one any good", and "how much?" of what was spoken of."""
        topic = self._topic_alone(text)
        if topic is not None and self._scene.subject:
            return self._about(self._scene.subject[:1], topic)
        words = text.split()
        for count in range(min(len(words) - 1, MAX_TITLE_WORDS), 0, -1):
            topic = self._topic_alone(" ".join(words[count:]))
            name = " ".join(words[:count]).strip(STOPS)
            if topic is None or self._scene.vocabulary.feature(words[:count], self._grammar):
                continue
            item = self._item(name)
            if item is not None:
                return self._about((item,), topic)
        return None

    def _topic_alone(self, text: str) -> Topic | None:
        """What is asked where no item is named: “how much?”."""
        patterns = self._grammar.patterns
        return next(
            (topic for topic in ALONE_TOPICS if patterns[f"about_alone.{topic}"].fullmatch(text)),
            None,
        )

    def _same_of_other(self, text: str) -> Meaning | None:
        """ "And the second?" behind a question of another item."""
        topic, hit = self._scene.topic, self._grammar.patterns["and_this"].match(text)
        if topic is None or topic in TOPICS_WITH_MORE:
            return None
        item = self._item(text[hit.end() :] if hit is not None else text)
        return None if item is None else self._about((item,), topic)

    def _about(self, items: tuple[str, ...], topic: Topic, column: str | None = None) -> Meaning:
        return Meaning("about", self._grammar.language, items, topic=topic, column=column)

    def _meaning(self, topic: Topic, hit: "re.Match[str]") -> Meaning | None:
        groups = hit.groupdict()
        if topic == "values":
            return self._values_of_column(groups["noun"] or "")
        if topic == "extreme":
            return self._extreme(groups["quality"] or "")
        if topic == "quality":
            return self._whether(f"{groups['item']} {groups['quality']}".split())
        item = self._item(groups["item"]) if groups.get("item") else self._pronoun()
        if item is None:
            return None
        if topic == "noun":
            return self._of_noun(item, groups["noun"] or "")
        return self._about((item,), topic)

    def _values_of_column(self, noun: str) -> Meaning | None:
        """ "What brands do you have?", "what kind of things do you sell?"."""
        catalogue, nouns = self._scene.vocabulary.catalogue, self._grammar.clauses["item_nouns"]
        column = self._scene.vocabulary.column_called(noun, self._grammar)
        if noun in nouns or noun in THING_WORDS:
            columns = (f.column for f in catalogue.features if f.column.lower() in KIND_COLUMNS)
            column = next(columns, None)
        return None if column is None else self._about((), "values", column)

    def _of_noun(self, item: str, noun: str) -> Meaning | None:
        """By a noun that names a topic, or an attribute of the items."""
        for topic in NOUN_TOPICS:
            if self._grammar.patterns[f"about_nouns.{topic}"].fullmatch(noun):
                return self._about((item,), topic)
        column = self._scene.vocabulary.column_called(noun, self._grammar)
        return None if column is None else self._about((item,), "noun", column)

    def _whether(self, words: list[str]) -> Meaning | None:
        """An item, by the longest name that fits, and what it may be."""
        for count in range(min(len(words) - 1, MAX_TITLE_WORDS), 0, -1):
            name = " ".join(words[:count])
            item = self._item(name)
            if item is not None:
                return self._of_quality(item, name, " ".join(words[count:]))
        return None

    def _of_quality(self, item: str, said: str, quality: str) -> Meaning | None:
        """Whether it is so: what is asked must be something that is known of items here."""
        vocabulary, grammar = self._scene.vocabulary, self._grammar
        text = grammar.patterns["children"].sub(f" {CHILDREN_TOKEN} ", quality)
        words = without_plain(grammar.tokens(text.strip(STOPS)), grammar)
        words = tuple(word for word in words if word.isalnum())
        compared = compared_dimension(f"{EXCESS_WORDS[grammar.language]} {quality}", grammar)
        if compared is not None and compared[1] != "rating":  # “is it long?” asks how long
            return self._about((item,), compared[1])
        is_pronoun = self._grammar.patterns["about_nouns.pronouns"].fullmatch(said) is not None
        if not words and not is_pronoun:  # “is Sapiens a novel?”
            return self._about((item,), "facts")
        parts = vocabulary.parts(words, grammar) if words else []
        if not parts or (is_pronoun and not any(map(self._is_told, words))):
            return None
        conditions = tuple(part.condition for part in parts)
        return replace(self._about((item,), "quality"), conditions=conditions)

    def _is_told(self, word: str) -> bool:
        """Whether items tell something of it."""
        vocabulary = self._scene.vocabulary
        named = vocabulary.feature((word,), self._grammar)
        return named is not None or word in vocabulary.words or word == CHILDREN_TOKEN

    def _extreme(self, quality: str) -> Meaning | None:
        """ "Which of these is the cheapest?": the item of the list that is."""
        shown = tuple(self._scene.shown)
        text = quality
        while (hit := self._grammar.patterns["about_nouns.ends"].search(text)) is not None:
            text = text[: hit.start()].strip(STOPS)
        comparative = compared_dimension(text, self._grammar)
        if len(shown) < 2:
            return None
        if comparative is None:
            return self._most_so(text)
        name, dimension = comparative
        numbers = self._scene.vocabulary.numbers
        column = numbers.of_dimension(dimension)
        known = [
            (values[0], item)
            for item in shown
            if column is not None and (values := numbers.values_of(column, (item,)))
        ]
        if not known:
            return None
        is_least = COMPARATIVES[name][1] == "high"
        _, item = min(known, key=lambda pair: pair[0] if is_least else -pair[0])
        return self._about((item,), dimension if dimension != "rating" else "reviews")

    def _most_so(self, superlative: str) -> Meaning | None:
        """ "Which is the scariest?": the first of the list that is scary."""
        for quality in base_forms(superlative):
            feature = self._scene.vocabulary.feature((quality,), self._grammar)
            item = None if feature is None else self._first_with(feature)
            condition = {"about": quality} if feature is None else {feature[0]: feature[1]}
            if item is None and feature is None:
                item = self._first_that(condition)
            if item is not None:
                return replace(self._about((item,), "quality"), conditions=(condition,))
        return None

    # the item

    def _item(self, words: str) -> str | None:
        """The item that these words are, all of them."""
        words = words.strip(STOPS)
        if self._grammar.patterns["about_nouns.pronouns"].fullmatch(words):
            exact = self._scene.vocabulary.titles.exact(words)  # the book “It”
            return self._pronoun() or exact
        for name in self._names(words):
            items, tail = self._items.leading(name)
            if items and not tail.strip(STOPS):
                return items[0]
        item = self._described(words) or self._items.by_partial_title(words)
        if item is not None:
            return item
        items, tail = self._items.called_by_kind(words)
        return items[0] if items and not tail.strip(STOPS) else None

    def _names(self, words: str) -> Iterator[str]:
        """As it was said, and without “the film” in front."""
        yield words
        hit = self._grammar.patterns["about_nouns.item_nouns"].match(words)
        if hit is not None and hit.end() < len(words):
            yield words[hit.end() :]

    def _pronoun(self) -> str | None:
        """What “it” is: what was spoken of last, else the first of the list."""
        return next(iter((*self._scene.subject, *self._scene.shown)), None)

    def _described(self, words: str) -> str | None:
        """The item of the list that has a value or is of a year: “the blue one”, “die rote”, “the
        1954 one”, which may also be another of the same title.
        """
        grammar, vocabulary = self._grammar, self._scene.vocabulary
        hit = grammar.patterns["described_by_value"].fullmatch(words)
        if hit is None:
            return None
        name = next(group for group in hit.groups() if group)
        near = (*self._scene.subject, *self._scene.shown, *self._scene.seeds)
        if name.isdigit():
            year = vocabulary.numbers.of_dimension("year")
            keys = {title_key(vocabulary.titles.titles.get(item, "")) for item in near}
            namesakes = [i for i, t in vocabulary.titles.titles.items() if title_key(t) in keys]
            items = [
                item
                for item in (*near, *namesakes)
                if year is not None and vocabulary.numbers.values_of(year, (item,)) == [float(name)]
            ]
            return items[0] if items else None
        feature = vocabulary.feature(tuple(name.split()), grammar)
        return None if feature is None else self._first_with(feature)

    def _first_with(self, feature: FeatureValue) -> str | None:
        """The first of the list that has a value."""
        return self._first_that({feature[0]: feature[1]})

    def _first_that(self, condition: Mapping[str, Any]) -> str | None:
        return next(
            iter(self._scene.vocabulary.items_that(condition, list(self._scene.shown))), None
        )


SUPERLATIVE = re.compile(r"^most (\w+)$|^(\w{2,12})est$")


def base_forms(superlative: str) -> tuple[str, ...]:
    """ "Scariest" → what it may be the most of, in English."""
    hit = SUPERLATIVE.match(superlative)
    if hit is None:
        return ()
    if hit[1]:
        return (hit[1],)
    root = hit[2]
    ending = (f"{root[:-1]}y",) if root.endswith("i") else (f"{root}e", root[:-1])
    return (*ending, root)


def compared_dimension(text: str, grammar: Grammar) -> tuple[str, Dimension] | None:
    """(the comparative, what it compares) where that is all that is said."""
    for name, (dimension, _) in COMPARATIVES.items():
        for kind in ("superlative", "comparative"):
            if grammar.patterns[f"{kind}.{name}"].fullmatch(text):
                return name, dimension
    return None
