"""Which of two models is better on events neither has seen; and that neither has."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from foretaste.domain.data import Event, Floats, UserContext
from foretaste.errors import ModelError
from foretaste.evaluate.list_checks import ListWarning
from foretaste.evaluate.metrics import Interval
from foretaste.feedback.online_learning import TrainingExample
from foretaste.loop import Foretaste
from foretaste.online.snapshot import Snapshot
from foretaste.training import gate
from foretaste.training.gate import ModelComparison, compare_models

START = 1_700_100_000.0


@pytest.fixture
def shop(trained: Path) -> Iterator[Foretaste]:
    """Trained on 150 events; ten more people have since gone on in the same way."""
    loop = Foretaste.open(trained)
    loop.record(
        [
            Event(
                f"n{person}-{step}",
                "click",
                START + person * 1000 + step,
                user=f"new{person}",
                item=f"space-{(person + step) % 10}",
            )
            for person in range(10)
            for step in range(6)
        ]
    )
    yield loop
    loop.close()


def snapshot(shop: Foretaste) -> Snapshot:
    name = shop.models.live_name()
    assert name is not None
    return shop.at_snapshot(name)


def tried(
    shop: Foretaste, candidate: Snapshot, live: Snapshot, after: int = 150
) -> ModelComparison:
    return compare_models(
        candidate,
        live,
        shop.store,
        after_event=after,
        until_event=shop.store.last_event_number(),
        build_context=lambda lesson, _: shop.listen(replace(lesson.user_context, now=lesson.at)),
        masked=True,
    )


def test_a_model_is_as_good_as_itself(shop: Foretaste) -> None:
    found = tried(shop, snapshot(shop), snapshot(shop))
    assert found.events == 60
    assert found.people == 10
    assert found.live == found.candidate > 0
    assert found.difference == Interval(0, 0, 0)
    assert found.rejection_reason() is None


def test_one_that_knows_nothing_is_refused_with_the_figures(shop: Foretaste) -> None:
    worse = snapshot(shop)
    popularity = worse.product.filter_experts(lambda expert: expert.name == "popularity")
    worse = replace(worse, product=popularity)
    found = tried(shop, worse, snapshot(shop))
    refusal = found.rejection_reason()
    assert refusal is not None
    assert refusal.startswith("it is worse for certain: ndcg@10 0.")
    assert "on 60 events of 10 people" in refusal


def test_one_that_was_trained_past_the_cut_is_not_compared(shop: Foretaste) -> None:
    with pytest.raises(ModelError, match="was trained on events past 149"):
        tried(shop, snapshot(shop), snapshot(shop), after=149)


def test_the_comparison_sees_nothing_of_an_event_before_it_is_scored(
    shop: Foretaste, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At each event the person's history ends before it, and so do the counts of both models."""
    monkeypatch.setattr(gate, "EVENTS_PER_BATCH", 30)
    live, candidate = snapshot(shop), snapshot(shop)
    taken: dict[object, list[int]] = {}
    counts: list[float] = []

    def asked(lesson: TrainingExample, one: Snapshot) -> UserContext:
        assert (
            lesson.user_context.item.tolist()
            == taken.get(lesson.user_key, [])[: len(lesson.user_context)]
        )
        assert lesson.at not in lesson.user_context.at
        assert (lesson.user_context.at < lesson.at).all()
        counts.append(float(taken_by(one).sum()))
        return lesson.user_context

    for _, event in shop.store.events(after_number=150):
        person = (event.user, None)
        taken.setdefault(person, []).append(live.catalogue.index[event.item or ""])
    compare_models(
        candidate,
        live,
        shop.store,
        after_event=150,
        until_event=210,
        build_context=asked,
        masked=True,
    )
    before = float(taken_by(live).sum())
    assert counts[:60] == [before] * 60, "within a batch nothing is learnt before it is scored"
    assert counts[60:] == [before + 30] * 60, "and then all of it is"


def taken_by(live: Snapshot) -> Floats:
    popularity: Any = next(one for one in live.product.experts if one.name == "popularity")
    return np.asarray(popularity.taken)


def test_nothing_to_compare_on(shop: Foretaste) -> None:
    with pytest.raises(ModelError, match="no event to compare"):
        tried(shop, snapshot(shop), snapshot(shop), after=210)


@pytest.mark.parametrize(
    ("mean", "low", "high", "refused"),
    [
        (-0.01, -0.02, -0.001, True),
        (-0.0037, -0.0148, 0.0059, False),  # recorded: refused by its mean, inside the noise
        (-0.02, -0.06, 0.02, False),
        (0.01, -0.01, 0.03, False),
    ],
)
def test_only_what_is_worse_for_certain_is_refused(
    mean: float, low: float, high: float, *, refused: bool
) -> None:
    found = ModelComparison(
        300, 100, 0.07, 0.07 + mean, Interval(mean, low, high)
    ).rejection_reason()
    assert (found is not None) is refused
    assert found is None or found.startswith("it is worse for certain: ")


SAME = ListWarning("same-list", "Nearly everybody is shown the same.", "Look at the events.")
RARE = ListWarning("hardly-taken", "All of it was hardly taken.", "Look at the events.")


@pytest.mark.parametrize(
    ("candidate", "live", "refused"),
    [
        ((SAME,), (), True),
        ((SAME,), (RARE,), True),
        ((SAME,), (SAME,), False),  # no worse than what people are shown now
        ((), (SAME,), False),
        ((RARE,), (), False),  # worth knowing, and no reason to keep an old model
    ],
)
def test_a_fault_of_the_lists_that_is_new_is_refused(
    candidate: tuple[ListWarning, ...], live: tuple[ListWarning, ...], *, refused: bool
) -> None:
    better = ModelComparison(300, 100, 0.1, 0.12, Interval(0.02, 0.01, 0.03), candidate, live)
    refusal = better.rejection_reason()
    assert (refusal is not None) is refused
    assert refusal is None or f"do not have: {SAME.message} ndcg@10 0.1200" in refusal
    assert json.loads(json.dumps(better.figures()))["live_warnings"] == [
        warning.summary() for warning in live
    ]


def test_a_workspace_that_moves_keeps_its_model(trained: Path, tmp_path: Path) -> None:
    moved = Path(shutil.move(trained, tmp_path / "elsewhere"))
    loop = Foretaste.open(moved)
    assert len(loop.recommend("u1", n=3)) == 3
    loop.close()
