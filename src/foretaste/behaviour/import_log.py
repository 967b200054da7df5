"""In: what became of each file that was imported. Out: the same, later, for the report.

Of each file the last import is kept, with its first rejects but without their rows: those are in
the rejects file.
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import asdict
from typing import Any

from foretaste.domain.data import ImportResult, RejectedRow
from foretaste.domain.store import FactStore

LAST_IMPORTS = "last_imports"
"""Under which the store keeps them."""
MAX_FILES = 20
MAX_REJECTS = 20
"""Rejects of a file that are kept by name; the others are counted."""


def save_imports(store: FactStore, imports: Sequence[ImportResult]) -> None:
    """Keep these as the last imports of their files."""
    by_file = {result["file"]: result for result in _load(store)}
    for imported in imports:
        by_file.pop(imported.file, None)  # the newest stand last
        rejects = [
            {**asdict(reject), "value": "", "row": {}} for reject in imported.rejects[:MAX_REJECTS]
        ]
        by_file[imported.file] = {
            **asdict(imported),
            "rejects": rejects,
            "warnings": list(imported.warnings),
            "replaced_imports": list(imported.replaced_imports),
        }
    store.put_meta_text(LAST_IMPORTS, json.dumps(list(by_file.values())[-MAX_FILES:], default=str))


def forget_imports(store: FactStore, numbers: Collection[int]) -> None:
    """Imports with these numbers were undone: the report no longer speaks of them."""
    results = [result for result in _load(store) if result.get("number") not in numbers]
    store.put_meta_text(LAST_IMPORTS, json.dumps(results))


def last_imports(store: FactStore) -> tuple[ImportResult, ...]:
    """The last import of each file, the newest last."""
    return tuple(
        ImportResult(
            **{
                **fields,
                "rejects": tuple(RejectedRow(**reject) for reject in fields["rejects"]),
                "warnings": tuple(fields["warnings"]),
                "replaced_imports": tuple(fields.get("replaced_imports", ())),
            }
        )
        for fields in _load(store)
    )


def _load(store: FactStore) -> list[dict[str, Any]]:
    results: list[dict[str, Any]] = json.loads(store.meta_text(LAST_IMPORTS) or "[]")
    return results
