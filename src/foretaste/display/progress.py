"""Progress in a notebook: calls of `ports.Progress` in, bars of tqdm's out."""

import sys
import threading
import warnings
from typing import Any


def is_interactive() -> bool:
    """Whether somebody looks on: a notebook, or a Python that is typed into."""
    return "ipykernel" in sys.modules or hasattr(sys, "ps1")


def import_tqdm() -> Any:
    """The class of tqdm's bars, without its warning.

    Without ipywidgets it warns when it is first imported, and draws with letters, which is as good.
    Other packages import it as well, so this is called before they are imported.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from tqdm.auto import tqdm
    return tqdm


class NotebookBars:
    """A bar for each stage of what takes long, gone when it is over.

    Stages nest: when an outer one goes on, those begun inside it are over.
    """

    def __init__(self, *, min_interval: float = 0.2) -> None:
        """min_interval: seconds between two looks of a bar."""
        self._tqdm, self._min_interval = import_tqdm(), min_interval
        self._bars: dict[str, Any] = {}
        self._lock = threading.Lock()

    def __call__(self, task: str, done: int, total: int, note: str = "") -> None:
        """See `ports.Progress`."""
        with self._lock:
            if task not in self._bars:
                if done >= total:
                    return  # over at once
                name = task[:1].upper() + task[1:]
                # all in one line: a notebook without widgets cannot go a line up
                self._bars[task] = self._tqdm(
                    desc=name, total=total, leave=False, position=0, mininterval=self._min_interval
                )
            self._close_inner_stages(task)
            bar = self._bars[task]
            bar.total = total
            if note:
                bar.set_postfix_str(note, refresh=False)
            bar.update(done - bar.n)
            if done >= total:
                self._bars.pop(task).close()

    def _close_inner_stages(self, task: str) -> None:
        names = list(self._bars)
        for name in names[names.index(task) + 1 :]:
            self._bars.pop(name).close()

    def finish(self) -> None:
        """Nothing is under way any more."""
        with self._lock:
            while self._bars:
                self._bars.popitem()[1].close()
