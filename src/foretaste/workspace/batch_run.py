"""The lists of all people, for e-mails and caches: a workspace in, a file or a table out.

The people are written down first. Their lists are made in parts, a file each, which appear whole or
not at all. A run that was killed goes on with the parts that are missing, so everybody is in the
result exactly once. The result appears when all parts are there.
"""

import json
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from foretaste.domain.cluster import WorkPool
from foretaste.domain.cores import core_count
from foretaste.domain.ports import Progress, no_progress
from foretaste.errors import ClusterError, InputError
from foretaste.loop import Foretaste
from foretaste.online.batch_lists import compose_lists
from foretaste.workspace.batch_files import DEFAULT_TABLE, format_of, is_database
from foretaste.workspace.shared_work import (
    LOCK_FILE,
    PARTIAL_SUFFIX,
    exclusive_folder,
    open_here,
    pool_of,
    write_whole,
)

PEOPLE_PER_PART = 500
PLAN_FILE, PEOPLE_FILE = "plan.json", "people.jsonl"
STAGE = "making lists"


@dataclass(frozen=True)
class BatchJob:
    """Whose lists are wanted, which, and where."""

    target: str
    """A file that ends in .jsonl, .csv or .parquet; or the address of a database."""
    fields: Mapping[str, Any] = field(default_factory=dict)
    """Of each request, as `recommend` takes them: n, filter, rules, placement, …"""
    table: str | None = None
    """Of the database."""
    with_reasons: bool = False
    keep: bool = False
    """The lists are logged: each has an id, and what people do with it is attributed to it."""

    @property
    def place(self) -> str:
        """Where the result is, without a password."""
        if is_database(self.target):
            return f"the table {self.table or DEFAULT_TABLE}"
        return self.target

    def settings(self) -> dict[str, Any]:
        """What two runs must have in common for the one to finish what the other began."""
        return {
            "fields": json.loads(json.dumps(dict(self.fields))),
            "table": self.table,
            "with_reasons": self.with_reasons,
            "keep": self.keep,
        }


@dataclass(frozen=True)
class BatchReport:
    """What a run came to."""

    people: int
    resumed_people: int
    """Of them, those whose lists an earlier run had made."""
    place: str

    def text(self) -> str:
        """In a sentence."""
        resumed = f" ({self.resumed_people:,} by the run before)" if self.resumed_people else ""
        if self.people == 1:
            return f"the list of 1 person is in {self.place}"
        return f"the lists of {self.people:,} people{resumed} are in {self.place}"


def run_batch(
    loop: Foretaste,
    job: BatchJob,
    people: Iterable[str] | None = None,
    *,
    processes: int | None = None,
    restart: bool = False,
    progress: Progress = no_progress,
) -> BatchReport:
    """Make the lists of these people, or of all there are.

    processes: of this machine that work side by side; None is the Ray cluster of the settings, or
    without one as many as there are cores. restart: what an
    unfinished run made is thrown away. Raises InputError where nothing can be written there, where
    an unfinished run was for something else, and where another one runs.
    """
    list_format = format_of(job.target, job.table)
    folder = _part_folder(loop.folder, job)
    with exclusive_folder(folder, "--out", job.place):
        if restart:
            _remove_parts(folder)
        try:
            _check_plan(folder, job)
            people_file = folder / PEOPLE_FILE
            if not people_file.exists():
                _write_people(people_file, all_people(loop) if people is None else people)
            parts = list(_parts(people_file))
            missing = [part for part in parts if not _part_path(folder, part[0]).exists()]
            count = sum(len(names) for _, names in parts)
            done = resumed = count - sum(len(names) for _, names in missing)
            pool = pool_of(
                loop, processes or core_count(), len(missing), is_local=processes is not None
            )
            for (number, names), content in _part_contents(loop, job, missing, pool):
                write_whole(_part_path(folder, number), partial(_write_bytes, content))
                done += len(names)
                progress(STAGE, done, count)
            paths = [_part_path(folder, number) for number, _ in parts]
            list_format.join(paths, job.target, folder / "whole")
        except BaseException:
            if not any(folder.glob("part-???????")):  # nothing to go on from: it was begun wrongly
                shutil.rmtree(folder)
            raise
        shutil.rmtree(folder)
    return BatchReport(count, resumed, job.place)


def all_people(loop: Foretaste) -> Iterator[str]:
    """The ids of all users with events or attributes, in order."""
    last = ""
    while page := loop.store.people_page(last, PEOPLE_PER_PART):
        yield from page
        last = page[-1]


# The plan -----------------------------------------------------------------------------------------


def _part_folder(workspace: Path, job: BatchJob) -> Path:
    """Where the parts are until they are joined."""
    if is_database(job.target):
        return workspace / f"batch-{job.table or DEFAULT_TABLE}{PARTIAL_SUFFIX}"
    target = Path(job.target)
    if target.is_dir() or not target.parent.is_dir():
        raise InputError(f"--out: {target} is no file in a folder that is there; name another")
    return target.with_name(target.name + PARTIAL_SUFFIX)


def _remove_parts(folder: Path) -> None:
    for path in folder.iterdir():
        if path.name != LOCK_FILE:
            path.unlink()


def _check_plan(folder: Path, job: BatchJob) -> None:
    """The plan of an unfinished run must be this one."""
    path, settings = folder / PLAN_FILE, job.settings()
    if not path.exists():
        write_whole(path, lambda file: file.write_text(json.dumps(settings)))
    elif json.loads(path.read_text()) != settings:
        raise InputError(
            f"{folder} holds an unfinished run with other options; run it again with those, or add "
            "--restart to throw it away"
        )


def _write_people(path: Path, people: Iterable[str]) -> None:
    """One a line, each once."""

    def write(file: Path) -> None:
        with file.open("w", encoding="utf-8") as lines:
            for person in dict.fromkeys(people):
                lines.write(json.dumps(person) + "\n")

    write_whole(path, write)


def _write_bytes(content: bytes, path: Path) -> None:
    path.write_bytes(content)


# The parts ----------------------------------------------------------------------------------------

Part = tuple[int, list[str]]
"""Its number from 0, and its people."""


def _parts(people_file: Path) -> Iterator[Part]:
    """All people, in parts."""
    number, names = 0, list[str]()
    with people_file.open(encoding="utf-8") as lines:
        for line in lines:
            names.append(json.loads(line))
            if len(names) == PEOPLE_PER_PART:
                yield number, names
                number, names = number + 1, []
    if names:
        yield number, names


def _part_path(folder: Path, number: int) -> Path:
    return folder / f"part-{number:07d}"


def part_content(loop: Foretaste, names: Sequence[str], *, job: BatchJob) -> bytes:
    """The lists of some people, as they stand in the file of a part; those that are kept are."""
    fields = {**job.fields, "incognito": not job.keep}
    pages = [loop.slates.page_request(name, None, fields) for name in names]
    lists = compose_lists(loop, pages, with_reasons=job.with_reasons, keep=job.keep)
    content = format_of(job.target, job.table).part(lists)
    loop.recommendation_log.flush()
    return content


def _part_contents(
    loop: Foretaste, job: BatchJob, parts: Sequence[Part], pool: WorkPool | None
) -> Iterator[tuple[Part, bytes]]:
    """Each part with its lists, as they are done."""
    if pool is None:
        for part in parts:
            yield part, part_content(loop, part[1], job=job)
        return
    people = (names for _, names in parts)
    prepare = partial(open_here, loop.folder)
    try:
        for index, content in pool.map(prepare, partial(part_content, job=job), people):
            yield parts[index], content
    except ClusterError as error:
        raise ClusterError(
            f"{error}; run the same command again, perhaps with fewer --processes: it goes on from "
            "here"
        ) from None
