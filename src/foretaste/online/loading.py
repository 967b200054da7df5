"""In: the name of a model version. Out: a snapshot of it that has answered once."""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NoReturn, Protocol

from foretaste.domain.data import Floats, Item, Recommendation, Request
from foretaste.domain.feature_types import FeatureTyping
from foretaste.domain.ports import BackboneOpener, TextEncoder
from foretaste.domain.store import Store
from foretaste.domain.switching import give_way
from foretaste.generate.catalogue_words import count_title_words
from foretaste.language.open import REHEARSAL_QUERY, forgetful
from foretaste.model.artefacts import ModelRegistry
from foretaste.online.answer import ScoringWorkspace
from foretaste.online.fallback import Budget
from foretaste.online.manager import ModelManager, Newest
from foretaste.online.page_request import PageRequest
from foretaste.online.slate import SlateBuilder
from foretaste.online.snapshot import Snapshot
from foretaste.online.suggest_index import SuggestIndex, shared_indexes
from foretaste.prepare.media_spaces import ReadMedia
from foretaste.prepare.reviews import (
    NO_REVIEWS,
    REVIEW_TYPE,
    ItemReviews,
    reviews_of_events,
)

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
    return Snapshot.of(
        stored,
        workspace.models.item_ids(version),
        workspace.store,
        weights=workspace.weights,
        read=read,
        product=partial(workspace.models.load, version, open_reader=workspace.readers(encoder)),
        past_events=past_events,
        typing=workspace.feature_typing,
        read_media=workspace.known_media,
    )


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
    seeds = snapshot.catalogue.ids[:REHEARSED_ITEMS]
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
    seeds = snapshot.catalogue.ids[:REHEARSED_ITEMS]
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
