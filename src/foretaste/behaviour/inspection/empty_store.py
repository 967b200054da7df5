"""What an inspection reads of a store where there is none: nothing is known."""

from collections.abc import Iterator

from foretaste.domain.data import Item


class EmptyStore:
    """The part of `domain.store.Store` that a row reader asks while it only reads."""

    has_pseudonyms = False

    def meta_text(self, name: str) -> str | None:
        """Nothing was decided before."""
        return None

    def item_ids(self) -> frozenset[str]:
        """None."""
        return frozenset()

    def people_page(self, after_id: str, n: int) -> list[str]:
        """None."""
        return []

    def items(self, after_revision: int = 0) -> Iterator[tuple[int, Item]]:
        """None."""
        return iter(())

    def deleted_items(
        self, after_revision: int = 0, *, by_people: bool = False
    ) -> Iterator[tuple[int, str]]:
        """None."""
        return iter(())

    def put_items(self, new_items: object) -> int:
        """Never asked."""
        raise NotImplementedError

    put_users = add_events = put_items
