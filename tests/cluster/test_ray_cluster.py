"""A cluster gives every part's result exactly once, and the same as one process, whoever dies."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from faults.nursery import Nursery
from foretaste.cluster.ray_cluster import RayCluster
from foretaste.errors import ClusterError, MissingExtra
from foretaste.language.open import forgetful, open_reader
from foretaste.language.settings import LanguageSettings
from foretaste.loop import Foretaste
from foretaste.workspace import batch_run
from foretaste.workspace.batch_run import BatchJob, run_batch
from foretaste.workspace.settings_search import SearchJob, search_settings
from serve.workspace import until

pytestmark = pytest.mark.slow

STOPS_AFTER_ONE_PART = """
import signal, sys
from pathlib import Path
from foretaste.loop import Foretaste
from foretaste.workspace import batch_run
batch_run.PEOPLE_PER_PART = 7
loop = Foretaste.open(Path(sys.argv[1]), settings={"ray.address": sys.argv[3]})
job = batch_run.BatchJob(sys.argv[2])
batch_run.run_batch(loop, job, progress=lambda *_: signal.pause())
"""


def test_each_part_has_its_result(cluster: RayCluster) -> None:
    offsets: Callable[[], int] = lambda: 100  # noqa: E731
    results = list(cluster.map(offsets, lambda offset, part: offset + part, range(20)))

    assert sorted(results) == [(number, 100 + number) for number in range(20)]


def test_what_a_dead_worker_had_is_done_by_others(cluster: RayCluster, tmp_path: Path) -> None:
    def work(marker: Path, part: int) -> int:
        if part == 3 and not marker.exists():
            marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return part * part

    results = list(cluster.map(lambda: tmp_path / "died", work, range(12)))

    assert (tmp_path / "died").exists()
    assert sorted(results) == [(number, number * number) for number in range(12)]


def test_what_kills_every_worker_is_given_up(cluster: RayCluster) -> None:
    def work(_: None, part: int) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    with pytest.raises(ClusterError, match="died over the same piece of work"):
        list(cluster.map(lambda: None, work, [1]))


def test_an_error_of_ours_comes_back_as_it_was(cluster: RayCluster) -> None:
    def work(_: None, part: int) -> None:
        raise MissingExtra("the reader of comets", "comets")

    with pytest.raises(MissingExtra, match=r"foretaste\[comets\]"):
        list(cluster.map(lambda: None, work, [1]))


def test_a_batch_that_was_killed_is_finished_with_the_lists_of_one_process(
    trained: Path,
    address: str,
    nursery: Nursery,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(batch_run, "PEOPLE_PER_PART", 7)
    alone, shared = (tmp_path / name for name in ("alone.jsonl", "shared.jsonl"))
    part_folder = shared.with_name("shared.jsonl.partial")
    with nursery.start_script(STOPS_AFTER_ONE_PART, trained, shared, address) as killed:
        until(lambda: any(part_folder.glob("part-???????")), "the first part")
        killed.end()
    loop = Foretaste.open(trained, settings={"ray.address": address})
    report = run_batch(loop, BatchJob(str(shared)))
    run_batch(loop, BatchJob(str(alone)), processes=1)
    loop.close()

    assert (report.people, report.resumed_people >= 7) == (30, True)
    assert shared.read_bytes() == alone.read_bytes()


def test_a_training_reads_and_learns_with_the_cluster(
    address: str,
    items: pd.DataFrame,
    events: pd.DataFrame,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    titles = [f"{title} {number}" for number in range(30) for title in items["title"]]
    many = pd.DataFrame({"id": [str(row) for row in range(len(titles))], "title": titles})
    (tmp_path / "foretaste.toml").write_text(
        '[model]\nexperts = ["popularity", "sequence"]\n'
        "[model.sequence]\nepochs = 2\ndim = 32\nbatch_events = 64\n"
    )
    loop = Foretaste.open(tmp_path, settings={"ray.address": address})
    notes = list[tuple[str, str]]()
    loop.progress = lambda task, done, total, note="": notes.append((task, note))
    loop.data_encoder._progress = loop.progress
    read_here = list[int]()
    reader: Any = forgetful(loop.encoder)._encoder  # type: ignore[attr-defined]
    encode = reader.encode

    def noted(texts: list[str], *progress: Any) -> Any:
        read_here.append(len(texts))
        return encode(texts, *progress)

    monkeypatch.setattr(reader, "encode", noted)
    loop.add(items=pd.concat([items, many]), events=events)
    loop.train()
    texts = [item.reading() for item in loop.store.items_by_id(["space-1", "3", "199"]).values()]
    vectors = loop.encoder.encode(texts)
    loop.close()

    assert max(read_here, default=0) < 50  # a few words of the columns, none of the items
    assert sum(task == "reading" for task, _ in notes) >= 3
    assert any("loss" in note for task, note in notes if task == "training the sequence expert")
    encoder = open_reader(LanguageSettings(threads=1))
    np.testing.assert_allclose(vectors, encoder.encode(texts), atol=1e-6)


def test_trials_of_settings_are_those_of_one_process(trained: Path, address: str) -> None:
    with (trained / "foretaste.toml").open("a") as settings:
        settings.write('[model]\nexperts = ["transition", "sequence"]\n')
    space = ("model.sequence.learning_rate=0.001..0.01", "model.transition.smoothing=1..100")
    job = SearchJob(space, trials=4, seeds=1)
    loop = Foretaste.open(trained, settings={"ray.address": address})
    shared = search_settings(loop, job)
    alone = search_settings(loop, job, processes=1, restart=True)
    loop.close()

    assert [trial.changes for trial in shared.trials] == [trial.changes for trial in alone.trials]
    np.testing.assert_allclose(shared.scores, alone.scores, atol=1e-6)
