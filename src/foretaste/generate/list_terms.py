"""The terms of the scores of a list in; the same sorted by expert and by past event, once for all
its items, out.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property, lru_cache
from operator import itemgetter
from typing import Any

import numpy as np

from foretaste.domain.data import Term
from foretaste.domain.term_table import TermColumn, TermTable
from foretaste.generate.list_evidence import ListEvidence

AVERAGE_ITEM = "average item"
"""The feature of terms that every item has."""
NETWORK_EXPERTS = ("sequence", "language")
TAKEN_BEFORE = "taken before"
"""The feature of a term that an item has for having been taken."""
COMMON_EXPERTS = ("returning", "freshness", "article_number")
"""Experts whose terms are true of many items."""
EventNats = list[tuple[str, float]]
"""(past event, what it adds), the strongest first"""


class ListTerms:
    """The terms of a list, and where to find those of an expert."""

    def __init__(self, items: Sequence[int], table: TermTable, evidence: ListEvidence) -> None:
        """items: internal ids, in the order of the table's rows."""
        self._table, self.evidence = table, evidence
        self.columns = table.columns
        self.rows: list[list[float]] = table.nats.tolist()
        self._item_ids = [evidence.catalogue.ids[item] for item in items]
        self._positions_by_kind: dict[str, list[int]] = {}
        for position, column in enumerate(self.columns):
            self._positions_by_kind.setdefault(_expert_kind(column.expert), []).append(position)
        self._positions_by_kinds: dict[tuple[str, ...], list[int]] = {}
        self._events_by_kind: dict[str, list[EventNats]] = {}
        self.features: dict[int, Any] = {}
        """Column → what is said of its value, as it was found out; see `reason_candidates`."""
        self.named_events: dict[tuple[str, ...], Any] = {}
        """Past events → what is said of them, likewise."""

    def of_items(self) -> "list[ItemTerms]":
        """Those of each item."""
        return [ItemTerms(self, row) for row in range(len(self.rows))]

    def positions(self, *kinds: str) -> list[int]:
        """The columns of experts of these kinds, in their order: "attribute" is of every column."""
        positions = self._positions_by_kinds.get(kinds)
        if positions is None:
            positions = self._positions_by_kinds[kinds] = sorted(
                position for kind in kinds for position in self._positions_by_kind.get(kind, ())
            )
        return positions

    def has_any(self, kinds: Sequence[str]) -> bool:
        """Whether any item has terms of experts of one of these kinds."""
        return not self._positions_by_kind.keys().isdisjoint(kinds)

    @cached_property
    def network_positions(self) -> list[int]:
        """The columns of what the networks say of a history, but for the average item's."""
        return self._matching_positions(
            lambda column: column.expert in NETWORK_EXPERTS and column.feature != AVERAGE_ITEM
        )

    @cached_property
    def expert_popularity_positions(self) -> list[int]:
        """The columns of what the expert for popularity itself says."""
        return self._matching_positions(
            lambda column: column.expert == column.feature == "popularity"
        )

    @cached_property
    def popularity_positions(self) -> list[int]:
        """The columns of what popularity adds, whichever expert says so."""
        return self._matching_positions(lambda column: column.feature == "popularity")

    @cached_property
    def query_positions(self) -> list[int]:
        """The columns of what was searched for."""
        return self._matching_positions(lambda column: column.feature == "query")

    @cached_property
    def common_positions(self) -> list[int]:
        """The columns of what is true of many items."""
        return self._matching_positions(
            lambda column: column.expert in COMMON_EXPERTS or column.feature == TAKEN_BEFORE
        )

    def _matching_positions(self, is_wanted: Callable[[TermColumn], bool]) -> list[int]:
        return [position for position, column in enumerate(self.columns) if is_wanted(column)]

    def events(self, kind: str) -> list[EventNats]:
        """Of each item the past events that experts of a kind speak of and that may be named; not
        the item itself.
        """
        events = self._events_by_kind.get(kind)
        if events is None:
            nats_by_event: dict[str, list[float]] = {}
            for position in self.positions(kind):
                event = self.columns[position].event
                if event is not None and self.evidence.may_name(event):
                    nats = [row[position] for row in self.rows]
                    earlier = nats_by_event.get(event)
                    nats_by_event[event] = nats if earlier is None else _sums(earlier, nats)
            rows = zip(*nats_by_event.values(), strict=True) if nats_by_event else [()] * len(self)
            events = self._events_by_kind[kind] = [
                _strongest_first(nats_by_event, nats, item_id)
                for item_id, nats in zip(self._item_ids, rows, strict=True)
            ]
        return events

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def raising_nats(self) -> list[float]:
        """[items], all that raises each score. What a network says counts as one sum: how far it is
        told event by event is another question.
        """
        nats = np.nan_to_num(self._table.nats)
        networks: dict[str, list[int]] = {}
        single_columns: list[int] = []
        for position, column in enumerate(self.columns):
            if column.feature != AVERAGE_ITEM:
                is_network = column.expert in NETWORK_EXPERTS
                (networks.setdefault(column.expert, []) if is_network else single_columns).append(
                    position
                )
        total = np.maximum(nats[:, single_columns], 0).sum(axis=1)
        for positions in networks.values():
            total += np.maximum(nats[:, positions].sum(axis=1), 0)
        return [float(term) for term in total]

    @cached_property
    def past_event_positions(self) -> list[tuple[str, int]]:
        """(past item or item of the question, column) of the terms that come from one."""
        evidence = self.evidence
        return [
            (column.event, position)
            for position, column in enumerate(self.columns)
            if column.event is not None
            and (column.event in evidence.past_ids or column.event in evidence.seeds)
        ]

    def past_event_nats(self, rows: Sequence[int]) -> dict[str, float]:
        """Past item → the nats that all experts give for it, over these items of the list."""
        nats: dict[str, float] = {}
        for row in rows:
            item_row = self.rows[row]
            for event, position in self.past_event_positions:
                if item_row[position] == item_row[position]:
                    nats[event] = nats.get(event, 0.0) + item_row[position]
        return nats

    @cached_property
    def _event_names(self) -> Mapping[str, list[int]]:
        positions: dict[str, list[int]] = {}
        for position, column in enumerate(self.columns):
            if column.event is not None:
                positions.setdefault(column.event, []).append(position)
        return positions

    def own_row(self, row: int) -> list[float]:
        """[columns], the nats of an item, nan for what it is said to have from itself."""
        nats = self.rows[row]
        own_positions = self.own_positions(row)
        if own_positions:
            nats = nats.copy()
            for position in own_positions:
                nats[position] = np.nan
        return nats

    def own_positions(self, row: int) -> Sequence[int]:
        """The columns of what an item is said to have from itself."""
        return self._event_names.get(self._item_ids[row], ())


class ItemTerms:
    """The terms of one item's score, without those that come from the item itself."""

    def __init__(self, list_terms: ListTerms, row: int) -> None:
        self.of_list, self.nats = list_terms, list_terms.own_row(row)
        self._row = row

    def events_of(self, kind: str) -> EventNats:
        """Of one kind of expert."""
        return self.of_list.events(kind)[self._row]

    def sum_of(self, positions: Sequence[int]) -> float:
        """The nats of these columns together."""
        nats = self.nats
        return sum(nats[position] for position in positions if nats[position] == nats[position])

    def terms(self, positions: Sequence[int]) -> list[Term]:
        """Those of these columns that it has."""
        if not positions:
            return []
        nats, columns = self.nats, self.of_list.columns
        return [
            Term(
                columns[position].expert,
                nats[position],
                columns[position].event,
                columns[position].feature,
            )
            for position in positions
            if nats[position] == nats[position]
        ]

    def of_kinds(self, *kinds: str) -> list[Term]:
        """Those of experts of these kinds."""
        return self.terms(self.of_list.positions(*kinds))


def _strongest_first(events: Iterable[str], nats: Iterable[float], item_id: str) -> EventNats:
    """Those that are known, but for the item itself."""
    event_nats = [
        (event, term)
        for event, term in zip(events, nats, strict=True)
        if term == term and event != item_id  # not nan
    ]
    event_nats.sort(key=itemgetter(1), reverse=True)
    return event_nats


def _sums(first_row: Sequence[float], second_row: Sequence[float]) -> list[float]:
    """Of two rows of terms; nan is none."""
    return [
        first if second != second else second if first != first else first + second
        for first, second in zip(first_row, second_row, strict=True)
    ]


@lru_cache(maxsize=1_000)
def _expert_kind(expert: str) -> str:
    return expert.split(":", 1)[0]
