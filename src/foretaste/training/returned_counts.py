"""In: purchases that came back. Out: models that have not counted them.

The store says when events that were there before came back, whoever brought the return. Models are
then counted anew as at an erasure, beside the answers and as seldom as `recount_pace` says: in
fashion returns come all day long. Whoever brought it may also wait for it.
"""

import threading

from foretaste.domain.store import Store
from foretaste.training.recount import ErasureRecounter


class ReturnedCounts:
    """Keeps the counts of the versions in step with what came back."""

    def __init__(self, store: Store, recounter: ErasureRecounter) -> None:
        self._recounter = recounter
        self._following = threading.Lock()
        self._is_due = False
        store.purchases_returned = self._note

    def _note(self) -> None:
        self._is_due = True
        self._recounter.recount_soon()

    def follow(self) -> None:
        """What came back is out of the counts of what answers when this returns; soon after it
        where they were taken anew a moment ago.
        """
        if not self._is_due:
            return
        with self._following:  # another thread may be at it, for this one too
            if self._is_due and not self._recounter.pause_left():
                self._is_due = False
                self._recounter.follow_erasure(defer_others=True)

    def follow_import(self) -> None:
        """The same in every version, at once: an import is one change, however many came back."""
        if self._is_due:
            self._is_due = False
            self._recounter.recount_after_undo()
