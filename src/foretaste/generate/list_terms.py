"""The terms of the scores of a list in; the same sorted by expert and by past event, once for all
its items, out.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from foretaste.domain.data import Term
from foretaste.domain.term_table import TermColumn, TermTable
from foretaste.generate.list_evidence import ListEvidence

AVERAGE_ITEM = "average item"
"""The feature of terms that every item has."""
NETWORK_EXPERTS = ("sequence", "language")
EventPositions = list[tuple[str, list[int]]]
"""(past event, the columns of its terms)"""


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
        self._events_by_kind: dict[str, EventPositions] = {}
        self._positions_by_name: dict[str, list[int]] = {}
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

    def positions_where(self, name: str, is_wanted: Callable[[TermColumn], bool]) -> list[int]:
        """The columns that are wanted, looked for once under this name."""
        positions = self._positions_by_name.get(name)
        if positions is None:
            columns = enumerate(self.columns)
            positions = [position for position, column in columns if is_wanted(column)]
            self._positions_by_name[name] = positions
        return positions

    def events(self, kind: str) -> EventPositions:
        """The past events that experts of a kind speak of and that may be named."""
        events = self._events_by_kind.get(kind)
        if events is None:
            positions_by_event: dict[str, list[int]] = {}
            for position in self.positions(kind):
                event = self.columns[position].event
                if event is not None and self.evidence.may_name(event):
                    positions_by_event.setdefault(event, []).append(position)
            events = self._events_by_kind[kind] = list(positions_by_event.items())
        return events

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
        return [float(own) for own in total]

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
            own = self.rows[row]
            for event, position in self.past_event_positions:
                if own[position] == own[position]:
                    nats[event] = nats.get(event, 0.0) + own[position]
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

    def events_of(self, kind: str) -> list[tuple[str, float]]:
        """(past event, nats) of one kind of expert, strongest first."""
        nats, sums = self.nats, []
        for event, positions in self.of_list.events(kind):
            if len(positions) == 1:
                total = nats[positions[0]]
            else:
                known = [
                    nats[position] for position in positions if nats[position] == nats[position]
                ]
                total = sum(known) if known else np.nan
            if total == total:  # not nan
                sums.append((event, total))
        sums.sort(key=_negative_nats)
        return sums

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

    def of_feature(self, feature: str) -> list[int]:
        """The columns of a feature."""
        return self.of_list.positions_where(
            f"feature {feature}", lambda own: own.feature == feature
        )


def _negative_nats(pair: tuple[str, float]) -> float:
    return -pair[1]


@lru_cache(maxsize=1_000)
def _expert_kind(expert: str) -> str:
    return expert.split(":", 1)[0]
