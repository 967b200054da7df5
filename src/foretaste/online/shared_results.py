"""Work that several lists of one page have in common in, done once; its result, each time, out."""

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

T = TypeVar("T")


class SharedResults:
    """What is worked out once a page; outside a page each time."""

    _shared: dict[Hashable, tuple[Any, object]] | None = None

    def _shared_result(self, key: Hashable, work: Callable[[], T], *, of: object = None) -> T:
        """The result, the same for each list of a page. of: what the key has the `id` of."""
        if self._shared is None:
            return work()
        if key not in self._shared:
            self._shared[key] = work(), of  # kept with it, so that its id stays its own
        result: T = self._shared[key][0]
        return result
