"""Stored events in, `Interactions` out; and one person's events in, their `UserContext` out.

Both read an event the same way, so that a model meets at request time what it was trained on:

- events that weigh 0 (impressions), that name an item not in the catalogue, that have neither item
  nor words, or whose event type has no weight are left out, and `LoadReport` counts them
- a search without an item stays, as item -1 with its words
- the words of a search are its query, of every other event type its text (a review)
- order is time, and within one time the order in which the store accepted them
- a return takes the purchase before it back, and both are left out
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import compress, islice, repeat
from operator import itemgetter
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from foretaste.domain.bare_event import BareEvent
from foretaste.domain.data import RETURN_EVENT, Event, Interactions, Longs, UserContext
from foretaste.domain.event_value import NO_CURVES, ValueCurves, counted_weights
from foretaste.domain.ports import Progress, no_progress
from foretaste.domain.returns import reads_returns, returned_purchases
from foretaste.domain.store import EventColumns
from foretaste.domain.text_limits import MAX_EVENT_VALUE, MAX_TEXT_LENGTH
from foretaste.errors import InputError
from foretaste.prepare.returns import returned_items, rows_not_returned
from foretaste.prepare.value_curves import apply_value_curves, row_worths

ROWS_PER_CHUNK = 65_536
"""Rows turned into arrays at a time: the Python objects of one chunk are all that is alive."""

MAX_EVENT_TYPES = 127
"""Event types are kept as int8."""
NO_CODE = -1
"""Of an event type that is left out."""

SESSION_PREFIX = "\x00session:"
"""Comes before the id of an anonymous session among `Interactions.users`. It begins with NUL, which
no id typed, read from a text file or kept in PostgreSQL has, so no user id collides with it."""


def user_key(user: str | None, session: str | None) -> str:
    """Who did it, as in `Interactions.users`: the user, or `SESSION_PREFIX` and the anonymous
    session.
    """
    return user if user is not None else f"{SESSION_PREFIX}{session}"


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What became of the stored events: `read` = `kept_events` + all that was left out."""

    read: int = 0
    kept_events: int = 0
    weightless: int = 0
    """Recorded but saying nothing of taste, such as impressions."""
    unknown_item: int = 0
    """They name an item that is not in the catalogue."""
    charges: int = 0
    """They name a charge of an order, such as postage, which is no article."""
    empty: int = 0
    """Neither an item nor words."""
    returned: int = 0
    """Purchases that came back, and their returns."""
    unknown_event_types: Mapping[str, int] = field(default_factory=dict)
    """Of an event type the settings give no weight, by event type."""
    unknown_items: Mapping[str, int] = field(default_factory=dict, compare=False, repr=False)
    """Id that is not in the catalogue → events that name it."""

    def with_charges(self, charges: Collection[str]) -> Self:
        """The account in which events of these items, which are in no catalogue on purpose, are
        counted as charges. charges: ids.
        """
        count = sum(self.unknown_items.get(item, 0) for item in charges)
        return replace(self, charges=count, unknown_item=self.unknown_item - count)


def event_type_codes(weights: Mapping[str, float]) -> dict[str, int]:
    """The event types that weigh something, each with its code: its place in
    `Interactions.event_types`.

    Raises InputError when there are more than 127 of them.
    """
    event_types = [event_type for event_type, weight in weights.items() if weight != 0]
    if len(event_types) > MAX_EVENT_TYPES:
        raise InputError(
            f"{len(event_types)} kinds of event weigh something, {MAX_EVENT_TYPES} are possible; "
            "give the same name to kinds that mean the same"
        )
    return {kind: code for code, kind in enumerate(event_types)}


def read_event_types(weights: Mapping[str, float]) -> list[str]:
    """The event types that what a person did is read from: those that weigh something, and
    returns, which take purchases back.
    """
    event_types = [event_type for event_type, weight in weights.items() if weight != 0]
    return [*event_types, RETURN_EVENT] if reads_returns(weights) else event_types


def build_interactions(
    rows: Iterable[EventColumns],
    index: Mapping[str, int],
    weights: Mapping[str, float],
    *,
    total: int = 0,
    rows_per_chunk: int = ROWS_PER_CHUNK,
    progress: Progress = no_progress,
) -> tuple[Interactions, LoadReport]:
    """Every person's events in time order, and what was left out.

    rows: in the order they were stored; read once, `rows_per_chunk` at a time (3 s for a million).
    index: external item id → internal id. weights: event type → weight. total: rows, for the
    progress.
    """
    builder = _InteractionsBuilder(index, weights)
    remaining_rows = iter(rows)
    while chunk_rows := list(islice(remaining_rows, rows_per_chunk)):
        builder.add(chunk_rows)
        progress("Reading events", builder.read, total)
    return builder.finish()


class _InteractionsBuilder:
    """Collects chunks of rows as arrays; people and texts are numbered as they first appear."""

    def __init__(self, index: Mapping[str, int], weights: Mapping[str, float]) -> None:
        self.index = index
        self.codes = event_type_codes(weights)
        self.weights = np.array(
            [weights[event_type] for event_type in self.codes], np.float32
        )  # [event_types]
        self.weightless = frozenset(kind for kind, weight in weights.items() if weight == 0)
        self.type_codes, self.return_code = {**self.codes}, NO_CODE
        if reads_returns(weights):  # its rows stay until `finish`
            self.type_codes[RETURN_EVENT] = self.return_code = len(self.codes)
        self.user_numbers: dict[str, int] = {}
        self.texts: dict[str, int] = {}
        self.chunks: list[tuple[npt.NDArray[Any], ...]] = []
        self.rows: list[Longs] = []
        self.kept_rows: Longs = np.empty(0, np.int64)  # [kept events], which of all that were added
        self.left_out_counts: Counter[str] = Counter()
        self.unknown_event_types: Counter[str] = Counter()
        self.unknown_items: Counter[str] = Counter()
        self.read = 0

    def add(self, chunk: Sequence[EventColumns]) -> None:
        """Take in a chunk: columns, then the rows worth keeping, then names to numbers."""
        users, sessions, items, event_types, values, ats, texts, queries = zip(*chunk, strict=True)
        n = len(chunk)
        self.read += n
        type_codes = _ints(map(self.type_codes.get, event_types, repeat(NO_CODE)), n)  # [n]
        item_indices = _ints(map(self.index.get, items, repeat(-1)), n)  # [n], -1 unknown or none
        names_item = np.fromiter((name is not None for name in items), np.bool_, n)
        words = [
            ((query if name == "search" else text) or "")[:MAX_TEXT_LENGTH]
            for name, text, query in zip(event_types, texts, queries, strict=True)
        ]
        has_words = np.fromiter(map(bool, words), np.bool_, n)
        keep_mask = self._keep_mask(event_types, type_codes, item_indices, names_item, has_words)
        is_unknown = (type_codes >= 0) & names_item & (item_indices < 0)
        self.unknown_items.update(compress(items, is_unknown))
        pairs = compress(zip(users, sessions, strict=True), keep_mask)
        kept_count = int(keep_mask.sum())
        self.rows.append(np.flatnonzero(keep_mask) + (self.read - n))
        self.chunks.append(
            (
                _key_numbers(
                    (user_key(user, session) for user, session in pairs),
                    self.user_numbers,
                    kept_count,
                ),
                item_indices[keep_mask],
                type_codes[keep_mask].astype(np.int8),
                _values(compress(values, keep_mask), kept_count),
                np.fromiter(compress(ats, keep_mask), np.float64, kept_count),
                self._texts(compress(words, keep_mask), kept_count),
            )
        )

    def _keep_mask(
        self,
        event_types: Sequence[str],
        type_codes: npt.NDArray[np.int32],
        item_indices: npt.NDArray[np.int32],
        names_item: npt.NDArray[np.bool_],
        has_words: npt.NDArray[np.bool_],
    ) -> npt.NDArray[np.bool_]:
        """[rows] which say something; counts each of the others under its first reason."""
        has_weight = type_codes >= 0
        for name, count in Counter(compress(event_types, ~has_weight)).items():
            if name in self.weightless:
                self.left_out_counts["weightless"] += count
            else:
                self.unknown_event_types[name] += count
        is_unknown_item = has_weight & names_item & (item_indices < 0)
        is_empty = has_weight & ~names_item & ~has_words
        self.left_out_counts["unknown_item"] += int(is_unknown_item.sum())
        self.left_out_counts["empty"] += int(is_empty.sum())
        return has_weight & ~is_unknown_item & ~is_empty

    def _texts(self, words: Iterable[str], n: int) -> npt.NDArray[np.int32]:
        texts = self.texts
        codes = (texts.setdefault(word, len(texts)) if word else -1 for word in words)
        return np.fromiter(codes, np.int32, n)

    def finish(self) -> tuple[Interactions, LoadReport]:
        """Put the chunks together, each person's rows in time order."""
        empty: list[Any] = [np.int32, np.int32, np.int8, np.float32, np.float64, np.int32]
        columns = list(zip(*self.chunks, strict=True)) or [(np.empty(0, of),) for of in empty]
        self.chunks = []
        row_users, item_indices, type_codes, value, at, text = (
            np.concatenate(column) for column in columns
        )
        order = np.lexsort((at, row_users))  # stable: within one time the stored order stays
        self.kept_rows = np.concatenate([np.empty(0, np.int64), *self.rows])[order]
        counts = np.bincount(row_users, minlength=len(self.user_numbers))
        type_codes = type_codes[order]
        is_counted = rows_not_returned(
            *(row_users[order], item_indices[order], type_codes),
            tuple(self.type_codes),
            self.return_code,
        )
        if not is_counted.all():
            self.left_out_counts["returned"] = int(np.count_nonzero(~is_counted))
            order, type_codes = order[is_counted], type_codes[is_counted]
            self.kept_rows = self.kept_rows[is_counted]
            counts = np.bincount(row_users[order], minlength=len(self.user_numbers))
        interactions = Interactions(
            users=tuple(self.user_numbers),
            offsets=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
            item=item_indices[order],
            weight=self.weights[type_codes] if len(type_codes) else np.empty(0, np.float32),
            kind=type_codes,
            value=value[order],
            at=at[order],
            text=text[order],
            event_types=tuple(self.codes),
            texts=tuple(self.texts),
        )
        return interactions, LoadReport(
            read=self.read,
            kept_events=interactions.event_count,
            unknown_event_types=dict(self.unknown_event_types),
            unknown_items=dict(self.unknown_items),
            **self.left_out_counts,
        )


def build_user_context(
    events: Sequence[Event | BareEvent],
    index: Mapping[str, int],
    weights: Mapping[str, float],
    event_types: Sequence[str],
    *,
    now: float,
    query: str | None = None,
    taste: Mapping[str, tuple[str, ...]] | None = None,
    seeds: Sequence[str] = (),
    curves: ValueCurves = NO_CURVES,
) -> UserContext:
    """U at request time, from one person's events, read exactly as `build_interactions` reads them.

    event_types: `Interactions.event_types` of the training; an event type that came later, and a
    seed, is taken for the first of them that weighs to the same side, so a code is always below
    len(event_types). seeds: external ids of items at hand (the cart, the page), added as views at
    `now`; those not in `index` are left out. curves: what values are worth.
    query, taste, now: as in `UserContext`. The encoder adds the vectors.
    """
    rows = _rows_without_returns(sorted(events, key=lambda event: event.at), index, weights)
    view = weights.get("view", 0.0)
    seed_weight = view if view > 0 else 1.0
    rows += [(index[seed], "view", seed_weight, np.nan, now, "") for seed in seeds if seed in index]
    codes = {event_type: code for code, event_type in enumerate(event_types)}
    fallback_codes = _fallback_codes(weights, event_types)
    weight = np.array([row[2] for row in rows], np.float32)
    value = _values((row[3] for row in rows), len(rows))
    worth = row_worths([row[1] for row in rows], value, [row[5] for row in rows], curves)
    return UserContext(
        item=np.array([row[0] for row in rows], np.int32),
        weight=weight if worth is None else counted_weights(weight, worth),
        kind=np.array([codes.get(row[1], fallback_codes[row[2] > 0]) for row in rows], np.int8),
        value=value,
        at=np.array([row[4] for row in rows], np.float64),
        text=tuple(row[5] for row in rows),
        query=query or None,
        taste=dict(taste or {}),
        now=now,
        worth=worth,
        returned_items=returned_items(events, index, weights),
    )


def build_user_histories(
    rows: Sequence[tuple[int, EventColumns]],
    index: Mapping[str, int],
    weights: Mapping[str, float],
    event_types: Sequence[str],
    curves: ValueCurves = NO_CURVES,
) -> dict[str, tuple[Longs, UserContext]]:
    """What many people did, at once: by `user_key` the numbers of the events, and a row for each.

    rows: (number, columns) in any order; of these what `build_user_context` would keep, in its
    order, weighed by `curves`.
    """
    ordered = sorted(rows, key=itemgetter(0))
    builder = _InteractionsBuilder(index, weights)
    for start in range(0, len(ordered), ROWS_PER_CHUNK):
        builder.add([row for _, row in ordered[start : start + ROWS_PER_CHUNK]])
    interactions, _ = builder.finish()
    interactions = apply_value_curves(interactions, curves)
    numbers = np.array([number for number, _ in ordered], np.int64)[builder.kept_rows]
    codes = {event_type: code for code, event_type in enumerate(event_types)}
    fallback_codes = _fallback_codes(weights, event_types)
    training_codes = [
        codes.get(kind, fallback_codes[weights[kind] > 0]) for kind in interactions.event_types
    ]
    interactions = replace(interactions, kind=np.array(training_codes, np.int8)[interactions.kind])
    return {
        key: (
            numbers[interactions.user_slice(user_index)],
            replace(
                interactions.user_context(user_index, int(interactions.offsets[user_index + 1])),
                now=0.0,
            ),
        )
        for user_index, key in enumerate(interactions.users)
    }


_EventRow = tuple[int, str, float, float, float, str]
"""(item, event type, weight, value, at, words)"""


def _rows_without_returns(
    events: Sequence[Event | BareEvent], index: Mapping[str, int], weights: Mapping[str, float]
) -> list[_EventRow]:
    """Of the events that say something, in time order, without purchases that came back."""
    if reads_returns(weights) and any(event.kind == RETURN_EVENT for event in events):
        types_and_items = ((event.kind, index.get(event.item or "", -1)) for event in events)
        returned = set(returned_purchases(types_and_items))
        events = [event for position, event in enumerate(events) if position not in returned]
    rows = (_event_row(event, index, weights) for event in events)
    return [row for row in rows if row is not None]


def _event_row(
    event: Event | BareEvent, index: Mapping[str, int], weights: Mapping[str, float]
) -> _EventRow | None:
    """Of an event that says something, else None."""
    weight = weights.get(event.kind, 0.0)
    words = ((event.query if event.kind == "search" else event.text) or "")[:MAX_TEXT_LENGTH]
    item = -1 if event.item is None else index.get(event.item, -1)
    is_unknown_item = event.item is not None and item < 0
    is_empty = event.item is None and not words
    if weight == 0 or is_unknown_item or is_empty:
        return None
    value = np.nan if event.value is None else event.value
    return item, event.kind, weight, value, event.at, words


def _fallback_codes(weights: Mapping[str, float], event_types: Sequence[str]) -> dict[bool, int]:
    """The code for an event type not in `event_types`, by whether the type is positive."""
    sides = [weights.get(event_type, 1.0) > 0 for event_type in event_types]
    return {side: sides.index(side) if side in sides else 0 for side in (True, False)}


def _ints(values: Iterator[int], n: int) -> npt.NDArray[np.int32]:
    return np.fromiter(values, np.int32, n)


def _key_numbers(
    keys: Iterable[str], numbers_by_key: dict[str, int], n: int
) -> npt.NDArray[np.int32]:
    """[n] the number of each key, giving new keys the next."""
    return np.fromiter(
        (numbers_by_key.setdefault(key, len(numbers_by_key)) for key in keys), np.int32, n
    )


def _values(values: Iterable[float | None], n: int) -> npt.NDArray[np.float32]:
    """Within the limit that there was not always: 32 bits hold no more than 3e38."""
    numbers = np.fromiter((np.nan if value is None else value for value in values), np.float64, n)
    return numbers.clip(-MAX_EVENT_VALUE, MAX_EVENT_VALUE).astype(np.float32)
