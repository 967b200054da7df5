"""OTTO: a row a session, with its events."""

from foretaste.behaviour.formats.declaration import FileFormat, TableFormat
from foretaste.behaviour.formats.row_steps import Explode, Select

SESSIONS = TableFormat(
    "events",
    "OTTO's sessions",
    columns={"session": "session", "item": "item", "event_type": "type", "at": "at"},
    marks=("session", "events"),
    steps=(
        Explode("events", "event"),
        Select(
            {
                "session": "session",
                "item": "event.aid",
                "type": "event.type",
                "at": "event.ts",
            }
        ),
    ),
    needs_name=True,
)
ROWS = TableFormat(
    "events",
    "OTTO's events, a row each",
    columns={"session": "session", "item": "aid", "event_type": "type", "at": "ts"},
    marks=("session", "aid", "ts", "type"),
    event_type_names={"0": "click", "1": "add_to_cart", "2": "purchase"},
)
OTTO = FileFormat("otto", "OTTO", (SESSIONS, ROWS))
