"""A talk: what a person says in, an answer, a list and the state of the talk out.

Without a large model it goes by the grammar of `understand` (`grammar_turn`); with an endpoint
that calls tools the model leads, over the same tools (`agent`), and the grammar stands in where it
fails. The state is kept under the conversation's id, and belongs to whoever began it.
"""

import logging
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from foretaste.behaviour.checks import check_ids
from foretaste.converse.answers import answer
from foretaste.converse.grammar_turn import GrammarTurn
from foretaste.converse.state import ChatState
from foretaste.converse.tools import Tools
from foretaste.converse.turn import ChatTurn, LeadingModel
from foretaste.converse.undo import undo_of
from foretaste.domain.consent import PurposeRefusal
from foretaste.domain.data import Recommendation
from foretaste.domain.preference import Conversation, Preference
from foretaste.domain.text_limits import check_text
from foretaste.errors import InputError, Overdue, WriterError
from foretaste.generate.consent_text import refusals_in_words
from foretaste.generate.safe import without_links
from foretaste.loop import Foretaste
from foretaste.preferences.matching import ClauseMatch

log = logging.getLogger(__name__)

GRAMMAR = "grammar"
"""Who answers where no language model does."""
SECONDS_PER_DAY = 86_400.0


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
    intent: str | None = None
    """How the grammar understood it; None where a model led."""
    items: tuple[str, ...] = ()
    """The items that were spoken of."""
    refusals: tuple[PurposeRefusal, ...] = ()
    """What was not done, as it is not allowed."""


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
        language: str | None = None,
    ) -> Reply:
        """Answer. `edit` is what the person changed in the state by hand; then `text` may be empty.

        language: as of a request, or the tags of Accept-Language. A new conversation begins in it,
        and what tells no language (“teurere Grills”) is read in it.

        Raises InputError for a conversation that is not this person's.
        """
        check_text(text, "text")
        check_ids(conversation_id=conversation, user=user, session=session)
        user, session = self._shop.store.stored_ids(user, session)
        name, state, session = self._load_conversation(conversation, user, session, language)
        owner = self._owner(user, session)
        old_preferences = self._shop.store.preferences(user, session)
        turn = ChatTurn(Tools(self._shop, user, session), state.with_edits(edit or {}))
        consent = self._shop.store.consent(user, session)
        may_share = consent.allows("share")
        words, author = self._reply(turn, text, edited=bool(edit), may_share=may_share)
        turn.keep_shown()
        changes = self._shop.store.preferences(user, session)
        undo = undo_of(state, turn.state, old_preferences, changes, turn.undoable_events)
        if undo or turn.is_undo:
            turn.state = replace(turn.state, undo={} if turn.is_undo else undo)
        new_state = turn.state.with_turn(text, words)
        now = self._shop.clock()
        if consent.allows("record"):
            self._shop.store.put_conversation(
                Conversation(name, user, session, now, new_state.to_json_dict(), owner),
                delete_before=now - self._shop.config.rank.keep_days * SECONDS_PER_DAY,
            )
        return Reply(
            name,
            words,
            author,
            new_state,
            changes,
            tuple(turn.clause_matches),
            turn.recommendation,
            None if turn.meaning is None else turn.meaning.intent,
            () if turn.meaning is None else turn.meaning.items,
            refusals_in_words(
                consent,
                ("record", "personalise", *(("share",) if self._lead is not None else ())),
                turn.display().messages,
            ),
        )

    def _load_conversation(
        self, name: str | None, user: str | None, session: str | None, language: str | None
    ) -> tuple[str, ChatState, str | None]:
        """(its id, its state, the session it is on) of a conversation, or of a new one."""
        new_state = ChatState(language=self._shop.reasoning.language(language))
        if name is None:
            name = uuid.uuid4().hex
            is_anonymous = user is None and session is None
            return name, new_state, f"chat-{name}" if is_anonymous else session
        conversation = self._shop.store.conversation(name)
        if conversation is None and not self._shop.store.consent(user, session).allows("record"):
            return name, new_state, session  # it was not kept: the caller has its state
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

    def _reply(
        self, turn: ChatTurn, text: str, *, edited: bool, may_share: bool
    ) -> tuple[str, str]:
        """(what is said, by whom). may_share: whether a model elsewhere may lead."""
        if self._lead is not None and may_share and text.strip():
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
            words = GrammarTurn(self._shop, turn, edited=edited).answer(text)
        except InputError as error:
            words = answer("problem", turn.state.language, error=error)
        except Overdue:  # what is looked up is kept, so the next answer has it
            words = " ".join([*turn.notes, answer("overdue", turn.state.language)])
        return without_links(words), GRAMMAR

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


def open_chat(shop: Foretaste) -> Chat:
    """The conversations of a workspace, led as its settings say."""
    writer = shop.config.language.writer
    if writer.kind != "endpoint" or not writer.tools:
        return Chat(shop)
    from foretaste.converse.agent import Agent

    return Chat(shop, Agent(writer), writer.model)
