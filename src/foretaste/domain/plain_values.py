"""In: values as a notebook has them: NumPy numbers, arrays, columns of frames. Out: Python's own,
which are compared, kept as JSON and measured as any other caller's are.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

_PLAIN = frozenset((str, int, float, bool, type(None)))
_OTHERS_OWN = frozenset(("user", "session", "items", "candidates", "media_queries"))
"""Fields of a question that are read as ids, or that hold vectors."""


def changed_fields(names: Iterable[str], values: Iterable[Any]) -> Iterator[tuple[str, Any]]:
    """The fields of a question whose values are not plain, with plain ones."""
    for name, value in zip(names, values, strict=True):
        if value.__class__ not in _PLAIN and name not in _OTHERS_OWN:
            plain = plain_value(value)
            if plain is not value:
                yield name, plain


def plain_value(value: Any) -> Any:
    """The value itself where nothing in it is to be changed."""
    if value.__class__ in _PLAIN:
        return value
    if isinstance(value, Mapping):
        cells = {key: plain_value(cell) for key, cell in value.items()}
        return value if all(cells[key] is cell for key, cell in value.items()) else cells
    if isinstance(value, list | tuple):
        parts = [plain_value(part) for part in value]
        is_plain = all(part is own for part, own in zip(parts, value, strict=True))
        return value if is_plain else type(value)(parts)
    for name in ("tolist", "to_list"):  # of NumPy and pandas, of polars
        if hasattr(value, "dtype") and hasattr(value, name):
            return getattr(value, name)()
    return value
