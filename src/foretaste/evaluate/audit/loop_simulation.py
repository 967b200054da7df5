"""What happens where a model learns from what people do with its own lists: rounds of both.

In each round every person is shown a list and takes one of its items, likelier the further up it
stands and the better it suits them by the model as it was at the start, which stands for what they
really like. Then the model learns what was taken. So whatever grows over the rounds is made by the
loop, as tastes stay what they are (Chaney, Stewart and Engelhardt 2018).
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple, Protocol, Self

import numpy as np

from foretaste.domain.audit_settings import AuditSettings
from foretaste.domain.data import Doubles, Floats, Ints, UserContext
from foretaste.evaluate.audit.figures import AuditFigure, AuditSection
from foretaste.evaluate.list_variety import gini
from foretaste.evaluate.metrics import Interval, paired_interval
from foretaste.evaluate.sampled_lists import Mask, best_items

LIST_LENGTH, POOL = 10, 100
"""Items of a list, and those further down that exploration draws from."""
EXPLORATION_RATE = 0.1
"""Share of the places that exploration gives to chance."""
BATCH = 64
MIN_EXPLORATION_EFFECT = 0.8
"""Of the growth, what may be left with exploration for it to be advised."""
MAX_GROWTH = 1.1
"""How many times as popular lists may become over the rounds."""


class LearningProduct(Protocol):
    """A model that learns event by event."""

    def score(self, user_contexts: Sequence[UserContext]) -> Floats: ...
    def fork(self) -> Self: ...
    def learn(self, user_context: UserContext, item: int, weight: float, at: float) -> None: ...


class PlayedRound(NamedTuple):
    """What was shown, and what had been taken by then."""

    lists: Ints
    """[people, LIST_LENGTH]"""
    taken_counts: Doubles
    """[items], in the rounds before"""


def simulation_section(
    product: LearningProduct,
    contexts: Sequence[UserContext],
    event_counts: Doubles,
    available: Mask,
    settings: AuditSettings,
    rng: np.random.Generator,
    progress: Callable[..., None] = lambda *_: None,
) -> AuditSection:
    """What the first and the last round's lists are like, with exploration and without."""
    figures: list[AuditFigure] = []
    growths = {}
    tastes = _scores(product, contexts)
    for rate in (0.0, EXPLORATION_RATE):
        rounds = _play(
            product.fork(), contexts, tastes, available, settings.rounds, rate, rng, progress
        )
        name = "with exploration" if rate else "without exploration"
        growth, rows = _arm_figures(name, rounds, event_counts, rng)
        growths[name] = growth
        figures += rows
    plain, explored = growths["without exploration"], growths["with exploration"]
    is_growing = plain.low > MAX_GROWTH
    return AuditSection(
        "feedback loop",
        f"What {settings.rounds} rounds of learning from its own lists do",
        tuple(
            replace(figure, is_flagged=is_growing and figure is figures[0]) for figure in figures
        ),
        f"A simulation: {len(contexts):,} people, each shown a list and taking one of its items in "
        f"every round; exploration gives {EXPLORATION_RATE:.0%} of the places to chance. Tastes "
        "stay what they are, so whatever grows is made by the loop. It is a model of people, not "
        "people.",
        f"After {settings.rounds} rounds lists are {plain.mean:.2f} times as popular as in the "
        f"first, and {explored.mean:.2f} times with exploration.",
        _remedy(plain.mean, explored.mean) if is_growing else "",
        usual_name="in the first round",
    )


def _remedy(plain_growth: float, explored_growth: float) -> str:
    if explored_growth - 1 < MIN_EXPLORATION_EFFECT * (plain_growth - 1):
        return f"turn exploration on: [rank] exploration_rate = {EXPLORATION_RATE:g}"
    return "correct for popularity: [rank] popularity_lift = 1.2; exploration alone hardly helps"


def _play(
    product: LearningProduct,
    contexts: Sequence[UserContext],
    tastes: Floats,
    available: Mask,
    rounds: int,
    rate: float,
    rng: np.random.Generator,
    progress: Callable[..., None],
) -> list[PlayedRound]:
    rounds_played = []
    taken_counts = np.zeros(len(available))
    current = list(contexts)
    for number in range(rounds):
        scores = _scores(product, current)
        lists = np.stack(
            [
                _explored(_best(row, context, available), rate, rng)
                for row, context in zip(scores, current, strict=True)
            ]
        )
        rounds_played.append(PlayedRound(lists, taken_counts.copy()))
        for person in rng.permutation(len(current)).tolist():
            item = _taken_item(lists[person], tastes[person], rng)
            if item < 0:
                continue
            at = current[person].now + 1
            product.learn(current[person], item, 1.0, at)
            taken_counts[item] += 1
            current[person] = _with_item(current[person], item, at)
        progress("playing rounds of lists and clicks", number + 1, rounds)
    return rounds_played


def _scores(product: LearningProduct, contexts: Sequence[UserContext]) -> Floats:
    return np.concatenate(
        [
            product.score(list(contexts[start : start + BATCH]))
            for start in range(0, len(contexts), BATCH)
        ]
    )


def _best(scores: Floats, context: UserContext, available: Mask) -> Ints:
    showable = available.copy()
    showable[context.item[context.item >= 0]] = False
    return best_items(scores, np.flatnonzero(showable), LIST_LENGTH + POOL)


def _explored(items: Ints, rate: float, rng: np.random.Generator) -> Ints:
    """The first of these items, each place given to one further down with this probability."""
    shown_items, pool = items[:LIST_LENGTH].copy(), items[LIST_LENGTH:]
    pool = pool[pool >= 0]
    drawn_places = np.flatnonzero(rng.random(LIST_LENGTH) < rate)[: len(pool)]
    if len(drawn_places):
        shown_items[drawn_places] = rng.choice(pool, len(drawn_places), replace=False)
    return shown_items


def _taken_item(items: Ints, tastes: Floats, rng: np.random.Generator) -> int:
    """The item of a list that is taken: by taste, and the first place half as likely again as the
    second, as attention falls. -1 for an empty list.
    """
    filled_places = np.flatnonzero(items >= 0)
    if not len(filled_places):
        return -1
    likelihood = tastes[items[filled_places]].astype(np.float64)
    weights = np.exp(likelihood - likelihood.max()) / np.log2(filled_places + 2)
    return int(rng.choice(items[filled_places], p=weights / weights.sum()))


def _with_item(context: UserContext, item: int, at: float) -> UserContext:
    """The same person, having taken one more item."""
    last = np.array([len(context) - 1]) if len(context) else np.array([], np.int64)
    if not len(last):
        return context
    rows = np.concatenate([np.arange(len(context)), last])
    longer = replace(
        context,
        item=context.item[rows],
        weight=context.weight[rows],
        kind=context.kind[rows],
        value=context.value[rows],
        at=context.at[rows],
        worth=None if context.worth is None else context.worth[rows],
        text=(*context.text, "") if context.text else (),
        text_vectors=None
        if context.text_vectors is None
        else np.concatenate([context.text_vectors, np.zeros_like(context.text_vectors[:1])]),
        now=at,
    )
    longer.item[-1], longer.at[-1], longer.value[-1], longer.weight[-1] = item, at, np.nan, 1.0
    if longer.worth is not None:
        longer.worth[-1] = 1.0
    return longer


def _arm_figures(
    name: str, rounds: Sequence[PlayedRound], event_counts: Doubles, rng: np.random.Generator
) -> tuple[Interval, list[AuditFigure]]:
    """(how many times as popular the last round's lists are, the figures)"""
    first, last = (_popularity(played, event_counts) for played in (rounds[0], rounds[-1]))
    people = np.arange(len(first))
    difference = paired_interval(last, first, people, rng)
    base = float(first.mean()) or 1.0
    growth = Interval(*(1 + part / base for part in difference))
    size = len(event_counts)
    inequality = [_gini_interval(played.lists, size, rng) for played in (rounds[0], rounds[-1])]
    return growth, [
        AuditFigure(f"{name}: times as popular", growth, "times", 1.0, len(people)),
        AuditFigure(f"{name}: Gini", inequality[1], "number", inequality[0].mean, len(people)),
    ]


def _popularity(played: PlayedRound, event_counts: Doubles) -> Doubles:
    """[people], the mean share of all takings by then that the items of a list have."""
    lists, counts = played.lists, event_counts + played.taken_counts
    shares = np.where(lists >= 0, counts[lists] / max(counts.sum(), 1), 0.0)
    return np.asarray(shares.sum(1) / np.maximum((lists >= 0).sum(1), 1))


def _gini_interval(lists: Ints, items: int, rng: np.random.Generator, draws: int = 200) -> Interval:
    """Of the items shown, by drawing half of the people again and again, whose spread is that of
    all (Politis and Romano 1994).
    """
    value = gini(_positive_counts(lists), items)
    half = max(len(lists) // 2, 1)
    values = [
        gini(_positive_counts(lists[rng.choice(len(lists), half, replace=False)]), items)
        for _ in range(draws)
    ]
    deviation = float(np.std(values)) * np.sqrt(half / len(lists)) / np.sqrt(1 - half / len(lists))
    return Interval(value, max(value - 1.96 * deviation, 0.0), min(value + 1.96 * deviation, 1.0))


def _positive_counts(lists: Ints) -> np.ndarray:
    counts = np.bincount(lists[lists >= 0]).astype(np.int64)
    return counts[counts > 0]
