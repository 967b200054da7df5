"""Progress on stderr: bars in a terminal, a few lines elsewhere."""

import io
from collections.abc import Callable

from rich.console import Console

from foretaste.cli.progress import ProgressBars


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def shown(work: Callable[[ProgressBars, Clock], None], *, terminal: bool) -> str:
    """What is on stderr after the work."""
    file, clock = io.StringIO(), Clock()
    console = Console(file=file, force_terminal=terminal, width=100, color_system=None)
    with ProgressBars(console, clock=clock) as bars:
        work(bars, clock)
    return file.getvalue()


def long(bars: ProgressBars, clock: Clock) -> None:
    for done in range(5):
        bars("reading", done, 4, "of texts")
        clock.now += 1


def short(bars: ProgressBars, clock: Clock) -> None:
    for done in range(5):
        bars("reading", done, 4)
        clock.now += 0.1


def nested(bars: ProgressBars, clock: Clock) -> None:
    bars("fitting", 0, 2)
    for done in (1, 2, 3):
        clock.now += 3
        bars("training", done, 60, "loss 2")  # and stops early
    bars("fitting", 1, 2)
    bars("fitting", 2, 2)
    bars("evaluating", 1, 1)


def test_a_log_gets_one_line_when_a_stage_is_long_and_one_at_its_end() -> None:
    assert shown(long, terminal=False) == "Reading …\nReading: done in 4 s, of texts\n"


def test_a_log_gets_nothing_of_what_is_quick() -> None:
    assert shown(short, terminal=False) == ""


def test_an_inner_stage_is_over_when_the_outer_goes_on() -> None:
    assert shown(nested, terminal=False).splitlines() == [
        "Training …",
        "Training: done in 6 s, loss 2",
        "Fitting …",
        "Fitting: done in 9 s",
    ]


def test_a_terminal_gets_bars_that_stay() -> None:
    text = shown(long, terminal=True)
    assert "Reading" in text
    assert "100%" in text
    assert text.endswith("\x1b[?25h")  # the cursor is back


def test_a_stage_that_stopped_early_is_shown_as_done() -> None:
    assert "100%" in shown(nested, terminal=True)


def test_rest_ends_what_is_left() -> None:
    def left(bars: ProgressBars, clock: Clock) -> None:
        bars("training", 1, 60)
        clock.now += 5
        bars.finish()
        bars.finish()

    assert shown(left, terminal=False) == "Training: done in 5 s\n"
