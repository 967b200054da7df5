"""In: a JSON merge patch (RFC 7396). Out: the change it asks for, of an item or a user.

A field that is named is replaced, null removes it, what is not named stays. A column whose values
are also kept under another name (of a price its band) is replaced under that name too.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from foretaste.behaviour.parse import ItemForm, parse_item, parse_user
from foretaste.behaviour.settings import ITEM_FIELDS
from foretaste.behaviour.values import day
from foretaste.domain.data import BAND, Item, Reject, User
from foretaste.errors import InputError


def of_item(item_id: str, patch: Mapping[str, Any], form: ItemForm) -> Callable[[Item], Item]:
    """Raises InputError for a patch that cannot be used, and so may the change."""
    part = _parsed(item_id, patch, form, parse_item)
    fields = {name: getattr(part, name) for name in ITEM_FIELDS if name in patch and name != "id"}
    gone = _columns(patch)

    def change(item: Item) -> Item:
        texts = {name: text for name, text in item.texts.items() if name not in gone}
        changed = replace(
            item,
            **fields,
            texts=texts | part.texts,
            attributes=_merged(item.attributes, part.attributes, gone),
        )
        start, end = changed.available_from, changed.available_until
        if start is not None and end is not None and end <= start:
            raise InputError(
                f"available_until: {day(end)} is not after {day(start)}, from when the item is "
                "available; change both, or remove one with null"
            )
        return changed

    return change


def of_user(user_id: str, patch: Mapping[str, Any], form: ItemForm) -> Callable[[User], User]:
    """Raises InputError for a patch that cannot be used."""
    part = _parsed(user_id, patch, form, parse_user)
    gone = _columns(patch)

    def change(user: User) -> User:
        return replace(user, attributes=_merged(user.attributes, part.attributes, gone))

    return change


def _parsed(name: str, patch: Mapping[str, Any], form: ItemForm, parse: Callable[..., Any]) -> Any:
    """What the patch sets, as an item or a user with nothing else."""
    if patch.get("id", name) != name:
        raise InputError(f"id: it is '{name}' and cannot be changed; leave it out")
    given = {column: value for column, value in patch.items() if value is not None}
    part = parse({**given, "id": name}, form, file="patch", line=0)
    if isinstance(part, Reject):
        raise InputError(f"{part.column}: {part.problem}; {part.remedy}")
    return part


def _columns(patch: Mapping[str, Any]) -> set[str]:
    return {name for column in patch for name in (column, column + BAND)}


def _merged(
    before: Mapping[str, tuple[str, ...]], new: Mapping[str, tuple[str, ...]], gone: set[str]
) -> dict[str, tuple[str, ...]]:
    """Changed columns keep their places: an item reads as before but for what is changed."""
    kept = {
        column: new.get(column, values)
        for column, values in before.items()
        if column in new or column not in gone
    }
    return {**kept, **new}
