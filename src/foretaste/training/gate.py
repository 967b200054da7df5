"""A new model and the live one in, on events neither was trained on; which is better out.

Both go through the newest events in the order they were accepted, as they would in the service:
each scores the whole catalogue for the person as they were known just before the event, then learns
the event. So the counting experts of both have seen what came before it and nothing after.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any

import numpy as np

from foretaste.domain.data import Event, UserContext
from foretaste.domain.store import Store, UserKey
from foretaste.errors import ModelError
from foretaste.evaluate.list_checks import BLOCKING_CODES, ListWarning
from foretaste.evaluate.metrics import Interval, ndcg, paired_interval, ranks
from foretaste.feedback.online_learning import TrainingExample
from foretaste.online.snapshot import Snapshot

METRIC = "ndcg@10"
EVENTS_PER_BATCH = 64
"""Events that are scored before they are learnt, by both models alike."""

ContextBuilder = Callable[[TrainingExample, Snapshot], UserContext]
"""What a model is told when it is asked at the moment of an event."""


@dataclass(frozen=True)
class ModelComparison:
    """How the two did on the same events."""

    events: int
    people: int
    live: float
    """NDCG@10 over all items, mean over the events."""
    candidate: float
    difference: Interval
    """Of the candidate above the live one, 95 %, drawn by people."""
    candidate_warnings: tuple[ListWarning, ...] = ()
    """What is wrong with the lists of the candidate, and below with those of the live one."""
    live_warnings: tuple[ListWarning, ...] = ()

    def figures_text(self) -> str:
        """The figures in a line."""
        mean, low, high = self.difference
        return (
            f"{METRIC} {self.candidate:.4f} against {self.live:.4f} of the live model, difference "
            f"{mean:+.4f} [{low:+.4f}, {high:+.4f}] on {self.events:,} events of "
            f"{self.people:,} people"
        )

    def rejection_reason(self) -> str | None:
        """Why the candidate may not be promoted; None if it may.

        A mean inside the noise decides nothing: refused is what is worse for certain, or has lists
        with a serious fault that those of the live model do not have.
        """
        if self.difference.high < 0:
            return f"it is worse for certain: {self.figures_text()}"
        live_codes = {warning.code for warning in self.live_warnings}
        faults = [
            warning.message
            for warning in self.candidate_warnings
            if warning.code in BLOCKING_CODES and warning.code not in live_codes
        ]
        if faults:
            fault = "its lists have a fault that those of the live model do not have"
            return f"{fault}: {' '.join(faults)} {self.figures_text()}"
        return None

    def figures(self) -> dict[str, Any]:
        """What JSON can hold."""
        return {
            **asdict(self),
            "difference": list(self.difference),
            "candidate_warnings": [warning.summary() for warning in self.candidate_warnings],
            "live_warnings": [warning.summary() for warning in self.live_warnings],
        }


def compare_models(
    candidate: Snapshot,
    live: Snapshot,
    store: Store,
    *,
    after_event: int,
    until_event: int,
    build_context: ContextBuilder,
    masked: bool,
) -> ModelComparison:
    """Both on the events past `after_event`, up to `until_event`; each is at its snapshot, not past
    `after_event`.

    masked: what the person took before is left out of the ranking, as in the lists of a service
    that hides it. Raises ModelError where there is nothing to compare on, or a model has seen it.
    """
    for model in (candidate, live):
        if model.event > after_event:
            raise ModelError(f"model {model.version} was trained on events past {after_event:,}")
    candidate, live = (
        candidate.learned(store, until=after_event),
        live.learned(store, until=after_event),
    )
    user_numbers: dict[UserKey, int] = {}
    paired_scores: list[tuple[int, float, float]] = []  # (person, candidate, live)
    later_events = store.events(after_number=after_event, until_number=until_event)
    while batch := list(islice(later_events, EVENTS_PER_BATCH)):
        candidate, candidate_scores = _score_batch(
            candidate, store, batch, build_context, masked=masked
        )
        live, live_scores = _score_batch(live, store, batch, build_context, masked=masked)
        for number in candidate_scores.keys() & live_scores.keys():
            user_key, value = candidate_scores[number]
            paired_scores.append(
                (
                    user_numbers.setdefault(user_key, len(user_numbers)),
                    value,
                    live_scores[number][1],
                )
            )
    if not paired_scores:
        raise ModelError("there is no event to compare the models on")
    table = np.array(paired_scores)
    difference = paired_interval(
        table[:, 1], table[:, 2], table[:, 0].astype(np.int64), np.random.default_rng(0)
    )
    return ModelComparison(
        events=len(table),
        people=len(user_numbers),
        live=float(table[:, 2].mean()),
        candidate=float(table[:, 1].mean()),
        difference=difference,
    )


def _score_batch(
    model: Snapshot,
    store: Store,
    batch: Sequence[tuple[int, Event]],
    build_context: ContextBuilder,
    *,
    masked: bool,
) -> tuple[Snapshot, dict[int, tuple[UserKey, float]]]:
    """→ (with the batch learnt after it was scored, {number in the log: (whose event it is, NDCG@10
    of its item)})
    """
    examples = list(model.lessons(store, batch))
    all_items = np.ones(len(model.catalogue), bool)
    scores_by_number = {}
    for example in examples:
        user_context = build_context(example, model)
        row = model.product.scorer(user_context).score_row(all_items, 10, items=(example.item,))
        masked_items = [user_context.consumed_items] if masked else None
        rank = ranks(row[None, :], np.array([example.item], np.int32), masked_items)
        scores_by_number[example.number] = example.user_key, float(ndcg(rank.masked, 10)[0])
    return model.with_lessons(examples, batch[-1][0]), scores_by_number
