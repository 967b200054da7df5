"""What every table and column of the store is for, and whether it is of a person.

`foretaste privacy-report` is written from it, and `tests/workspace/test_privacy_report.py` fails
where a table, a column or a fact of `meta` is added that is not named here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Retention = Literal["until erased", "rank.keep_days", "until undone", "operator", "technical"]
RETENTION_WORDS: Mapping[Retention, str] = {
    "until erased": "until the person is erased, or it is taken back",
    "rank.keep_days": "{keep_days:g} days (`rank.keep_days`), or until the person is erased",
    "until undone": "as long as the import can be undone (`behaviour.undoable_imports`)",
    "operator": "until the operator deletes it",
    "technical": "as long as the service needs it",
}


class Personal(str):
    """What a column holds of a person."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class TableRecord:
    """What a table is for."""

    purpose: str
    retention: Retention
    columns: Mapping[str, str]
    """Column → what it holds; `Personal` where that is of a person."""

    @property
    def personal_columns(self) -> list[str]:
        """Those that hold something of a person."""
        return [name for name, content in self.columns.items() if isinstance(content, Personal)]


_IMPORT = {"import": "number of the import", "part": "which file of it"}

TABLES: Mapping[str, TableRecord] = {
    "events": TableRecord(
        "What people did, from which lists are made and models are trained",
        "until erased",
        {
            "seq": "number of the event",
            "event_id": Personal("id of the event, as the shop gave it"),
            "kind": "type of the event, such as view or purchase",
            "at": Personal("when"),
            "user": Personal("id of the person"),
            "session": Personal("id of the visit"),
            "item": Personal("what it was about"),
            "value": Personal("stars, price or seconds"),
            "text": Personal("words of a review"),
            "query": Personal("words of a search"),
            "device": Personal("kind of device"),
            "context": Personal("where and when, and fields of the shop's own"),
            "recommendation_id": Personal("the list that it came from"),
            "position": "place in that list",
        },
    ),
    "users": TableRecord(
        "What the shop says of people, as tastes and for groups of the audit",
        "until erased",
        {
            "id": Personal("id of the person"),
            "attributes": Personal("attributes, as the shop sent them"),
            "revision": "number of the change",
        },
    ),
    "recommendations": TableRecord(
        "Lists that were given, so that what people do with them can be attributed and a next page "
        "be asked for",
        "rank.keep_days",
        {
            "id": "number of the list",
            "at": Personal("when"),
            "user": Personal("whom the request named"),
            "session": Personal("id of the visit"),
            "model": "the version that answered",
            "request": Personal("what was asked: words, and vectors of pictures and clips"),
            "items": Personal("what was shown, and where"),
            "owner": Personal("whose list it is"),
            "placement": "place in the shop",
            "shelf": "shelf of a page",
        },
    ),
    "steering": TableRecord(
        "What people changed about their lists",
        "until erased",
        {
            "who": Personal("id of the person or of the visit"),
            "session": "whether it is a visit's",
            "name": "number of the change",
            "what": Personal("which items it is about"),
            "act": "what it does",
            "nats": "how strongly",
            "said": Personal("their words"),
            "at": Personal("when"),
        },
    ),
    "consents": TableRecord(
        "What people let be done with what they do, and who is a minor",
        "until erased",
        {
            "who": Personal("id of the person or of the visit"),
            "session": "whether it is a visit's",
            "purpose": "record, personalise, train, share; or minor",
            "by_signal": "whether a header of the browser said it",
            "allowed": Personal("whether they allow it"),
            "at": Personal("when they said it"),
        },
    ),
    "conversations": TableRecord(
        "Talks about what somebody would like, so that they can go on",
        "rank.keep_days",
        {
            "id": "number of the talk",
            "user": Personal("id of the person"),
            "session": Personal("id of the visit"),
            "at": Personal("when it was last gone on with"),
            "state": Personal("what it has come to"),
            "owner": Personal("whose talk it is"),
        },
    ),
    "replaced_rows": TableRecord(
        "What an import replaced, so that it can be undone",
        "until undone",
        {
            "record_type": "items or users",
            "revision": "number of the change",
            "id": Personal("id of the item or person"),
            "old_revision": "number of the change before",
            "old_row": Personal("what was there before"),
        },
    ),
    "spent_events": TableRecord(
        "Keeps events that are gone for good from coming again",
        "technical",
        {"hash": "keyed hash of an event's id, or of whose it was; alone it names nobody"},
    ),
    "items": TableRecord(
        "The catalogue",
        "operator",
        {
            "id": "id of the item", "title": "title", "texts": "texts", "attributes": "attributes",
            "image": "address of a picture", "audio": "address of a sound",
            "vectors": "vectors of the shop's own",
            "available_from": "from when it is on offer", "available_until": "until when",
            "hidden": "whether it is hidden", "revision": "number of the change",
        },
    ),
    "gone": TableRecord(
        "Items that were deleted",
        "technical",
        {"id": "id of the item", "revision": "number of the change",
         "is_undone": "whether an undone import had brought it"},
    ),
    "item_columns": TableRecord(
        "Columns that items had", "technical", {"name": "column", "role": "attribute or text"}
    ),
    "meta": TableRecord(
        "Small facts beside the data, see below", "technical", {"name": "fact", "text": "content"}
    ),
    "api_keys": TableRecord(
        "Who may call the service",
        "operator",
        {
            "id": "public id of the key", "hash": "hash of the key",
            "name": Personal("what the operator calls it, which may be a person's name"),
            "tenant": "shop", "scopes": "what it opens", "created": "when", "expires": "when",
            "revoked": "when", "used": Personal("when it was used last"),
            "user_access": "for whom it may ask", "signing_secret": "secret of a page's key",
        },
    ),
    "placements": TableRecord(
        "Places of the shop",
        "operator",
        {"name": "place", "placement": "what holds there", "at": "when it was put",
         "author": Personal("the key or the person that put it")},
    ),
    "placement_changes": TableRecord(
        "Each place as it was, to go back to",
        "operator",
        {"number": "number of the change", "name": "place", "placement": "what held there",
         "at": "when it was put", "author": Personal("the key or the person that put it")},
    ),
    "imports": TableRecord(
        "Imports that were made",
        "operator",
        {"number": "number of the import", "began": "when", "ended": "when", "undone": "when",
         "can_undo": "whether it can be undone"},
    ),
    "imported_files": TableRecord(
        "Files of the imports",
        "operator",
        {
            **_IMPORT, "file": "name of the file", "path": "where it was", "digest": "its hash",
            "record_type": "what it held", "rows_read": "rows", "added": "rows added",
            "known": "rows that were known", "rejected": "rows rejected",
            "is_undone": "whether it was undone", "replaced_by": "import that took its place",
            "facts": "what it changed in `meta`",
        },
    ),
    "imported_numbers": TableRecord(
        "Which rows came with which import",
        "until undone",
        {**_IMPORT, "batch": "number of the batch", "record_type": "what rows",
         "brought": "numbers of new rows", "repeated": "numbers of rows that were known"},
    ),
}  # fmt: skip

FACTS: Mapping[str, str] = {
    "erased:": "keyed hash of a person or visit that was erased, and when: a restore erases again",
    "tombstone_key": "secret key of these hashes",
    "receipt_key": "secret key that receipts of erasures are signed with",
    "receipt:": "when an erasure was, and the receipt that closes it; it names nobody",
    "privacy_spent": "how many trainings had a privacy budget, and what they spent together",
    "receipts_due": "numbers of receipts that are not closed yet",
    "erasure:": "what an erasure has left to do in the database's log",
    "erasures": "how many erasures there were",
    "erased_numbers": "numbers of the first events that went with each erasure",
    "spent_events": "how many times events were kept from coming again",
    "pseudonyms": "fingerprint of the key of the pseudonyms that ids are kept as; alone it tells "
    "nothing",
    "retention": "when events that were kept long enough were deleted last, and how many",
    "last_imports": "what became of the last imports, without their rows",
    "item_revision": "number of the newest change of an item",
    "user_revision": "number of the newest change of a person's attributes",
    "items_columns": "what each column of the items is taken for",
    "users_columns": "what each column of the people is taken for",
    "variant_ids": "which items are variants of one",
    "id_forms": "how ids are written",
    "view_words": "what files call a view: listened, played, read",
    "rating_scale": "the scale of ratings",
    "worker": "what the last training came to",
    "lock:": "which process does what now",
    "tenant": "name of the shop",
    "catalogue_source": "whether items were given, or are those that events named",
    "number_marks": "how numbers are written in each column",
    "consumed:": "how far a queue, a table or a folder was read",
    "consumers": "names of these",
    "consumer:": "what became of the rows of one of these, in numbers, and why it cannot be read",
    "model-share": "which model is live on all hosts, and what each host says of itself",
    "placement": "number of the newest change of a place",
}
"""A name in `meta`, or how it begins → what it is."""

FILES: Mapping[str, str] = {
    "foretaste.toml": "settings",
    "behaviour.db": "the store, where it is SQLite: all tables above",
    "models": "versions of the model: counts and weights learnt from what people did; no ids of "
    "people",
    "cache": "vectors of texts, pictures, clips, under a hash of their content. Those of a person "
    "go with their erasure",
    "encoders": "encoders tuned on searches and on what was taken after them; no ids of people",
    "rejects": "rows that were rejected at an import, as they came. Those that name a person go "
    "with their erasure",
    "classifier": "a classifier trained on searches",
    "erasures.jsonl": "keyed hashes of who was erased, so that a restore erases them again",
    "backups.json": "where backups were written",
    "keys-required": "that API keys are required",
    ".in-use.lock": "that a process uses the workspace",
    ".erasures.lock": "that a process writes the list of erasures",
    "tenants": "other shops, each a workspace of its own",
}
"""A name in the workspace → what it is."""


def fact_record(name: str) -> str | None:
    """What a fact of `meta` is; None for one that is not named."""
    return next((content for prefix, content in FACTS.items() if name.startswith(prefix)), None)


def file_record(name: str) -> str | None:
    """What a file or folder of the workspace is; None for one that is not named."""
    return next((content for prefix, content in FILES.items() if name.startswith(prefix)), None)
