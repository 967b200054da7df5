"""Spread: shares of a list in, quotas that give way before a list is short out.

A quota of a rule holds whatever comes of it. These are there so that a list is varied: where too
few other items are left, they are widened until the list is full.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from foretaste.domain.data import Request
from foretaste.rank.condition_nodes import condition_columns
from foretaste.rank.conditions import parse_condition
from foretaste.rank.slate import SlateDraft
from foretaste.rank.slate_parts import QuotaLimit, Slate


def spread_limits(
    draft: SlateDraft, shares: Mapping[str, float], request: Request
) -> tuple[QuotaLimit, ...]:
    """At most so many places for each value of these attributes. None of them for who searches or
    has a list put in order, nor where the order is that of time, and none of an attribute that the
    filter asks for: who asks for an artist wants that artist.
    """
    is_own_order = request.candidates is not None or request.kind == "resume"
    if not shares or request.is_search or is_own_order:
        return ()
    named_columns = set(condition_columns(parse_condition(request.filter or {})))
    columns = {feature.column for feature in draft.index.catalogue.features}
    limits = []
    for column, share in shares.items():
        if column in columns and column not in named_columns:
            max_count = max(1, int(share * draft.n + 0.5))
            limits.append(QuotaLimit(draft.index.column(column).value_codes, max_count))
    return tuple(limits)


def build_spread_slate(
    draft: SlateDraft, limits: tuple[QuotaLimit, ...], rng: Callable[[], np.random.Generator]
) -> Slate:
    """The list within these limits, each with twice the places as often as the list is short."""
    own_limits = draft.limits
    while True:
        draft.limits = [*own_limits, *limits]
        slate = draft.build_slate(rng)
        if len(slate.items) >= draft.n or all(
            (limit.max_count or 0) >= draft.n for limit in limits
        ):
            return slate
        limits = tuple(replace(limit, max_count=2 * (limit.max_count or 1)) for limit in limits)
