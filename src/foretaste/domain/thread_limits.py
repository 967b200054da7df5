"""With how many CPU threads NumPy and SciPy compute products."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any


@contextmanager
def one_thread_products() -> Iterator[None]:
    """Within it the main thread of a notebook or a script computes products in one thread,
    afterwards as before. In others nothing changes: a service has one thread for all of them.

    Products of a list are so small that a second thread waits for the first, and it waits by
    spinning: a list took 25 ms of CPU with two threads and 11 with one (docs/decisions/0067). Costs
    20 µs.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    with _product_libraries().limit(limits=1):
        yield


@lru_cache(maxsize=1)
def _product_libraries() -> Any:
    """Those that are imported."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController().select(user_api="blas")
