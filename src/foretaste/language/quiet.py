"""Transformers, without what it says and shows of its own: our progress and our errors say it."""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quiet_transformers() -> Iterator[None]:
    """No bars, and of its messages errors alone; then as it was before."""
    from transformers.utils import logging  # seconds: whoever only imports this does not wait

    bar, level = logging.is_progress_bar_enabled(), logging.get_verbosity()
    logging.disable_progress_bar()
    logging.set_verbosity_error()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bar:
            logging.enable_progress_bar()
