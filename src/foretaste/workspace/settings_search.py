"""A workspace and a space of settings in; those that make the best lists out, if they do.

Each trial is fitted without the behaviour that is held out and ranks it. One half of the people
chooses the best trial; the other half, which had no part in that, says whether it is better than
the settings as they are. A trial that was measured is kept, so that a run that was killed, or one
with more trials, goes on from there.
"""

import hashlib
import json
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from foretaste.config.changed_settings import changed_settings
from foretaste.config.load import changed_config
from foretaste.config.overrides import settings_tree
from foretaste.domain.data import Longs
from foretaste.domain.ports import Progress, no_progress
from foretaste.errors import InputError, ModelError
from foretaste.evaluate.comparison import DECIDING_METRIC, Comparison, compare_results
from foretaste.evaluate.metrics import Ranks
from foretaste.evaluate.protocols import RankingResult
from foretaste.loop import Foretaste
from foretaste.training.candidate import split_of
from foretaste.training.compare import MAX_SEEDS, measure_trial
from foretaste.training.search_space import Changes, SearchSpace, make_space
from foretaste.workspace.settings_trials import Trial, read_trial, write_trial
from foretaste.workspace.shared_work import exclusive_folder, open_here, pool_of, write_whole

EVEN_SHARE = 0.5
"""Of the trials those that lie evenly over the space; the others are near the best of these."""
PARENTS = 3
"""Of the first trials so many are gone on from."""
MAX_CASES = 10_000
"""Held-out events that a trial ranks, at most; half of the people choose by theirs."""
PLAN_FILE = "plan.json"
STAGE = "trying settings"


@dataclass(frozen=True)
class SearchJob:
    """What is searched, and how long."""

    settings: Sequence[str] = ()
    """As `search_space` reads them; empty is its own choice."""
    trials: int = 20
    """Besides the settings as they are."""
    seeds: int = 2
    """Times that the best trial and the settings as they are are fitted in the end."""
    seed: int = 0
    protocol: str = "leave-one-out"
    max_minutes: float | None = None
    """After which no trial is begun; None is no limit."""

    def __post_init__(self) -> None:
        """InputError for what cannot be searched."""
        if self.trials < 1:
            raise InputError(f"--trials {self.trials}: give at least 1")
        if not 1 <= self.seeds <= MAX_SEEDS:
            raise InputError(f"--seeds {self.seeds}: give a whole number from 1 to {MAX_SEEDS}")
        if self.max_minutes is not None and not self.max_minutes > 0:
            raise InputError(f"--minutes {self.max_minutes}: give a number above 0")
        split_of(self.protocol)


@dataclass(frozen=True)
class SearchReport:
    """What a search came to."""

    trials: tuple[Trial, ...]
    """The best first, by the people who choose; those that could not be trained last."""
    scores: tuple[float, ...]
    """NDCG@10 of each among these; NaN for those."""
    planned: int
    """How many there would be without a limit of time."""
    comparison: Comparison | None
    """Of the settings as they are and the best, by the other people; None where they are the same.
    """
    settings: Changes
    """The best ones, which are written only where they are better for certain."""

    @property
    def is_better(self) -> bool:
        """Whether the best settings are better for certain."""
        return self.comparison is not None and self.comparison.difference.low > 0

    def summary(self) -> dict[str, Any]:
        """One object that JSON can hold."""
        trials = [
            {
                "settings": trial.changes,
                "ndcg@10": None if trial.result is None else score,
                "problem": trial.problem,
                "seconds": round(trial.seconds, 1),
            }
            for trial, score in zip(self.trials, self.scores, strict=True)
        ]
        return {
            "better": self.is_better,
            "settings": self.settings,
            "trials": trials,
            "planned": self.planned,
            "comparison": self.comparison and self.comparison.summary(),
        }


def search_settings(
    loop: Foretaste,
    job: SearchJob,
    *,
    processes: int | None = None,
    restart: bool = False,
    progress: Progress = no_progress,
    clock: Callable[[], float] = time.monotonic,
) -> SearchReport:
    """Try settings and say which are best. Nothing of the workspace is changed.

    processes: of this machine that work side by side; None is the Ray cluster of the settings, or
    without one this process. restart: earlier trials are thrown away. Raises InputError where
    nothing can be learnt from trials, and where another run searches the same.
    """
    if loop.config.privacy.is_private:
        raise InputError(
            "privacy.epsilon limits what is learnt of a person, and each trial would learn anew; "
            "search without it, on data that you may look at"
        )
    space = make_space(job.settings, loop.config)
    folder = _search_folder(loop, job)
    with exclusive_folder(folder, "tune", "these trials"):
        if restart:
            shutil.rmtree(folder / "trials", ignore_errors=True)
        search = _Search(loop, job, space, folder, processes, progress, clock)
        return search.run()


class _Search:
    """One run."""

    def __init__(
        self,
        loop: Foretaste,
        job: SearchJob,
        space: SearchSpace,
        folder: Path,
        processes: int | None,
        progress: Progress,
        clock: Callable[[], float],
    ) -> None:
        self._loop, self._job, self._space, self._folder = loop, job, space, folder
        self._processes, self._progress, self._clock = processes, progress, clock
        self._end = np.inf if job.max_minutes is None else clock() + 60 * job.max_minutes
        self._until = _pinned_event(folder / PLAN_FILE, loop, restart=not _has_trials(folder))
        self._choosing: npt.NDArray[np.bool_] | None = None
        self._done, self._planned = 0, job.trials + 1 + 2 * (job.seeds - 1)

    def run(self) -> SearchReport:
        """Two rounds, and the best once more with other seeds."""
        job, space = self._job, self._space
        even_count = max(round(EVEN_SHARE * job.trials), 1)
        even_shares = space.even_shares(even_count, job.seed)
        even = [space.changes_at(row) for row in even_shares]
        trials = self._measure([({}, 0), *((changes, 0) for changes in even)])
        if trials[0].result is None:
            raise ModelError(f"the settings as they are: {trials[0].problem}")
        ranked = np.argsort([-self._score(trial) for trial in trials[1:]], kind="stable")
        parents = even_shares[ranked[:PARENTS]] if len(ranked) else even_shares[:1]
        near_count = job.trials - even_count
        near_changes = (
            [space.changes_at(row) for row in space.near_shares(parents, near_count, job.seed)]
            if near_count
            else []
        )
        trials += self._measure([(changes, 0) for changes in near_changes])
        return self._report(trials)

    def _report(self, trials: list[Trial]) -> SearchReport:
        unique = list({_name(trial.changes, trial.seed): trial for trial in trials}.values())
        ordered = sorted(unique, key=self._score, reverse=True)
        best, present = ordered[0], trials[0]
        comparison = None
        if best.changes:
            comparison = self._compare(present, best)
        return SearchReport(
            tuple(ordered),
            tuple(
                float("nan") if trial.result is None else self._score(trial) for trial in ordered
            ),
            self._job.trials + 1,
            comparison,
            best.changes,
        )

    def _compare(self, present: Trial, best: Trial) -> Comparison:
        """By the people who did not choose, each fitted with the other seeds as well."""
        self._end = np.inf  # without this the search would have been for nothing
        seeds = range(1, self._job.seeds)
        repetitions = [(trial.changes, seed) for trial in (present, best) for seed in seeds]
        repeated = self._measure(repetitions)
        results: dict[bool, list[RankingResult]] = {False: [], True: []}
        for trial in (present, best, *repeated):
            if trial.result is None:
                raise ModelError(f"with another seed: {trial.problem}")
            results[bool(trial.changes)].append(_select(trial.result, ~self._chooses(trial.result)))
        config = self._loop.config
        changed = changed_config(config, settings_tree(best.changes))
        hides = (config.rank.hide_seen, changed.rank.hide_seen)
        comparison = compare_results(
            results[False],
            results[True],
            masked=hides,
            protocol=self._job.protocol,
            settings_a={},
            settings_b=changed_settings(changed, config),
        )
        return replace(comparison, name_a="the present set", name_b="the new set")

    def _measure(self, requested_trials: Sequence[tuple[Changes, int]]) -> list[Trial]:
        """Each of these, of which those that are kept are read; those for which there is no time
        are left out.
        """
        folder = self._folder / "trials"
        folder.mkdir(exist_ok=True)
        unique = list({_name(*trial): trial for trial in requested_trials}.items())
        trials = {name: read_trial(folder / name) for name, _ in unique}
        missing = [(name, trial) for name, trial in unique if trials[name] is None]
        self._tell(len(unique) - len(missing))
        for name, trial in self._measured(missing):
            write_whole(folder / name, partial(write_trial, trial))
            trials[name] = trial
            self._tell(1, trial)
        return [trial for trial in trials.values() if trial is not None]

    def _measured(
        self, missing: Sequence[tuple[str, tuple[Changes, int]]]
    ) -> Iterator[tuple[str, Trial]]:
        """Each with its name, as they are done."""
        work = partial(
            measure_changes, protocol=self._job.protocol, until=self._until, max_cases=MAX_CASES
        )
        in_time = (
            trial
            for number, (_, trial) in enumerate(missing)
            if self._clock() < self._end or (number == 0 and not self._done)
        )
        is_local = self._processes is not None
        pool = pool_of(self._loop, self._processes or 1, len(missing), is_local=is_local)
        if pool is None:
            for changes, seed in in_time:
                yield _name(changes, seed), work(self._loop, (changes, seed))
            return
        for _, trial in pool.map(partial(open_here, self._loop.folder), work, in_time):
            yield _name(trial.changes, trial.seed), trial

    def _tell(self, count: int, trial: Trial | None = None) -> None:
        self._done += count
        note = ""
        if trial is not None:
            note = (
                trial.problem[:40] if trial.result is None else f"NDCG@10 {self._score(trial):.4f}"
            )
        self._progress(STAGE, min(self._done, self._planned), self._planned, note)

    def _score(self, trial: Trial) -> float:
        """NDCG@10 of those who choose; of what cannot be trained less than any."""
        if trial.result is None:
            return -np.inf
        values = trial.result.values(DECIDING_METRIC, masked=self._loop.config.rank.hide_seen)
        return float(values[self._chooses(trial.result)].mean())

    def _chooses(self, result: RankingResult) -> npt.NDArray[np.bool_]:
        """[cases], those of the people who choose."""
        if self._choosing is None:
            self._choosing = choosing_cases(result.users, self._job.seed)
        return self._choosing


def choosing_cases(users: Longs, seed: int) -> npt.NDArray[np.bool_]:
    """[cases], those of half of the people. InputError where there are fewer than two."""
    people = np.unique(users)
    if len(people) < 2:
        raise InputError(
            "behaviour of one person alone is held out; settings need more to choose by"
        )
    chosen_people = np.random.default_rng(seed).permutation(people)[: len(people) // 2]
    return np.isin(users, chosen_people)


def measure_changes(
    loop: Foretaste, trial: tuple[Changes, int], *, protocol: str, until: int, max_cases: int
) -> Trial:
    """Fit and measure the settings of the workspace with these changes."""
    changes, seed = trial
    start = time.monotonic()
    seeded = {**changes, "model.seed": loop.config.model.seed + seed}
    config = changed_config(loop.config, settings_tree(seeded))
    try:
        result = measure_trial(loop, config, protocol, until, max_cases)
    except ModelError as error:  # such as a rate at which the loss is no number
        return Trial(changes, seed, None, str(error), time.monotonic() - start)
    return Trial(changes, seed, result, "", time.monotonic() - start)


def _search_folder(loop: Foretaste, job: SearchJob) -> Path:
    """Trials of other settings, people or protocols are in others."""
    config = loop.config.model_dump(
        mode="json", include={"behaviour", "prepare", "language", "model"}
    )
    plan = [config, job.protocol, job.seed, loop.config.rank.hide_seen]
    return loop.folder / "cache" / "settings-search" / _digest(plan)


def _has_trials(folder: Path) -> bool:
    return any((folder / "trials").glob("*.npz"))


def _pinned_event(path: Path, loop: Foretaste, *, restart: bool) -> int:
    """The newest event that trials know: all the same, whenever they were made."""
    if restart or not path.exists():
        event = loop.store.last_event_number()
        write_whole(path, lambda file: file.write_text(json.dumps({"event": event})))
        return event
    return int(json.loads(path.read_text())["event"])


def _name(changes: Mapping[str, Any], seed: int) -> str:
    return f"{_digest([dict(sorted(changes.items())), seed])}.npz"


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]


def _select(result: RankingResult, rows: npt.NDArray[np.bool_]) -> RankingResult:
    ranks = Ranks(result.ranks.unmasked[rows], result.ranks.masked[rows])
    return replace(result, users=result.users[rows], targets=result.targets[rows], ranks=ranks)
