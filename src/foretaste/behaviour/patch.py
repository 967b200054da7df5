"""In: a JSON merge patch (RFC 7396). Out: the change it asks for, of an item or a user.

A field that is named is replaced, null removes it, what is not named stays. A column whose values
are also kept under another name (of a price its band) is replaced under that name too.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from foretaste.behaviour.availability import changed_fields
from foretaste.behaviour.forms import ItemForm
from foretaste.behaviour.parse import parse_item, parse_user
from foretaste.behaviour.settings import ITEM_FIELDS
from foretaste.behaviour.values import format_time
from foretaste.domain.data import BAND_SUFFIX, Item, RejectedRow, User
from foretaste.domain.words import CURRENCY_SUFFIX
from foretaste.errors import InputError


def item_change(item_id: str, patch: Mapping[str, Any], form: ItemForm) -> Callable[[Item], Item]:
    """Raises InputError for a patch that cannot be used, and so may the change."""
    patch_values = _parse_patch(item_id, patch, form, parse_item)
    fields = {
        name: getattr(patch_values, name) for name in ITEM_FIELDS if name in patch and name != "id"
    }
    fields |= {name: getattr(patch_values, name) for name in changed_fields(patch, form)}
    if "image" in fields:
        fields["more_images"] = patch_values.more_images
    named_columns = _named_columns(patch)

    def change(item: Item) -> Item:
        texts = {name: text for name, text in item.texts.items() if name not in named_columns}
        vectors = {name: own for name, own in item.vectors.items() if name not in named_columns}
        changed = replace(
            item,
            **fields,
            texts=texts | patch_values.texts,
            vectors=vectors | patch_values.vectors,
            attributes=_merge_columns(item.attributes, patch_values.attributes, named_columns),
        )
        start, end = changed.available_from, changed.available_until
        if start is not None and end is not None and end <= start:
            raise InputError(
                f"available_until: {format_time(end)} is not after {format_time(start)}, from "
                "when the item is "
                "available; change both, or remove one with null"
            )
        return changed

    return change


def user_change(user_id: str, patch: Mapping[str, Any], form: ItemForm) -> Callable[[User], User]:
    """Raises InputError for a patch that cannot be used."""
    patch_values = _parse_patch(user_id, patch, form, parse_user)
    named_columns = _named_columns(patch)

    def change(user: User) -> User:
        return replace(
            user, attributes=_merge_columns(user.attributes, patch_values.attributes, named_columns)
        )

    return change


def _parse_patch(
    entity_id: str, patch: Mapping[str, Any], form: ItemForm, parse: Callable[..., Any]
) -> Any:
    """What the patch sets, as an item or a user with nothing else."""
    if patch.get("id", entity_id) != entity_id:
        raise InputError(f"id: it is '{entity_id}' and cannot be changed; leave it out")
    non_null_fields = {column: value for column, value in patch.items() if value is not None}
    patch_values = parse({**non_null_fields, "id": entity_id}, form, file="patch", line=0)
    if isinstance(patch_values, RejectedRow):
        raise InputError(f"{patch_values.column}: {patch_values.problem}; {patch_values.remedy}")
    return patch_values


def _named_columns(patch: Mapping[str, Any]) -> set[str]:
    return {column + suffix for column in patch for suffix in ("", BAND_SUFFIX, CURRENCY_SUFFIX)}


def _merge_columns(
    current: Mapping[str, tuple[str, ...]],
    changed: Mapping[str, tuple[str, ...]],
    named_columns: set[str],
) -> dict[str, tuple[str, ...]]:
    """Changed columns keep their places: an item reads as before but for what is changed."""
    remaining = {
        column: changed.get(column, values)
        for column, values in current.items()
        if column in changed or column not in named_columns
    }
    return {**remaining, **changed}
