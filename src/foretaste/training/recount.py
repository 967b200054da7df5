"""A person to forget in; a receipt out, of what is gone and of what waits for the next training.

The store forgets in one step. The models then count again, without the person, what they had
counted: each kept version is written anew by `settle`, with the numbers that training would have
given it, and takes the old one's place. What was trained by gradient is trained anew at the next
fit, and until then the receipt says so. A process that dies between the two steps leaves a note
(the number of erasures that a version knows of), and the next `settle` goes on from it.
"""

import logging
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import cache
from math import inf
from pathlib import Path
from typing import Any, Protocol

from foretaste.behaviour.export import personal_data
from foretaste.behaviour.import_log import forget_imports
from foretaste.behaviour.recording import delete_events
from foretaste.domain.imports import UndoReceipt
from foretaste.domain.store import EventOwner
from foretaste.domain.switching import give_way, short_turns
from foretaste.errors import ForetasteError, ModelError
from foretaste.model.artefacts import REPLACED_NAMES_KEY, ModelVersion
from foretaste.online.manager import ModelManager
from foretaste.training.encode import DataEncoder
from foretaste.training.erased_files import rewrite_files, try_step
from foretaste.training.erasure_receipt import (
    PENDING_ANSWERING_NOTE,
    PENDING_BACKUPS_NOTE,
    PENDING_FAILED_RECOUNT_NOTE,
    PENDING_LIST_NOTE,
    PENDING_LOG_NOTE,
    PENDING_PAGES_NOTE,
    PENDING_RECOUNT_NOTE,
    PENDING_TAKE_BACK_NOTE,
    ErasureReceipt,
    TakeBackReceipt,
    version_notes,
)
from foretaste.training.model_card import write_missing_cards
from foretaste.training.personal_copies import PersonalCopies
from foretaste.training.receipt_book import (
    ReceiptBook,
    StoreCounts,
    count_of,
    personal_digests,
)
from foretaste.training.recount_pace import PacedThread, pause_left, recount_note
from foretaste.training.version_data import VersionWorkspace, version_data

log = logging.getLogger(__name__)

ERASURES_KEY = "erasures"
"""Under this name a version's data say how many erasures its counts know of."""
MAX_REST_SECONDS = 2.0
"""That an erasure takes longer at most so that lists made meanwhile take hardly longer."""


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
        self.receipts = ReceiptBook(workspace)
        self._thread = PacedThread(self._recount_beside, self.pause_left)

    def erase(self, user: str, *, is_served: bool = False) -> ErasureReceipt:
        """Forget a person. What answers has forgotten them when this returns.

        is_served: while lists are made. Then the versions that do not answer are counted anew
        beside the answers, after it; and also what answers where that was done a moment ago, as
        `recount_pace` says.
        """
        with short_turns(MAX_REST_SECONDS if is_served else None):
            return self._erase(user, is_served=is_served)

    def _erase(self, user: str, *, is_served: bool) -> ErasureReceipt:
        workspace = self._workspace
        personal = personal_data(workspace.store, user) or {}
        has_attributes = workspace.store.user(user) is not None
        counts, copies = (
            count_of(personal, has_attributes),
            PersonalCopies(workspace, user, personal),
        )
        copies.erase(workspace.models.versions())  # first, as afterwards nobody knows of what
        give_way()
        erased = workspace.store.erase(user, workspace.clock())
        erased_at = workspace.store.erased_at(user)
        give_way()
        recounted_versions, notes = list[str](), list[str]()
        if is_served and self.pause_left() > 0:
            notes = [] if erased_at is None else [PENDING_ANSWERING_NOTE, PENDING_LOG_NOTE]
        else:
            recounted_versions, notes = self.follow_erasure(defer_others=is_served)
        if not try_step(workspace.store.export_erasures):
            notes.append(PENDING_LIST_NOTE)
        if notes:
            self.recount_soon()
        give_way()
        versions = workspace.models.versions()
        copy_notes = copies.erase(versions)
        give_way()
        if erased_at is None:  # nobody who ever was here
            return ErasureReceipt(user, erased, tuple(recounted_versions), (*notes, *copy_notes))
        notes += [*self._page_notes(), *version_notes(versions, erased_at), *copy_notes]
        lasting_notes = [PENDING_BACKUPS_NOTE, *workspace.store.lasting_copies()]
        counts_after = count_of(
            personal_data(workspace.store, user) or {}, workspace.store.user(user) is not None
        )
        signed_receipt = self.receipts.issue(
            user,
            StoreCounts({**counts, **copies.counts}, counts_after, personal_digests(personal)),
            [self._replacement(name) for name in recounted_versions],
            notes,
            lasting_notes,
            versions,
        )
        receipt_id = signed_receipt["receipt_id"]
        return ErasureReceipt(
            user,
            erased,
            tuple(recounted_versions),
            (*notes, *lasting_notes),
            signed_receipt,
            None if notes else self.receipts.close(receipt_id, self._due_notes_by_time()),
        )

    def due_notes(self, erased_at: float) -> list[str]:
        """What may still hold something of whoever was erased then, of what ends by itself."""
        return self._due_notes_by_time()(erased_at)

    def _due_notes_by_time(self) -> Callable[[float], list[str]]:
        """The same for many erasures: what they share is done and looked up once, when the first is
        asked for.
        """
        store = self._workspace.store

        @cache
        def shared() -> tuple[list[str], Sequence[ModelVersion]]:
            notes = [*self._stale_notes(), *self._page_notes()]
            if not try_step(store.purge_log):
                notes.append(PENDING_LOG_NOTE)
            if not try_step(store.export_erasures):
                notes.append(PENDING_LIST_NOTE)
            return notes, self._workspace.models.versions()

        def due_notes(erased_at: float) -> list[str]:
            notes, versions = shared()
            return [*notes, *version_notes(versions, erased_at)]

        return due_notes

    def _stale_notes(self) -> list[str]:
        """Whether counts are still to be taken anew: of what answers, or else of others."""
        erasures = self._workspace.store.erasure_count()
        if self._stale_version(erasures) is None:
            return []
        answering_version = self._stale_version(erasures, answering_only=True)
        return [PENDING_RECOUNT_NOTE if answering_version is None else PENDING_ANSWERING_NOTE]

    def _page_notes(self) -> list[str]:
        return [PENDING_PAGES_NOTE] if self._workspace.store.pages_are_due() else []

    def finish_training(self) -> None:
        """After a training: no file keeps copies of the erased, and their receipts are closed."""
        rewrite_files(self._workspace)
        self.close_receipts()

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
        and models are counted anew as seldom as `recount_pace` says, which the receipt then tells.
        """
        store = self._workspace.store
        counts = store.take_back_events(event_owners, keep_out_unknown=by_page)
        recounted_versions, notes = list[str](), list[str]()
        if counts.taken_back or counts.duplicates:  # a retry finishes what was broken off
            if by_page and self.pause_left() > 0:
                notes = [PENDING_TAKE_BACK_NOTE] if counts.taken_back else []
            else:
                recounted_versions, notes = self.follow_erasure(defer_others=True)
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

    def follow_erasure(self, *, defer_others: bool) -> tuple[list[str], list[str]]:
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
        is_renewed = try_step(self._renew)
        if not is_renewed and PENDING_FAILED_RECOUNT_NOTE not in notes:
            notes.append(PENDING_FAILED_RECOUNT_NOTE)  # there is a receipt all the same
        if not try_step(workspace.store.purge_log):
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
        recounted_versions, notes = self.follow_erasure(defer_others=False)
        if notes:
            self.recount_soon()
        return recounted_versions, notes

    def _finish_in_store(self) -> bool:
        """→ whether nothing is due of what the store does after an erasure."""
        store = self._workspace.store
        is_exported = try_step(store.export_erasures)
        return try_step(store.purge_log) and is_exported

    def resume(self) -> None:
        """Do what an erasure before has left to do: count anew now, the rest beside the answers."""
        self.recount()
        if not self._finish_in_store():
            self.recount_soon()
        self.close_receipts()

    def recount_soon(self) -> None:
        """Recount beside the answers, and finish what the store does."""
        self._thread.request()

    def close(self) -> None:
        """Begin no more; what is not settled is when the workspace is opened again."""
        self._thread.close()

    def _recount_beside(self) -> bool:
        with short_turns(inf):
            self.recount()
            self._workspace.manager.renew()
        is_done = self._finish_in_store()
        self.close_receipts()
        return is_done

    def pause_left(self) -> float:
        """Seconds until what answers may be counted anew; 0 where it need not be."""
        workspace = self._workspace
        version = self._stale_version(workspace.store.erasure_count(), answering_only=True)
        return 0.0 if version is None else pause_left(version.data, workspace.clock())

    def recount(self, *, answering_only: bool = False) -> list[str]:
        """Count anew in every version that does not know of the erasures so far, or with
        `answering_only` in those alone that answer. → the new names.

        One process at a time counts, a version at a time; whoever comes second finds it done. A
        version that cannot be read is left as it is; it cannot answer either.
        """
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
        models, store, start = self._workspace.models, self._workspace.store, time.perf_counter()
        erasures = store.erasure_count()
        first_number = store.first_erased_number(int(version.data.get(ERASURES_KEY, 0)))
        try:
            is_private = version.privacy is not None  # to count once more would cost its budget
            if is_private or first_number is None or first_number > int(version.data["event"]):
                # its own counts have none of it; under a new name every process learns the log anew
                seconds = time.perf_counter() - start
                data = {ERASURES_KEY: erasures} | recount_note(self._workspace.clock(), seconds)
                amended_name = models.amend(version.name, {}, data)
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
            **recount_note(self._workspace.clock(), time.perf_counter() - start),
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
