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


class Bars:
    """Bars in a terminal; elsewhere a line when a stage turns out long, and at its end.

    Stages nest: when an outer one goes on, those begun inside it are over. `rest` ends what is
    shown, so that other output does not run into it.
    """

    LONG = 2.0
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
        self.rest()

    def __call__(self, what: str, done: int, total: int, note: str = "") -> None:
        """See `ports.Progress`."""
        with self._lock:
            stage = self._stage(what, done, total)
            if stage is None:
                return
            stage.done, stage.total, stage.note = done, total, note
            self._show(stage)
            if done >= total:
                self._end(stage)

    def rest(self) -> None:
        """Nothing is under way any more."""
        with self._lock:
            while self._stages:
                self._end(self._stages[-1])

    def _stage(self, what: str, done: int, total: int) -> "_Stage | None":
        """The stage of this name, those inside it ended; None for one that is over at once."""
        known = [stage for stage in self._stages if stage.what == what]
        if known:
            while self._stages[-1] is not known[0]:
                self._end(self._stages[-1])
            return known[0]
        if done >= total:
            return None
        self._stages.append(_Stage(what, self._clock()))
        return self._stages[-1]

    def _show(self, stage: "_Stage") -> None:
        if self._console.is_terminal:
            self._draw(stage)
        elif (
            not stage.told and self._clock() - stage.since >= self.LONG and stage.done < stage.total
        ):
            stage.told = True
            self._line(f"{stage.what} …")

    def _draw(self, stage: "_Stage") -> None:
        if self._bars is None:
            self._bars = _bars(self._console)
            self._bars.start()
        if stage.task is None:
            stage.task = self._bars.add_task(_capital(stage.what), total=stage.total, note="")
        self._bars.update(stage.task, completed=stage.done, total=stage.total, note=stage.note)

    def _end(self, stage: "_Stage") -> None:
        self._stages.remove(stage)
        if self._bars is not None and stage.task is not None:
            # A stage may stop before its end, e.g. training that no longer improves: it is done.
            self._bars.update(stage.task, total=stage.done, completed=stage.done)
            self._bars.stop_task(stage.task)
            if not self._stages:
                self._bars.stop()
                self._bars = None
        elif not self._console.is_terminal:
            seconds = self._clock() - stage.since
            if stage.told or seconds >= self.LONG:
                more = f", {stage.note}" if stage.note else ""
                self._line(f"{stage.what}: done in {seconds:.0f} s{more}")

    def _line(self, text: str) -> None:
        self._console.print(_capital(text), soft_wrap=True)


class _Stage:
    """One piece of work under way."""

    def __init__(self, what: str, since: float) -> None:
        self.what, self.since = what, since
        self.done, self.total, self.note = 0, 0, ""
        self.told = False
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


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
