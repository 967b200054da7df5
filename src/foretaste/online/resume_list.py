"""The list of what somebody may go on with, what they were last at first. In: the question, with
how far they got; out: the list, and why each item is in it.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from foretaste.domain.data import Request
from foretaste.domain.reason import Reason
from foretaste.domain.request import ItemSource
from foretaste.domain.term_table import TermTable
from foretaste.generate.list_evidence import ListEvidence
from foretaste.generate.resume_reasons import next_part_reason, stopped_reason
from foretaste.model.product_scorer import Scores, SharedScorer
from foretaste.online.explained_slate import ExplainedSlate
from foretaste.online.page_request import PageRequest
from foretaste.rank.filters import FilterContext
from foretaste.rank.resuming import WatchProgress
from foretaste.rank.slate import Slate

Choose = Callable[
    [PageRequest, FilterContext, Scores, np.random.Generator | None],
    Slate,
]
"""(page, question, scorer, chance) → the items of a list."""


def resume_slate(page: PageRequest, question: FilterContext, choose: Choose) -> ExplainedSlate:
    """What the person may go on with, what they were last at first."""
    page = replace(page, request=_in_own_order(page.request))
    scores = question.trade.progress.resumable_scores(len(question.index), question.now)
    choice = choose(page, question, SharedScorer(scores), None)
    sources: tuple[ItemSource, ...] = tuple(
        "resumed" if source == "model" else source for source in choice.sources
    )
    return ExplainedSlate(replace(choice, sources=sources), TermTable.joined((), len(choice.items)))


def _in_own_order(request: Request) -> Request:
    """With nothing mixed in, and nothing left out by how likely it is."""
    return replace(
        request, diversity=0.0, explore=0.0, own_mix=0.0, min_relative_likelihood=0.0, fill_up=()
    )


def resume_reason(item: int, progress: WatchProgress, evidence: ListEvidence) -> Reason | None:
    """Where somebody stopped, or what they finished before it; None of what they did not begin."""
    share, entry = progress.shares.get(item), progress.entry(item)
    if entry is not None and entry.previous_part is not None:
        return next_part_reason(evidence.catalogue.ids[entry.previous_part], evidence)
    return None if share is None else stopped_reason(share, evidence)
