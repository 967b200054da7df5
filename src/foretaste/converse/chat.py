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

from foretaste.converse.intents import (
    Bound,
    Forget,
    Intent,
    Like,
    More,
    Say,
    Took,
    Why,
    WhyNot,
    intent,
    titled,
)
from foretaste.converse.state import LONGEST, State, column_for
from foretaste.converse.tools import Tools
from foretaste.converse.turn import Lead, Turn
from foretaste.converse.words import (
    HELP,
    plain,
    why_in_words,
    why_not_in_words,
)
from foretaste.domain.data import Recommendation
from foretaste.domain.preference import Change, Conversation
from foretaste.errors import InputError, WriterError
from foretaste.loop import Foretaste
from foretaste.preferences.grammar import Clause, clauses, named
from foretaste.preferences.matching import Understood

log = logging.getLogger(__name__)

GRAMMAR = "grammar"
"""Who answers where no language model does."""
DAY = 86_400.0
LEADS = re.compile(
    r"(?<!don't )(?<!not )(?<!never )(?<!stop )\b(?:please |can you |could you )*"
    r"(?:(?:show|give|find|recommend|suggest)(?: me)?|i want|i would like|i'd like|i need|"
    r"i'm looking for|i am looking for|looking for|do you have|have you got)\b"
)
"""What asks for a list now; it changes no profile."""
REFINES = re.compile(r"^(?:but|and|also|with|or|rather|maybe|preferably)\b")
"""Words that go on with the wish before."""
SPOKEN = {"much more": "much more", "more": "more", "less": "less", "much less": "much less"}
SPOKEN |= {"none": "no", "forget": "forget"}


@dataclass(frozen=True)
class Reply:
    """What is answered."""

    conversation_id: str
    said: str
    by: str
    """"grammar", or the model's name."""
    state: State
    changes: tuple[Change, ...] = ()
    """What holds of the person's profile."""
    understood: tuple[Understood, ...] = ()
    recommendation: Recommendation | None = None


class Chat:
    """Conversations in one workspace."""

    def __init__(self, shop: Foretaste, lead: Lead | None = None, name: str = GRAMMAR) -> None:
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
        if len(text) > LONGEST:
            raise InputError(f"text: {len(text):,} characters; say it in {LONGEST:,}")
        name, state, session = self._begun(conversation, user, session)
        state = state.edited(edit or {})
        turn = Turn(Tools(self._shop, user, session), state)
        words, by = self._answered(turn, text, edited=bool(edit))
        if turn.found is not None:
            shown = {one.id: one.title or one.id for one in turn.found}
            turn.state = replace(
                turn.state, shown=shown, recommendation_id=turn.found.recommendation_id
            )
        kept = turn.state.said(text, words)
        now = self._shop.clock()
        self._shop.store.put_conversation(
            Conversation(name, user, session, now, kept.told()),
            forget_before=now - self._shop.config.rank.keep_days * DAY,
        )
        changes = self._shop.store.changes(user, session)
        return Reply(name, words, by, kept, changes, tuple(turn.understood), turn.found)

    def _begun(
        self, name: str | None, user: str | None, session: str | None
    ) -> tuple[str, State, str | None]:
        """(its id, its state, the session it is on) of a conversation, or of a new one."""
        if name is None:
            name = uuid.uuid4().hex
            alone = user is None and session is None
            return name, State(), f"chat-{name}" if alone else session
        kept = self._shop.store.conversation(name)
        if kept is None:
            raise InputError(f"conversation_id: there is no conversation '{name}'; begin a new one")
        if user is None and session is None and kept.user is None:
            session = kept.session if kept.session == f"chat-{name}" else None
        theirs = self._shop.store.identified
        owner = kept.user or (theirs(kept.session) if kept.session else None)
        mine = user or (theirs(session) if session else None)
        same_person = owner is not None and owner == mine
        same_visit = owner is None and kept.session is not None and kept.session == session
        if not same_person and not same_visit:
            raise InputError(
                f"conversation_id: '{name}' is not of this person; send the user or session that "
                "began it"
            )
        return name, State.of(kept.state), session

    def _answered(self, turn: Turn, text: str, *, edited: bool) -> tuple[str, str]:
        """(what is said, by whom)."""
        if self._lead is not None and text.strip():
            before = turn.state
            try:
                words = self._lead(turn, text)
                why = self._unsayable(turn, words)
                if why is None:
                    return words, self._name
                log.warning("what the model said is not told: %s", why)
                return turn.in_words(), GRAMMAR
            except WriterError as error:
                log.warning("the model does not lead: %s", error)
                if turn.notes:  # what it has done is done, and must not be done twice
                    return turn.in_words(), GRAMMAR
                turn.state, turn.found = before, None
        try:
            return self._by_grammar(turn, text, edited=edited), GRAMMAR
        except InputError as error:
            return f"That does not work: {error}.", GRAMMAR

    def _unsayable(self, turn: Turn, words: str) -> str | None:
        """Why words of a model may not be told: they name what no tool gave it, hold a link, break
        the operator's policy, or are none.
        """
        why = turn.evidence.fault(words, turn.state)
        if why is not None:
            return why
        slates, snapshot = self._shop.slates, self._shop.catch_up()
        page = slates.page_request(turn.tools.user, None, {"session": turn.tools.session})
        page = replace(page, request=replace(page.request, query=turn.state.query))
        question = slates.question(page, slates.user_context(page.request, snapshot), snapshot)
        faults = slates.policy.faults(words, question.index, question.asking)
        return faults[0] if faults else None

    # by grammar

    def _by_grammar(self, turn: Turn, text: str, *, edited: bool) -> str:
        if not text.strip() and not edited:
            return HELP
        meant: Intent = Say("") if not text.strip() else intent(text, turn.state.shown, self._known)
        match meant:
            case Forget(all=everything):
                turn.state = turn.state.begun_anew()
                if everything:
                    turn.tools.shop.steer(turn.tools.user, session=turn.tools.session, reset=True)
                return "Forgotten. What would you like?"
            case More():
                return self._next(turn)
            case Why(item=item):
                if not item:
                    return "Which one? Say its place in the list, or its title."
                return why_in_words(turn.explain(item))
            case WhyNot(item=item):
                if not item:
                    return "There is no such item; say its whole title."
                return why_not_in_words(turn.explain(item))
            case Like(item=item, less=True):
                turn.tools.steer(less_like=[item])
                turn.notes.append(f"Less like {self._title(item)} from now on.")
            case Like(item=item):
                turn.state = replace(turn.state, items=(item,), query=None)
            case Took(item=item, kind=kind):
                turn.tools.record(item, kind, turn.state.recommendation_id)
                noted = "Noted that you like" if kind == "like" else "No more of"
                turn.notes.append(f"{noted} {self._title(item)}.")
            case Say():
                self._said(turn, meant)
        return self._list(turn)

    def _said(self, turn: Turn, meant: Say) -> None:
        """Bounds and “only” into the filter, wishes into the profile, the rest into the query."""
        index = self._shop.slates.index(self._shop.catch_up())
        features = {one.column: one.values for one in index.catalogue.features}
        for bound in meant.bounds:
            turn.state = turn.state.narrowed({column_for(bound.about, features): _range(bound)})
        plain, wishes = [], []
        for clause in clauses(LEADS.sub(" , ", meant.text)):
            if clause.much == "only":
                self._only(turn, clause, index)
            elif clause.plain:
                plain.append(clause.said)
            else:
                wishes.append(f"{SPOKEN[clause.much]} {clause.said}")
        if wishes:
            done = self._shop.steer(
                turn.tools.user, session=turn.tools.session, wish="; ".join(wishes)
            )
            turn.understood += done.understood
            turn.notes += [
                f"No item has anything of “{one.said}”."
                for one in done.understood
                if one.what is None
            ]
        if plain:
            before = turn.state.query if REFINES.match(meant.text) else None
            said = " ".join(plain) if before else named(" ".join(plain))
            query = " ".join(filter(None, (before, said)))
            turn.state = replace(turn.state, query=query, items=())

    def _only(self, turn: Turn, clause: Clause, index: Any) -> None:
        for one in self._shop.people.vocabulary(index).understood(clause):
            turn.understood.append(one)
            if one.what is None:
                turn.notes.append(f"No item has anything of “{one.said}”.")
            else:
                turn.state = turn.state.narrowed(one.what)

    def _list(self, turn: Turn) -> str:
        state = turn.state
        turn.found = turn.tools.ask(state.query, filter=state.filter, like=state.items, n=state.n)
        return turn.in_words()

    def _next(self, turn: Turn) -> str:
        if turn.state.recommendation_id is None:
            return self._list(turn)
        turn.found = turn.tools.ask(next_page_of=turn.state.recommendation_id, n=turn.state.n)
        return turn.in_words()

    def _known(self, words: str) -> str | None:
        """The id of an item of the catalogue by its title."""
        catalogue = self._shop.catch_up().catalogue
        return titled(words, dict(zip(catalogue.ids, catalogue.titles, strict=True)))

    def _title(self, item: str) -> str:
        found = self._shop.store.item(item)
        return f"“{plain(found.title, item)}”" if found is not None else item


def open_chat(shop: Foretaste) -> Chat:
    """The conversations of a workspace, led as its settings say."""
    writer = shop.config.language.writer
    if writer.kind != "endpoint" or not writer.tools:
        return Chat(shop)
    from foretaste.converse.agent import Agent

    return Chat(shop, Agent(writer), writer.model)


def _range(bound: Bound) -> dict[str, float]:
    low, high = ("gt", "lt") if bound.open else ("gte", "lte")
    found = {low: bound.low, high: bound.high}
    return {name: value for name, value in found.items() if value is not None}
