"""How a clip is cut: which seconds of it are heard."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from foretaste.domain.arrays import Floats

WINDOW_SECONDS = 5
"""Of a window."""
MIN_LAST_SECONDS = 1.0
"""Of the last window, for it to be listened to beside others."""


def spread_starts(seconds: float, count: int) -> list[float]:
    """Where so many windows start that are spread evenly over a clip, the first at its start and
    the last at its end.
    """
    room = max(seconds - WINDOW_SECONDS, 0.0)
    return [room * window / max(count - 1, 1) for window in range(count)]


def cut_windows(samples: "Floats", rate: int) -> "list[Floats]":
    """The windows of a clip, as the decoder leaves it; of a last one that is hardly there none."""
    size = WINDOW_SECONDS * rate
    windows = [samples[start : start + size] for start in range(0, len(samples), size)]
    if len(windows) > 1 and len(windows[-1]) < MIN_LAST_SECONDS * rate:
        windows.pop()
    return windows
