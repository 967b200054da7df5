"""In: shelves as a program or a body names them. Out: what is asked of each, checked."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from foretaste.domain.identifiers import identifiers
from foretaste.domain.shelf import SHELF_KINDS, ShelfKind, ShelfRequest
from foretaste.errors import InputError, did_you_mean
from foretaste.rank.trending import parse_window

MAX_SHELVES = 20
MAX_ID_LENGTH = 100
DEFAULT_WINDOW = "7d"
"""Of what is popular."""
LIST_FIELDS = (
    "n",
    "filter",
    "rules",
    "diversity",
    "explore",
    "min_relative_likelihood",
    "fill_up",
    "placement",
    "query",
    "items",
    "window",
)
"""What a shelf may say of its list."""
_NEEDED_FIELDS: Mapping[ShelfKind, str] = {
    "similar": "items",
    "bought_together": "items",
    "search": "query",
}
_ALLOWED_FIELDS: Mapping[ShelfKind, tuple[str, ...]] = {
    "because_you_took": ("items",),
    "similar": ("items", "query"),
    "popular": ("window",),
    "new": ("window",),
    "bought_together": ("items",),
    "continue": ("items",),
    "search": ("query", "items"),
}
_EXAMPLES = {"items": '"item": "31"', "query": '"query": "some words"'}


def shelf_requests(specs: Sequence[Any]) -> list[ShelfRequest]:
    """Each shelf: the name of a kind, or a mapping with `kind`, `id`, `title` and list fields.

    Raises InputError where one cannot be read.
    """
    if isinstance(specs, str | Mapping) or not specs:
        raise InputError('shelves: give a list of shelves, e.g. [{"id": "top", "kind": "for_you"}]')
    if len(specs) > MAX_SHELVES:
        raise InputError(f"shelves: {len(specs)} shelves; ask for at most {MAX_SHELVES}")
    requests = [_shelf_request(spec, f"shelves.{row}") for row, spec in enumerate(specs)]
    ids = [request.id for request in requests]
    for row, shelf_id in enumerate(ids):
        if shelf_id in ids[:row]:
            raise InputError(f"shelves.{row}.id: '{shelf_id}' is there twice; give each its own id")
    return requests


def _shelf_request(spec: Any, field_path: str) -> ShelfRequest:
    if isinstance(spec, str):
        spec = {"kind": spec}
    if not isinstance(spec, Mapping):
        raise InputError(f'{field_path}: it is an object; write it like {{"kind": "for_you"}}')
    fields = {name: value for name, value in spec.items() if value is not None}
    title, own_id, kind = (fields.pop(name, None) for name in ("title", "id", "kind"))
    if "item" in fields:
        if fields.get("items"):
            raise InputError(f'{field_path}: send either "item" or "items"')
        fields["items"] = (fields.pop("item"),)
    if not fields.get("items"):
        fields.pop("items", None)
    else:
        fields["items"] = tuple(identifiers(fields["items"], f"{field_path}.items"))
    for name in fields:
        if name not in LIST_FIELDS:
            known_fields = ("id", "kind", "title", "item", *LIST_FIELDS)
            raise InputError(f"{field_path}: unknown field '{name}'; {_hint(name, known_fields)}")
    request = ShelfRequest(
        str(own_id or kind or ""), _kind(kind, fields, field_path), fields, title
    )
    request = request if request.id else replace(request, id=request.kind)
    if len(request.id) > MAX_ID_LENGTH:
        raise InputError(f"{field_path}.id: it has at most {MAX_ID_LENGTH} characters; shorten it")
    return _checked(request, field_path)


def _kind(kind: Any, fields: Mapping[str, Any], field_path: str) -> ShelfKind:
    """The kind that is named, or what the fields say."""
    if kind is not None:
        if kind not in SHELF_KINDS:
            raise InputError(f"{field_path}.kind: nothing is called '{kind}'; {_hint(kind)}")
        return kind
    by_field: Mapping[str, ShelfKind] = {
        "query": "search",
        "items": "similar",
        "window": "popular",
    }
    return next((own for name, own in by_field.items() if name in fields), "for_you")


def _hint(name: Any, names: Sequence[str] = SHELF_KINDS) -> str:
    return did_you_mean(str(name), names)


def _checked(request: ShelfRequest, field_path: str) -> ShelfRequest:
    """With a window in seconds. Raises InputError for what does not fit the kind."""
    fields = dict(request.fields)
    needed = _NEEDED_FIELDS.get(request.kind)
    if needed is not None and not fields.get(needed):
        raise InputError(f"{field_path}: kind {request.kind} needs {_EXAMPLES[needed]}")
    for name in ("query", "items", "window"):
        if name in fields and name not in _ALLOWED_FIELDS.get(request.kind, ()):
            raise InputError(
                f"{field_path}: kind {request.kind} does not use {name}; leave it out, or ask for "
                "another kind"
            )
    if request.kind == "popular":
        fields.setdefault("window", DEFAULT_WINDOW)
    if "window" in fields:
        fields["window"] = parse_window(fields["window"])
    for name in ("rules", "fill_up"):
        if name in fields:
            fields[name] = tuple(fields[name])
    return replace(request, fields=fields)
