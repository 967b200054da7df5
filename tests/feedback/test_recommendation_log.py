"""Answers on their way to the store: found at once, written soon, none lost in order."""

import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from foretaste.behaviour.store import SqlStore
from foretaste.domain.data import LoggedRecommendation
from foretaste.errors import StoreError
from foretaste.feedback import recommendation_log as module
from foretaste.feedback.recommendation_log import SECONDS_PER_DAY, RecommendationLog


def one(name: str, at: float = 100.0) -> LoggedRecommendation:
    return LoggedRecommendation(
        name, at, "u", None, "m", {"user": "u", "n": 3}, [("a", 1, 1.0, "model", -1.0)], owner="u"
    )


class Away(SqlStore):
    """A real store whose table of answers can be away."""

    away = threading.Event()

    def add_recommendations(self, new_recommendations: Sequence[LoggedRecommendation]) -> None:
        if self.away.is_set():
            raise StoreError("the database is away")
        super().add_recommendations(new_recommendations)


def test_an_answer_is_found_before_and_after_it_is_written(tmp_path: Path) -> None:
    with SqlStore(tmp_path / "b.db") as store:
        log = RecommendationLog(store, keep_days=1, clock=lambda: 0.0)
        log.add(one("r1"))
        assert log.get(["r1", "r2"]) == {"r1": one("r1")}
        log.flush()
        assert store.recommendations_by_id(["r1"]) == {"r1": one("r1")}
        assert log.get(["r1"]) == {"r1": one("r1")}
        log.close()


def test_the_end_writes_what_waits(tmp_path: Path) -> None:
    with SqlStore(tmp_path / "b.db") as store:
        log = RecommendationLog(store, keep_days=1, clock=lambda: 0.0)
        for number in range(200):
            log.add(one(f"r{number}"))
        log.close()
        assert len(store.recommendations_by_id([f"r{number}" for number in range(200)])) == 200


def test_a_store_that_is_away_loses_nothing(tmp_path: Path) -> None:
    Away.away.set()
    with Away(tmp_path / "b.db") as store:
        log = RecommendationLog(store, keep_days=1, clock=lambda: 0.0)
        log.add(one("r1"))
        with pytest.raises(StoreError, match="away"):
            log.flush()
        assert log.get(["r1"]) == {"r1": one("r1")}
        Away.away.clear()
        log.close()
        assert list(store.recommendations_by_id(["r1"])) == ["r1"]


def test_what_waits_has_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_PENDING_ANSWERS", 3)
    Away.away.set()
    with Away(tmp_path / "b.db") as store:
        log = RecommendationLog(store, keep_days=1, clock=lambda: 0.0)
        for number in range(5):
            log.add(one(f"r{number}"))
        assert log.lost_count == 2
        Away.away.clear()
        log.close()
        assert sorted(store.recommendations_by_id([f"r{number}" for number in range(5)])) == [
            "r2",
            "r3",
            "r4",
        ]


def test_old_answers_are_forgotten(tmp_path: Path) -> None:
    with SqlStore(tmp_path / "b.db") as store:
        store.add_recommendations([one("old", 0.0), one("young", 1.5 * SECONDS_PER_DAY)])
        log = RecommendationLog(store, keep_days=1, clock=lambda: 2 * SECONDS_PER_DAY)
        log._prune()
        assert list(store.recommendations_by_id(["old", "young"])) == ["young"]
