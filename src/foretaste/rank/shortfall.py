"""In: a question and a list that is shorter than was asked for. Out: why, in counts.

Each item is counted once, with the first of the reasons that leave it out, so the counts and the
list make up the whole catalogue. What is said of them, in the language of the request, is made of
the counts: `generate.shortfall_text`.
"""

from collections.abc import Callable, Mapping

import numpy as np

from foretaste.domain.request import Shortfall, ShortfallCount
from foretaste.rank.filters import (
    Filter,
    FilterContext,
    consumed_items,
    earlier_page_items,
    early_items,
    excluded_items,
    extras_of_items,
    filter_mismatches,
    items_of_other_kinds,
    muted_items,
    negative_feedback_items,
    non_candidates,
    other_parts_of_series,
    outdated_items,
    policy_barred_items,
    seed_items,
    sold_out_items,
    unavailable_items,
    unmatched_items,
)
from foretaste.rank.index import Mask
from foretaste.rank.slate import FILL_SOURCES, Slate

SHORTFALL_REASONS: Mapping[Filter, tuple[str, str]] = {
    unavailable_items: ("unavailable", "hidden or not on offer now"),
    sold_out_items: ("sold-out", "sold out"),
    non_candidates: ("not-a-candidate", "not in the list that was to be put in order"),
    filter_mismatches: ("filter", "not what the filter asks for"),
    muted_items: ("muted", "muted by this person, or not what they want alone"),
    negative_feedback_items: ("refused", "hidden or disliked by this person"),
    policy_barred_items: ("policy", "kept from this list by the operator's policy"),
    seed_items: ("seed", "asked about"),
    items_of_other_kinds: ("kind", "not what a list of this kind has"),
    earlier_page_items: ("earlier-page", "on an earlier page"),
    outdated_items: ("outdated", "too old for this list"),
    early_items: ("early", "chosen by this person a short time ago"),
    other_parts_of_series: ("part", "parts of series of which another comes first"),
    extras_of_items: ("extra", "trailers and other extras"),
    consumed_items: ("taken", "already chosen by this person"),
    unmatched_items: ("unmatched", "not what is searched for"),
}
"""Filter → (its name for programs, what it says of items: a message of `generate.shortfall_text`).
In the order in which they are told."""
VARIANT_REASON = ("variant", "other variants of what is shown")
OTHER_REASON = ("rule", "left out by a rule, or too unlikely")


def explain_shortfall(
    filter_context: FilterContext, slate: Slate, max_n: int, deleted_mask: Callable[[], Mask]
) -> Shortfall | None:
    """None where the list is as long as was asked for, without being filled up; and for a list that
    was to be put in order, unless it is empty: `left_out` says it of each item. Its `reason` is
    still to be put into words.

    max_n: the most that may be asked for. deleted_mask: → [items], those that are in the catalogue
    of the model alone.
    """
    requested = min(filter_context.request.n, max_n)
    filled = sum(source in FILL_SOURCES for source in slate.sources)
    if len(slate.items) - filled >= requested:
        return None
    if filter_context.request.candidates is not None and len(slate.items):
        return None
    remaining = ~deleted_mask()
    item_count = int(remaining.sum())
    counts = []
    by_itself = [source not in FILL_SOURCES for source in slate.sources]
    shown = slate.items[np.array(by_itself, bool)]
    remaining[shown] = False
    for item_filter, (code, reason) in SHORTFALL_REASONS.items():
        excluded = remaining & excluded_items(filter_context, [item_filter])
        remaining &= ~excluded
        counts.append(ShortfallCount(code, reason, int(excluded.sum())))
    variants = np.zeros_like(remaining)
    variants[filter_context.index.with_variants(shown)] = True
    counts.append(ShortfallCount(*VARIANT_REASON, int((remaining & variants).sum())))
    counts.append(ShortfallCount(*OTHER_REASON, int((remaining & ~variants).sum())))
    told_counts = tuple(count for count in counts if count.items)
    return Shortfall(requested, len(slate.items), item_count, filled, "", told_counts)
