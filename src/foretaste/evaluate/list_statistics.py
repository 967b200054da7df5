"""The lists of some people in; what they are like out: how new, how varied, how near their items.

Recall does not see junk: an item that nobody will ever take costs no more than one that this person
happened not to take. So the lists themselves are described, beside what people really took.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from foretaste.domain.data import Ints, Longs
from foretaste.evaluate.likeness import Likeness, attribute_likeness, text_likeness
from foretaste.evaluate.metrics import coverage
from foretaste.evaluate.sampled_lists import LENGTH, SampledLists, Shop

EVENTS = (0, 1, 2, 5)
"""At most so many takings, by anyone, that an item had had by the moment of the list."""

Shares = Mapping[int, float | None]
"""A number of `EVENTS` → share of items that had had at most so many; None where no item is."""


@dataclass(frozen=True, slots=True)
class Spread:
    """What one model's lists hold, over all people."""

    event_shares: Shares
    """Of the places in the lists."""
    distinct_items: int
    coverage: float
    """Share of the items on offer that are in at least one of the lists."""
    overlap: float | None
    """Share of the items that the lists of two different people have in common, on average."""
    top_item: str | None
    """The item that is in the lists of most people, by external id."""
    top_item_share: float
    """Of the people, those whose list holds it."""

    def figures(self) -> dict[str, Any]:
        """What JSON can hold."""
        return {
            "events": {str(most): share for most, share in self.event_shares.items()},
            "distinct_items": self.distinct_items,
            "coverage": self.coverage,
            "overlap": self.overlap,
            "most_shown": {"item": self.top_item, "share": self.top_item_share},
        }


@dataclass(frozen=True, slots=True)
class ListStatistics:
    """What people's lists are like, as in service, beside what the same people took next."""

    cases: int
    people: int
    available_items: int
    """On offer at one of the moments at least."""
    target_event_shares: Shares
    """Of the items taken next that a list could show."""
    product: Spread
    experts: Mapping[str, Spread] = field(default_factory=dict)
    """Of each expert's own lists."""
    top_title: str = ""
    """Of the product's `top_item`."""
    text: Likeness | None = None
    """Cosine with what the person took before."""
    attributes: Mapping[str, Likeness] = field(default_factory=dict)
    """By column: the share of items that have a value in common with what the person took."""

    def figures(self) -> dict[str, Any]:
        """One object that JSON can hold."""
        product = self.product.figures()
        return {
            "cases": self.cases,
            "people": self.people,
            "length": LENGTH,
            "available_items": self.available_items,
            **product,
            "events": {
                str(most): {"taken": self.target_event_shares[most], "shown": share}
                for most, share in self.product.event_shares.items()
            },
            "text": None if self.text is None else self.text.figures(),
            "attributes": {
                column: likeness.figures() for column, likeness in self.attributes.items()
            },
            "experts": {name: spread.figures() for name, spread in self.experts.items()},
        }

    def lines(self) -> list[str]:
        """The same in words, for whoever runs the shop."""
        cases = "test case" if self.cases == 1 else "test cases"
        return [
            f"The first {LENGTH} items that people are shown, as in service, in {self.cases:,} "
            f"{cases}:",
            "",
            *self._event_lines(),
            "",
            self._coverage_line(),
            *self._overlap_lines(),
            *self._likeness_lines(),
        ]

    def _event_lines(self) -> list[str]:
        heads = ["never", *(f"at most {most}" for most in EVENTS[1:])]
        rows = {"shown": self.product.event_shares, "taken next": self.target_event_shares}
        return [
            "how often anyone had taken the items by then (share of the items):",
            " " * 12 + "".join(f"{head:>12}" for head in heads),
            *(
                f"{name:<12}" + "".join(f"{_percent(shares[most]):>12}" for most in EVENTS)
                for name, shares in rows.items()
            ),
        ]

    def _coverage_line(self) -> str:
        return (
            f"the lists show {self.product.distinct_items:,} different items, "
            f"{_percent(self.product.coverage)} of the {self.available_items:,} on offer"
        )

    def _overlap_lines(self) -> list[str]:
        if self.product.overlap is None or self.product.top_item is None:
            return []
        item = self.product.top_item
        name = f"“{self.top_title}” [{item}]" if self.top_title not in ("", item) else item
        return [
            f"two people's lists have {self.product.overlap * LENGTH:.1f} of {LENGTH} items in "
            f"common on average; {name} is in the lists of "
            f"{_percent(self.product.top_item_share)} of {self.people:,} people"
        ]

    def _likeness_lines(self) -> list[str]:
        lines = []
        if self.text is not None:
            figures = _beside(self.text, lambda value: f"{round(value, 2) + 0.0:.2f}")  # no -0.00
            lines.append(f"how near in text to what the person took before, 1 at most: {figures}")
        for column, likeness in self.attributes.items():
            figures = _beside(likeness, _percent)
            lines.append(f"{column} in common with what the person took before: {figures}")
        return lines


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"


def _beside(likeness: Likeness, write: Callable[[float], str]) -> str:
    """The three figures next to one another."""
    names = {"shown": likeness.lists, "taken next": likeness.targets}
    names["a random item"] = likeness.random
    return ", ".join(
        f"{name} {'-' if value is None else write(value)}" for name, value in names.items()
    )


def list_statistics(sample: SampledLists, shop: Shop, model: str) -> ListStatistics:
    """What the lists of one of the models are like; the spread of the others beside it."""
    spreads = {name: _spread(lists, sample, shop) for name, lists in sample.lists.items()}
    product = spreads.pop(model)
    catalogue = shop.catalogue
    top = product.top_item
    return ListStatistics(
        cases=len(sample),
        people=len(sample.latest_cases()),
        available_items=int(sample.available.sum()),
        target_event_shares=_event_shares(sample.targets, sample, shop),
        product=product,
        experts=spreads,
        top_title="" if top is None else catalogue.titles[catalogue.index[top]],
        text=text_likeness(model, sample, catalogue.vectors),
        attributes=attribute_likeness(model, sample, catalogue),
    )


def _event_shares(items: Ints, sample: SampledLists, shop: Shop) -> dict[int, float | None]:
    """Of the items [cases, n] by how often each had been taken by the moment of its case."""
    events = shop.counts.events_before(items, sample.positions[:, None])[items >= 0]
    return {most: float((events <= most).mean()) if len(events) else None for most in EVENTS}


def _spread(lists: Ints, sample: SampledLists, shop: Shop) -> Spread:
    """Of one model's lists [cases, n]."""
    available = int(sample.available.sum())
    single = lists[sample.latest_cases()]  # one list a person, or the busiest would count for many
    counts = np.bincount(single[single >= 0], minlength=1)
    places = lists[lists >= 0]
    return Spread(
        event_shares=_event_shares(lists, sample, shop),
        distinct_items=len(np.unique(places)),
        coverage=coverage(places, available),
        overlap=_overlap(counts, len(single)),
        top_item=shop.catalogue.ids[counts.argmax()] if counts.any() else None,
        top_item_share=float(counts.max() / max(len(single), 1)),
    )


def _overlap(counts: Longs, people: int) -> float | None:
    """The mean over all pairs of people of the items in common, as a share of a list.

    counts: [items], in how many people's lists each is: an item in c lists is in common to
    c (c - 1) / 2 pairs.
    """
    if people < 2 or not counts.any():
        return None
    in_common = float((counts * (counts - 1)).sum()) / (people * (people - 1))
    return in_common / (float(counts.sum()) / people)
