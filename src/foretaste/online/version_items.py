"""The items of a model version, in its order: a store in, the catalogue to load the model with out.

A large catalogue is kept in files beside the version when it was first loaded, so that the next
process reads none of its items and texts again, but for those that changed since.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NoReturn

from foretaste.domain.data import Item
from foretaste.domain.derived_files import DerivedFiles
from foretaste.domain.feature_types import FeatureTyping
from foretaste.domain.order_charges import is_article
from foretaste.domain.packed_rows import is_packed
from foretaste.domain.store import Store
from foretaste.prepare.catalogue_builder import GrowingCatalogue, ReadItems, vectors_of
from foretaste.prepare.item_table import absent, items_in_order
from foretaste.prepare.media_spaces import ReadMedia
from foretaste.rank.index import ItemAvailability


@dataclass(frozen=True)
class VersionItems:
    """What a version is loaded with."""

    cataloguing: GrowingCatalogue
    shelf: ItemAvailability
    revision: int
    """Of the newest change of an item that is in it."""
    new_items: tuple[Item, ...] = ()
    """Those that the version does not know."""
    unread: tuple[str, ...] = ()
    """Items with pictures or clips that are still to be read."""


def stored_items(
    ids: tuple[str, ...],
    store: Store,
    read: ReadItems,
    typing: FeatureTyping,
    read_media: ReadMedia,
    files: DerivedFiles,
) -> VersionItems:
    """As they are now in the store. An item that is gone keeps its position, as the model counts
    positions, and is hidden. files: where they stay if they are many and have no media.
    """
    revision = 0

    def articles() -> Iterator[Item]:
        nonlocal revision
        for revision, item in store.items():  # noqa: B007, PERF102
            if is_article(item):
                yield item

    items, new_items = items_in_order(ids, articles(), absent)
    media = read_media(items, None)
    if media.spaces or media.unread or not is_packed(len(items)):
        vectors = vectors_of(items, read)
        cataloguing = GrowingCatalogue.of(items, vectors, typing, media.spaces)
        shelf = ItemAvailability.of(items)
    else:
        cataloguing = GrowingCatalogue.from_files(files, lambda: items, read, typing)
        shelf = ItemAvailability.from_files(files, lambda: items)
    return VersionItems(cataloguing, shelf, revision, tuple(new_items), media.unread)


def kept_items(files: DerivedFiles, read: ReadItems, typing: FeatureTyping) -> VersionItems:
    """As they were when the files were made, which are complete."""
    assert files.facts is not None
    cataloguing = GrowingCatalogue.from_files(files, _kept_already, read, typing)
    shelf = ItemAvailability.from_files(files, _kept_already)
    return VersionItems(cataloguing, shelf, int(files.facts["revision"]))


def _kept_already() -> NoReturn:
    raise AssertionError("complete files hold all items")
