"""In: the name of a model version. Out: a snapshot of it that has answered once."""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from importlib.metadata import version as release_of
from itertools import islice
from pathlib import Path
from typing import Any, NoReturn, Protocol

from foretaste.domain.data import Floats, Item, Recommendation, Request
from foretaste.domain.derived_files import IN_MEMORY, DerivedFiles
from foretaste.domain.feature_types import FeatureTyping
from foretaste.domain.mapped_arrays import is_mappable
from foretaste.domain.packed_rows import MAX_UNPACKED_ROWS, is_packed
from foretaste.domain.ports import BackboneOpener, TextEncoder
from foretaste.domain.sharing import Lazy
from foretaste.domain.store import Store
from foretaste.domain.switching import give_way
from foretaste.generate.catalogue_words import count_title_words
from foretaste.language.open import REHEARSAL_QUERY, forgetful
from foretaste.model.artefacts import ModelRegistry, ModelVersion
from foretaste.model.file_lock import file_lock
from foretaste.online.answer import ScoringWorkspace
from foretaste.online.fallback import Budget
from foretaste.online.manager import ModelManager, Newest
from foretaste.online.page_request import PageRequest
from foretaste.online.slate import SlateBuilder
from foretaste.online.snapshot import Snapshot, item_changes
from foretaste.online.suggest_index import SuggestIndex, shared_indexes
from foretaste.online.version_items import kept_items, stored_items
from foretaste.prepare.catalogue_builder import ReadItems
from foretaste.prepare.media_spaces import ReadMedia
from foretaste.prepare.reviews import (
    NO_REVIEWS,
    REVIEW_TYPE,
    ItemReviews,
    reviews_of_events,
)

DERIVED_FORMAT = 1
"""Of the files that a version is loaded with; others are made again."""
FIRST_LOAD_LOCK_FILE = ".loaded.lock"
"""Locked in the folder of versions by whoever makes the files of one."""
MAX_CHANGED_PART = 8
"""When an eighth of the items has changed since the files were made, they are made again."""
REHEARSED_ITEMS = 5
"""Items of the history that a shared snapshot is asked with."""


class LoadingWorkspace(Protocol):
    """What the loop lends for loading a version."""

    @property
    def folder(self) -> Path: ...

    @property
    def models(self) -> ModelRegistry: ...
    @property
    def store(self) -> Store: ...
    @property
    def weights(self) -> Mapping[str, float]: ...
    @property
    def feature_typing(self) -> FeatureTyping: ...
    def vectors(
        self, items: Sequence[Item], encoder: str | None = None, reviews: ItemReviews = NO_REVIEWS
    ) -> Floats: ...
    @property
    def known_media(self) -> ReadMedia: ...
    def readers(self, encoder: str | None = None) -> BackboneOpener: ...
    @property
    def data_encoder(self) -> "EncoderOpener": ...


def load_snapshot(workspace: LoadingWorkspace, version: str, past_events: int) -> Snapshot:
    """A version as it was trained, among the items there are now.

    past_events: how many events of one person are read to learn one more of theirs.
    """
    stored = workspace.models.version(version)
    encoder = stored.data.get("encoder")
    shared = shared_snapshots.get((workspace.folder, version))
    kinds = stored.data["kinds"] if stored.privacy is None else ()  # reviews are people's too
    reviews = stored_reviews(workspace.store, kinds) if shared is None else shared[1]
    read = partial(workspace.vectors, encoder=encoder, reviews=reviews)
    if shared is not None:
        return replace(shared[0], read=read, read_media=workspace.known_media)
    ids = Lazy(lambda: workspace.models.item_ids(version))
    find_files = partial(_derived_files, workspace, stored, reviews, ids)
    load = partial(_loaded_snapshot, workspace, stored, past_events, read, ids)
    files = find_files()
    if files.is_complete or not files.is_writable:
        return load(files)
    with file_lock(workspace.models.folder / FIRST_LOAD_LOCK_FILE):  # one makes them for all
        return load(find_files())


def _loaded_snapshot(
    workspace: LoadingWorkspace,
    stored: ModelVersion,
    past_events: int,
    read: ReadItems,
    ids: Lazy[tuple[str, ...]],
    files: DerivedFiles,
) -> Snapshot:
    """From the files, or as what they are made of. ids: of the items that the version knows."""
    typing, read_media = workspace.feature_typing, workspace.known_media
    if is_kept := files.is_complete:
        items = kept_items(files, read, typing)
    else:
        items = stored_items(ids.get(), workspace.store, read, typing, read_media, files)
    open_reader = workspace.readers(stored.data.get("encoder"))
    snapshot = Snapshot.of(
        stored,
        items,
        weights=workspace.weights,
        read=read,
        product=partial(workspace.models.load, stored.name, open_reader=open_reader),
        past_events=past_events,
        read_media=read_media,
    )
    if is_kept and files.facts is not None:
        return snapshot.with_changes(workspace.store, int(files.facts["start"]))
    start = int(stored.data.get("revision", 0)) if items.new_items else items.revision
    files.complete({"revision": items.revision, "start": start, "items": len(snapshot.catalogue)})
    return snapshot.with_items(snapshot.read_batch(items.new_items, items.revision))


def _derived_files(
    workspace: LoadingWorkspace,
    version: ModelVersion,
    reviews: ItemReviews,
    ids: Lazy[tuple[str, ...]],
) -> DerivedFiles:
    """What the version was loaded with before, or is to be from now on. Not where reviews are read
    with the items: their authors may take them back.
    """
    folder = workspace.models.derived_folder(version.name)
    is_large = folder.exists() or is_packed(len(ids.get()))
    if reviews or not is_large or not is_mappable(workspace.models.folder):
        return IN_MEMORY
    typing = workspace.feature_typing
    encoder = workspace.data_encoder.open_encoder(version.data.get("encoder"))
    source = {
        "format": DERIVED_FORMAT,
        "release": release_of("foretaste"),
        "encoder": encoder.fingerprint,
        "typing": [sorted(map(repr, typing.settings.items())), sorted(typing.kept_columns)],
    }
    files = DerivedFiles(folder, source)
    if files.facts is not None and _has_many_changes(workspace.store, files.facts):
        return files.again()
    return files


def _has_many_changes(store: Store, facts: Mapping[str, Any]) -> bool:
    """Whether it is less to read all items again, or the store is not the one that was read."""
    start, (_, revision) = int(facts["start"]), store.log_position()
    if revision < int(facts["revision"]):
        return True
    limit = max(MAX_UNPACKED_ROWS, int(facts["items"]) // MAX_CHANGED_PART)
    return next(islice(item_changes(store, start, revision), limit, None), None) is not None


shared_snapshots: dict[tuple[Path, str], tuple[Snapshot, ItemReviews]] = {}
"""(folder, version) → a snapshot that several processes have in memory once, see `serve.preload`,
and the reviews there were. It belongs to no store: whoever has the version loaded takes in what
came since, as ever."""


def share_snapshot(workspace: "SharingWorkspace") -> None:
    """Load the version that answers for processes that will be copies of this one, and have it
    asked once, so that they have in common what it makes at its first question. Nothing where there
    is no model.
    """
    names = workspace.models.serving_order()
    if not names:
        return
    snapshot = workspace.at_snapshot(names[0])
    seeds = tuple(snapshot.catalogue.ids[:REHEARSED_ITEMS])
    for request in (Request(query=REHEARSAL_QUERY), Request(items=seeds)):
        context = workspace.slates.user_context(request, snapshot)
        product = snapshot.product if request.query is None else snapshot.product.fast_product()
        product.rehearse(context, 1, len(snapshot.catalogue))
    count_title_words(snapshot.catalogue.titles)
    suggest_index = SuggestIndex.of(snapshot.catalogue, None)
    suggest_index.titles.matching(["a"])
    shared_indexes.append(suggest_index)
    stored = workspace.models.version(names[0])
    kinds = stored.data["kinds"] if stored.privacy is None else ()
    shared = replace(snapshot, read=_belongs_to_nobody, read_media=_belongs_to_nobody)
    shared_snapshots[workspace.folder, names[0]] = shared, stored_reviews(workspace.store, kinds)


def _belongs_to_nobody(*_: object, **__: object) -> NoReturn:
    raise AssertionError("a shared snapshot reads nothing before it is a workspace's")


def stored_reviews(store: Store, event_types: Sequence[str]) -> ItemReviews:
    """The reviews there are now. event_types: those that a model learnt from; without reviews among
    them the log is not read for any.
    """
    if REVIEW_TYPE not in event_types:
        return NO_REVIEWS
    reviews = store.events_of_types((REVIEW_TYPE,), 0, store.last_event_number())
    return reviews_of_events(
        [event for _, event in store.teaching_events(list(enumerate(reviews)))]
    )


class RehearsingWorkspace(ScoringWorkspace, Protocol):
    """What the loop lends for asking a snapshot that does not answer yet."""

    def list_by(
        self, page: PageRequest, budget: Budget, slates: SlateBuilder, newest: Newest
    ) -> Recommendation: ...


def rehearse(workspace: RehearsingWorkspace, n: int, snapshot: Snapshot) -> None:
    """Ask it, so that nobody waits for what a model makes at its first questions: rows of experts,
    the index of filters, names and words of the catalogue.
    """
    context = workspace.slates.user_context(Request(query=REHEARSAL_QUERY), snapshot)
    read_context = workspace.listen(context, snapshot.encoder, keep=False)
    snapshot.product.rehearse(read_context, n, len(snapshot.catalogue))
    count_title_words(snapshot.catalogue.titles)  # reasons ask for it
    slates = copy.copy(workspace.slates)  # others still ask the snapshot before
    seeds = tuple(snapshot.catalogue.ids[:REHEARSED_ITEMS])
    for request in (Request(n=n, incognito=True), Request(items=seeds, n=n, incognito=True)):
        give_way()
        workspace.list_by(PageRequest(request), Budget(None), slates, Newest(snapshot))
    workspace.slates.take_index(slates)


class SharingWorkspace(LoadingWorkspace, Protocol):
    """What the loop lends for a snapshot that several processes share."""

    @property
    def slates(self) -> SlateBuilder: ...
    def at_snapshot(self, version: str) -> Snapshot: ...


class EncoderOpener(Protocol):
    """Opens encoders by their names; None is the published one."""

    def open_encoder(self, encoder: str | None) -> TextEncoder: ...


class ReadingWorkspace(Protocol):
    """What the loop lends for reading words."""

    @property
    def manager(self) -> ModelManager: ...
    @property
    def data_encoder(self) -> EncoderOpener: ...


def read_filter_words(workspace: ReadingWorkspace, words: str) -> Floats:
    """[dim]; what a filter is about is not kept."""
    snapshot = workspace.manager.snapshot
    encoder = None if snapshot is None else snapshot.encoder
    return forgetful(workspace.data_encoder.open_encoder(encoder)).encode([words])[0]
