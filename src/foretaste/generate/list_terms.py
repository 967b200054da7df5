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
EventPlaces = list[tuple[str, list[int]]]
"""(past event, the columns of its terms)"""


class ListTerms:
    """The terms of a list, and where to find those of an expert."""

    def __init__(self, items: Sequence[int], table: TermTable, evidence: ListEvidence) -> None:
        """items: internal ids, in the order of the table's rows."""
        self._table, self.evidence = table, evidence
        self.columns = table.columns
        self.rows: list[list[float]] = table.nats.tolist()
        self._item_ids = [evidence.catalogue.ids[item] for item in items]
        self._places_by_kind: dict[str, list[int]] = {}
        for place, column in enumerate(self.columns):
            self._places_by_kind.setdefault(_expert_kind(column.expert), []).append(place)
        self._events_by_kind: dict[str, EventPlaces] = {}
        self._places_by_name: dict[str, list[int]] = {}
        self.features: dict[int, Any] = {}
        """Column → what is said of its value, as it was found out; see `reason_candidates`."""

    def of_items(self) -> "list[ItemTerms]":
        """Those of each item."""
        return [ItemTerms(self, row) for row in range(len(self.rows))]

    def places(self, *kinds: str) -> list[int]:
        """The columns of experts of these kinds, in their order: "attribute" is of every column."""
        if len(kinds) == 1:
            return self._places_by_kind.get(kinds[0], [])
        return sorted(place for kind in kinds for place in self._places_by_kind.get(kind, ()))

    def places_where(self, name: str, is_wanted: Callable[[TermColumn], bool]) -> list[int]:
        """The columns that are wanted, looked for once under this name."""
        places = self._places_by_name.get(name)
        if places is None:
            columns = enumerate(self.columns)
            places = [place for place, column in columns if is_wanted(column)]
            self._places_by_name[name] = places
        return places

    def events(self, kind: str) -> EventPlaces:
        """The past events that experts of a kind speak of and that may be named."""
        events = self._events_by_kind.get(kind)
        if events is None:
            places_by_event: dict[str, list[int]] = {}
            for place in self.places(kind):
                event = self.columns[place].event
                if event is not None and self.evidence.may_name(event):
                    places_by_event.setdefault(event, []).append(place)
            events = self._events_by_kind[kind] = list(places_by_event.items())
        return events

    @cached_property
    def raising_nats(self) -> list[float]:
        """[items], all that raises each score. What a network says counts as one sum: how far it is
        told event by event is another question.
        """
        nats = np.nan_to_num(self._table.nats)
        networks: dict[str, list[int]] = {}
        others: list[int] = []
        for place, column in enumerate(self.columns):
            if column.feature != AVERAGE_ITEM:
                is_network = column.expert in NETWORK_EXPERTS
                (networks.setdefault(column.expert, []) if is_network else others).append(place)
        total = np.maximum(nats[:, others], 0).sum(axis=1)
        for places in networks.values():
            total += np.maximum(nats[:, places].sum(axis=1), 0)
        return [float(own) for own in total]

    @cached_property
    def past_event_places(self) -> list[tuple[str, int]]:
        """(past item or item of the question, column) of the terms that come from one."""
        evidence = self.evidence
        return [
            (column.event, place)
            for place, column in enumerate(self.columns)
            if column.event is not None
            and (column.event in evidence.past_ids or column.event in evidence.seeds)
        ]

    def past_event_nats(self, rows: Sequence[int]) -> dict[str, float]:
        """Past item → the nats that all experts give for it, over these items of the list."""
        nats: dict[str, float] = {}
        for row in rows:
            own = self.rows[row]
            for event, place in self.past_event_places:
                if own[place] == own[place]:
                    nats[event] = nats.get(event, 0.0) + own[place]
        return nats

    @cached_property
    def _event_names(self) -> Mapping[str, list[int]]:
        places: dict[str, list[int]] = {}
        for place, column in enumerate(self.columns):
            if column.event is not None:
                places.setdefault(column.event, []).append(place)
        return places

    def own_row(self, row: int) -> list[float]:
        """[columns], the nats of an item, nan for what it is said to have from itself."""
        nats = self.rows[row]
        own_places = self._event_names.get(self._item_ids[row])
        if own_places:
            nats = nats.copy()
            for place in own_places:
                nats[place] = np.nan
        return nats


class ItemTerms:
    """The terms of one item's score, without those that come from the item itself."""

    def __init__(self, list_terms: ListTerms, row: int) -> None:
        self.of_list, self.nats = list_terms, list_terms.own_row(row)

    def events_of(self, kind: str) -> list[tuple[str, float]]:
        """(past event, nats) of one kind of expert, strongest first."""
        nats, sums = self.nats, []
        for event, places in self.of_list.events(kind):
            if len(places) == 1:
                total = nats[places[0]]
            else:
                known = [nats[place] for place in places if nats[place] == nats[place]]
                total = sum(known) if known else np.nan
            if total == total:  # not nan
                sums.append((event, total))
        sums.sort(key=_negative_nats)
        return sums

    def sum_of(self, places: Sequence[int]) -> float:
        """The nats of these columns together."""
        nats = self.nats
        return sum(nats[place] for place in places if nats[place] == nats[place])

    def terms(self, places: Sequence[int]) -> list[Term]:
        """Those of these columns that it has."""
        nats, columns = self.nats, self.of_list.columns
        return [
            Term(columns[place].expert, nats[place], columns[place].event, columns[place].feature)
            for place in places
            if nats[place] == nats[place]
        ]

    def of_kinds(self, *kinds: str) -> list[Term]:
        """Those of experts of these kinds."""
        return self.terms(self.of_list.places(*kinds))

    def of_feature(self, feature: str) -> list[int]:
        """The columns of a feature."""
        return self.of_list.places_where(f"feature {feature}", lambda own: own.feature == feature)


def _negative_nats(pair: tuple[str, float]) -> float:
    return -pair[1]


@lru_cache(maxsize=1_000)
def _expert_kind(expert: str) -> str:
    return expert.split(":", 1)[0]
