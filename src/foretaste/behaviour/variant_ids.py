"""In: the ids of variants (a size, a colour) and the items they are variants of. Out: of an event
that names a variant, the item.

Rows of one product are one item; a tracker or an order names the variant. The history and the
counts then have the item, so that an event of a variant counts for all of them. Only ids that are
no items themselves are looked up.
"""

import json
from collections.abc import Iterable, Mapping
from threading import Lock

from foretaste.domain.store import FactStore

VARIANT_IDS = "variant_ids"
REVISION = "variant_ids_revision"


class VariantIds:
    """Variant → item, as the store has it; read again when an import has changed it."""

    def __init__(self, store: FactStore) -> None:
        self._store = store
        self._revision: str | None = ""
        self._items: dict[str, str | None] = {}
        self._lock = Lock()

    def items_of(self, ids: Iterable[str]) -> dict[str, str]:
        """Variant → its item, of those of the ids that are variants."""
        if not self._refresh():
            return {}
        return {name: item for name in ids if (item := self._items.get(name)) is not None}

    def all_items(self) -> dict[str, str]:
        """Every variant → its item."""
        self._refresh()
        return {name: item for name, item in self._items.items() if item is not None}

    def item_of(self, name: str) -> str:
        """The item of a variant; the id itself where it is none."""
        return self.items_of((name,)).get(name, name)

    def add(self, variants: Mapping[str, Iterable[str]]) -> None:
        """Have the store remember them. variants: item → the ids of its variants.

        What two items have as a variant is neither's.
        """
        self._refresh()
        with self._lock:
            known = dict(self._items)
            for item, names in variants.items():
                for name in names:
                    known[name] = item if known.get(name, item) == item else None
            known = {name: item for name, item in known.items() if name != item}
            if known == self._items:
                return
            self._store.put_meta_text(VARIANT_IDS, json.dumps(known, ensure_ascii=False))
            revision = str(int(self._store.meta_text(REVISION) or 0) + 1)
            self._store.put_meta_text(REVISION, revision)
            self._items, self._revision = known, revision

    def _refresh(self) -> bool:
        """→ whether there are variants."""
        revision = self._store.meta_text(REVISION)
        with self._lock:
            if revision != self._revision:
                self._items = json.loads(self._store.meta_text(VARIANT_IDS) or "{}")
                self._revision = revision
            return bool(self._items)
