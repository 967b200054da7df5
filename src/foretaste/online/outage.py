"""While the store cannot be reached: a question in, a list from memory out, which says so.

A user's history is in the store. What the model knows, what is on offer, what the user refused and
what the question itself says are in memory: with that a front page is answered, and a search or
similar items hardly worse than usual. One thread looks whether the store is back, so that no answer
waits for it.
"""

import logging
import threading
from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import cast

from foretaste.domain.bare_event import BareEvent
from foretaste.domain.consent import Consent
from foretaste.domain.data import Item, User
from foretaste.domain.patience import LIST, patience
from foretaste.domain.preference import Preference
from foretaste.domain.store import ItemColumns, Store, UserKey
from foretaste.errors import StoreError
from foretaste.online.manager import ModelManager
from foretaste.online.personal_limits import PersonalLimits
from foretaste.online.slate import SlateBuilder

log = logging.getLogger(__name__)

RETRY_SECONDS = 1.0
"""Between two looks at whether the store is back."""
CLOSE_TIMEOUT = 5.0
"""Seconds that closing waits for such a look."""
WITHOUT_STORE = (
    "the store cannot be reached: of this person only what they refused and changed is known now, "
    "and what is on offer is as it was last seen. The list is kept in memory until the store is "
    "back"
)


class NullStore:
    """What slates read of a store that cannot be asked: of people what they do not want to be
    shown, items as last seen.
    """

    def __init__(
        self, items: Callable[[], Mapping[str, Item]], limits: PersonalLimits, error: StoreError
    ) -> None:
        self._items, self._limits, self._error = items, limits, error

    def bare_history(self, user: str | None, session: str | None, *_: object) -> list[BareEvent]:
        """What they refused. Raises StoreError where that is not known."""
        fields = attrgetter(*BareEvent._fields)
        return [BareEvent._make(fields(event)) for event in self._limits.history(user, session)]

    def impressions(self, *_: object) -> list[tuple[str, float]]:
        """Not known."""
        return []

    def stored_ids(self, user: str | None, session: str | None) -> UserKey:
        """As of the store, which need not be asked for it."""
        return self._limits.stored_ids(user, session)

    def user_of_session(self, session: str) -> str | None:
        """Nobody."""
        return None

    def user(self, user_id: str) -> User | None:
        """Nobody."""
        return None

    def preferences(self, user: str | None, session: str | None) -> tuple[Preference, ...]:
        """As they were last seen. Raises StoreError where they are not known."""
        return self._limits.preferences(user, session)

    def consent(self, user: str | None, session: str | None) -> Consent:
        """What they allow is not known, so nothing of theirs is sent elsewhere; nothing of what
        they did is read, and what is served is kept once the store is back, if it may be then.
        """
        return Consent({"share": "unknown"})

    def user_counts(self, *_: object) -> list[tuple[str, int]]:
        """None: popularity stands in for what is trending."""
        return []

    def erasure_count(self) -> int:
        """None that this knows of."""
        return 0

    def item(self, item_id: str) -> Item:
        """As it was last seen. Raises StoreError for one that was not: it may be new."""
        item = self._items().get(item_id)
        if item is None:
            raise self._error
        return item

    def item_columns(self) -> ItemColumns:
        """Raises StoreError: an attribute that no item in memory has may be known all the same."""
        raise self._error


class Outage:
    """Whether the store can be reached, and what makes lists while it cannot."""

    def __init__(
        self,
        store: Store,
        manager: ModelManager,
        builder: Callable[[Store], SlateBuilder],
        weights: Mapping[str, float],
    ) -> None:
        self._store, self._manager, self._builder = store, manager, builder
        self.limits = store.listener = PersonalLimits(store, weights)
        """What people do not want to be shown."""
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self.slates: SlateBuilder | None = None
        """What asks no store; None while it can be reached."""
        self.reason: str | None = None
        """What it failed with; None while it can be reached."""

    def begin(self, error: StoreError) -> SlateBuilder:
        """The store has just failed. Raises what it failed with where nothing is in memory."""
        snapshot = self._manager.snapshot
        if snapshot is None:
            raise error
        with self._lock:
            if self.slates is None:
                log.error("lists come from memory: %s", error)
                null_store = NullStore(self._items, self.limits, error)
                slates = self._builder(cast(Store, null_store))
                slates.outage = WITHOUT_STORE
                self.slates, self.reason = slates, str(error)
                self._thread = threading.Thread(target=self._watch, name="outage", daemon=True)
                self._thread.start()
            return self.slates

    def close(self) -> None:
        """Look no more."""
        self.limits.close()
        self._ended.set()
        if self._thread is not None:
            self._thread.join(CLOSE_TIMEOUT)

    def _items(self) -> Mapping[str, Item]:
        snapshot = self._manager.snapshot
        return {} if snapshot is None else snapshot.items

    def _watch(self) -> None:
        while not self._ended.wait(RETRY_SECONDS):
            try:
                with patience(LIST):
                    self._store.log_position()
            except StoreError:
                continue
            log.warning("the store is back")
            break
        with self._lock:
            self.slates = self.reason = None
