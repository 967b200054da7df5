"""In: columns. Out: a polars frame of them, where polars is installed."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from foretaste.errors import MissingExtra

if TYPE_CHECKING:
    import polars


def polars_frame(columns: Mapping[str, Sequence[Any]]) -> "polars.DataFrame":
    """Raises MissingExtra where there is no polars, which nothing else here needs."""
    try:
        import polars
    except ImportError:
        raise MissingExtra("polars", "polars") from None
    return polars.DataFrame(columns, strict=False)
