"""Where behaviour lives, by role. Most code needs one of them; `Store` is all of them together.

Every change of an event or an item gets a number that only grows, so that a reader can ask for what
is new.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol

from foretaste.domain.bare_event import BareEvent
from foretaste.domain.consent_store import ConsentStore
from foretaste.domain.consent_store import EventRefusal as EventRefusal
from foretaste.domain.data import Event, Item, User
from foretaste.domain.erasure_store import ErasureStore
from foretaste.domain.import_store import ImportStore
from foretaste.domain.impressions import ImpressionStore
from foretaste.domain.preference import Conversation, Preference
from foretaste.domain.request import LoggedRecommendation
from foretaste.domain.retention_store import OlderEvents as OlderEvents
from foretaste.domain.retention_store import RetentionStore
from foretaste.domain.shop_store import BasketStore, PlacementStore

EventColumns = tuple[
    str | None, str | None, str | None, str, float | None, float, str | None, str | None
]
"""(user, session, item, kind, value, at, text, query)"""
UserKey = tuple[str | None, str | None]
"""(user, None), or (None, the session of somebody unknown)"""


class Past(NamedTuple):
    """Which part of what somebody did is asked for."""

    at: float
    """Up to this time, seconds since 1970."""
    number: int
    """Of what was done at that time up to this number in the log."""
    n: int
    """The newest so many."""


class ItemColumns(NamedTuple):
    """The columns that items have or ever had."""

    attributes: frozenset[str]
    texts: frozenset[str]


class EventOwner(NamedTuple):
    """An event by its id, and who it named."""

    event_id: str
    user: str | None = None
    session: str | None = None


class TakeBackCounts(NamedTuple):
    """What became of the wish to take events back, by their ids."""

    taken_back: tuple[str, ...]
    """They were there."""
    duplicates: tuple[str, ...]
    """They were taken back or erased before."""
    unknown: tuple[str, ...]
    """No event ever had these ids."""


class StoreListener(Protocol):
    """Who is told of what this process puts into a store, when it is there."""

    def events_added(self, events: Sequence[Event]) -> None: ...

    def preferences_put(self, user: str | None, session: str | None) -> None: ...


class EventLog(Protocol):
    """What happened: events in the order in which they were accepted, and whose a session is."""

    def add_events(self, events: Sequence[Event]) -> int:
        """Append in one transaction; an id already there is left alone, and so is what
        `event_refusals` tells of. → how many are new.
        """

    def event_refusals(self, new_events: Sequence[Event]) -> Mapping[int, EventRefusal]:
        """Index → why not, of those of these events that may not come in: their person was erased
        since they happened, or they were erased or taken back themselves.
        """

    def events(
        self, after_number: int = 0, until_number: int | None = None
    ) -> Iterator[tuple[int, Event]]:
        """(number, event) in the order they were accepted, from the first past `after_number`, up
        to `until_number`.
        """

    def event_columns(
        self,
        after_number: int = 0,
        chunk_size: int = 50_000,
        until_number: int | None = None,
        *,
        as_returned: bool = False,
    ) -> Iterator[EventColumns]:
        """(user, session, item, kind, value, at, text, query) in the order of acceptance.

        What preparing interactions needs of each event and no more: several times faster than
        `events`. `chunk_size` is how many are fetched at once. With `until_number` nothing that was
        accepted past that number is known, not even whose a session is. as_returned: but for what
        came back since; it is left out, and so are all returns.
        """

    def events_by_id(self, event_ids: Sequence[str]) -> Mapping[str, Event]:
        """Those of these events that are there, by their id, each as it was accepted."""

    def events_page(
        self,
        after_number: int,
        n: int,
        *,
        event_type: str | None = None,
        user: str | None = None,
        item: str | None = None,
    ) -> list[tuple[int, Event]]:
        """(number, event) of the next n that users did with items, from the first past
        `after_number`.
        """

    def events_of_types(
        self, event_types: Sequence[str], after_number: int, until_number: int
    ) -> list[Event]:
        """The events of these types past a number and up to another, in the order they were
        accepted; an anonymous one without a user.
        """

    def sessions_of_user(self, user: str) -> set[str]:
        """The sessions on which a user was ever identified."""

    def events_by_number(self, numbers: Sequence[int]) -> list[tuple[int, Event]]:
        """(number, event) of those of these events that are there, in order, as `events` does."""

    def history(
        self,
        user: str | None,
        session: str | None,
        n: int | None = None,
        event_types: Sequence[str] | None = None,
    ) -> list[Event]:
        """One person's events in time order: the user's, and those of the session.

        n: of more than n the newest n, of some ten times as many that are looked at. event_types:
        of these types alone.
        """

    def bare_history(
        self,
        user: str | None,
        session: str | None,
        n: int | None = None,
        event_types: Sequence[str] | None = None,
    ) -> list[BareEvent]:
        """The same of each event that lists are made from: a third of the time."""

    def event_columns_before(
        self, pasts: Mapping[UserKey, Past], event_types: Sequence[str]
    ) -> Iterator[tuple[UserKey, int, EventColumns]]:
        """(whose, number, columns) of events of these types, in no order: of each of these people
        the newest, as their `Past` says. A session is everybody who was in it.

        What a user did before they were identified has the number of the event that identified
        them. What came back since is left out. However much somebody did, no more is read than is
        asked for.
        """

    def newest_event_number(self, user: str | None, session: str | None) -> int:
        """The number of the event with the newest time of a user or in a session; 0 if none."""

    def user_counts(
        self, since: float, until: float, event_types: Sequence[str]
    ) -> list[tuple[str, int]]:
        """(item, people who took and kept it by events of these types in since < at <= until)."""

    def event_value_sums(self, event_types: Sequence[str]) -> list[tuple[str, float, int]]:
        """(item, sum of the values, number of them) of events of these types that were kept."""

    def count_interactions(self, event_types: Sequence[str], after_number: int) -> int:
        """How many events of these types name an item, past the number `after_number`."""

    def number_before_newest(self, event_types: Sequence[str], n: int, after_number: int) -> int:
        """The number past which there are n such events; `after_number` where there are fewer."""

    def last_event_number(self) -> int:
        """The number of the newest event; 0 in an empty store."""

    def delete_events(
        self, user: str, item: str, event_type: str | None = None, *, variant: str | None = None
    ) -> int:
        """Take back what a user did with an item, of one event type or all; of events that named a
        variant of it those alone. → how many events.
        """

    def take_back_events(
        self, event_owners: Sequence[EventOwner], *, keep_out_unknown: bool = False
    ) -> TakeBackCounts:
        """Delete events for good, by their ids: they may not come again.

        keep_out_unknown: nor may those that have not come yet, which need whom they name.
        """

    def first_erased_number(self, after_count: int) -> int | None:
        """The least number of an event that went with an erasure past the first `after_count`;
        None where none did, 0 where that is not known.
        """

    def identify(self, session: str, user: str, at: float) -> bool:
        """A session is a user's from now on, and so is what it did while anonymous. → new?"""

    def user_of_session(self, session: str) -> str | None:
        """The user of a session now; None while nobody was identified on it."""

    def first_user_of_session(self, session: str) -> str | None:
        """Whose it is what was asked and said on a session while nobody was known on it."""


class ItemStore(Protocol):
    """The present state of the items, and the ids of those that were deleted."""

    def put_items(self, new_items: Sequence[Item]) -> int:
        """Create or replace. → how many are new or changed."""

    def items(self, after_revision: int = 0) -> Iterator[tuple[int, Item]]:
        """(revision, item) of all items changed past revision `after_revision`, in order of
        revision.
        """

    def item(self, item_id: str) -> Item | None: ...

    def items_by_id(self, ids: Sequence[str]) -> dict[str, Item]:
        """Those of these items that are there, by their ids, in one question."""

    def item_ids(self) -> frozenset[str]: ...

    def item_count(self) -> int:
        """How many items there are. Charges of orders are none."""

    def items_page(self, after_id: str, n: int) -> list[Item]:
        """The next n items in order of their ids, from the first past `after_id`."""

    def newest_items(self, now: float, n: int) -> list[Item]:
        """The n that came on offer last, the newest first; those without a time never did."""

    def change_item(self, item_id: str, change: Callable[[Item], Item]) -> Item | None:
        """What `change` makes of an item, in its place, in one step; None if it is not there."""

    def delete_items(self, ids: Sequence[str]) -> int:
        """Take items out of the catalogue. → how many were in it. Their events stay."""

    def deleted_items(
        self, after_revision: int = 0, *, by_people: bool = False
    ) -> Iterator[tuple[int, str]]:
        """(revision, id) of the items that were deleted past a revision, in that order; with
        `by_people` without those that went as their import was undone.
        """

    def known_item_ids(self, ids: Collection[str]) -> set[str]:
        """Those of these items that are there, or were and people have deleted them."""

    def item_columns(self) -> ItemColumns:
        """The columns that any item has or ever had."""


class UserStore(Protocol):
    """The attributes of users."""

    def put_users(self, new_users: Sequence[User]) -> int: ...

    def user(self, user_id: str) -> User | None: ...

    def users(self) -> Iterator[User]: ...

    def users_page(self, after_id: str, n: int) -> list[User]:
        """The next n users in order of their ids, from the first past `after_id`."""

    def people_page(self, after_id: str, n: int) -> list[str]:
        """The same of the ids of users with events or attributes."""

    def change_user(self, user_id: str, change: Callable[[User], User]) -> User | None:
        """What `change` makes of a user, in their place; None if nothing was put of them."""


class PreferenceStore(Protocol):
    """What people changed about their lists."""

    def preferences(self, user: str | None, session: str | None) -> tuple[Preference, ...]:
        """What this person changed about their lists, oldest first; of all devices."""

    def put_preferences(
        self,
        user: str | None,
        session: str | None,
        new_preferences: Sequence[Preference],
        names_to_remove: Sequence[str] | None = (),
    ) -> None:
        """Take out the changes of these names, None for all; then put. One transaction."""

    def preferences_since(self, at: float) -> list[tuple[tuple[str, bool], Preference]]:
        """((a user or a session, whether it is a session), what they changed) from a time on."""


class RecommendationStore(Protocol):
    """The answers that were given."""

    def add_recommendations(self, new_recommendations: Sequence[LoggedRecommendation]) -> None:
        """Keep answers that were given, in one transaction; an id already there is left alone."""

    def recommendations_by_id(self, ids: Sequence[str]) -> dict[str, LoggedRecommendation]:
        """Those of the answers that are kept, by id."""

    def recommendations_to(self, user: str) -> list[LoggedRecommendation]:
        """The answers that were given to a user and are kept, oldest first."""

    def delete_recommendations(self, given_before: float) -> int:
        """Delete the answers given before a time. → how many."""

    def popular_searches(self, since: float, min_people: int, n: int) -> list[tuple[str, int]]:
        """(words, how many people searched for them since a time), the commonest first."""


class ConversationStore(Protocol):
    """Conversations, as they were left."""

    def conversation(self, conversation_id: str) -> Conversation | None: ...

    def put_conversation(
        self, conversation: Conversation, *, delete_before: float | None = None
    ) -> None:
        """Create or replace; and delete those that have rested since a time."""

    def conversations_with(self, user: str) -> list[Conversation]:
        """The conversations with a user that are kept, oldest first."""


class FactStore(Protocol):
    """Small texts that are kept beside the data."""

    def meta_text(self, name: str) -> str | None:
        """A small text that is kept beside the data, such as what each item column is."""

    def put_meta_text(self, name: str, text: str) -> None: ...

    def swap_meta_text(self, name: str, expected: str | None, replacement: str | None) -> bool:
        """Replace `expected` by `replacement`, None being nothing, if `expected` is what is there.

        → whether it was. One step, whoever else writes.
        """


class Store(
    EventLog,
    ItemStore,
    UserStore,
    PreferenceStore,
    ConsentStore,
    RetentionStore,
    RecommendationStore,
    ConversationStore,
    PlacementStore,
    BasketStore,
    ImpressionStore,
    FactStore,
    ImportStore,
    ErasureStore,
    Protocol,
):
    """All of them: one place, so that one transaction can reach across."""

    listener: StoreListener | None
    purchases_returned: Callable[[], None] | None
    """Called when events that were counted before came back."""
    has_pseudonyms: bool
    """Whether ids of people and sessions are pseudonyms at rest."""

    def limit_cache(self, kibibytes: int) -> None:
        """How much of the database each connection may keep in memory, at most."""

    def reading(self) -> AbstractContextManager[None]:
        """For a block of several small reads by one thread, which then cost less."""

    def stored_ids(self, user: str | None, session: str | None) -> UserKey:
        """What stands for this user and this session where they are kept: pseudonyms, or they."""

    def log_position(self) -> tuple[int, int]:
        """(number of the newest event, newest revision of an item); 0 where there is none."""

    def counts(self) -> Mapping[str, int]:
        """events, items, users."""

    def close(self) -> None: ...
