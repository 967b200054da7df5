"""How many people's lists `foretaste batch` makes in a second.

`python -m benchmarks.batch --workspace DIR`: a trained workspace, of which nothing is changed. All
its people, ten items each, no reasons, JSON Lines. Rates are of the second half of the people, when
all processes have opened the workspace; CPU is that of all processes, of the whole run, for each
person.
"""

import argparse
import resource
import tempfile
import time
from pathlib import Path

from benchmarks.tables import keep_result, show
from foretaste.loop import Foretaste
from foretaste.workspace.batch_run import BatchJob, run_batch

PROTOCOL = "all people, 10 items, no reasons, JSON Lines; rates of the second half"


def cpu_seconds() -> float:
    """Of this process and of its children that have ended."""
    usages = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workspace", type=Path, required=True)
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 2])
    options = parser.parse_args()
    loop, rows = Foretaste.open(options.workspace), []
    for processes in options.processes:
        times = list[tuple[float, int]]()

        def note(
            task: str,
            done: int,
            total: int,
            note: str = "",
            times: list[tuple[float, int]] = times,
        ) -> None:
            times.append((time.perf_counter(), done))

        with tempfile.TemporaryDirectory() as folder:
            job = BatchJob(str(Path(folder) / "lists.jsonl"), {"n": 10})
            start, cpu_start = time.perf_counter(), cpu_seconds()
            report = run_batch(loop, job, processes=processes, progress=note)
            seconds, cpu = time.perf_counter() - start, cpu_seconds() - cpu_start
        half, (end_time, end_count) = times[len(times) // 2], times[-1]
        rate = (end_count - half[1]) / (end_time - half[0])
        rows.append(
            {
                "processes": str(processes),
                "people": report.people,
                "people_a_second": rate,
                "seconds": seconds,
                "cpu_ms_a_person": 1000 * cpu / report.people,
            }
        )
    loop.close()
    show(PROTOCOL, rows)
    keep_result("batch", f"{report.people:,} people", PROTOCOL, rows)


if __name__ == "__main__":
    main()
