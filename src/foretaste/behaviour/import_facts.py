"""In: files of imports that are undone. Out: what they had decided of columns, as it was before.

A fact is a JSON object in `meta`, such as what each column is. A decision stays where an import
since, that is not undone, has kept the same fact: it was made by its file as well.
"""

import json
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from foretaste.behaviour.import_numbers import Part
from foretaste.behaviour.schema import imported_files, meta


def restore_facts(connection: sa.Connection, insert: Any, parts: Sequence[Part]) -> None:
    """insert: that of the database's dialect."""
    facts = _facts_by_part(connection)
    for part in sorted(parts, reverse=True):
        for name, (old_text, text) in facts.get(part, {}).items():
            is_kept_since = any(
                name in later_facts
                for other, later_facts in facts.items()
                if other > part and other not in parts
            )
            if not is_kept_since:
                _restore(connection, insert, name, old_text, text)


def _facts_by_part(connection: sa.Connection) -> dict[Part, dict[str, list[str | None]]]:
    c = imported_files.c
    query = sa.select(c["import"], c.part, c.facts).where(c.is_undone.is_(sa.false()))
    return {(number, part): json.loads(text) for number, part, text in connection.execute(query)}


def _restore(
    connection: sa.Connection, insert: Any, name: str, old_text: str | None, text: str | None
) -> None:
    current_text = connection.scalar(sa.select(meta.c.text).where(meta.c.name == name))
    if current_text is None or old_text == text:
        return
    restored = old_text if current_text == text else _undone(old_text, text, current_text)
    if restored is None:
        connection.execute(sa.delete(meta).where(meta.c.name == name))
        return
    statement = insert(meta).values(name=name, text=restored)
    replacement = {"text": statement.excluded.text}
    connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=replacement))


def _undone(old_text: str | None, text: str | None, current_text: str) -> str:
    """The present fact without the keys that were changed from the old one and are so still."""
    old, new, current = (json.loads(part or "{}") for part in (old_text, text, current_text))
    if not all(isinstance(fact, dict) for fact in (old, new, current)):
        return current_text
    for key, value in new.items():
        if old.get(key) != value and current.get(key) == value:
            current.pop(key)
            if key in old:
                current[key] = old[key]
    return json.dumps(current)
