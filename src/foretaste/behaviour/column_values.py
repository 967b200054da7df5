"""In: a column of a frame, an Arrow or a NumPy table. Out: its values as Python's own."""

from datetime import timedelta
from typing import Any

import pyarrow as pa


def arrow_values(array: Any) -> list[Any]:
    """An Arrow column as Python values. Nanoseconds go: Python's times have none."""
    arrow_type = array.type
    if pa.types.is_float32(arrow_type) or pa.types.is_float16(arrow_type):
        return list(array.to_numpy(zero_copy_only=False))  # an id of theirs has lost more digits
    if pa.types.is_timestamp(arrow_type) and arrow_type.unit == "ns":
        array = array.cast(pa.timestamp("us", arrow_type.tz), safe=False)
    if pa.types.is_duration(arrow_type) and arrow_type.unit == "ns":
        array = array.cast(pa.duration("us"), safe=False)
    try:
        values: list[Any] = array.to_pylist()
    except UnicodeDecodeError:
        # Arrow does not check what a file calls a string: what is none stays bytes, in its row
        large = pa.types.is_large_string(arrow_type)
        raw = array.cast(pa.large_binary() if large else pa.binary()).to_pylist()
        values = [_text(value) for value in raw]
    if pa.types.is_duration(arrow_type):
        values = [None if value is None else duration_text(value) for value in values]
    return values


def duration_text(duration: timedelta) -> str:
    """A length of time as players write it, with hours beyond a day: 36:00:00."""
    seconds = round(abs(duration).total_seconds())
    sign = "-" if duration < timedelta(0) else ""
    return f"{sign}{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def numpy_values(column: Any) -> list[Any]:
    """A NumPy column as Python values, but for short floats, whose ids have lost more digits."""
    dtype = column.dtype
    kind, size = getattr(dtype, "kind", "O"), getattr(dtype, "itemsize", 0)
    if kind == "f" and size < 8:
        return list(column)
    if kind == "M" and not getattr(dtype, "tz", None):
        column = column.astype("datetime64[us]")  # NumPy gives nanoseconds as bare numbers
    return list(column.tolist())


def _text(value: bytes | None) -> str | bytes | None:
    try:
        return value and value.decode()
    except UnicodeDecodeError:
        return value


def series_values(series: Any) -> list[Any]:
    """A pandas column as Python values, with None for what is missing."""
    if type(series.dtype).__name__ == "PeriodDtype":  # of which Arrow makes bare numbers
        series = series.astype(object)
    if series.dtype == object:
        missing_flags = series.isna().tolist()
        values = series.tolist()
        return [
            None if is_missing else value
            for value, is_missing in zip(values, missing_flags, strict=True)
        ]
    return arrow_values(pa.Array.from_pandas(series))
