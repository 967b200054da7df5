"""One root error and its children. A message says what is wrong, which value, and what to do."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import ClassVar

MAX_SUGGESTED_WORDS = 40
"""Words that a message about an unknown one names."""


class ForetasteError(Exception):
    """Anything the person can act on. The command line prints it in one line and exits with 2."""

    PUBLIC_TEXT: ClassVar[str] = "the service cannot do this now; its log says why"

    def public_text(self) -> str:
        """What callers are told who do not run the service: no path, no address of a machine."""
        return self.PUBLIC_TEXT


class SettingsError(ForetasteError):
    """A setting that is not known or not valid."""


class InputError(ForetasteError):
    """A file, table or request that cannot be used as it is."""

    def public_text(self) -> str:
        """All of it: it is about what the caller sent."""
        return str(self)


class EventConflictWarning(UserWarning):
    """An event was left out: its id was used before for something else. The first use holds, as a
    retry must be safe.
    """


class UnrecordedWarning(UserWarning):
    """An event was left out: its person does not let what they do be recorded."""


class StoreError(ForetasteError):
    """The store cannot be opened, read or written."""

    PUBLIC_TEXT = "the store cannot do this now; send the same again in a moment"


class StoreBusy(StoreError):
    """The store is being written to by others, for longer than can be waited."""

    PUBLIC_TEXT = "others are writing to the store; send the same again in a moment"


class WeightsError(ForetasteError):
    """Model weights that cannot be found or are not the pinned ones."""


class ModelError(ForetasteError):
    """A model that is missing, damaged, or did not train."""

    PUBLIC_TEXT = "there is no model to answer with now; the service's log says why"


class VersionError(InputError, ModelError):
    """A model version was named that is not there: whoever names another is helped."""


class WriterError(ForetasteError):
    """A writer that did not write: it is too slow, too busy, away or broken."""

    PUBLIC_TEXT = "the writer did not write; the service's log says why"


class Overdue(ForetasteError):
    """A question that cannot be answered in the time it may take."""


class Busy(ForetasteError):
    """Somebody else is at the same work."""


class ClusterError(ForetasteError):
    """Processes that work side by side cannot be had, or end again and again."""


class MissingExtra(ForetasteError):
    """An optional dependency that is not installed."""

    def __init__(self, dependency: str, extra: str) -> None:
        super().__init__(f"{dependency} is not installed; pip install 'foretaste[{extra}]'")
        self._names = dependency, extra

    def __reduce__(self) -> tuple[type["MissingExtra"], tuple[str, str]]:
        """It comes back from another process as it was."""
        return type(self), self._names


MAX_COMPARED_LETTERS = 100
"""Letters of an unknown word that are compared; the time grows with their square."""


def did_you_mean(word: str, valid_words: Iterable[str]) -> str:
    """`; did you mean 'x'?` or the known words, to end a message about an unknown word."""
    valid_words = list(valid_words)
    close = get_close_matches(word[:MAX_COMPARED_LETTERS], valid_words, n=1)
    if close:
        return f"did you mean '{close[0]}'?"
    shown_words = ", ".join(valid_words[:MAX_SUGGESTED_WORDS])
    return f"expected one of {shown_words}{', …' * (len(valid_words) > MAX_SUGGESTED_WORDS)}"
