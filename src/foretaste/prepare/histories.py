"""Stored events in, `Histories` out; and one person's events in, their `Behaviour` out.

Both read an event the same way, so that a model meets at request time what it was trained on:

- events that weigh 0 (impressions), that name an item not in the catalogue, that have neither item
  nor words, or whose kind has no weight are left out, and `Gathering` counts them
- a search without an item stays, as item -1 with its words
- the words of a search are its query, of every other kind its text (a review)
- order is time, and within one time the order in which the store accepted them
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import compress, islice, repeat
from operator import itemgetter
from typing import Any

import numpy as np
import numpy.typing as npt

from foretaste.domain.data import Behaviour, Event, Histories, Longs
from foretaste.domain.ports import Progress, silent
from foretaste.domain.store import EventColumns
from foretaste.errors import InputError

CHUNK = 65_536
"""Rows turned into arrays at a time: the Python objects of one chunk are all that is alive."""

MAX_KINDS = 127
"""Kinds are kept as int8."""

SESSION = "\x00session:"
"""Comes before the id of an anonymous session among `Histories.users`. It begins with NUL, which
no id typed, read from a text file or kept in PostgreSQL has, so no user id collides with it."""


def person_key(user: str | None, session: str | None) -> str:
    """Who did it, as in `Histories.users`: the user, or `SESSION` and the anonymous session."""
    return user if user is not None else f"{SESSION}{session}"


@dataclass(frozen=True, slots=True)
class Gathering:
    """What became of the stored events: `read` = `kept` + all that was left out."""

    read: int = 0
    kept: int = 0
    weightless: int = 0
    """Recorded but saying nothing of taste, such as impressions."""
    unknown_item: int = 0
    """They name an item that is not in the catalogue."""
    empty: int = 0
    """Neither an item nor words."""
    unknown_kind: Mapping[str, int] = field(default_factory=dict)
    """Of a kind the settings give no weight, by kind."""


def codes_of(weights: Mapping[str, float]) -> dict[str, int]:
    """The kinds that weigh something, each with its code: its place in `Histories.kinds`.

    Raises InputError when there are more than 127 of them.
    """
    kinds = [kind for kind, weight in weights.items() if weight != 0]
    if len(kinds) > MAX_KINDS:
        raise InputError(
            f"{len(kinds)} kinds of event weigh something, {MAX_KINDS} are possible; "
            "give the same name to kinds that mean the same"
        )
    return {kind: code for code, kind in enumerate(kinds)}


def histories(
    rows: Iterable[EventColumns],
    index: Mapping[str, int],
    weights: Mapping[str, float],
    *,
    total: int = 0,
    chunk: int = CHUNK,
    progress: Progress = silent,
) -> tuple[Histories, Gathering]:
    """Every person's events in time order, and what was left out.

    rows: in the order they were stored; read once, `chunk` at a time (3 s for a million).
    index: external item id → internal id. weights: kind → weight. total: rows, for the progress.
    """
    builder = _Builder(index, weights)
    waiting = iter(rows)
    while some := list(islice(waiting, chunk)):
        builder.add(some)
        progress("Reading events", builder.read, total)
    return builder.finish()


class _Builder:
    """Collects chunks of rows as arrays; people and texts are numbered as they first appear."""

    def __init__(self, index: Mapping[str, int], weights: Mapping[str, float]) -> None:
        self.index = index
        self.codes = codes_of(weights)
        self.weights = np.array([weights[kind] for kind in self.codes], np.float32)  # [kinds]
        self.weightless = frozenset(kind for kind, weight in weights.items() if weight == 0)
        self.people: dict[str, int] = {}
        self.texts: dict[str, int] = {}
        self.chunks: list[tuple[npt.NDArray[Any], ...]] = []
        self.rows: list[Longs] = []
        self.kept: Longs = np.empty(0, np.int64)  # [kept events], which of all that were added
        self.left: Counter[str] = Counter()
        self.kinds: Counter[str] = Counter()
        self.read = 0

    def add(self, chunk: Sequence[EventColumns]) -> None:
        """Take in a chunk: columns, then the rows worth keeping, then names to numbers."""
        users, sessions, items, kinds, values, ats, texts, queries = zip(*chunk, strict=True)
        n = len(chunk)
        self.read += n
        kind = _ints(map(self.codes.get, kinds, repeat(-1)), n)  # [n], -1 where left out
        item = _ints(map(self.index.get, items, repeat(-1)), n)  # [n], -1 unknown or none
        named = np.fromiter((name is not None for name in items), np.bool_, n)
        words = [
            (query if name == "search" else text) or ""
            for name, text, query in zip(kinds, texts, queries, strict=True)
        ]
        spoken = np.fromiter(map(bool, words), np.bool_, n)
        keep = self._keep(kinds, kind, item, named, spoken)
        pairs = compress(zip(users, sessions, strict=True), keep)
        kept = int(keep.sum())
        self.rows.append(np.flatnonzero(keep) + (self.read - n))
        self.chunks.append(
            (
                _numbered(
                    (person_key(user, session) for user, session in pairs), self.people, kept
                ),
                item[keep],
                kind[keep].astype(np.int8),
                _values(compress(values, keep), kept),
                np.fromiter(compress(ats, keep), np.float64, kept),
                self._texts(compress(words, keep), kept),
            )
        )

    def _keep(
        self,
        kinds: Sequence[str],
        kind: npt.NDArray[np.int32],
        item: npt.NDArray[np.int32],
        named: npt.NDArray[np.bool_],
        spoken: npt.NDArray[np.bool_],
    ) -> npt.NDArray[np.bool_]:
        """[rows] which say something; counts each of the others under its first reason."""
        weighs = kind >= 0
        for name, count in Counter(compress(kinds, ~weighs)).items():
            if name in self.weightless:
                self.left["weightless"] += count
            else:
                self.kinds[name] += count
        stranger = weighs & named & (item < 0)
        empty = weighs & ~named & ~spoken
        self.left["unknown_item"] += int(stranger.sum())
        self.left["empty"] += int(empty.sum())
        return weighs & ~stranger & ~empty

    def _texts(self, words: Iterable[str], n: int) -> npt.NDArray[np.int32]:
        texts = self.texts
        codes = (texts.setdefault(word, len(texts)) if word else -1 for word in words)
        return np.fromiter(codes, np.int32, n)

    def finish(self) -> tuple[Histories, Gathering]:
        """Put the chunks together, each person's rows in time order."""
        empty: list[Any] = [np.int32, np.int32, np.int8, np.float32, np.float64, np.int32]
        columns = list(zip(*self.chunks, strict=True)) or [(np.empty(0, of),) for of in empty]
        self.chunks = []
        person, item, kind, value, at, text = (np.concatenate(column) for column in columns)
        order = np.lexsort((at, person))  # stable: within one time the stored order stays
        self.kept = np.concatenate([np.empty(0, np.int64), *self.rows])[order]
        counts = np.bincount(person, minlength=len(self.people))
        kind = kind[order]
        found = Histories(
            users=tuple(self.people),
            offsets=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
            item=item[order],
            weight=self.weights[kind] if len(kind) else np.empty(0, np.float32),
            kind=kind,
            value=value[order],
            at=at[order],
            text=text[order],
            kinds=tuple(self.codes),
            texts=tuple(self.texts),
        )
        return found, Gathering(
            read=self.read, kept=found.events, unknown_kind=dict(self.kinds), **self.left
        )


def behaviour(
    events: Sequence[Event],
    index: Mapping[str, int],
    weights: Mapping[str, float],
    kinds: Sequence[str],
    *,
    now: float,
    query: str | None = None,
    taste: Mapping[str, tuple[str, ...]] | None = None,
    seeds: Sequence[str] = (),
) -> Behaviour:
    """U at request time, from one person's events, read exactly as `histories` reads them.

    kinds: `Histories.kinds` of the training; a kind that came later, and a seed, is taken for the
    first of them that weighs to the same side, so a code is always below len(kinds).
    seeds: external ids of items at hand (the cart, the page), added as views at `now`; those not
    in `index` are left out. query, taste, now: as in `Behaviour`. Vectors are for the encoder.
    """
    told = [_told(event, index, weights) for event in sorted(events, key=lambda event: event.at)]
    kept = [row for row in told if row is not None]
    view = weights.get("view", 0.0)
    weight = view if view > 0 else 1.0
    kept += [(index[seed], "view", weight, np.nan, now, "") for seed in seeds if seed in index]
    codes = {kind: code for code, kind in enumerate(kinds)}
    near = _nearest(weights, kinds)
    return Behaviour(
        item=np.array([row[0] for row in kept], np.int32),
        weight=np.array([row[2] for row in kept], np.float32),
        kind=np.array([codes.get(row[1], near[row[2] > 0]) for row in kept], np.int8),
        value=np.array([row[3] for row in kept], np.float32),
        at=np.array([row[4] for row in kept], np.float64),
        text=tuple(row[5] for row in kept),
        query=query or None,
        taste=dict(taste or {}),
        now=now,
    )


def pasts(
    rows: Sequence[tuple[int, EventColumns]],
    index: Mapping[str, int],
    weights: Mapping[str, float],
    kinds: Sequence[str],
) -> dict[str, tuple[Longs, Behaviour]]:
    """What many people did, at once: by `person_key` the numbers of the events, and a row for each.

    rows: (number, columns) in any order; of these what `behaviour` would keep, in its order.
    """
    ordered = sorted(rows, key=itemgetter(0))
    builder = _Builder(index, weights)
    for start in range(0, len(ordered), CHUNK):
        builder.add([row for _, row in ordered[start : start + CHUNK]])
    found, _ = builder.finish()
    numbers = np.array([number for number, _ in ordered], np.int64)[builder.kept]
    codes = {kind: code for code, kind in enumerate(kinds)}
    near = _nearest(weights, kinds)
    as_then = [codes.get(kind, near[weights[kind] > 0]) for kind in found.kinds]
    found = replace(found, kind=np.array(as_then, np.int8)[found.kind])
    return {
        key: (
            numbers[found.rows(person)],
            replace(found.behaviour(person, int(found.offsets[person + 1])), now=0.0),
        )
        for person, key in enumerate(found.users)
    }


def _told(
    event: Event, index: Mapping[str, int], weights: Mapping[str, float]
) -> tuple[int, str, float, float, float, str] | None:
    """(item, kind, weight, value, at, words) of an event that says something, else None."""
    weight = weights.get(event.kind, 0.0)
    words = (event.query if event.kind == "search" else event.text) or ""
    item = -1 if event.item is None else index.get(event.item, -1)
    stranger = event.item is not None and item < 0
    empty = event.item is None and not words
    if weight == 0 or stranger or empty:
        return None
    value = np.nan if event.value is None else event.value
    return item, event.kind, weight, value, event.at, words


def _nearest(weights: Mapping[str, float], kinds: Sequence[str]) -> dict[bool, int]:
    """The code that stands for a kind not in `kinds`, by whether that kind is a taking."""
    sides = [weights.get(kind, 1.0) > 0 for kind in kinds]
    return {side: sides.index(side) if side in sides else 0 for side in (True, False)}


def _ints(values: Iterator[int], n: int) -> npt.NDArray[np.int32]:
    return np.fromiter(values, np.int32, n)


def _numbered(keys: Iterable[str], known: dict[str, int], n: int) -> npt.NDArray[np.int32]:
    """[n] the number of each key, giving new keys the next."""
    return np.fromiter((known.setdefault(key, len(known)) for key in keys), np.int32, n)


def _values(values: Iterable[float | None], n: int) -> npt.NDArray[np.float32]:
    return np.fromiter((np.nan if value is None else value for value in values), np.float32, n)
