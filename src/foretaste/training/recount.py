"""A person to forget in; a receipt out, of what is gone and of what waits for the next training.

The store forgets in one step. The models then count again, without the person, what they had
counted: each kept version is written anew by `settle`, with the numbers that training would have
given it, and takes the old one's place. What was trained by gradient is trained anew at the next
fit, and until then the receipt says so. A process that dies between the two steps leaves a note
(the number of erasures that a version knows of), and the next `settle` goes on from it.
"""

import logging
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import cache
from math import inf
from pathlib import Path
from typing import Any, Protocol

from foretaste.behaviour.import_log import forget_imports
from foretaste.behaviour.recording import delete_events
from foretaste.domain.imports import UndoReceipt
from foretaste.domain.store import EventOwner
from foretaste.domain.switching import short_turns
from foretaste.errors import ForetasteError, ModelError
from foretaste.model.artefacts import REPLACED_NAMES_KEY, ModelVersion
from foretaste.online.manager import ModelManager
from foretaste.training.encode import DataEncoder
from foretaste.training.erasure_receipt import (
    PENDING_BACKUPS_NOTE,
    PENDING_FAILED_RECOUNT_NOTE,
    PENDING_LIST_NOTE,
    PENDING_LOG_NOTE,
    PENDING_RECOUNT_NOTE,
    PENDING_TAKE_BACK_NOTE,
    PENDING_WEIGHTS_NOTE,
    ErasureReceipt,
    TakeBackReceipt,
    private_notes,
)
from foretaste.training.model_card import write_missing_cards
from foretaste.training.personal_copies import PersonalCopies
from foretaste.training.receipt_book import ReceiptBook, StoreCounts, count_of
from foretaste.training.version_data import VersionWorkspace, version_data

log = logging.getLogger(__name__)

ERASURES_KEY = "erasures"
"""Under this name a version's data say how many erasures its counts know of."""
RECOUNT_DELAY_SECONDS, RECOUNT_PAUSE_SECONDS, CLOSE_TIMEOUT_SECONDS = 0.2, 30.0, 5.0
"""Seconds before counting anew, after it, and that closing waits for it."""


class RecountWorkspace(VersionWorkspace, Protocol):
    """What an `ErasureRecounter` needs of the loop."""

    @property
    def manager(self) -> ModelManager: ...
    @property
    def folder(self) -> Path: ...
    @property
    def clock(self) -> Callable[[], float]: ...
    @property
    def data_encoder(self) -> DataEncoder: ...


class ErasureRecounter:
    """Keeps the counts of the versions in step with what was erased."""

    def __init__(self, workspace: RecountWorkspace) -> None:
        self._workspace = workspace
        self._lock = threading.Lock()
        self._requested, self._closing = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None
        self.receipts = ReceiptBook(workspace)
        self._recounted_at = -inf  # when counting anew began last, on the monotonic clock

    def erase(self, user: str, *, defer_others: bool = False) -> ErasureReceipt:
        """Forget a person. What answers has forgotten them when this returns.

        defer_others: the versions that do not answer are counted anew beside the answers, after it.
        """
        workspace = self._workspace
        counts, copies = count_of(workspace.store, user), PersonalCopies(workspace, user)
        erased = workspace.store.erase(user, workspace.clock())
        recounted_versions, notes = self._follow_erasure(defer_others=defer_others)
        if not self._try_step(workspace.store.export_erasures):
            notes.append(PENDING_LIST_NOTE)
        if notes:
            self.recount_soon()
        other_counts, copy_notes = copies.erase()
        notes += self._notes_of_versions(workspace.store.erased_at(user))
        notes += copy_notes
        lasting_notes = [PENDING_BACKUPS_NOTE, *workspace.store.lasting_copies()]
        if workspace.store.erased_at(user) is None:  # nobody who ever was here
            return ErasureReceipt(user, erased, tuple(recounted_versions), tuple(notes))
        signed_receipt = self.receipts.issue(
            user,
            StoreCounts({**counts, **other_counts}, count_of(workspace.store, user)),
            [self._replacement(name) for name in recounted_versions],
            notes,
            lasting_notes,
        )
        completed = self.close_receipts()
        return ErasureReceipt(
            user,
            erased,
            tuple(recounted_versions),
            (*notes, *lasting_notes),
            signed_receipt,
            self._completion(signed_receipt["receipt_id"]) if completed else None,
        )

    def due_notes(self, erased_at: float) -> list[str]:
        """What may still hold something of whoever was erased then, of what ends by itself."""
        return self._due_notes_by_time()(erased_at)

    def _due_notes_by_time(self) -> Callable[[float], list[str]]:
        """The same for many erasures: what they share is done and looked up once, when the first is
        asked for.
        """
        store, shared_notes = self._workspace.store, list[str]()

        @cache
        def first_training() -> float:
            if self._stale_version(store.erasure_count()) is not None:
                shared_notes.append(PENDING_RECOUNT_NOTE)
            if not self._try_step(store.purge_log):
                shared_notes.append(PENDING_LOG_NOTE)
            if not self._try_step(store.export_erasures):
                shared_notes.append(PENDING_LIST_NOTE)
            return min(
                (version.created for version in self._workspace.models.versions()), default=inf
            )

        def due_notes(erased_at: float) -> list[str]:
            is_older = first_training() <= erased_at
            return [*shared_notes, *(self._notes_of_versions(erased_at) if is_older else [])]

        return due_notes

    def close_receipts(self) -> list[str]:
        """Sign the second receipt of each erasure of which nothing is due any more. → numbers."""
        return self.receipts.close_due(self._due_notes_by_time())

    def with_completion(self, receipt: ErasureReceipt) -> ErasureReceipt:
        """The receipt as it is after a training that followed it."""
        self.close_receipts()
        erased_at = self._workspace.store.erased_at(receipt.user)
        notes = [] if erased_at is None else self.due_notes(erased_at)
        completion = self._completion(receipt.signed_receipt["receipt_id"])
        lasting_notes = self._workspace.store.lasting_copies()
        pending_notes = (*notes, PENDING_BACKUPS_NOTE, *lasting_notes)
        return replace(receipt, pending_notes=pending_notes, completion=completion)

    def _completion(self, receipt_id: str) -> Mapping[str, Any] | None:
        return self.receipts.state(receipt_id, self.due_notes).completion

    def _notes_of_versions(self, erased_at: float | None) -> list[str]:
        """What versions that were trained before may still hold."""
        older = [
            version
            for version in self._workspace.models.versions()
            if erased_at is not None and version.created <= erased_at
        ]
        return [*([PENDING_WEIGHTS_NOTE] if older else []), *private_notes(older)]

    def _replacement(self, name: str) -> dict[str, str]:
        """The name of a version before it was counted anew, and now: both are digests of it."""
        try:
            old_names = self._workspace.models.version(name).data.get(REPLACED_NAMES_KEY, ())
        except ModelError:  # another process has counted it anew once more
            old_names = ()
        return {"before": str(old_names[-1]) if old_names else "", "after": name}

    def take_back(
        self, event_owners: Sequence[EventOwner], *, by_page: bool = False
    ) -> TakeBackReceipt:
        """Take events back for good, by their ids. What answers is as if they had not been when
        this returns, and the versions that do not answer soon after it.

        by_page: everybody may send it, as often as they like. So what has not come yet is kept out,
        and models are counted anew at most every half minute, which the receipt then says.
        """
        store = self._workspace.store
        counts = store.take_back_events(event_owners, keep_out_unknown=by_page)
        recounted_versions, notes = list[str](), list[str]()
        if counts.taken_back or counts.duplicates:  # a retry finishes what was broken off
            if by_page and time.monotonic() < self._recounted_at + RECOUNT_PAUSE_SECONDS:
                notes = [PENDING_TAKE_BACK_NOTE] if counts.taken_back else []
            else:
                recounted_versions, notes = self._follow_erasure(defer_others=True)
            if notes:
                self.recount_soon()
        return TakeBackReceipt(counts, tuple(recounted_versions), tuple(notes))

    def take_back_item(self, user: str, item: str, event_type: str | None = None) -> int:
        """Undo what a user did with an item, of one event type or all; the same may come again.
        Models count anew beside the answers. → how many events.
        """
        deleted = delete_events(self._workspace.store, user, item, event_type)
        if deleted:
            self.recount_soon()
        return deleted

    def _follow_erasure(self, *, defer_others: bool) -> tuple[list[str], list[str]]:
        """Count anew, and rid the database's log of it. → (names of the versions that were, what is
        still due).
        """
        workspace = self._workspace
        recounted_versions, notes = list[str](), list[str]()
        try:
            recounted_versions = self.recount(answering_only=defer_others)
            if self._stale_version(workspace.store.erasure_count()) is not None:
                notes.append(PENDING_RECOUNT_NOTE)
        except (OSError, ForetasteError) as error:  # they are gone from the store all the same
            log.error("not counted anew: %s", error)
            notes.append(PENDING_FAILED_RECOUNT_NOTE)
        is_renewed = self._try_step(self._renew)
        if not is_renewed and PENDING_FAILED_RECOUNT_NOTE not in notes:
            notes.append(PENDING_FAILED_RECOUNT_NOTE)  # there is a receipt all the same
        if not self._try_step(workspace.store.purge_log):
            notes.append(PENDING_LOG_NOTE)
        return recounted_versions, notes

    def _renew(self) -> bool:
        self._workspace.manager.renew()
        return True

    def undo_imports(self, numbers: Collection[int]) -> UndoReceipt:
        """Undo imports. What answers knows nothing of them any more when this returns; of some that
        were undone before, only what was left to do then is done.
        """
        store = self._workspace.store
        undone, counts = store.undo_imports(numbers, self._workspace.clock())
        if undone:
            forget_imports(store, undone)
        recounted_versions, notes = self.recount_after_undo()
        return UndoReceipt(tuple(undone), counts, tuple(recounted_versions), tuple(notes))

    def recount_after_undo(self) -> tuple[list[str], list[str]]:
        """Imports were undone in the store. → (new names of versions, what is still due)"""
        recounted_versions, notes = self._follow_erasure(defer_others=False)
        if notes:
            self.recount_soon()
        return recounted_versions, notes

    @staticmethod
    def _try_step(step: Callable[[], bool]) -> bool:
        """Whether a step after the erasure is done, as it says itself; it may fail."""
        try:
            return step()
        except ForetasteError as error:
            log.error("left to do after an erasure: %s", error)
            return False

    def _finish_in_store(self) -> bool:
        """→ whether nothing is due of what the store does after an erasure."""
        store = self._workspace.store
        is_exported = self._try_step(store.export_erasures)
        return self._try_step(store.purge_log) and is_exported

    def resume(self) -> None:
        """Do what an erasure before has left to do: count anew now, the rest beside the answers."""
        self.recount()
        if not self._finish_in_store():
            self.recount_soon()
        self.close_receipts()

    def recount_soon(self) -> None:
        """Recount beside the answers: in a moment, and after that once in a while for all that came
        together.
        """
        self._requested.set()
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._recount_in_background, name="settle", daemon=True
                )
                self._thread.start()

    def close(self) -> None:
        """Begin no more; what is not settled is when the workspace is opened again."""
        self._closing.set()
        self._requested.set()
        if self._thread is not None:
            self._thread.join(CLOSE_TIMEOUT_SECONDS)

    def _recount_in_background(self) -> None:
        while self._requested.wait() and not self._closing.wait(RECOUNT_DELAY_SECONDS):
            self._requested.clear()
            is_done = False
            try:
                self.recount()
                self._workspace.manager.renew()
                is_done = self._finish_in_store()
            except (OSError, ForetasteError) as error:
                log.error("not counted anew: %s", error)
            except Exception:  # a thread that dies would settle nothing any more
                log.exception("while counting anew")
            if not is_done:
                self._requested.set()
            if self._closing.wait(RECOUNT_PAUSE_SECONDS):
                return

    def recount(self, *, answering_only: bool = False) -> list[str]:
        """Count anew in every version that does not know of the erasures so far, or with
        `answering_only` in those alone that answer. → the new names.

        One process at a time counts, a version at a time; whoever comes second finds it done. A
        version that cannot be read is left as it is; it cannot answer either.
        """
        self._recounted_at = time.monotonic()
        erasures = self._workspace.store.erasure_count()
        names, tried_names = [], set[str]()
        while self._stale_version(erasures, tried_names, answering_only=answering_only) is not None:
            with self._workspace.models.successors_lock():
                version = self._stale_version(erasures, tried_names, answering_only=answering_only)
                if version is None:  # another process was faster
                    break
                tried_names.add(version.name)
                with short_turns():  # lists are made meanwhile
                    name = self._replace_version(version)
                if name is not None:
                    names.append(name)
        return names

    def _stale_version(
        self, erasures: int, tried_names: Collection[str] = (), *, answering_only: bool = False
    ) -> ModelVersion | None:
        """The first version that knows of fewer erasures, past those that were tried."""
        answering_version = self._workspace.manager.answering
        eligible_versions = (
            version
            for version in self._workspace.models.versions()
            if not answering_only
            or version.is_live
            or (answering_version is not None and version.name == answering_version[0])
        )
        stale_versions = (
            version
            for version in eligible_versions
            if int(version.data.get(ERASURES_KEY, 0)) < erasures
        )
        return next(
            (version for version in stale_versions if version.name not in tried_names), None
        )

    def _replace_version(self, version: ModelVersion) -> str | None:
        """Put a version that is counted anew in the place of this one. → its name.

        None where it cannot be read, or where another has taken its place meanwhile, which is then
        counted anew itself.
        """
        models, store = self._workspace.models, self._workspace.store
        erasures = store.erasure_count()
        first_number = store.first_erased_number(int(version.data.get(ERASURES_KEY, 0)))
        try:
            is_private = version.privacy is not None  # to count once more would cost its budget
            if is_private or first_number is None or first_number > int(version.data["event"]):
                # its own counts have none of it; under a new name every process learns the log anew
                amended_name = models.amend(version.name, {}, {ERASURES_KEY: erasures})
                write_missing_cards(models, self._workspace.config.name)
                return amended_name
            ids = models.item_ids(version.name)
            product, training = version_data(self._workspace, version, ids)
            product = product.recount(training)
        except ModelError as error:
            if models.current_name(version.name) == version.name:
                log.error("not counted anew: %s", error)
            return None
        data = {
            ERASURES_KEY: erasures,
            REPLACED_NAMES_KEY: [*version.data.get(REPLACED_NAMES_KEY, ()), version.name],
        }
        name = models.save(
            product,
            ids,
            created=version.created,
            data={**version.data, **data},
            settings=version.settings,
            metrics=version.metrics,
        )
        is_replaced = models.replace(version.name, name) == name
        write_missing_cards(models, self._workspace.config.name)
        return name if is_replaced else None
