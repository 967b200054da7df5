"""The nouns of writing. A `Prompt` and a `Deadline` go to a writer; what it wrote is a
`GeneratedText`.

A writer is a language model that writes: `ports.Writer`. What it writes is checked before anyone
sees it (`generate.checker`), and where it cannot write in time a template says the same facts.
"""

import threading
import time
from dataclasses import dataclass
from typing import Literal

Role = Literal["system", "user", "assistant"]
TEMPLATE_AUTHOR = "template"
"""Who wrote what no language model wrote."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a writer is told, as a conversation."""

    messages: tuple[tuple[Role, str], ...]
    tokens: int = 60
    """At most so many are written."""
    private: bool = False
    """Neither the prompt nor what is written of it may be kept."""
    names: tuple[str, ...] = ()
    """All that may be named; with `words`, what a writer that can hold itself to it holds to."""
    words: tuple[str, ...] = ()
    """What may be said besides."""


@dataclass(frozen=True, slots=True)
class GeneratedText:
    """Words for people, and who wrote them."""

    text: str
    author: str = TEMPLATE_AUTHOR
    """The model's name, or "template"."""
    fallback_reason: str | None = None
    """Why the template stood in for a writer."""
    public_fallback_reason: str | None = None
    """The same without paths and hosts, where `fallback_reason` may name some."""


class Deadline:
    """When a piece of work must be done, and a way to call it off. Safe between threads."""

    def __init__(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds
        self._cancel_event = threading.Event()

    def seconds_left(self) -> float:
        """Seconds; 0 once it is past or called off."""
        return 0.0 if self._cancel_event.is_set() else max(0.0, self._until - time.monotonic())

    def cancel(self) -> None:
        """Call it off: nobody waits any more."""
        self._cancel_event.set()

    @property
    def cancelled(self) -> bool:
        """Whether it was called off."""
        return self._cancel_event.is_set()
