"""In: a snapshot. Out: its items whose pictures or clips are still to be read, some at a time; and
the snapshot with what was seen of them.
"""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from foretaste.domain.data import Item
from foretaste.language.media.kinds import Reach as Reach
from foretaste.online.snapshot import Snapshot
from foretaste.prepare.media_spaces import ItemMedia

PICTURED_ITEMS_PER_SNAPSHOT = 32
Look = Callable[[Sequence[Item], Reach], ItemMedia]
"""Has the pictures and clips of items read, as far as the reach."""


def NO_LOOK(items: Sequence[Item], reach: Reach) -> ItemMedia:  # noqa: N802
    """Nothing is looked at."""
    return ItemMedia()


def unread_batches(snapshot: Snapshot) -> Iterator[list[Item]]:
    """The unread items of a snapshot."""
    names = snapshot.unread
    for start in range(0, len(names), PICTURED_ITEMS_PER_SNAPSHOT):
        batch = names[start : start + PICTURED_ITEMS_PER_SNAPSHOT]
        yield [snapshot.items[name] for name in batch if name in snapshot.items]


def with_looked_at(snapshot: Snapshot, items: Sequence[Item], media: ItemMedia) -> Snapshot:
    """With the pictures and clips of these items, but for those that could not be reached yet."""
    left = set(media.unread)
    rows = [row for row, item in enumerate(items) if item.id not in left]
    fingerprints = {space.name: space.fingerprint for space in snapshot.catalogue.media}
    vectors = {
        space.name: np.asarray(space.vectors)[rows]
        for space in media.spaces
        if fingerprints.get(space.name) == space.fingerprint
    }
    return snapshot.with_media([items[row] for row in rows], vectors)
