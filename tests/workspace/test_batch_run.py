"""A batch gives each person's list exactly once, in every format and through every interruption."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa

from faults.nursery import Nursery
from foretaste.errors import InputError
from foretaste.loop import Foretaste
from foretaste.workspace import batch_run
from foretaste.workspace.batch_run import BatchJob, run_batch
from serve.workspace import until

PEOPLE = sorted(f"u{number}" for number in range(30))
STOPS_AFTER_ONE_PART = """
import signal, sys
from pathlib import Path
from foretaste.loop import Foretaste
from foretaste.workspace import batch_run
batch_run.PEOPLE_PER_PART = 7
loop = Foretaste.open(Path(sys.argv[1]))
job = batch_run.BatchJob(sys.argv[2])
batch_run.run_batch(loop, job, processes=1, progress=lambda *_: signal.pause())
"""


@pytest.fixture
def shop(trained: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Foretaste]:
    monkeypatch.setattr(batch_run, "PEOPLE_PER_PART", 7)
    loop = Foretaste.open(trained)
    yield loop
    loop.close()


def read_lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_everybody_has_a_list(shop: Foretaste, tmp_path: Path) -> None:
    out = tmp_path / "lists.jsonl"
    report = run_batch(shop, BatchJob(str(out), {"n": 3}), processes=1)

    lines = read_lines(out)
    assert [line["user"] for line in lines] == PEOPLE
    assert all([item["position"] for item in line["items"]] == [1, 2, 3] for line in lines)
    assert [item["id"] for item in lines[0]["items"]] == [
        item.id for item in shop.recommend(PEOPLE[0], n=3)
    ]
    assert report.text() == f"the lists of 30 people are in {out}"
    assert not list(tmp_path.glob("*.partial"))


def test_users_with_attributes_alone_are_people_too(shop: Foretaste, tmp_path: Path) -> None:
    shop.add(users=pd.DataFrame([{"id": "u3", "age": "30"}, {"id": "Zoë", "age": "40"}]))
    out = tmp_path / "lists.jsonl"
    run_batch(shop, BatchJob(str(out)), processes=1)

    assert [line["user"] for line in read_lines(out)] == sorted([*PEOPLE, "Zoë"])


def test_all_formats_hold_the_same(shop: Foretaste, tmp_path: Path, empty_postgres: str) -> None:
    def table_rows(url: str) -> list[tuple[str, str]]:
        query = "SELECT user, item FROM mails ORDER BY user, position"
        engine = sa.create_engine(url)
        with engine.connect() as connection:
            rows = connection.execute(sa.text(query.replace("user", '"user"')))
            found = [(user, item) for user, item in rows]
        engine.dispose()
        return found

    sqlite = f"sqlite:///{tmp_path / 'lists.db'}"
    for target in ("lists.jsonl", "lists.csv", "lists.parquet"):
        run_batch(shop, BatchJob(str(tmp_path / target), with_reasons=True), processes=1)
    for address in (sqlite, empty_postgres, empty_postgres):  # the second time it is replaced
        run_batch(shop, BatchJob(address, table="mails"), processes=1)

    expected = [
        (line["user"], item["id"])
        for line in read_lines(tmp_path / "lists.jsonl")
        for item in line["items"]
    ]
    parquet = pd.read_parquet(tmp_path / "lists.parquet")
    with (tmp_path / "lists.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(zip(parquet["user"], parquet["item"], strict=True)) == expected
    assert [(row["user"], row["item"]) for row in rows] == expected
    assert [row["reasons"] for row in rows] == parquet["reasons"].fillna("").tolist()
    assert any(row["reasons"] for row in rows)
    assert sorted(table_rows(sqlite)) == sorted(expected)
    assert sorted(table_rows(empty_postgres)) == sorted(expected)


def test_a_run_that_was_killed_is_finished_with_each_person_once(
    shop: Foretaste, nursery: Nursery, tmp_path: Path
) -> None:
    out = tmp_path / "lists.jsonl"
    part = out.with_name("lists.jsonl.partial") / "part-0000000"
    with nursery.start_script(STOPS_AFTER_ONE_PART, shop.folder, out) as killed:
        until(part.exists, "the first part")
        killed.end()
    half_written = part.with_name("part-0000001.partial")
    half_written.write_text('{"user": "u1", "ite')
    report = run_batch(shop, BatchJob(str(out)), processes=1)

    assert [line["user"] for line in read_lines(out)] == PEOPLE
    assert (report.people, report.resumed_people) == (30, 7)
    assert "(7 by the run before)" in report.text()


def stopped_after_one_part(shop: Foretaste, job: BatchJob) -> None:
    def stop(task: str, done: int, total: int, note: str = "") -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_batch(shop, job, processes=1, progress=stop)


def test_who_comes_after_the_run_has_begun_waits_for_the_next(
    shop: Foretaste, tmp_path: Path
) -> None:
    out = tmp_path / "lists.jsonl"
    stopped_after_one_part(shop, BatchJob(str(out)))
    shop.add(users=pd.DataFrame([{"id": "a0", "age": "30"}]))
    run_batch(shop, BatchJob(str(out)), processes=1)

    assert [line["user"] for line in read_lines(out)] == PEOPLE


def test_an_unfinished_run_is_not_finished_with_other_options(
    shop: Foretaste, tmp_path: Path
) -> None:
    out = tmp_path / "lists.jsonl"
    stopped_after_one_part(shop, BatchJob(str(out), {"n": 3}))
    with pytest.raises(InputError, match=r"unfinished run with other options.*--restart"):
        run_batch(shop, BatchJob(str(out), {"n": 4}), processes=1)

    run_batch(shop, BatchJob(str(out), {"n": 4}), processes=1, restart=True)
    assert {len(line["items"]) for line in read_lines(out)} == {4}


def test_two_runs_do_not_write_the_same_file(shop: Foretaste, tmp_path: Path) -> None:
    job, refusals = BatchJob(str(tmp_path / "lists.jsonl")), list[str]()

    def begin_another(task: str, done: int, total: int, note: str = "") -> None:
        with pytest.raises(InputError) as refusal:
            run_batch(shop, job, processes=1)
        refusals.append(str(refusal.value))

    run_batch(shop, job, processes=1, progress=begin_another)
    assert refusals[0].startswith("another run is making ")
    assert len(read_lines(Path(job.target))) == 30


def test_the_last_result_stays_until_the_next_is_there(shop: Foretaste, tmp_path: Path) -> None:
    out = tmp_path / "lists.csv"
    run_batch(shop, BatchJob(str(out), {"n": 3}), processes=1)
    before = out.read_bytes()
    stopped_after_one_part(shop, BatchJob(str(out), {"n": 4}))

    assert out.read_bytes() == before


def test_the_work_is_shared_by_processes(shop: Foretaste, tmp_path: Path) -> None:
    alone, shared = (tmp_path / name for name in ("alone.jsonl", "shared.jsonl"))
    run_batch(shop, BatchJob(str(alone)), processes=1)
    done: list[int] = []
    run_batch(
        shop,
        BatchJob(str(shared)),
        processes=2,
        progress=lambda task, done_people, total, note="": done.append(done_people),
    )

    assert [
        (line["user"], [item["id"] for item in line["items"]]) for line in read_lines(shared)
    ] == [(line["user"], [item["id"] for item in line["items"]]) for line in read_lines(alone)]
    assert done[-1] == 30


@pytest.mark.parametrize(
    ("target", "table", "problem"),
    [
        ("lists.xls", None, r"'.*lists.xls' does not say a format by its end; .*\.csv"),
        ("no such folder/lists.csv", None, "is no file in a folder that is there"),
        ("lists.csv", "mails", "--table goes with a database"),
        ("oracle://host/database", None, "no store for oracle"),
        ("postgresql://u:secret@127.0.0.1:1/nothing", None, "could not be written"),
    ],
)
def test_what_cannot_be_written_is_said(
    shop: Foretaste, tmp_path: Path, target: str, table: str | None, problem: str
) -> None:
    place = target if "://" in target else str(tmp_path / target)
    with pytest.raises(Exception, match=problem) as refusal:
        run_batch(shop, BatchJob(place, table=table), processes=1)
    assert "secret" not in str(refusal.value)
