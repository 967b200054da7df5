"""All that is kept of a person, as JSON can hold it, in; a folder that they can take along out.

data.json        everything, as it is
events.csv, …    a table for each kind of record, for a spreadsheet
index.html       the same to read, without a program
"""

import csv
import json
import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from foretaste.display.render import page
from foretaste.domain.store import Store

TABLES: Mapping[str, str] = {
    "events": "What you did",
    "recommendations": "Lists you were given",
    "changes": "What you changed about your lists",
    "conversations": "Conversations",
    "consents": "What you said may be done with what you do",
}
"""Part of the data → its title."""
OLD_NAMES = frozenset(("kind", "what", "said"))
"""Fields that stand beside their new names for one release."""
TIME_COLUMN = "time"
"""Stands in the table of events for `at` where that is read by people."""
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def write_personal_data(
    data: Mapping[str, Any], folder: Path, service: str, titles: Mapping[str, str] | None = None
) -> list[Path]:
    """Write the folder, which only its owner reads. → the files. titles: item → title, for tables
    and the page.
    """
    folder.mkdir(0o700, parents=True, exist_ok=True)
    text = json.dumps(data, ensure_ascii=False, indent=2) + "\n"
    paths = [_write(folder / "data.json", text)]
    attributes = [{"name": name, "value": value} for name, value in data["user"].items()]
    attributes += [{"name": "session", "value": name} for name in data["sessions"]]
    tables = {"attributes": attributes, **{name: list(data[name]) for name in TABLES}}
    tables["events"] = [_with_words(event, titles or {}) for event in data["events"]]
    for name, rows in tables.items():
        if rows:
            paths.append(_write_table(folder / f"{name}.csv", rows))
    headings = {"attributes": "What is known of you", **TABLES}
    sections = [_page_section(headings[name], rows) for name, rows in tables.items()]
    title = f"What {service} keeps of {data['user']['id']}"
    html = page("personal_data", title, heading=title, sections=sections)
    return [*paths, _write(folder / "index.html", html)]


def _with_words(event: Mapping[str, Any], titles: Mapping[str, str]) -> dict[str, Any]:
    """An event as people read it: when and what first, and what the item is called."""
    at, item = event.get("at"), event.get("item")
    words = {TIME_COLUMN: _page_cell("at", at)} if isinstance(at, int | float) else {}
    words |= {name: event[name] for name in ("event_type", "item") if name in event}
    words |= {"title": titles[item]} if item is not None and item in titles else {}
    return words | {name: value for name, value in event.items() if name not in words}


def titles_of_events(store: Store, data: Mapping[str, Any]) -> dict[str, str]:
    """Item → title, of the items that a person's events name: ids say little to them."""
    ids = {event["item"] for event in data["events"] if event.get("item")}
    items = store.items_by_id(sorted(ids))
    return {item_id: item.title for item_id, item in items.items() if item.title}


def _page_section(
    title: str, rows: Sequence[Mapping[str, Any]]
) -> tuple[str, list[str], list[list[str]]]:
    """(title, columns, cells) to read: with dates, and without old names of fields."""
    columns = [name for name in _columns(rows) if name not in OLD_NAMES]
    if TIME_COLUMN in columns:
        columns.remove("at")
    return title, columns, [[_page_cell(name, row.get(name)) for name in columns] for row in rows]


def _page_cell(name: str, value: Any) -> str:
    if name == "at" and isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%d %H:%M UTC")
    return _cell(value)


def _columns(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """In the order in which they come."""
    return list(dict.fromkeys(name for row in rows for name in row))


def _cell(value: Any) -> str:
    """As a table shows it."""
    if value is None:
        return ""
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def _write_table(path: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    columns = _columns(rows)
    with _opened(path) as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows([_spreadsheet_cell(row.get(name)) for name in columns] for row in rows)
    return path


def _spreadsheet_cell(value: Any) -> str:
    """A text that a spreadsheet takes for a formula is marked as a text."""
    text = _cell(value)
    is_formula = isinstance(value, str) and text.startswith(_FORMULA_STARTS)
    return f"'{text}" if is_formula else text


def _write(path: Path, text: str) -> Path:
    with _opened(path) as file:
        file.write(text)
    return path


def _opened(path: Path) -> Any:
    handle = os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
    return os.fdopen(handle, "w", encoding="utf-8", errors="surrogateescape", newline="")
