"""Foretaste: a self-hosted recommender whose model is a language model.

    import foretaste

    shop = foretaste.open("shop")
    shop.add(items=items, events=events)  # pandas, polars or pyarrow tables, or files
    shop.train()
    shop.recommend("anna", n=10)

What is heavy is imported when it is first used.
"""

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from foretaste.behaviour.inspection.inspection_report import Inspection
    from foretaste.domain.data import Event, Item, Recommendation, Recommended, Request, Term, User
    from foretaste.domain.ports import Progress
    from foretaste.errors import ForetasteError
    from foretaste.loop import Foretaste

__version__ = "0.1.0"
__all__ = [
    "Event",
    "Foretaste",
    "ForetasteError",
    "Item",
    "Recommendation",
    "Recommended",
    "Request",
    "Term",
    "User",
    "inspect",
    "open",
]

# Threads of PyTorch that wait for one another otherwise spin: with two of them on two busy cores an
# epoch cost 25 CPU-seconds instead of 8. OpenMP reads this once, when PyTorch is imported.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

_MODULE_BY_NAME = {"Foretaste": "foretaste.loop", "ForetasteError": "foretaste.errors"}
"""Where a name lives that is not one of the nouns of `domain`."""


def open(  # noqa: A001  # `foretaste.open("shop")` is what it does
    folder: "str | Path" = ".",
    *,
    settings: "Mapping[str, Any] | None" = None,
    columns: "Mapping[str, Any] | None" = None,
    progress: "Progress | None" = None,
) -> "Foretaste":
    """The workspace in a folder, which is made if it is not there.

    settings: hold over those of the folder while it is open, as in {"model.sequence.epochs": 8}.
    columns: how your columns are called, as in {"user": "customer", "item": "sku"}, or
    {"items": {"id": "sku"}} for one table alone. progress: told how far long work has come; where
    none is given, a notebook shows bars.
    """
    from foretaste.config.overrides import column_settings, merged, settings_tree
    from foretaste.display.progress import NotebookBars, is_interactive

    if progress is None and is_interactive():
        progress = NotebookBars()  # before the loop is imported, see `import_tqdm`
    from foretaste.domain.ports import no_progress
    from foretaste.loop import Foretaste

    changes = merged(column_settings(columns or {}), settings_tree(settings or {}))
    return Foretaste.open(folder, settings=changes, progress=progress or no_progress)


def inspect(
    *sources: Any,
    events: Any = None,
    items: Any = None,
    users: Any = None,
    folder: "str | Path" = ".",
    format: str | None = None,  # noqa: A002
) -> "Inspection":
    """What files, frames or tables are taken for, column by column; nothing is stored.

    sources: those of which it is to be found out what they are. folder: a workspace, if there is
    one: its settings decide, and events may name the items of its store. format: the shop system,
    tracker or data set they are of.
    """
    from pathlib import Path

    from foretaste.display.progress import import_tqdm, is_interactive

    if is_interactive():
        import_tqdm()
    from foretaste.behaviour.inspection.sources import sources_of
    from foretaste.config.file_inspection import inspect_for_workspace

    tables = sources_of(sources, {"items": items, "users": users, "events": events}, format)
    return inspect_for_workspace(Path(folder), tables)


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'foretaste' has no attribute '{name}'")
    return getattr(import_module(_MODULE_BY_NAME.get(name, "foretaste.domain.data")), name)
