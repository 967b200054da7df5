"""Where people can be forgotten."""

from collections.abc import Sequence
from typing import Protocol

from foretaste.domain.data import ErasureCounts


class ErasureStore(Protocol):
    """What is kept of a person, and what is left of it once it is deleted."""

    def erase(self, user: str, at: float | None = None) -> ErasureCounts:
        """Delete all that is kept of a user, in one transaction. → how much that was.

        at: the time, seconds since 1970; now where it is left out.
        """

    def erased_at(self, user: str) -> float | None:
        """When a user was last erased, seconds since 1970; None for who never was."""

    def export_erasures(self) -> bool:
        """Write who was erased beside the backups, so that a restore erases them again. → False
        where it could not be written everywhere.
        """

    def purge_log(self) -> bool:
        """Rid the database's own log of what was erased. → False where that is still due."""

    def pages_are_due(self) -> bool:
        """Whether pages of the database's file may still have copies of what was erased."""

    def rewrite_pages(self) -> bool:
        """Write the database's file anew where that is due and takes no longer than some seconds,
        for which others wait to write. → whether it is due no more.
        """

    def lasting_copies(self) -> Sequence[str]:
        """What of the erased the database keeps that nobody here can delete, in words."""

    def erasure_count(self) -> int:
        """How many erasures there have been."""
