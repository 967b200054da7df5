"""Stage 1: behaviour. Files, frames and JSON bodies in; events, items, users in a store out."""

from foretaste.behaviour.attributes import remembered
from foretaste.behaviour.importer import import_file
from foretaste.behaviour.parse import (
    EventForm,
    ItemForm,
    event_form,
    parse_event,
    parse_item,
    parse_user,
    service_form,
    service_item_form,
    unknown_item,
)
from foretaste.behaviour.rows import read
from foretaste.behaviour.settings import BehaviourSettings, Columns
from foretaste.behaviour.store import SqlStore, open_store

__all__ = [
    "BehaviourSettings",
    "Columns",
    "EventForm",
    "ItemForm",
    "SqlStore",
    "event_form",
    "import_file",
    "open_store",
    "parse_event",
    "parse_item",
    "parse_user",
    "read",
    "remembered",
    "service_form",
    "service_item_form",
    "unknown_item",
]
