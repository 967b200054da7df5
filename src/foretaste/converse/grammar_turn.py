"""A meaning in, what is done and said about it out: a talk without a large model.

Every change of the profile is said, and “undo” takes the last one back.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from math import exp, inf
from typing import Any

from foretaste.converse.answers import answer, unknown_language
from foretaste.converse.item_answers import ItemAnswers
from foretaste.converse.sentences import (
    as_typed,
    changes_in_words,
    comparison_in_words,
    quoted_items,
    why_in_words,
    why_not_in_words,
)
from foretaste.converse.turn import ChatTurn
from foretaste.converse.undo import take_back
from foretaste.domain.data import Recommendation
from foretaste.loop import Foretaste
from foretaste.preferences.matching import ACT_BY_STRENGTH, match_clause
from foretaste.understand.grammar import UNDERSTOOD_LANGUAGES, grammar_of
from foretaste.understand.grammar_patterns import COMPARATIVES
from foretaste.understand.item_requests import ITEM_INTENTS
from foretaste.understand.meaning import Meaning, Scene
from foretaste.understand.reader import understand

SPOKEN_INTENTS = ("greet", "thanks", "help", "my_data", "unknown")
"""Intents that are answered by a sentence, never by a list."""


class GrammarTurn:
    """One thing said, understood by the grammar."""

    def __init__(self, shop: Foretaste, turn: ChatTurn, *, edited: bool) -> None:
        self._shop, self._turn, self._edited = shop, turn, edited
        self._text = ""
        self._index = shop.slates.index(shop.catch_up())
        self._vocabulary = shop.people.vocabulary(self._index)

    def meaning(self, text: str) -> Meaning:
        """What the text means in this talk."""
        state = self._turn.state
        scene = Scene(
            self._vocabulary,
            state.shown,
            state.items,
            state.has_question,
            state.language,
            subject=state.subject,
            topic=state.topic,
            filter=state.filter,
            earlier_questions=state.with_question_kept().earlier_questions,
            today=datetime.fromtimestamp(self._shop.clock(), UTC).date(),
        )
        return understand(text, scene)

    def answer(self, text: str) -> str:
        """What is said; the turn has the rest."""
        turn = self._turn
        if not text.strip():
            return self._new_list() if self._edited else self._say("help")
        self._text = text
        meaning = turn.meaning = self.meaning(text)
        if meaning.language not in UNDERSTOOD_LANGUAGES:
            return unknown_language(meaning.language)
        turn.state = replace(turn.state, language=meaning.language)
        turn.tools.language = meaning.language
        if meaning.intent in SPOKEN_INTENTS:
            return self._say(meaning.intent)
        turn.state = replace(turn.state, subject=meaning.items[:1], topic=meaning.topic)
        turn.order = meaning.order
        if meaning.intent in ITEM_INTENTS and not meaning.items:
            return self._missing(meaning)
        return ANSWERERS.get(meaning.intent, GrammarTurn._list)(self, meaning)

    def _say(self, key: str, **values: object) -> str:
        return answer(key, self._turn.state.language, **values)

    def _titles(self, items: Sequence[str]) -> dict[str, str | None]:
        stored = {item: self._turn.tools.shop.store.item(item) for item in items}
        return {item: None if it is None else it.title for item, it in stored.items()}

    def _names(self, items: Sequence[str]) -> str:
        return quoted_items(self._titles(items), self._turn.state.language)

    # answers without a list

    def _start_over(self, meaning: Meaning) -> str:
        self._turn.state = self._turn.state.reset()
        return self._say("forgotten")

    def _forget(self, meaning: Meaning) -> str:
        turn = self._turn
        turn.state = turn.state.reset()
        self._shop.steer(turn.tools.user, session=turn.tools.session, reset=True)
        return self._say("forgotten_profile")

    def _undo(self, meaning: Meaning) -> str:
        """A clause to forget, or the last change."""
        if meaning.changes:
            return self._list(meaning)
        turn = self._turn
        if not turn.state.undo:
            return self._say("nothing_to_undo")
        is_done = take_back(self._shop, turn)
        turn.is_undo = True
        said = self._say("undone" if is_done else "not_undone")
        return f"{said} {self._new_list()}" if turn.state.shown else said

    def _about(self, meaning: Meaning) -> str:
        return ItemAnswers(self._shop, self._turn, self._index).answer(meaning)

    def _why(self, meaning: Meaning) -> str:
        return why_in_words(self._turn.explain(meaning.items[0]), meaning.language)

    def _why_not(self, meaning: Meaning) -> str:
        return why_not_in_words(self._turn.explain(meaning.items[0]), meaning.language)

    def _missing(self, meaning: Meaning) -> str:
        """What was named is no item."""
        if not meaning.missing_title:
            return self._say("which_item")
        from foretaste.generate.safe import safe_name

        return self._say("missing_item", title=safe_name(meaning.missing_title) or "…")

    def _compare(self, meaning: Meaning) -> str:
        explanations = [self._turn.explain(item) for item in meaning.items]
        features = self._index.catalogue.descriptive_features
        attributes: list[Mapping[str, Sequence[str]]] = []
        for item in meaning.items:
            at = self._index.catalogue.index.get(item)
            attributes.append(
                {}
                if at is None
                else {f.column: [f.values[code] for code in f.item_codes(at)] for f in features}
            )
        return comparison_in_words(explanations, attributes, meaning.language)

    # answers with a list

    def _next(self, meaning: Meaning) -> str:
        turn = self._turn
        turn.count = meaning.count
        if turn.state.recommendation_id is None:
            return self._new_list()
        turn.recommendation = turn.tools.ask(
            next_page_of=turn.state.recommendation_id, n=meaning.count or turn.state.n
        )
        return turn.in_words()

    def _like(self, meaning: Meaning) -> str:
        """A list that is like the items."""
        turn = self._turn
        is_shown = any(item in turn.state.shown for item in meaning.items)
        replaced = {column for condition in meaning.conditions for column in condition}
        kept = {
            column: test
            for column, test in turn.state.filter.items()
            if (is_shown or self._edited) and (column not in replaced or column == "and")
        }
        turn.state = replace(turn.state, items=meaning.items, query=None, filter=kept, rules=())
        return self._list(replace(meaning, intent="refine", scope=meaning.scope or "talk"))

    def _not_like(self, meaning: Meaning) -> str:
        turn = self._turn
        turn.tools.steer(less_like=list(meaning.items))
        turn.undoable_events += [(item, "dislike") for item in meaning.items]
        turn.notes.append(self._say("less_like", titles=self._names(meaning.items)))
        return self._list(replace(meaning, intent="refine"))

    def _take(self, meaning: Meaning) -> str:
        self._record(meaning, "like")
        return self._list(replace(meaning, intent="refine"))

    def _hide(self, meaning: Meaning) -> str:
        self._record(meaning, "hide")
        return self._list(replace(meaning, intent="refine"))

    def _record(self, meaning: Meaning, event_type: str) -> None:
        turn = self._turn
        for item in meaning.items:
            turn.tools.record(item, event_type, turn.state.recommendation_id)
        turn.undoable_events += [(item, event_type) for item in meaning.items]
        key = "liked" if event_type == "like" else "hidden"
        turn.notes.append(self._say(key, titles=self._names(meaning.items)))

    def _list(self, meaning: Meaning) -> str:
        """The question and the profile as they are now, and the list for them."""
        if meaning.intent == "find":
            self._turn.state = replace(self._turn.state, rules=())
        meaning = self._weigh_in_talk(meaning)
        self._change_profile(meaning)
        self._change_question(meaning)
        self._turn.count = meaning.count
        self._turn.notes += [
            self._say("problem", error=self._problem(problem)) for problem in meaning.problems
        ]
        self._turn.notes += [
            self._say("no_such_value", phrase=word) for word in meaning.absent_words
        ]
        changed = (meaning.query, meaning.conditions, meaning.changes, meaning.items)
        if (meaning.problems or meaning.absent_words) and not any(changed):
            return " ".join(self._turn.notes)
        if meaning.order is not None and not any(changed) and self._turn.state.shown:
            shown = list(self._turn.state.shown)
            return self._in_order(
                meaning.order, self._ask(n=len(shown), candidates=shown, incognito=True)
            )
        return self._new_list()

    def _problem(self, problem: str) -> str:
        try:
            return self._say(problem)
        except KeyError:
            return problem

    def _weigh_in_talk(self, meaning: Meaning) -> Meaning:
        """The meaning without what is wanted more or less in this talk alone, which becomes rules
        of its lists: “less scary than the first”, “like Fargo, but funnier”.
        """
        if meaning.scope != "talk":
            return meaning
        turn, grammar = self._turn, grammar_of(meaning.language)
        weighed = [c for c in meaning.changes if ACT_BY_STRENGTH[c.clause.strength][0] == "boost"]
        matches = [
            match
            for change in weighed
            for match in match_clause(change.clause, self._vocabulary, grammar)
        ]
        turn.clause_matches += matches
        rules = [
            {"boost" if match.nats > 0 else "bury": match.filter, "by": exp(abs(match.nats))}
            for match in matches
            if match.filter is not None
        ]
        turn.state = replace(turn.state, rules=(*turn.state.rules, *rules))
        turn.notes += changes_in_words(
            matches, meaning.language, turn.display(), self._text, in_talk=True
        )
        return replace(meaning, changes=tuple(c for c in meaning.changes if c not in weighed))

    def _change_profile(self, meaning: Meaning) -> None:
        turn = self._turn
        if not meaning.changes:
            return
        clauses = [change.clause for change in meaning.changes]
        update = self._shop.people.steer_clauses(
            turn.tools.user,
            turn.tools.session,
            self._index,
            clauses,
            grammar_of(meaning.language),
        )
        turn.clause_matches += update.clause_matches
        muted = [match.filter for match in update.clause_matches if match.act == "mute"]
        asked = {
            column: test
            for column, test in turn.state.filter.items()
            if {column: test} not in muted
        }
        turn.state = replace(turn.state, filter=asked)  # what is refused is asked for no longer
        turn.notes += changes_in_words(
            update.clause_matches, meaning.language, turn.display(), self._text
        )
        if any(match.filter is not None for match in update.clause_matches):
            turn.notes.append(self._say("undo_hint"))

    def _change_question(self, meaning: Meaning) -> None:
        turn = self._turn
        if meaning.lifted:
            turn.state = turn.state.without_conditions(meaning.lifted)
        asks = bool(meaning.query or meaning.conditions or meaning.intent == "find")
        if not asks:
            return
        if meaning.intent != "refine":
            kept = turn.state.filter if self._edited else {}
            turn.state = turn.state.with_question_kept()
            turn.state = replace(turn.state, items=(), filter=kept)
        is_more = meaning.intent == "refine"
        if meaning.query or not is_more:
            turn.state = turn.state.with_query(
                meaning.query, as_typed(meaning.said_query, self._text), more=is_more
            )
        for condition in meaning.conditions:
            turn.state = turn.state.with_condition(condition)

    def _new_list(self) -> str:
        turn = self._turn
        titles = self._titles(turn.state.items)
        turn.state = replace(
            turn.state, seed_titles={item: title or item for item, title in titles.items()}
        )
        recommendation = self._ask(n=turn.count or turn.state.n, incognito=turn.order is not None)
        if turn.order is not None and len(recommendation):
            return self._in_order(turn.order, recommendation)
        turn.recommendation = recommendation
        return turn.in_words()

    def _in_order(self, order: str, recommendation: Recommendation) -> str:
        """Its items with the cheapest, the newest, … first; those without a number are last."""
        reasons = {item.id: item for item in recommendation}
        items = list(reasons)
        dimension, side = COMPARATIVES[order]
        numbers = self._vocabulary.numbers
        column = numbers.of_dimension(dimension)
        sign = 1.0 if side == "high" else -1.0
        ranks = {
            item: min((sign * value for value in numbers.values_of(column, (item,))), default=inf)
            for item in items
            if column is not None
        }
        ordered = sorted(items, key=lambda item: ranks.get(item, inf))
        pins = [{"pin": item, "at": position} for position, item in enumerate(ordered, 1)]
        ordered_list = self._ask(n=len(items), candidates=items, pins=pins)
        # they stand where they do by their numbers, not because the shop put them there
        self._turn.recommendation = replace(
            ordered_list,
            items=tuple(
                replace(item, reason=reasons[item.id].reason, reasons=reasons[item.id].reasons)
                if item.id in reasons
                else item
                for item in ordered_list
            ),
        )
        self._turn.notes.append(self._say(f"order_{order}"))
        return self._turn.in_words()

    def _ask(self, pins: Sequence[Mapping[str, Any]] = (), **fields: Any) -> Recommendation:
        """A list for the question as it is now."""
        state = self._turn.state
        return self._turn.tools.ask(
            state.query,
            filter=state.filter,
            like=state.items,
            rules=(*state.rules, *pins),
            query_facets=False,  # the grammar has found them
            **fields,
        )


Answerer = Callable[[GrammarTurn, Meaning], str]
ANSWERERS: Mapping[str, Answerer] = {
    "start_over": GrammarTurn._start_over,
    "forget": GrammarTurn._forget,
    "undo": GrammarTurn._undo,
    "about": GrammarTurn._about,
    "why": GrammarTurn._why,
    "why_not": GrammarTurn._why_not,
    "compare": GrammarTurn._compare,
    "next": GrammarTurn._next,
    "like": GrammarTurn._like,
    "not_like": GrammarTurn._not_like,
    "take": GrammarTurn._take,
    "hide": GrammarTurn._hide,
}
"""What does an intent; the others are answered by a list."""
