"""Memory that was needed in passing goes back to the system."""

import ctypes
import os


def trim_memory() -> None:
    """Give back what is free: glibc keeps it unasked."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if os.name == "posix" else None
    if trim is not None:
        trim(0)
