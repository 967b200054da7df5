"""The files of a database, without what was erased. A part of `SqlStore`."""

from collections.abc import Sequence

import sqlalchemy as sa

from foretaste.behaviour.engine import store_errors
from foretaste.behaviour.purge import (
    MAX_REWRITTEN_BYTES,
    lasting_copies,
    pages_are_due,
    purge,
    rewrite_pages,
    scrub,
)


class PurgedFiles:
    """What an erasure has left to do beside the rows."""

    url: sa.URL
    _engine: sa.Engine

    def purge_log(self) -> bool:
        """Rid the database's own log of what was erased. → False where that is still due, as
        another process reads an old state: try again later.
        """
        with store_errors(self.url):
            return purge(self._engine)

    def pages_are_due(self) -> bool:
        """Whether pages of the database's file may still have copies of what was erased, until it
        is written anew.
        """
        with store_errors(self.url):
            return pages_are_due(self._engine)

    def rewrite_pages(self, max_bytes: int | None = MAX_REWRITTEN_BYTES) -> bool:
        """Write the database's file anew where that is due, unless it is larger; others wait to
        write meanwhile. → whether it is due no more.
        """
        with store_errors(self.url):
            return rewrite_pages(self._engine, max_bytes)

    def scrub(self) -> list[str]:
        """Overwrite what the database's files still have of deleted rows, which locks its tables
        meanwhile. → what could not be done.
        """
        with store_errors(self.url):
            return scrub(self._engine)

    def lasting_copies(self) -> Sequence[str]:
        """What of the erased the database keeps that no erasure can delete, in words."""
        return lasting_copies(self._engine)
