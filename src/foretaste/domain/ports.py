"""The seams between the stages. Imports nothing of ours but the nouns."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Self

import numpy as np

from foretaste.domain.data import (
    Behaviour,
    Catalogue,
    Erased,
    Event,
    Floats,
    Histories,
    Ints,
    Item,
    Longs,
    Served,
    Term,
    User,
)
from foretaste.domain.preference import Change, Conversation
from foretaste.domain.prompt import Deadline, Prompt


class Progress(Protocol):
    """Told how far a long piece of work has come."""

    def __call__(self, what: str, done: int, total: int, note: str = "") -> None: ...


def silent(what: str, done: int, total: int, note: str = "") -> None:
    """The progress that shows nothing."""


EventColumns = tuple[
    str | None, str | None, str | None, str, float | None, float, str | None, str | None
]
"""(user, session, item, kind, value, at, text, query)"""


class Store(Protocol):
    """Where behaviour lives: append-only events, the present state of items and users.

    Every change gets a number that only grows, so that a reader can ask for what is new.
    """

    def add_events(self, events: Sequence[Event]) -> int:
        """Append in one transaction; an id already there is left alone. → how many are new."""

    def events(self, after: int = 0, until: int | None = None) -> Iterator[tuple[int, Event]]:
        """(number, event) in the order they were accepted, from the first past `after`, up to the
        number `until`.
        """

    def event_columns(
        self, after: int = 0, chunk: int = 50_000, until: int | None = None
    ) -> Iterator[EventColumns]:
        """(user, session, item, kind, value, at, text, query) in the order of acceptance.

        What preparing histories needs of each event and no more: several times faster than
        `events`. `chunk` is how many are fetched at once. With `until` nothing that was accepted
        past that number is known, not even whose a session is.
        """

    def takings(self, kinds: Sequence[str], after: int) -> int:
        """How many events of these kinds name an item, past the number `after`."""

    def before_newest(self, kinds: Sequence[str], n: int, after: int) -> int:
        """The number past which there are n such events; `after` where there are fewer."""

    def last_event(self) -> int:
        """The number of the newest event; 0 in an empty store."""

    def identify(self, session: str, user: str, at: float) -> bool:
        """A session is a user's from now on, as is what it did while nobody was known. → new?"""

    def identified(self, session: str) -> str | None:
        """Whose a session is now; None while nobody was identified on it."""

    def history(self, user: str | None, session: str | None, n: int | None = None) -> list[Event]:
        """One person's events in time order: the user's, and those of the session; of more than n
        the newest n.
        """

    def pasts(
        self, people: Sequence[tuple[str | None, str | None]]
    ) -> Iterator[tuple[int, EventColumns]]:
        """(number, columns) of all that these people did, in no order, each as (user, session) of
        `people`: a user and None, or None and a session, whoever was in it.

        What a user did before they were identified has the number where that was said.
        """

    def position(self) -> tuple[int, int]:
        """(number of the newest event, newest revision of an item); 0 where there is none."""

    def put_items(self, items: Sequence[Item]) -> int:
        """Create or replace. → how many are new or changed."""

    def items(self, after: int = 0) -> Iterator[tuple[int, Item]]:
        """(revision, item) of all items changed past revision `after`, in order of revision."""

    def item(self, item_id: str) -> Item | None: ...

    def items_by_id(self, ids: Sequence[str]) -> dict[str, Item]:
        """Those of these items that are there, by their ids, in one question."""

    def item_ids(self) -> frozenset[str]: ...

    def events_page(
        self,
        after: int,
        n: int,
        *,
        kind: str | None = None,
        user: str | None = None,
        item: str | None = None,
    ) -> list[tuple[int, Event]]:
        """(number, event) of the next n that users did with items, from the first past `after`."""

    def delete_events(self, user: str, item: str, kind: str | None = None) -> int:
        """Take back what a user did with an item, of one kind or of all. → how many events."""

    def items_page(self, after: str, n: int) -> list[Item]:
        """The next n items in order of their ids, from the first past `after`."""

    def newest_items(self, now: float, n: int) -> list[Item]:
        """The n that came on offer last, the newest first; those without a time never did."""

    def change_item(self, item_id: str, change: Callable[[Item], Item]) -> Item | None:
        """What `change` makes of an item, in its place, in one step; None if it is not there."""

    def delete_items(self, ids: Sequence[str]) -> int:
        """Take items out of the catalogue. → how many were in it. Their events stay."""

    def gone(self, after: int = 0) -> Iterator[tuple[int, str]]:
        """(revision, id) of the items that were deleted past a revision, in that order."""

    def ever(self, ids: Collection[str]) -> set[str]:
        """Those of these items that are there, or were and have been deleted."""

    def put_users(self, users: Sequence[User]) -> int: ...

    def user(self, user_id: str) -> User | None: ...

    def users(self) -> Iterator[User]: ...

    def users_page(self, after: str, n: int) -> list[User]:
        """The next n users in order of their ids, from the first past `after`."""

    def change_user(self, user_id: str, change: Callable[[User], User]) -> User | None:
        """What `change` makes of a user, in their place; None if nothing was put of them."""

    def erase(self, user: str) -> Erased:
        """Delete all that is kept of a user, in one transaction. → how much that was."""

    def erasures(self) -> int:
        """How many erasures there have been."""

    def served_to(self, user: str) -> list[Served]:
        """The answers that were given to a user and are kept, oldest first."""

    def add_served(self, new: Sequence[Served]) -> None:
        """Keep answers that were given, in one transaction; an id already there is left alone."""

    def served(self, ids: Sequence[str]) -> dict[str, Served]:
        """Those of the answers that are kept, by id."""

    def forget_served(self, before: float) -> int:
        """Delete the answers given before a time. → how many."""

    def changes(self, user: str | None, session: str | None) -> tuple[Change, ...]:
        """What this person changed about their lists, oldest first; of all devices."""

    def put_changes(
        self,
        user: str | None,
        session: str | None,
        put: Sequence[Change],
        remove: Sequence[str] | None = (),
    ) -> None:
        """Take out the changes of these names, None for all; then put. One transaction."""

    def conversations_with(self, user: str) -> list[Conversation]:
        """The conversations with a user that are kept, oldest first."""

    def conversation(self, name: str) -> Conversation | None: ...

    def put_conversation(self, one: Conversation, *, forget_before: float | None = None) -> None:
        """Create or replace; and delete those that have rested since a time."""

    def takers(self, since: float, until: float, kinds: Sequence[str]) -> list[tuple[str, int]]:
        """(item, how many people took it by events of these kinds in since < at <= until)."""

    def fact(self, name: str) -> str | None:
        """A small text that is kept beside the data, such as what each item column is."""

    def put_fact(self, name: str, text: str) -> None: ...

    def swap_fact(self, name: str, before: str | None, after: str | None) -> bool:
        """Put `after` in the place of `before`, None being nothing, if that is what is there.

        → whether it was. One step, whoever else writes.
        """

    def counts(self) -> Mapping[str, int]:
        """events, items, users."""

    def close(self) -> None: ...


class TextEncoder(Protocol):
    """A language model that reads: text in, vectors of length 1 out."""

    @property
    def fingerprint(self) -> str:
        """Names the weights and the pooling exactly; the key of the vector cache."""

    @property
    def dim(self) -> int: ...

    def encode(self, texts: Sequence[str], progress: Progress = silent) -> Floats:
        """→ [texts, dim] float32, rows of length 1; an empty text is a zero row."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """What an encoder is tuned on: texts that belong together, as positions in `texts`."""

    texts: tuple[str, ...]
    left: Longs
    """[pairs], what is given: an item's text, a search, a review, a title."""
    right: Longs
    """[pairs], what goes with it: an item's text."""

    def __len__(self) -> int:
        return len(self.left)


class Reader(Protocol):
    """A language model open to be tuned: its tokens, and the network that reads them."""

    pad: int
    """The token that fills up a batch."""

    @property
    def fingerprint(self) -> str:
        """Names the weights and the pooling exactly; what was tuned fits no other."""

    @property
    def dim(self) -> int: ...

    def tokens(self, texts: Sequence[str]) -> list[Ints]:
        """The token ids of each text; of one that is too long the end."""

    def network(self, lora: int | None = None) -> Any:
        """A torch module of the caller's own, as it was published.

        lora: the rank of low-rank additions to its linear layers; all else is then frozen.
        Raises MissingExtra where what makes them is not installed.

        (ids, mask), [batch, length] each → [batch, dim]; its `body` is the transformer.
        """


class OpenReader(Protocol):
    """Finds a backbone by its name or folder; "" is the one that reads the items."""

    def __call__(
        self, name: str, *, tokens: int, revision: str | None = None, sha256: str | None = None
    ) -> Reader: ...


class Writer(Protocol):
    """A language model that writes. Safe to share between threads.

    It holds neither the interpreter nor the cores for long: it works in another process, at a low
    priority, or on another machine.
    """

    @property
    def name(self) -> str:
        """Who writes, for whoever reads it."""

    @property
    def fingerprint(self) -> str:
        """Names the weights or the endpoint, and how they are asked, exactly."""

    def start(self) -> None:
        """Begin to load what takes long, beside everything else; returns at once."""

    def write(self, prompt: Prompt, deadline: Deadline) -> Iterator[str]:
        """The text, piece by piece as it is written; ends early once the deadline is called off.

        Raises WriterError, at any piece: not done in time, too busy, away or broken.
        """

    def close(self) -> None:
        """Let go of it; what is being written ends with a WriterError."""


Arrays = dict[str, np.ndarray[Any, Any]]
Facts = dict[str, Any]


class Opinion(Protocol):
    """What one expert thinks at one request: the history is read once, then asked about items."""

    def log_prob(self, items: Ints | None = None) -> Floats:
        """[items], log P_i of these, or of the whole catalogue.

        Normalised over the catalogue; in a large one the normaliser may be estimated.
        """

    def candidates(self, k: int) -> Ints:
        """About k items that it ranks high, in any order; none where it cannot tell."""

    def terms(self, items: Ints, *, deep: bool = True) -> list[list[Term]]:
        """As `Expert.terms`."""


class Expert(Protocol):
    """One factor of the product: P(r_i | U) over the catalogue, knowing nothing of the others.

    One that has a method `opinion(behaviour) -> Opinion` is asked that way at a request; of one
    that has none the whole `log_prob` is taken, and the candidates are those of the others.
    """

    name: str
    counting: bool
    """Whether it only counts: fitting is quick and `learn` makes the same of an event."""

    def log_prob(self, behaviours: Sequence[Behaviour]) -> Floats:
        """→ [behaviours, items], log P_i, each row normalised over the catalogue."""

    def active(self, behaviour: Behaviour) -> bool:
        """Whether it has something to say of this person now; if not, its term is left out."""

    def learn(self, before: Behaviour, item: int, weight: float, at: float) -> None:
        """Take in one event as it arrives: the person's behaviour before it, and what was taken."""

    def grow(self, catalogue: Catalogue, changed: Sequence[int] | None = None) -> None:
        """The catalogue has new items at its end, and those `changed` read otherwise than before.

        Then it should cost in proportion to these. None: any item may have changed.
        """

    def terms(self, behaviour: Behaviour, items: Ints, *, deep: bool = True) -> list[list[Term]]:
        """For each item the parts of log P_i by past event and by feature; they sum to it.

        Not `deep`: in fewer parts where finer ones cost more passes through a network.
        """

    def state(self) -> tuple[Arrays, Facts]:
        """What to write down: arrays for safetensors, facts for JSON."""

    @classmethod
    def restored(cls, arrays: Arrays, facts: Facts, catalogue: Catalogue) -> Self: ...


__all__ = [
    "Arrays",
    "EventColumns",
    "Expert",
    "Facts",
    "Histories",
    "Iterable",
    "Longs",
    "OpenReader",
    "Opinion",
    "Pairs",
    "Progress",
    "Reader",
    "Store",
    "TextEncoder",
    "Writer",
    "silent",
]
