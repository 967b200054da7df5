"""The code in; docs/settings.md and docs/python.md out, as `make api-docs` writes them.

Nothing in them is written by hand: settings come from the settings classes, the Python API from
signatures and docstrings. tests/test_reference.py holds them fresh.
"""

import ast
import inspect
import re
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import foretaste
from foretaste.behaviour.inspection.inspection_report import Inspection
from foretaste.config.settings_reference import SettingEntry, setting_groups
from foretaste.domain.data import Event, Item, Recommendation, Recommended, Request, Term, User
from foretaste.domain.imports import ImportRecord, ImportResult, UndoReceipt
from foretaste.domain.reason import Reason
from foretaste.domain.shelf import OmittedShelf, Page, Shelf
from foretaste.domain.suggestion import Suggestion, Suggestions
from foretaste.evaluate.comparison import Comparison
from foretaste.evaluate.evaluation import Evaluation
from foretaste.evaluate.report_page import EvaluationReport
from foretaste.generate.profile import LikedValue
from foretaste.loop import Foretaste
from foretaste.model.version import ModelVersion
from foretaste.online.facets import FacetCounts
from foretaste.online.generation import Generation
from foretaste.online.item_page import ItemFact, ItemPage
from foretaste.online.vectors import VectorTable
from foretaste.online.why_not import WhyNot
from foretaste.prepare.report import QualityReport
from foretaste.rank.facets import Facet, RangeCount, ValueCount
from foretaste.training.erasure_receipt import ErasureReceipt

DOCS = Path(__file__).parents[1] / "docs"
STARS: dict[Any, str] = {
    inspect.Parameter.VAR_POSITIONAL: "*",
    inspect.Parameter.VAR_KEYWORD: "**",
}
METHODS = {
    "Data in": ("add", "inspect", "imports", "undo_import", "record", "identify", "quality"),
    "A model": ("train", "evaluate", "report", "compare", "audit", "model_card"),
    "Lists": (
        "recommend",
        "search",
        "similar",
        "continuation",
        "resume",
        "rank",
        "trending",
        "generate",
        "why_not",
    ),
    "Pages of a shop": ("page", "item_page", "suggest", "facets", "bought_together", "aspects"),
    "People": (
        "profile",
        "steer",
        "personal",
        "consent",
        "set_consent",
        "set_consents",
        "erase",
        "consent",
        "set_consent",
        "set_consents",
        "take_back",
        "take_back_events",
        "receipt",
        "receipt_key",
    ),
    "Vectors": ("item_vectors", "user_vectors"),
    "The workspace": ("close",),
}
INNER = {
    "at_snapshot", "candidate", "catalogue", "catch_up", "cover", "encoder", "histories",
    "interactions",
    "known_media", "learnt", "list_by", "listen", "look_at_media", "media_queries", "open",
    "page_parts", "read", "readers", "slate_builder", "training", "vectors",
}  # fmt: skip
"""Public for other parts of Foretaste, not for a script."""
RESULTS = (
    Recommendation, Recommended, Reason, Term, Generation, LikedValue, WhyNot, ModelVersion,
    Evaluation, EvaluationReport, Comparison, VectorTable, QualityReport, Inspection, ImportResult,
    ImportRecord, UndoReceipt, ErasureReceipt, Page, Shelf, OmittedShelf, ItemPage, ItemFact,
    Suggestions, Suggestion, FacetCounts, Facet, ValueCount, RangeCount,
)  # fmt: skip
INPUTS = (Request, Event, Item, User)
SETTINGS_HEAD = """\
# Settings

Every setting there is, with its default. They stand in `foretaste.toml` in the workspace under the
headings below, or in the environment: `FORETASTE_MODEL__SEQUENCE__EPOCHS=10` sets `epochs` of
`[model.sequence]`. In Python, `foretaste.open("shop", settings={"model.sequence.epochs": 10})`
holds over both. `foretaste settings` says which are not as they come, and
`foretaste settings model.sequence` what those of a group do. `empty` means that nothing is set.

This page is made from the code by `make api-docs`.
"""
PYTHON_HEAD = """\
# The Python API

```text
import foretaste

shop = foretaste.open("shop")               # a folder; it is made where it does not exist
shop.add(items=items, events=events)        # pandas, polars or pyarrow tables, or files
shop.train()
answer = shop.recommend("anna", n=10, explain=True)
answer.to_pandas()
```

`with foretaste.open("shop") as shop:` closes it at the end of the block. `to_polars()` stands
wherever `to_pandas()` does. A notebook shows every result as tables and plots, in its own light or
dark colours; the notebooks in [examples](../examples) show them. Errors are
`foretaste.ForetasteError`; their text says what to do.

This page is made from the code by `make api-docs`.
"""


def settings_page() -> str:
    """docs/settings.md"""
    parts = [SETTINGS_HEAD]
    for group in setting_groups():
        if group.entries:
            rows = "\n".join(map(_setting_row, group.entries))
            parts.append(
                f"## `{group.heading}`\n\n{group.description}\n\n"
                f"| key | default | what it does |\n|---|---|---|\n{rows}\n"
            )
    return "\n".join(parts)


def _setting_row(entry: SettingEntry) -> str:
    name = entry.key.rpartition(".")[2]
    default = entry.default if len(entry.default) <= 60 else f"{entry.default[:58]}…"
    return f"| `{name}` | `{_cell(default)}` | {_cell(entry.description)} *{entry.type_text}* |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


def python_page() -> str:
    """docs/python.md"""
    parts = [PYTHON_HEAD, "## Begin\n"]
    parts += [
        _callable_part("foretaste.open", foretaste.open),
        _callable_part("foretaste.inspect", foretaste.inspect),
    ]
    for heading, names in METHODS.items():
        parts.append(f"## {heading}\n")
        parts += [_callable_part(name, getattr(Foretaste, name)) for name in names]
    parts.append("## What is asked and told\n")
    parts += map(_class_part, INPUTS)
    parts.append("## What comes back\n")
    parts += map(_class_part, RESULTS)
    return "\n".join(parts)


def _callable_part(name: str, function: Any) -> str:
    return f"### `{name}`\n\n```text\n{_signature(name, function)}\n```\n\n{_doc(function)}\n"


def _signature(name: str, function: Any) -> str:
    """As one calls it: without self, and without the types, which are long and say little."""
    parameters = []
    signature = inspect.signature(function)
    star_given = False
    for parameter in signature.parameters.values():
        if parameter.name in ("self", "cls"):
            continue
        if parameter.kind is parameter.KEYWORD_ONLY and not star_given:
            parameters.append("*")
            star_given = True
        star_given = star_given or parameter.kind is parameter.VAR_POSITIONAL
        stars = STARS.get(parameter.kind, "")
        has_default = parameter.default is not parameter.empty
        default = f"={_default_text(parameter.default)}" if has_default else ""
        parameters.append(f"{stars}{parameter.name}{default}")
    call = f"{name}({', '.join(parameters)})"
    returned = _annotation_text(signature.return_annotation)
    return textwrap.fill(f"{call} → {returned}", 96, subsequent_indent="    ")


def _default_text(default: Any) -> str:
    return default.__name__ if callable(default) else repr(default)


def _annotation_text(annotation: Any) -> str:
    if annotation is None:
        return "None"
    text = annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)
    text = re.sub(r"\b(?:[a-z_]+\.)+([A-Z]\w*)", r"\1", text)
    return "Foretaste" if "Self" in text else text


def _doc(documented: Any) -> str:
    """The docstring as paragraphs; names of arguments stand out."""
    text = inspect.cleandoc(documented.__doc__ or "").replace("<", "&lt;")
    if isinstance(documented, type):
        return text
    names = "|".join(inspect.signature(documented).parameters)
    return re.sub(rf"(^|(?<=[.;]) )({names}): ", r"\1`\2`: ", text, flags=re.MULTILINE)


def _class_part(described: type) -> str:
    rows = [
        f"| `{name}` | {_cell(text)} |"
        for name, text in _field_texts(described)
        if not name.startswith("_")
    ]
    table = "\n| | |\n|---|---|\n" + "\n".join(rows) + "\n" if rows else ""
    return f"### `{described.__name__}`\n\n{_doc(described)}\n{table}"


def _field_texts(described: type) -> Iterator[tuple[str, str]]:
    """(field, property or method, what is said of it), the inherited ones first."""
    texts: dict[str, str] = {}
    for owner in reversed(described.__mro__):
        if not owner.__module__.startswith("foretaste"):
            continue
        [node] = ast.parse(textwrap.dedent(inspect.getsource(owner))).body
        assert isinstance(node, ast.ClassDef)
        for statement, following in zip(node.body, [*node.body[1:], None], strict=True):
            if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
                text = _following_text(following)
                texts[statement.target.id] = text or texts.get(statement.target.id, "")
            elif isinstance(statement, ast.FunctionDef):
                names = {ast.unparse(decorator) for decorator in statement.decorator_list}
                if "abstractmethod" not in names:
                    call = statement.name if "property" in names else f"{statement.name}()"
                    texts[call] = " ".join((ast.get_docstring(statement) or "").split())
    yield from texts.items()


def _following_text(node: ast.stmt | None) -> str:
    """The docstring under a field."""
    if (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    ):
        return " ".join(node.value.value.split())
    return ""


PAGES = {"settings.md": settings_page, "python.md": python_page}


def main() -> int:
    """Write both pages."""
    for name, page in PAGES.items():
        (DOCS / name).write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
