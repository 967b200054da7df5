"""In: a row of items. Out: whether, since when and until when the item is on offer.

A table may say it more than once, as one of listings does: by its status, by when it was sold, and
by when it would have expired. Each of them counts, also in an item that is sent alone.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from foretaste.behaviour.column_roles import ColumnDecision, ColumnRole
from foretaste.behaviour.forms import ItemForm
from foretaste.behaviour.stream import Row
from foretaste.behaviour.visibility import parse_hidden

ROLE_BY_FIELD: Mapping[str, ColumnRole] = {
    "hidden": "hidden",
    "available_from": "from",
    "available_until": "until",
}
"""Field that says whether an item is on offer → what another column is that says so."""
OFFER_ROLES: Collection[ColumnRole] = frozenset(ROLE_BY_FIELD.values())


def is_hidden(row: Row, form: ItemForm) -> bool:
    """Whether one of the columns that say so hides the item."""
    return any(parse_hidden(row.get(column), column) for column in _columns(form, "hidden"))


def start_of_offer(row: Row, form: ItemForm) -> float | None:
    """Since when the item is on offer, seconds since 1970: the last of the times that say so."""
    return max(_moments(row, form, "available_from", form.available_from), default=None)


def end_of_offer(row: Row, form: ItemForm) -> float | None:
    """Until when the item is on offer, seconds since 1970: the first of the times that say so."""
    return min(_moments(row, form, "available_until", form.available_until), default=None)


def changed_fields(columns: Collection[str], form: ItemForm) -> list[str]:
    """The fields of an offer that some columns of an item say anew."""
    return [name for name in ROLE_BY_FIELD if not set(columns).isdisjoint(_columns(form, name))]


def offer_decisions(
    columns_by_field: Mapping[str, str], row_count: int
) -> dict[str, ColumnDecision]:
    """Column → what it is, of those that a file says these fields with under names of its own: an
    item that is sent later may have them as well. row_count: on how many rows that was decided.
    """
    return {
        column: ColumnDecision(role, row_count)
        for field, role in ROLE_BY_FIELD.items()
        if (column := columns_by_field.get(field, field)) != field
    }


def _columns(form: ItemForm, field: str) -> list[str]:
    field_column, role = form.columns[field], ROLE_BY_FIELD[field]
    columns = [] if field_column is None else [field_column]
    if role in form.roles.values():
        columns += [column for column, own in form.roles.items() if own == role]
    return columns


def _moments(
    row: Row, form: ItemForm, field: str, parse: Callable[[Any], float | None]
) -> list[float]:
    moments = [parse(row.get(column)) for column in _columns(form, field)]
    return [moment for moment in moments if moment is not None]
