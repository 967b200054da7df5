"""Work that several lists of one page have in common in, done once; its result, each time, out."""

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from foretaste.online.bought_together import BasketCounts
from foretaste.online.window_counts import WindowCounts

T = TypeVar("T")


class SharedResults:
    """What is worked out once a page; outside a page each time."""

    _shared: dict[Hashable, tuple[Any, object]] | None = None
    _window_counts: WindowCounts
    _basket_counts: BasketCounts

    def hide_few(self, min_people: int) -> None:
        """From now on tell nothing of what fewer people did."""
        self._window_counts.min_people = min_people
        self._basket_counts.min_people = max(min_people, self._basket_counts.min_people)

    def _shared_result(self, key: Hashable, work: Callable[[], T], *, of: object = None) -> T:
        """The result, the same for each list of a page. of: what the key has the `id` of."""
        if self._shared is None:
            return work()
        if key not in self._shared:
            self._shared[key] = work(), of  # kept with it, so that its id stays its own
        result: T = self._shared[key][0]
        return result
