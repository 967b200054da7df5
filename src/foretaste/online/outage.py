"""While the store cannot be reached: a question in, a list from memory out, which says so.

A person's history is in the store. What the model knows, what is on offer and what the question
itself says are in memory: with that a front page is answered, and a search or similar items hardly
worse than usual. One thread looks whether the store is back, so that no answer waits for it.
"""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import cast

from foretaste.domain.data import Event, Item, User
from foretaste.domain.preference import Change
from foretaste.domain.store import Store
from foretaste.errors import StoreError
from foretaste.online.manager import Keeper
from foretaste.online.slate import Lists

log = logging.getLogger(__name__)

PAUSE = 1.0
"""Seconds between two looks at whether it is back."""
PATIENCE = 5.0
"""Seconds that closing waits for such a look."""
WHY = (
    "the store cannot be reached: what this person did and changed is not known now, and what is "
    "on offer is as it was last seen. The list is kept in memory until the store is back"
)


class Memory:
    """What lists read of a store, where it cannot be asked: nobody is known, items as last seen."""

    def __init__(self, items: Callable[[], Mapping[str, Item]], why: StoreError) -> None:
        self._items, self._why = items, why

    def history(self, user: str | None, session: str | None, n: int | None = None) -> list[Event]:
        """Nothing."""
        return []

    def identified(self, session: str) -> str | None:
        """Nobody."""
        return None

    def user(self, user_id: str) -> User | None:
        """Nobody."""
        return None

    def changes(self, user: str | None, session: str | None) -> tuple[Change, ...]:
        """None."""
        return ()

    def takers(self, *_: object) -> list[tuple[str, int]]:
        """None: popularity stands in for what is trending."""
        return []

    def item(self, item_id: str) -> Item:
        """As it was last seen. Raises StoreError for one that was not: it may be new."""
        found = self._items().get(item_id)
        if found is None:
            raise self._why
        return found

    def items_by_id(self, ids: Sequence[str]) -> dict[str, Item]:
        """Each as it was last seen. Raises StoreError where one was not."""
        return {item_id: self.item(item_id) for item_id in ids}


class Outage:
    """Whether the store can be reached, and what lists are made with while it cannot."""

    def __init__(self, store: Store, keeper: Keeper, lists: Callable[[Store], Lists]) -> None:
        self._store, self._keeper, self._made = store, keeper, lists
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self.lists: Lists | None = None
        """Those that ask no store; None while it can be reached."""
        self.why: str | None = None
        """What it failed with; None while it can be reached."""

    def begin(self, why: StoreError) -> Lists:
        """The store has just failed. Raises what it failed with where nothing is in memory."""
        if self._keeper.answering is None:
            raise why
        with self._lock:
            if self.lists is None:
                log.error("lists come from memory: %s", why)
                memory = Memory(lambda: self._keeper.items, why)
                self.lists, self.why = self._made(cast(Store, memory)), str(why)
                self._thread = threading.Thread(target=self._watch, name="outage", daemon=True)
                self._thread.start()
            return self.lists

    def close(self) -> None:
        """Look no more."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join(PATIENCE)

    def _watch(self) -> None:
        while not self._ended.wait(PAUSE):
            try:
                self._store.position()
            except StoreError:
                continue
            log.warning("the store is back")
            break
        with self._lock:
            self.lists = self.why = None
