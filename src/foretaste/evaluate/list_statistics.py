"""The lists of some people in; what they are like out: how new, how varied, how near their items.

Recall does not see junk: an item that nobody will ever take costs no more than one that this person
happened not to take. So the lists themselves are described, beside what people really took.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from foretaste.domain.data import Ints, Longs
from foretaste.domain.words import plain_column
from foretaste.evaluate.list_variety import ListVariety, list_variety
from foretaste.evaluate.metrics import coverage
from foretaste.evaluate.sampled_lists import LIST_LENGTH, ListInputs, SampledLists
from foretaste.evaluate.similarity import Similarity, attribute_similarity, text_similarity

EVENT_THRESHOLDS = (0, 1, 2, 5)
"""At most so many takings, by anyone, that an item had had by the moment of the list."""

ShareByThreshold = Mapping[int, float | None]
"""One of `EVENT_THRESHOLDS` → share of items that had had at most so many; None without items."""


@dataclass(frozen=True, slots=True)
class ListSpread:
    """What one model's lists hold, over all people."""

    event_shares: ShareByThreshold
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
    variety: ListVariety
    """How evenly, how boldly and how variedly they show the catalogue."""

    def figures(self) -> dict[str, Any]:
        """What JSON can hold."""
        return {
            "events": {str(threshold): share for threshold, share in self.event_shares.items()},
            "distinct_items": self.distinct_items,
            "coverage": self.coverage,
            "overlap": self.overlap,
            "most_shown": {"item": self.top_item, "share": self.top_item_share},
            **self.variety.figures(),
        }


@dataclass(frozen=True, slots=True)
class ListStatistics:
    """What people's lists are like, as in service, beside what the same people took next."""

    cases: int
    users: int
    available_items: int
    """On offer at one of the moments at least."""
    target_event_shares: ShareByThreshold
    """Of the items taken next that a list could show."""
    product: ListSpread
    targets: ListVariety
    """Of the items taken next that a list could show."""
    experts: Mapping[str, ListSpread] = field(default_factory=dict)
    """Of each expert's own lists."""
    top_title: str = ""
    """Of the product's `top_item`."""
    text: Similarity | None = None
    """Cosine with what the person took before."""
    attributes: Mapping[str, Similarity] = field(default_factory=dict)
    """By column: the share of items that have a value in common with what the person took."""

    def figures(self) -> dict[str, Any]:
        """One object that JSON can hold."""
        product = self.product.figures()
        return {
            "cases": self.cases,
            "people": self.users,
            "length": LIST_LENGTH,
            "available_items": self.available_items,
            **product,
            "events": {
                str(threshold): {"taken": self.target_event_shares[threshold], "shown": share}
                for threshold, share in self.product.event_shares.items()
            },
            "chosen_next": self.targets.figures(),
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
            f"The first {LIST_LENGTH} items that people are shown, as in service, in "
            f"{self.cases:,} "
            f"{cases}:",
            "",
            *self._event_lines(),
            "",
            self._coverage_line(),
            *self._overlap_lines(),
            *self._likeness_lines(),
        ]

    def _event_lines(self) -> list[str]:
        heads = ["never", *(f"at most {threshold}" for threshold in EVENT_THRESHOLDS[1:])]
        rows = {"shown": self.product.event_shares, "chosen next": self.target_event_shares}
        return [
            "how often anyone had chosen the items by then (share of the items):",
            " " * 12 + "".join(f"{head:>12}" for head in heads),
            *(
                f"{name:<12}"
                + "".join(f"{_percent(shares[threshold]):>12}" for threshold in EVENT_THRESHOLDS)
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
            f"two people's lists have {self.product.overlap * LIST_LENGTH:.1f} of {LIST_LENGTH} "
            "items in "
            f"common on average; {name} is in the lists of "
            f"{_percent(self.product.top_item_share)} of {self.users:,} people"
        ]

    def _likeness_lines(self) -> list[str]:
        lines = []
        if self.text is not None:
            figures = _comparison_text(
                self.text, lambda value: f"{round(value, 2) + 0.0:.2f}"
            )  # no -0.00
            lines.append(f"how near in text to what the person took before, 1 at most: {figures}")
        for column, likeness in self.attributes.items():
            figures = _comparison_text(likeness, _percent)
            name = plain_column(column)
            lines.append(f"{name} in common with what the person took before: {figures}")
        return lines


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"


def _comparison_text(likeness: Similarity, format_value: Callable[[float], str]) -> str:
    """The three figures next to one another."""
    names = {"shown": likeness.lists, "chosen next": likeness.targets}
    names["a random item"] = likeness.random
    return ", ".join(
        f"{name} {'-' if value is None else format_value(value)}" for name, value in names.items()
    )


def list_statistics(sample: SampledLists, list_inputs: ListInputs, model: str) -> ListStatistics:
    """What the lists of one of the models are like; the spread of the others beside it."""
    spreads = {name: _spread(lists, sample, list_inputs) for name, lists in sample.lists.items()}
    product = spreads.pop(model)
    catalogue = list_inputs.catalogue
    top = product.top_item
    return ListStatistics(
        cases=len(sample),
        users=len(sample.latest_cases()),
        available_items=int(sample.available.sum()),
        target_event_shares=_event_shares(sample.targets, sample, list_inputs),
        product=product,
        targets=list_variety(
            sample.targets, sample.positions, int(sample.available.sum()), list_inputs
        ),
        experts=spreads,
        top_title="" if top is None else catalogue.titles[catalogue.index[top]],
        text=text_similarity(model, sample, catalogue.vectors),
        attributes=attribute_similarity(model, sample, catalogue),
    )


def _event_shares(
    items: Ints, sample: SampledLists, list_inputs: ListInputs
) -> dict[int, float | None]:
    """Of the items [cases, n] by how often each had been taken by the moment of its case."""
    events = list_inputs.counts.events_before(items, sample.positions[:, None])[items >= 0]
    return {
        threshold: float((events <= threshold).mean()) if len(events) else None
        for threshold in EVENT_THRESHOLDS
    }


def _spread(lists: Ints, sample: SampledLists, list_inputs: ListInputs) -> ListSpread:
    """Of one model's lists [cases, n]."""
    available = int(sample.available.sum())
    latest_lists = lists[
        sample.latest_cases()
    ]  # one list a person, or the busiest would count for many
    counts = np.bincount(latest_lists[latest_lists >= 0], minlength=1)
    shown_items = lists[lists >= 0]
    return ListSpread(
        event_shares=_event_shares(lists, sample, list_inputs),
        distinct_items=len(np.unique(shown_items)),
        coverage=coverage(shown_items, available),
        overlap=_overlap(counts, len(latest_lists)),
        top_item=list_inputs.catalogue.ids[int(counts.argmax())] if counts.any() else None,
        top_item_share=float(counts.max() / max(len(latest_lists), 1)),
        variety=list_variety(lists, sample.positions, available, list_inputs),
    )


def _overlap(counts: Longs, user_count: int) -> float | None:
    """The mean over all pairs of people of the items in common, as a share of a list.

    counts: [items], in how many people's lists each is: an item in c lists is in common to
    c (c - 1) / 2 pairs.
    """
    if user_count < 2 or not counts.any():
        return None
    in_common = float((counts * (counts - 1)).sum()) / (user_count * (user_count - 1))
    return in_common / (float(counts.sum()) / user_count)
