"""Progress as people see it: calls of `ports.Progress` in, bars or lines on stderr out."""

import threading
import time
from collections.abc import Callable
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Column

from foretaste.cli.console import ERR


class ProgressBars:
    """Bars in a terminal; elsewhere a line when a stage turns out long, and at its end.

    Stages nest: when an outer one goes on, those begun inside it are over. `finish` ends what is
    shown, so that other output does not run into it.
    """

    MIN_LINE_SECONDS = 2.0
    """Seconds after which a stage is worth a line."""

    def __init__(
        self, console: Console = ERR, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._console, self._clock = console, clock
        self._stages: list[_Stage] = []
        self._bars: Progress | None = None
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.finish()

    def __call__(self, task: str, done: int, total: int, note: str = "") -> None:
        """See `ports.Progress`."""
        with self._lock:
            stage = self._find_or_begin_stage(task, done, total)
            if stage is None:
                return
            stage.done, stage.total, stage.note = done, total, note
            self._show_stage(stage)
            if done >= total:
                self._end_stage(stage)

    def finish(self) -> None:
        """Nothing is under way any more."""
        with self._lock:
            while self._stages:
                self._end_stage(self._stages[-1])

    def _find_or_begin_stage(self, task: str, done: int, total: int) -> "_Stage | None":
        """The stage of this name, those inside it ended; None for one that is over at once."""
        open_stages = [stage for stage in self._stages if stage.name == task]
        if open_stages:
            while self._stages[-1] is not open_stages[0]:
                self._end_stage(self._stages[-1])
            return open_stages[0]
        if done >= total:
            return None
        self._stages.append(_Stage(task, self._clock()))
        return self._stages[-1]

    def _show_stage(self, stage: "_Stage") -> None:
        if self._console.is_terminal:
            self._draw_stage(stage)
        elif (
            not stage.is_announced
            and self._clock() - stage.start_time >= self.MIN_LINE_SECONDS
            and stage.done < stage.total
        ):
            stage.is_announced = True
            self._print_line(f"{stage.name} …")

    def _draw_stage(self, stage: "_Stage") -> None:
        if self._bars is None:
            self._bars = _bars(self._console)
            self._bars.start()
        if stage.task is None:
            stage.task = self._bars.add_task(_capitalised(stage.name), total=stage.total, note="")
        self._bars.update(stage.task, completed=stage.done, total=stage.total, note=stage.note)

    def _end_stage(self, stage: "_Stage") -> None:
        self._stages.remove(stage)
        if self._bars is not None and stage.task is not None:
            # A stage may stop before its end, e.g. training that no longer improves: it is done.
            self._bars.update(stage.task, total=stage.done, completed=stage.done)
            self._bars.stop_task(stage.task)
            if not self._stages:
                self._bars.stop()
                self._bars = None
        elif not self._console.is_terminal:
            seconds = self._clock() - stage.start_time
            if stage.is_announced or seconds >= self.MIN_LINE_SECONDS:
                note_text = f", {stage.note}" if stage.note else ""
                self._print_line(f"{stage.name}: done in {seconds:.0f} s{note_text}")

    def _print_line(self, text: str) -> None:
        self._console.print(_capitalised(text), soft_wrap=True)


class _Stage:
    """One piece of work under way."""

    def __init__(self, name: str, start_time: float) -> None:
        self.name, self.start_time = name, start_time
        self.done, self.total, self.note = 0, 0, ""
        self.is_announced = False
        self.task: TaskID | None = None


def _bars(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=12, table_column=Column(min_width=12)),
        TaskProgressColumn(table_column=Column(min_width=4)),
        TimeElapsedColumn(table_column=Column(min_width=7)),
        # What does not fit is cut here, and not in the columns that say how far it is.
        TextColumn("{task.fields[note]}", table_column=Column(no_wrap=True, overflow="ellipsis")),
        console=console,
        redirect_stdout=False,
        redirect_stderr=False,
    )


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]
