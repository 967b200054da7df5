"""What is asked of items, or done with them, in what is said in, the meaning out.

“Why Heat?”, “more like the second”, “seen the first two”, “the last one is too expensive”. What
follows the items is read as a wish by whoever asks.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from foretaste.understand.comparatives import extract_comparatives
from foretaste.understand.grammar import Grammar
from foretaste.understand.item_frames import OR_WORDS, ItemFrames
from foretaste.understand.item_values import value_of_item
from foretaste.understand.meaning import Intent, Meaning, Scene
from foretaste.understand.references import ItemReader
from foretaste.understand.same_maker import same_maker_as_before, same_maker_condition
from foretaste.understand.whole_requests import STOPS, without_request

PAUSE = re.compile(r"[,.;!?]")
ASIDE = re.compile(r"[(]([^()]{1,40})[)]?$")
NEGATIONS = ("not ", "nicht ", "no ", "n'", "missing")
"""What an ending begins with that asks why something is not there."""
PRONOUNS = frozenset(
    {"these", "those", "they", "it", "that", "das", "es", "ca", "cela", "lo", "eso", "esto"}
)
CHOICE_WORDS = OR_WORDS | {"u", "vs.", "gegen", "contra"}
ITEM_INTENTS: tuple[Intent, ...] = (
    *("why_not", "why", "compare", "not_like", "like", "take", "hide"),
)


class ItemRequests:
    """The requests of one text that are about items which it names.

    with_tail: a meaning with what is said behind its items. names_feature: whether words are a kind
    of items rather than one of them.
    """

    def __init__(
        self,
        line: str,
        scene: Scene,
        grammar: Grammar,
        items: ItemReader,
        *,
        with_tail: Callable[[Meaning, str], Meaning],
        names_feature: Callable[[str], bool],
    ) -> None:
        self._line, self._scene, self._grammar, self._items = line, scene, grammar, items
        self._read_tail, self._names_feature = with_tail, names_feature

    def _with_tail(self, meaning: Meaning, tail: str) -> Meaning:
        """With what is said behind the items; what is refused there is in no list."""
        refused: tuple[str, ...] = ()
        if meaning.intent in ("take", "like"):
            frames = ItemFrames(self._scene, self._grammar, self._items)
            tail, refused = frames.without_refused(tail)
        meaning = self._read_tail(meaning, tail)
        if not refused:
            return meaning
        exclusion = {"not": {"id": list(refused)}}
        return replace(meaning, conditions=(*meaning.conditions, exclusion))

    def read(self, asked: str) -> Meaning | None:
        """What is asked of, or done with, items that are named."""
        same_maker = self._of_same_maker(asked)
        if same_maker is not None:
            return same_maker
        wants_more = self._grammar.patterns["more_request"].search(asked)
        frames = ItemFrames(self._scene, self._grammar, self._items)
        request, is_more = frames.asks_more(asked)
        if wants_more is not None:
            request, is_more = asked[: wants_more.start()].strip(STOPS), True
        if is_more and not request and self._scene.subject and frames.asks_alike(asked):
            return Meaning("like", self._grammar.language, self._scene.subject[:1])
        for intent in ITEM_INTENTS:
            hit = self._grammar.patterns[f"starts.{intent}"].match(request)
            if hit is None:
                continue
            meaning = self._of_items(intent, request[hit.end() :].strip(" :,\"'"), request)
            if meaning is not None:
                is_known = intent == "take" or CONSUMPTION_WORD.search(hit[0]) is not None
                return replace(meaning, intent="like") if is_more and is_known else meaning
        framed = frames.read(asked)
        if framed is not None:
            if framed.intent == "find":
                title = self._scene.vocabulary.titles.titles[framed.items[0]]
                return Meaning("find", self._grammar.language, query=title.lower())
            return self._with_tail(
                Meaning(framed.intent, self._grammar.language, framed.items), framed.tail
            )
        request = without_request(request, self._grammar)
        return self._reference_alone(request, wants_more=is_more)

    def _of_same_maker(self, asked: str) -> Meaning | None:
        """ "By the author of Matilda": what has the makers of the item that is named."""
        phrase = without_request(asked, self._grammar)
        scene = self._scene
        aside = ASIDE.search(asked)
        if aside is not None:  # “something else by him (the fourth)”
            items, remaining_words = self._items.leading(aside[1])
            if items and not remaining_words:
                asked, scene = asked[: aside.start()].strip(STOPS), replace(scene, subject=items)
        same_maker = same_maker_as_before(asked, scene, self._grammar)
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

    def _of_items(self, intent: Intent, words: str, request: str) -> Meaning | None:
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
            span = None if items else self._items.last_title_span(words)
            if span is not None:  # “why do you show me Toy Story, I'm 45”
                items, _ = self._items.leading(" ".join(words.split()[span[0] : span[1]]))
            if items:
                return Meaning(intent, language, items[:1])
            is_question = self._line.startswith(tuple(WHY_WORDS[language]))
            title = None if self._items.names_place(words) else words
            if words.split()[:1] == [] or words.split()[0] in PRONOUNS:  # “why is it so hot?”
                return None
            return Meaning(intent, language, missing_title=title) if is_question else None
        if intent == "compare":
            items, _ = self._items.leading(words, greedy=True)
            items = items if len(items) > 1 else self._items.titles_alone(words)  # “It or Dune”
            return Meaning(intent, language, items[:2]) if len(items) > 1 else None
        if intent in ("take", "hide") and self._names_feature(words):
            return None
        value = value_of_item(words, self._scene, self._grammar) if intent != "like" else None
        if value is not None and intent in ("take", "hide"):  # “I don't like its colour”
            condition = value if intent == "take" else {"not": value}
            return Meaning("refine", language, conditions=(condition,))
        items, tail = self._items.leading(words)
        if intent == "hide" and self._weighs(request, tail):
            return None
        name = words[: len(words) - len(tail)].strip(STOPS)
        if intent in ("take", "hide") and self._names_feature(name.partition(" here")[0]):
            return None  # “I've got kids here” is not of the film “Kids”
        if not items:
            return self._missing(intent, words)
        loved = self._grammar.patterns.get("tails.loved_within")
        if intent == "hide" and loved is not None and loved.search(tail):
            return Meaning("take", language, items)  # “I saw it and loved it”
        if intent in ("take", "hide"):
            tail = ItemFrames(self._scene, self._grammar, self._items).without_opinions(tail)
        return self._with_tail(Meaning(intent, language, items), tail)

    def _weighs(self, request: str, tail: str) -> bool:
        """Whether “not that” weighs a word that follows, as in “not that expensive”, and names no
        item.
        """
        follows = tail[:1] == " " and tail.strip()[:1].isalnum()
        clauses = self._grammar.clauses
        ends = clauses["breaks"] | clauses["continuations"]
        return follows and request.startswith(NEGATIONS) and tail.split()[0] not in ends

    def _missing(self, intent: Intent, words: str) -> Meaning | None:
        """A title that nothing has, where only a title can be meant."""
        if intent in ("like", "not_like", "take", "hide") and self._items.names_place(words):
            return Meaning(intent, self._grammar.language)
        if intent != "like" or not self._items.looks_like_title(words, self._line):
            return None
        items, tail = self._items.called_by_kind(words)
        if items:
            return self._with_tail(Meaning("like", self._grammar.language, items), tail)
        return Meaning("like", self._grammar.language, missing_title=words)

    def _reference_alone(self, request: str, *, wants_more: bool) -> Meaning | None:
        """ "The last one, but more recent", "Fargo hat mir gefallen": the item stands first."""
        items, tail = self._items.leading(request)
        if not items:
            return self._excess_of_partial_title(request)
        if len(items) > 1 and self._ends_as("compare", tail):
            return Meaning("compare", self._grammar.language, items[:2])
        intent = self._told_of(tail)
        if intent is not None:
            liked: Intent = "like" if wants_more and intent == "take" else intent
            return Meaning(liked, self._grammar.language, items)
        if request.split()[0] in PRONOUNS:  # “it is too expensive” is said of the list
            return None
        is_choice = len(items) > 1 and bool(CHOICE_WORDS & set(request.split()))
        if is_choice and not tail.strip(STOPS):
            return Meaning("compare", self._grammar.language, items[:2])
        if self._grammar.patterns["excess"].search(tail) is not None:
            return self._of_excess(items, tail)
        is_place = self._items.is_place(request) or self._wants_variant(request, items[0], tail)
        if not is_place and not tail.strip(STOPS):  # a title alone is searched for
            return Meaning("like", self._grammar.language, items) if wants_more else None
        if not is_place and not extract_comparatives(tail, self._scene, self._grammar, items)[1]:
            return None
        return self._with_tail(Meaning("like", self._grammar.language, items), tail)

    def _excess_of_partial_title(self, request: str) -> Meaning | None:
        """ "The coat is too expensive", of the only coat of the list."""
        hit = self._grammar.patterns["excess_within"].search(request)
        item = None if hit is None else self._items.by_partial_title(request[: hit.start()])
        if hit is None or item is None or item not in self._scene.shown:
            return None
        return self._of_excess((item,), request[hit.start() :])

    def _of_excess(self, items: tuple[str, ...], tail: str) -> Meaning:
        """ "Alien is too old for me": newer items than that, and none that are like it; where there
        is nothing to compare by ("too scary"), without it.
        """
        language = self._grammar.language
        if extract_comparatives(tail, self._scene, self._grammar, items)[1]:
            meaning = self._with_tail(Meaning("refine", language, items), tail)
            return replace(meaning, items=())
        return self._with_tail(Meaning("hide", language, items), tail)

    def is_handled(self, intent: Intent, tail: str) -> bool:
        """Whether what is said behind items only says again what is done with them."""
        parts = [part for part in PAUSE.split(tail) if part.strip(STOPS)]
        endings = ("handled", intent)
        return all(any(self._ends_as(ending, part) for ending in endings) for part in parts)

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

    def _wants_variant(self, request: str, item: str, tail: str) -> bool:
        """Whether an item that is named by several words is wanted otherwise: “… in black”."""
        title = request[: len(request) - len(tail)].strip(STOPS)
        words = tail.split()
        is_title = len(title.split()) > 1 and self._scene.vocabulary.titles.exact(title) == item
        if all(map(self._names_feature, title.split())):  # “leather jacket, but not brown”
            return False
        refining = self._grammar.clauses["refining"]
        return (
            is_title
            and len(words) > 1
            and words[0] in refining
            and any(self._names_feature(word) for word in words)
        )


CONSUMPTION_WORD = re.compile(
    r"read|seen|watched|saw|finished|done with|gelesen|gesehen|lu$|vu$|leido|visto"
)
"""What was taken before, and not refused."""
WHY_WORDS: Mapping[str, tuple[str, ...]] = {
    "en": ("why", "so why", "and why", "but why", "how come", "explain"),
    "de": ("warum", "wieso", "weshalb", "und warum", "aber warum"),
    "fr": ("pourquoi", "et pourquoi", "mais pourquoi"),
    "es": ("por que", "y por que", "pero por que"),
}
"""What a question of a reason begins with."""
