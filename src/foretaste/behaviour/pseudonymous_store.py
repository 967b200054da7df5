"""The store of a workspace whose ids of people and sessions are pseudonyms at rest.

Every way in that names somebody is here, and gives the pseudonym to the same of `SqlStore`. What
was read from the store has pseudonyms, which stand for themselves. See `pseudonyms`.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import Any

from foretaste.behaviour.consent_rows import Person
from foretaste.behaviour.operator_reads import OperatorReads
from foretaste.behaviour.pseudonyms import Pseudonyms
from foretaste.behaviour.store import SqlStore
from foretaste.domain.bare_event import BareEvent
from foretaste.domain.consent import Consent, ConsentStatement, Purpose, RefusalSource
from foretaste.domain.consent_store import ConsentChange
from foretaste.domain.data import ErasureCounts, Event, LoggedRecommendation, User
from foretaste.domain.preference import Conversation, Preference
from foretaste.domain.store import EventOwner, EventRefusal, TakeBackCounts


class PseudonymousStore(SqlStore):
    """Behaviour of people who are known by their pseudonyms."""

    has_pseudonyms = True

    def __init__(self, pseudonyms: Pseudonyms, *arguments: Any) -> None:
        self._pseudonyms = pseudonyms
        super().__init__(*arguments)
        self.operator = _PseudonymousReads(self._engine, pseudonyms)

    def stored_ids(self, user: str | None, session: str | None) -> Person:
        """What stands for this user and this session."""
        return (
            None if user is None else self._pseudonyms.user(user),
            None if session is None else self._pseudonyms.session(session),
        )

    def _event(self, event: Event) -> Event:
        user, session = self.stored_ids(event.user, event.session)
        return replace(event, user=user, session=session)

    # Events

    def add_events(self, new: Sequence[Event]) -> int:
        """As of `SqlStore`."""
        refusals = super().event_refusals(new)  # of who was erased before the move
        own = [self._event(event) for row, event in enumerate(new) if row not in refusals]
        return super().add_events(own)

    def event_refusals(self, new_events: Sequence[Event]) -> dict[int, EventRefusal]:
        """As of `SqlStore`; by their own ids too, as who was erased before the move is known so."""
        own = [self._event(event) for event in new_events]
        return {**super().event_refusals(new_events), **super().event_refusals(own)}

    def events_page(self, after_number: int, n: int, **conditions: Any) -> list[tuple[int, Event]]:
        """As of `SqlStore`."""
        if conditions.get("user") is not None:
            conditions["user"] = self._pseudonyms.user(conditions["user"])
        return super().events_page(after_number, n, **conditions)

    def history(
        self,
        user: str | None,
        session: str | None,
        n: int | None = None,
        event_types: Sequence[str] | None = None,
    ) -> list[Event]:
        """As of `SqlStore`."""
        return super().history(*self.stored_ids(user, session), n, event_types)

    def bare_history(
        self,
        user: str | None,
        session: str | None,
        n: int | None = None,
        event_types: Sequence[str] | None = None,
    ) -> list[BareEvent]:
        """As of `SqlStore`."""
        return super().bare_history(*self.stored_ids(user, session), n, event_types)

    def newest_event_number(self, user: str | None, session: str | None) -> int:
        """As of `SqlStore`."""
        return super().newest_event_number(*self.stored_ids(user, session))

    def delete_events(
        self, user: str, item: str, event_type: str | None = None, *, variant: str | None = None
    ) -> int:
        """As of `SqlStore`."""
        own = self._pseudonyms.user(user)
        return super().delete_events(own, item, event_type, variant=variant)

    def take_back_events(
        self, event_owners: Sequence[EventOwner], *, keep_out_unknown: bool = False
    ) -> TakeBackCounts:
        """As of `SqlStore`."""
        own = [
            EventOwner(owner.event_id, *self.stored_ids(owner.user, owner.session))
            for owner in event_owners
        ]
        return super().take_back_events(own, keep_out_unknown=keep_out_unknown)

    # Who is who

    def identify(self, session: str, user: str, at: float) -> bool:
        """As of `SqlStore`."""
        return super().identify(self._pseudonyms.session(session), self._pseudonyms.user(user), at)

    def user_of_session(self, session: str) -> str | None:
        """As of `SqlStore`."""
        return super().user_of_session(self._pseudonyms.session(session))

    def first_user_of_session(self, session: str) -> str | None:
        """As of `SqlStore`."""
        return super().first_user_of_session(self._pseudonyms.session(session))

    def sessions_first_of(self, user: str) -> list[str]:
        """As of `SqlStore`."""
        return super().sessions_first_of(self._pseudonyms.user(user))

    def sessions_of(self, users: Collection[str]) -> set[str]:
        """As of `SqlStore`."""
        return super().sessions_of({self._pseudonyms.user(user) for user in users})

    def sessions_of_user(self, user: str) -> set[str]:
        """As of `SqlStore`."""
        return super().sessions_of_user(self._pseudonyms.user(user))

    # What is known and said of them

    def put_users(self, new_users: Sequence[User]) -> int:
        """As of `SqlStore`."""
        return super().put_users(
            [replace(user, id=self._pseudonyms.user(user.id)) for user in new_users]
        )

    def user(self, user_id: str) -> User | None:
        """As of `SqlStore`."""
        return super().user(self._pseudonyms.user(user_id))

    def change_user(self, user_id: str, change: Callable[[User], User]) -> User | None:
        """As of `SqlStore`."""
        own_id = self._pseudonyms.user(user_id)
        return super().change_user(own_id, lambda user: replace(change(user), id=own_id))

    def preferences(self, user: str | None, session: str | None) -> tuple[Preference, ...]:
        """As of `SqlStore`."""
        return super().preferences(*self.stored_ids(user, session))

    def put_preferences(
        self,
        user: str | None,
        session: str | None,
        new_changes: Sequence[Preference],
        names_to_remove: Sequence[str] | None = (),
    ) -> None:
        """As of `SqlStore`."""
        own_ids = self.stored_ids(user, session)
        super().put_preferences(*own_ids, new_changes, names_to_remove)

    def consent(self, user: str | None, session: str | None) -> Consent:
        """As of `SqlStore`."""
        return super().consent(*self.stored_ids(user, session))

    def consent_statements(
        self, user: str | None, session: str | None = None
    ) -> list[ConsentStatement]:
        """As of `SqlStore`."""
        return super().consent_statements(*self.stored_ids(user, session))

    def put_consents(self, changes: Sequence[ConsentChange], at: float) -> None:
        """As of `SqlStore`."""
        own = [
            ConsentChange(*self.stored_ids(change.user, change.session), change.choices)
            for change in changes
        ]
        super().put_consents(own, at)

    def consent_refusals(
        self, purpose: Purpose, people: Sequence[Person]
    ) -> dict[int, RefusalSource]:
        """As of `SqlStore`."""
        return super().consent_refusals(purpose, [self.stored_ids(*person) for person in people])

    # What they were given

    def add_recommendations(self, new_recommendations: Sequence[LoggedRecommendation]) -> None:
        """As of `SqlStore`."""
        own = []
        for logged in new_recommendations:
            user, session = self.stored_ids(logged.user, logged.session)
            owner, _ = self.stored_ids(logged.owner, None)
            own.append(replace(logged, user=user, session=session, owner=owner))
        super().add_recommendations(own)

    def recommendations_to(self, user: str) -> list[LoggedRecommendation]:
        """As of `SqlStore`."""
        return super().recommendations_to(self._pseudonyms.user(user))

    def put_conversation(
        self, conversation: Conversation, *, delete_before: float | None = None
    ) -> None:
        """As of `SqlStore`."""
        user, session = self.stored_ids(conversation.user, conversation.session)
        owner, _ = self.stored_ids(conversation.owner, None)
        own = replace(conversation, user=user, session=session, owner=owner)
        super().put_conversation(own, delete_before=delete_before)

    def conversations_with(self, user: str) -> list[Conversation]:
        """As of `SqlStore`."""
        return super().conversations_with(self._pseudonyms.user(user))

    def erase(self, user: str, at: float | None = None) -> ErasureCounts:
        """As of `SqlStore`."""
        return super().erase(self._pseudonyms.user(user), at)

    def erased_at(self, user: str) -> float | None:
        """As of `SqlStore`; of who was erased before the move by their own id."""
        return super().erased_at(self._pseudonyms.user(user)) or super().erased_at(user)


class _PseudonymousReads(OperatorReads):
    """What the operator asks for, by ids or by pseudonyms."""

    def __init__(self, engine: Any, pseudonyms: Pseudonyms) -> None:
        super().__init__(engine)
        self._pseudonyms = pseudonyms

    def find_people(self, prefix: str, n: int) -> list[str]:
        """Those whose pseudonym begins so; and who has this id."""
        own_ids = super().find_people(self._pseudonyms.user(prefix), 1) if prefix else []
        return [*own_ids, *super().find_people(prefix, n)][:n]

    def newest_answers_to(self, user: str, n: int) -> list[LoggedRecommendation]:
        """As of `OperatorReads`."""
        return super().newest_answers_to(self._pseudonyms.user(user), n)
