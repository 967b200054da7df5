"""A talk: what a person says in, an answer, a list and the state of the talk out.

Without a large model it goes by a grammar of intents (`intents`); with an endpoint that calls tools
the model leads, over the same tools (`agent`), and the grammar stands in where it fails. The state
is kept under the conversation's id, and belongs to whoever began it.
"""

import logging
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from foretaste.behaviour.checks import check_ids
from foretaste.converse.intents import (
    Bound,
    FeedbackIntent,
    FreeTextIntent,
    Intent,
    LikeIntent,
    NextPageIntent,
    ResetIntent,
    WhyIntent,
    WhyNotIntent,
    item_by_title,
    parse_intent,
)
from foretaste.converse.sentences import (
    HELP_TEXT,
    safe_title,
    why_in_words,
    why_not_in_words,
)
from foretaste.converse.state import ChatState, column_for
from foretaste.converse.tools import Tools
from foretaste.converse.turn import ChatTurn, LeadingModel
from foretaste.domain.data import Recommendation
from foretaste.domain.preference import Conversation, Preference
from foretaste.domain.text_limits import check_text
from foretaste.errors import InputError, WriterError
from foretaste.loop import Foretaste
from foretaste.preferences.grammar import Clause, drop_plain_start, parse_clauses
from foretaste.preferences.matching import ClauseMatch

log = logging.getLogger(__name__)

GRAMMAR = "grammar"
"""Who answers where no language model does."""
SECONDS_PER_DAY = 86_400.0
REQUEST_PHRASES = re.compile(
    r"(?<!don't )(?<!not )(?<!never )(?<!stop )\b(?:please |can you |could you ){0,3}"
    r"(?:(?:show|give|find|recommend|suggest)(?: me)?|i want|i would like|i'd like|i need|"
    r"i'm looking for|i am looking for|looking for|do you have|have you got)\b"
)
"""What asks for a list now; it changes no profile."""
REFINING_WORDS = re.compile(r"^(?:but|and|also|with|or|rather|maybe|preferably)\b")
"""Words that go on with the wish before."""
PHRASE_BY_STRENGTH = {
    "much more": "much more",
    "more": "more",
    "less": "less",
    "much less": "much less",
}
PHRASE_BY_STRENGTH |= {"none": "no", "forget": "forget"}


@dataclass(frozen=True)
class Reply:
    """What is answered."""

    conversation_id: str
    text: str
    author: str
    """"grammar", or the model's name."""
    state: ChatState
    preferences: tuple[Preference, ...] = ()
    """What holds of the person's profile."""
    clause_matches: tuple[ClauseMatch, ...] = ()
    recommendation: Recommendation | None = None


class Chat:
    """Conversations in one workspace."""

    def __init__(
        self, shop: Foretaste, lead: LeadingModel | None = None, name: str = GRAMMAR
    ) -> None:
        self._shop, self._lead, self._name = shop, lead, name

    def close(self) -> None:
        """Let go of the model that leads."""
        if self._lead is not None:
            self._lead.close()

    def say(
        self,
        text: str,
        *,
        conversation: str | None = None,
        user: str | None = None,
        session: str | None = None,
        edit: Mapping[str, Any] | None = None,
    ) -> Reply:
        """Answer. `edit` is what the person changed in the state by hand; then `text` may be empty.

        Raises InputError for a conversation that is not this person's.
        """
        check_text(text, "text")
        check_ids(conversation_id=conversation, user=user, session=session)
        name, state, session = self._load_conversation(conversation, user, session)
        owner = self._owner(user, session)
        state = state.with_edits(edit or {})
        turn = ChatTurn(Tools(self._shop, user, session), state)
        words, author = self._reply(turn, text, edited=bool(edit))
        if turn.recommendation is not None:
            shown_titles = {
                recommended.id: recommended.title or recommended.id
                for recommended in turn.recommendation
            }
            turn.state = replace(
                turn.state,
                shown=shown_titles,
                recommendation_id=turn.recommendation.recommendation_id,
            )
        new_state = turn.state.with_turn(text, words)
        now = self._shop.clock()
        self._shop.store.put_conversation(
            Conversation(name, user, session, now, new_state.to_json_dict(), owner),
            delete_before=now - self._shop.config.rank.keep_days * SECONDS_PER_DAY,
        )
        changes = self._shop.store.preferences(user, session)
        return Reply(
            name, words, author, new_state, changes, tuple(turn.clause_matches), turn.recommendation
        )

    def _load_conversation(
        self, name: str | None, user: str | None, session: str | None
    ) -> tuple[str, ChatState, str | None]:
        """(its id, its state, the session it is on) of a conversation, or of a new one."""
        if name is None:
            name = uuid.uuid4().hex
            is_anonymous = user is None and session is None
            return name, ChatState(), f"chat-{name}" if is_anonymous else session
        conversation = self._shop.store.conversation(name)
        if conversation is None:
            raise InputError(f"conversation_id: there is no conversation '{name}'; begin a new one")
        if user is None and session is None and conversation.user is None:
            session = conversation.session if conversation.session == f"chat-{name}" else None
        owner = conversation.owner
        if owner is None and conversation.session:
            owner = self._shop.store.first_user_of_session(conversation.session)
        same_person = owner is not None and owner == self._owner(user, session)
        same_visit = (
            owner is None and conversation.session is not None and conversation.session == session
        )
        if not same_person and not same_visit:
            raise InputError(
                f"conversation_id: '{name}' is not of this person; send the user or session that "
                "began it"
            )
        return name, ChatState.from_json_dict(conversation.state), session

    def _owner(self, user: str | None, session: str | None) -> str | None:
        """The user, or who is known on the session now."""
        return user or (self._shop.store.user_of_session(session) if session else None)

    def _reply(self, turn: ChatTurn, text: str, *, edited: bool) -> tuple[str, str]:
        """(what is said, by whom)."""
        if self._lead is not None and text.strip():
            previous_state = turn.state
            try:
                words = self._lead(turn, text)
                objection = self._objection(turn, words)
                if objection is None:
                    return words, self._name
                log.warning("what the model said is not told: %s", objection)
                return turn.in_words(), GRAMMAR
            except WriterError as error:
                log.warning("the model does not lead: %s", error)
                if turn.notes:  # what it has done is done, and must not be done twice
                    return turn.in_words(), GRAMMAR
                turn.state, turn.recommendation = previous_state, None
        try:
            return self._by_grammar(turn, text, edited=edited), GRAMMAR
        except InputError as error:
            return f"That does not work: {error}.", GRAMMAR

    def _objection(self, turn: ChatTurn, words: str) -> str | None:
        """Why words of a model may not be told: they name what no tool gave it, hold a link, break
        the operator's policy, or are none.
        """
        evidence_fault = turn.evidence.fault(words, turn.state)
        if evidence_fault is not None:
            return evidence_fault
        slates, snapshot = self._shop.slates, self._shop.catch_up()
        page = slates.page_request(turn.tools.user, None, {"session": turn.tools.session})
        page = replace(page, request=replace(page.request, query=turn.state.query))
        question = slates.question(page, slates.user_context(page.request, snapshot), snapshot)
        faults = slates.policy.text_violations(words, question.index, question.policy_context)
        return faults[0] if faults else None

    # by grammar

    def _by_grammar(self, turn: ChatTurn, text: str, *, edited: bool) -> str:
        if not text.strip() and not edited:
            return HELP_TEXT
        parsed_intent: Intent = (
            FreeTextIntent("")
            if not text.strip()
            else parse_intent(text, turn.state.shown, self._catalogue_item_id)
        )
        match parsed_intent:
            case ResetIntent(whole_profile=everything):
                turn.state = turn.state.reset()
                if everything:
                    turn.tools.shop.steer(turn.tools.user, session=turn.tools.session, reset=True)
                return "Forgotten. What would you like?"
            case NextPageIntent():
                return self._next_page(turn)
            case WhyIntent(item=item):
                if not item:
                    return "Which one? Say its place in the list, or its title."
                return why_in_words(turn.explain(item))
            case WhyNotIntent(item=item):
                if not item:
                    return "There is no such item; say its whole title."
                return why_not_in_words(turn.explain(item))
            case LikeIntent(item=item, less=True):
                turn.tools.steer(less_like=[item])
                turn.notes.append(f"Less like {self._title(item)} from now on.")
            case LikeIntent(item=item):
                turn.state = replace(turn.state, items=(item,), query=None)
            case FeedbackIntent(item=item, kind=kind):
                turn.tools.record(item, kind, turn.state.recommendation_id)
                confirmation = "Noted that you like" if kind == "like" else "No more of"
                turn.notes.append(f"{confirmation} {self._title(item)}.")
            case FreeTextIntent():
                self._apply_wishes(turn, parsed_intent)
        return self._new_list(turn)

    def _apply_wishes(self, turn: ChatTurn, parsed_intent: FreeTextIntent) -> None:
        """Bounds and “only” into the filter, wishes into the profile, the rest into the query."""
        index = self._shop.slates.index(self._shop.catch_up())
        features = {feature.column: feature.values for feature in index.catalogue.features}
        for bound in parsed_intent.bounds:
            turn.state = turn.state.with_conditions(
                {column_for(bound.subject, features): _bound_filter(bound)}
            )
        query_phrases, wishes = [], []
        for clause in parse_clauses(REQUEST_PHRASES.sub(" , ", parsed_intent.text)):
            if clause.strength == "only":
                self._restrict(turn, clause, index)
            elif clause.is_implicit:
                query_phrases.append(clause.text)
            else:
                wishes.append(f"{PHRASE_BY_STRENGTH[clause.strength]} {clause.text}")
        if wishes:
            update = self._shop.steer(
                turn.tools.user, session=turn.tools.session, wish="; ".join(wishes)
            )
            turn.clause_matches += update.clause_matches
            turn.notes += [
                f"No item has anything of “{clause_match.phrase}”."
                for clause_match in update.clause_matches
                if clause_match.filter is None
            ]
        if query_phrases:
            previous_query = turn.state.query if REFINING_WORDS.match(parsed_intent.text) else None
            new_words = (
                " ".join(query_phrases)
                if previous_query
                else drop_plain_start(" ".join(query_phrases))
            )
            query = " ".join(filter(None, (previous_query, new_words)))
            turn.state = replace(turn.state, query=query, items=())

    def _restrict(self, turn: ChatTurn, clause: Clause, index: Any) -> None:
        for clause_match in self._shop.people.vocabulary(index).match_clause(clause):
            turn.clause_matches.append(clause_match)
            if clause_match.filter is None:
                turn.notes.append(f"No item has anything of “{clause_match.phrase}”.")
            else:
                turn.state = turn.state.with_conditions(clause_match.filter)

    def _new_list(self, turn: ChatTurn) -> str:
        state = turn.state
        turn.recommendation = turn.tools.ask(
            state.query, filter=state.filter, like=state.items, n=state.n
        )
        return turn.in_words()

    def _next_page(self, turn: ChatTurn) -> str:
        if turn.state.recommendation_id is None:
            return self._new_list(turn)
        turn.recommendation = turn.tools.ask(
            next_page_of=turn.state.recommendation_id, n=turn.state.n
        )
        return turn.in_words()

    def _catalogue_item_id(self, words: str) -> str | None:
        """The id of an item of the catalogue by its title."""
        catalogue = self._shop.catch_up().catalogue
        return item_by_title(words, dict(zip(catalogue.ids, catalogue.titles, strict=True)))

    def _title(self, item: str) -> str:
        stored_item = self._shop.store.item(item)
        return f"“{safe_title(stored_item.title, item)}”" if stored_item is not None else item


def open_chat(shop: Foretaste) -> Chat:
    """The conversations of a workspace, led as its settings say."""
    writer = shop.config.language.writer
    if writer.kind != "endpoint" or not writer.tools:
        return Chat(shop)
    from foretaste.converse.agent import Agent

    return Chat(shop, Agent(writer), writer.model)


def _bound_filter(bound: Bound) -> dict[str, float]:
    low, high = ("gt", "lt") if bound.is_exclusive else ("gte", "lte")
    limits = {low: bound.low, high: bound.high}
    return {name: value for name, value in limits.items() if value is not None}
