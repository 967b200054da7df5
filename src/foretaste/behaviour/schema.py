"""In: nothing. Out: the tables, the same for SQLite and PostgreSQL, and nouns ↔ rows of them.

Mappings are kept as JSON in text columns: text keeps the order of the keys and compares byte by
byte, which the JSON types of PostgreSQL do not both do.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from foretaste.domain.data import Event, Item, User

HEAD_REVISION = "0016"
"""The newest migration. A store at this revision needs nothing done when it is opened."""

metadata = sa.MetaData()

_big_integer = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

_has_session = sa.text("session IS NOT NULL")
_is_identify = sa.text("kind = 'identify'")
_is_return = sa.text("kind = 'return'")


def _index_of(name: str, *columns: str, rows: sa.TextClause) -> sa.Index:
    """An index over some of the rows alone."""
    return sa.Index(name, *columns, sqlite_where=rows, postgresql_where=rows)


events = sa.Table(
    "events",
    metadata,
    sa.Column("seq", _big_integer, sa.Identity(), primary_key=True),
    sa.Column("event_id", sa.Text, nullable=False, unique=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("at", sa.Double, nullable=False),
    sa.Column("user", sa.Text),
    sa.Column("session", sa.Text),
    sa.Column("item", sa.Text),
    sa.Column("value", sa.Double),
    sa.Column("text", sa.Text),
    sa.Column("query", sa.Text),
    sa.Column("device", sa.Text),
    sa.Column("context", sa.Text),
    sa.Column("recommendation_id", sa.Text),
    sa.Column("position", sa.Integer),
    sa.Index("events_user", "user", "at", "seq"),
    sa.Index(
        "events_session",
        "session",
        "at",
        "seq",
        sqlite_where=_has_session,
        postgresql_where=_has_session,
    ),  # imported events seldom have a session, and an index that is not written costs nothing
    sa.Index("events_item", "item"),
    _index_of("events_identify_session", "session", "seq", rows=_is_identify),
    _index_of("events_identify_user", "user", "seq", rows=_is_identify),
    _index_of("events_return_session", "kind", "session", "seq", rows=_is_return),
    _index_of("events_return_user", "kind", "user", "seq", rows=_is_return),
    sa.Index("events_at", "at", "kind", "item"),  # what is taken lately
    sqlite_autoincrement=True,  # a number is never given twice, not even after an erasure
)

items = sa.Table(
    "items",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("texts", sa.Text, nullable=False),
    sa.Column("attributes", sa.Text, nullable=False),
    sa.Column("image", sa.Text),
    sa.Column("audio", sa.Text),
    sa.Column("available_from", sa.Double),
    sa.Column("available_until", sa.Double),
    sa.Column("hidden", sa.Boolean, nullable=False),
    sa.Column("revision", _big_integer, nullable=False),
    sa.Column("vectors", sa.Text),
    sa.Index("items_revision", "revision"),
)

deleted_items = sa.Table(
    "gone",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("revision", _big_integer, nullable=False),
    sa.Column("is_undone", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Index("gone_revision", "revision"),
)  # `is_undone`: an undone import had brought it, so nobody has deleted it

item_columns = sa.Table(
    "item_columns",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("role", sa.Text, primary_key=True),
)  # every column that an item ever had; `role` is "attribute" or "text"

spent_events = sa.Table(
    "spent_events", metadata, sa.Column("hash", sa.Text, primary_key=True)
)  # keyed hashes of the ids of events that are gone for good, see `behaviour.spent_events`

users = sa.Table(
    "users",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("attributes", sa.Text, nullable=False),
    sa.Column("revision", _big_integer, nullable=False, server_default=sa.text("0")),
    sa.Index("users_revision", "revision"),
)

meta = sa.Table(
    "meta",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("text", sa.Text, nullable=False),
)

api_keys = sa.Table(
    "api_keys",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("hash", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("tenant", sa.Text, nullable=False),
    sa.Column("scopes", sa.Text, nullable=False),
    sa.Column("created", sa.Double, nullable=False),
    sa.Column("expires", sa.Double),
    sa.Column("revoked", sa.Double),
    sa.Column("used", sa.Double),
    sa.Column("user_access", sa.Text),
    sa.Column("signing_secret", sa.Text),
)  # in the store of the root workspace alone; rows are never deleted, see `behaviour.keys`

recommendations = sa.Table(
    "recommendations",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("at", sa.Double, nullable=False),
    sa.Column("user", sa.Text),
    sa.Column("session", sa.Text),
    sa.Column("model", sa.Text, nullable=False),
    sa.Column("request", sa.Text, nullable=False),
    sa.Column("items", sa.Text, nullable=False),
    sa.Column("owner", sa.Text),
    sa.Column("placement", sa.Text),
    sa.Column("shelf", sa.Text),
    sa.Index("recommendations_at", "at"),
    sa.Index("recommendations_user", "user"),
    sa.Index("recommendations_owner", "owner"),
)  # `user` is whom the request named, `owner` whose the answer is, see `behaviour.identity`

placements = sa.Table(
    "placements",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("placement", sa.Text, nullable=False),
    sa.Column("at", sa.Double, nullable=False),
    sa.Column("author", sa.Text),
)

placement_changes = sa.Table(
    "placement_changes",
    metadata,
    sa.Column("number", _big_integer, primary_key=True, autoincrement=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("placement", sa.Text),
    sa.Column("at", sa.Double, nullable=False),
    sa.Column("author", sa.Text),
    sa.Index("placement_changes_name", "name", "number"),
)  # each placement as it was put, None where it was deleted; see `behaviour.placement_rows`

preferences = sa.Table(
    "steering",
    metadata,
    sa.Column("who", sa.Text, primary_key=True),
    sa.Column("session", sa.Boolean, primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("what", sa.Text, nullable=False),
    sa.Column("act", sa.Text, nullable=False),
    sa.Column("nats", sa.Double, nullable=False),
    sa.Column("said", sa.Text),
    sa.Column("at", sa.Double, nullable=False),
)  # a row a change; `who` is a session's where `session` is true, see `behaviour.preference_rows`

consents = sa.Table(
    "consents",
    metadata,
    sa.Column("who", sa.Text, primary_key=True),
    sa.Column("session", sa.Boolean, primary_key=True),
    sa.Column("purpose", sa.Text, primary_key=True),
    sa.Column("by_signal", sa.Boolean, primary_key=True),
    sa.Column("allowed", sa.Boolean, nullable=False),
    sa.Column("at", sa.Double, nullable=False),
    sa.Index("consents_purpose", "purpose", "allowed"),
)  # `who` is a session's where `session` is true, see `behaviour.consent_rows`

conversations = sa.Table(
    "conversations",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("user", sa.Text),
    sa.Column("session", sa.Text),
    sa.Column("at", sa.Double, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("owner", sa.Text),
    sa.Index("conversations_at", "at"),
    sa.Index("conversations_user", "user"),
    sa.Index("conversations_owner", "owner"),
)

imports = sa.Table(
    "imports",
    metadata,
    sa.Column("number", _big_integer, primary_key=True, autoincrement=False),
    sa.Column("began", sa.Double, nullable=False),
    sa.Column("ended", sa.Double),
    sa.Column("undone", sa.Double),
    sa.Column("can_undo", sa.Boolean, nullable=False),
)  # a row stays, also of an import that was undone; see `behaviour.import_rows`

imported_files = sa.Table(
    "imported_files",
    metadata,
    sa.Column("import", _big_integer, primary_key=True, autoincrement=False),
    sa.Column("part", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("file", sa.Text, nullable=False),
    sa.Column("path", sa.Text),
    sa.Column("digest", sa.Text),
    sa.Column("record_type", sa.Text, nullable=False),
    sa.Column("rows_read", _big_integer, nullable=False),
    sa.Column("added", _big_integer, nullable=False),
    sa.Column("known", _big_integer, nullable=False),
    sa.Column("rejected", _big_integer, nullable=False),
    sa.Column("is_undone", sa.Boolean, nullable=False),
    sa.Column("replaced_by", _big_integer),
    sa.Column("facts", sa.Text, nullable=False),
)  # `facts`: what it changed in `meta`, name → [the text before, the text after]

imported_numbers = sa.Table(
    "imported_numbers",
    metadata,
    sa.Column("import", _big_integer, primary_key=True, autoincrement=False),
    sa.Column("part", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("batch", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("record_type", sa.Text, primary_key=True),
    sa.Column("brought", sa.LargeBinary),
    sa.Column("repeated", sa.LargeBinary),
)  # numbers of events, revisions of items and users; see `behaviour.number_sets`

replaced_rows = sa.Table(
    "replaced_rows",
    metadata,
    sa.Column("record_type", sa.Text, primary_key=True),
    sa.Column("revision", _big_integer, primary_key=True, autoincrement=False),
    sa.Column("id", sa.Text, nullable=False),
    sa.Column("old_revision", _big_integer, nullable=False),
    sa.Column("old_row", sa.Text),
    sa.Index("replaced_rows_old", "record_type", "old_revision"),
    sa.Index("replaced_rows_id", "record_type", "id"),
)  # what was there before an import put `revision`; no `old_row` where people had deleted the item


def json_text(mapping: Mapping[str, Any]) -> str:
    """As objects are stored."""
    return json.dumps(mapping, ensure_ascii=False, default=str)


def event_row(event: Event) -> dict[str, Any]:
    """An event as the parameters of an insert."""
    return {
        "event_id": event.event_id,
        "kind": event.kind,
        "at": event.at,
        "user": event.user,
        "session": event.session,
        "item": event.item,
        "value": event.value,
        "text": event.text,
        "query": event.query,
        "device": event.device,
        "context": json_text(event.context) if event.context else None,
        "recommendation_id": event.recommendation_id,
        "position": event.position,
    }


EVENT_COLUMNS = tuple(column for column in events.columns if column.name != "seq")
"""The columns that `event_from_row` reads, in the order of the fields of Event."""
_CONTEXT = [column.name for column in EVENT_COLUMNS].index("context")


def event_from_row(row: Sequence[Any]) -> Event:
    """A row of `EVENT_COLUMNS` as an event."""
    values = list(row)
    values[_CONTEXT] = json.loads(row[_CONTEXT]) if row[_CONTEXT] else {}
    return Event(*values)


def item_row(item: Item) -> dict[str, Any]:
    """An item as the parameters of an insert, but for its revision."""
    return {
        "id": item.id,
        "title": item.title,
        "texts": json_text(item.texts),
        "attributes": json_text(item.attributes),
        "image": _images_text(item),
        "audio": item.audio,
        "available_from": item.available_from,
        "available_until": item.available_until,
        "hidden": item.hidden,
        "vectors": _vectors_text(item.vectors),
    }


def _images_text(item: Item) -> str | None:
    """The cover; where there are more pictures, all of them as JSON."""
    if not item.more_images:
        return item.image
    return json.dumps(item.images, ensure_ascii=False)


def _images_from_text(text: str | None) -> tuple[str | None, tuple[str, ...]]:
    """(cover, others); the inverse of `_images_text`."""
    if text is None or not text.startswith('["'):
        return text, ()
    try:
        cover, *others = json.loads(text)
    except ValueError:
        return text, ()
    return cover, tuple(others)


def _vectors_text(vectors: Mapping[str, bytes]) -> str | None:
    encoded = {name: b64encode(content).decode() for name, content in vectors.items()}
    return json_text(encoded) if encoded else None


def _vectors_from_text(text: str | None) -> dict[str, bytes]:
    return {name: b64decode(content) for name, content in json.loads(text or "{}").items()}


ITEM_COLUMNS = tuple(column for column in items.columns if column.name != "revision")
"""The columns that `item_from_row` reads, in the order of the fields of Item."""


def item_from_row(row: Sequence[Any]) -> Item:
    """A row of `ITEM_COLUMNS` as an item."""
    item_id, title, texts, attributes, images, audio, start, end, hidden, vectors = row
    image, more_images = _images_from_text(images)
    return Item(
        item_id,
        title,
        json.loads(texts),
        _attributes_from_json(attributes),
        image,
        audio,
        start,
        end,
        bool(hidden),
        more_images,
        _vectors_from_text(vectors),
    )


USER_COLUMNS = tuple(column for column in users.columns if column.name != "revision")
"""The columns that `user_from_row` reads, in the order of the fields of User."""


def user_row(user: User) -> dict[str, Any]:
    """A user as the parameters of an insert, but for their revision."""
    return {"id": user.id, "attributes": json_text(user.attributes)}


def user_from_row(row: Sequence[Any]) -> User:
    """A row of `USER_COLUMNS` as a user."""
    return User(row[0], _attributes_from_json(row[1]))


def _attributes_from_json(text: str) -> dict[str, tuple[str, ...]]:
    return {name: tuple(values) for name, values in json.loads(text).items()}
