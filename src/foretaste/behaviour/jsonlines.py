"""In: a stream of JSON Lines, or of one JSON value. Out: each object with its line.

A line that is not a JSON object comes out as a `RejectedRow`, and so does the point where a file
breaks.
"""

from collections.abc import Mapping
from typing import Any

from foretaste.behaviour.files.json_forms import is_row_by, plain_object, read_line, rows_of_value
from foretaste.behaviour.files.json_values import JsonValues, TooLargeValue
from foretaste.behaviour.files.size_limits import (
    MAX_LINE_BYTES,
    MAX_VALUE_BYTES,
    MAX_VALUE_MEMORY,
    too_long_line,
    value_memory,
)
from foretaste.behaviour.stream import LongLine, Rows, Stream
from foretaste.behaviour.values import display_text
from foretaste.domain.data import RejectedRow

MIN_MEASURED_LENGTH = 1 << 20
"""Characters of a line from where on its values are counted before they are read."""


def rows(stream: Stream) -> Rows:
    """Every object of the file."""
    head = stream.first_bytes().lstrip()
    if head.startswith(b"["):
        yield from _array(stream)
        return
    if head.startswith(b"{") and not _has_lines(head):
        yield from _values(stream)
        return
    number = 0
    for number, raw in enumerate(stream.lines(), 1):
        if isinstance(raw, LongLine):
            text = raw.decode(errors="replace")
            yield number, _reject(stream.name, number, text, *too_long_line(raw.size))
        elif not raw.isspace():
            yield number, _object(raw, stream.name, number)
    if stream.break_reason:
        yield number + 1, _break_reject(stream, number + 1)


def _has_lines(head: bytes) -> bool:
    """Whether the first line is an object and others follow."""
    line, _, following_lines = head.partition(b"\n")
    if not following_lines.strip():
        return False
    return line.rstrip().endswith(b"}") or following_lines.lstrip().startswith(b"{")


def _values(stream: Stream) -> Rows:
    """The objects of a file of one value, or of values over several lines."""
    values = JsonValues(stream.text_chunks())
    values.next_letter()
    names = None
    try:
        value, text = values.next_value(MAX_LINE_BYTES)
    except TooLargeValue:
        names = values.names_before_list()
    except (ValueError, RecursionError):
        yield from _broken_values(stream, values)
        return
    else:
        if values.next_letter():
            yield 1, _element(value, text, stream.name, 1)
            yield from _other_values(stream, values, 2)
        else:
            yield from _rows_of(value, stream.name)
        return
    if names is not None and not is_row_by(names):
        values.enter_list()
        yield from _elements(stream, values)
        return
    try:
        value, _ = values.next_value(MAX_VALUE_BYTES)
    except (ValueError, RecursionError):
        yield from _other_values(stream, values, 1)
    else:
        yield from _rows_of(value, stream.name)


def _rows_of(value: Any, file: str) -> Rows:
    for number, record in enumerate(rows_of_value(value), 1):
        yield number, _element(record, "", file, number)


def _other_values(stream: Stream, values: JsonValues, number: int) -> Rows:
    """Values one after another; one that is too large is left out with the rest of its line.

    number: of the first of them.
    """
    while values.next_letter():
        try:
            value, text = values.next_value(MAX_LINE_BYTES)
        except TooLargeValue:
            yield number, _too_large_reject(stream, values)
            values.skip_line()
        except (ValueError, RecursionError):
            yield from _broken_values(stream, values)
            return
        else:
            yield number, _element(value, text, stream.name, number)
        number += 1
    if stream.break_reason:
        yield values.line, _break_reject(stream, values.line)


def _broken_values(stream: Stream, values: JsonValues) -> Rows:
    """What can be told line by line of a text that is no JSON from here on."""
    raw = values.waiting_text().encode(errors="surrogateescape")
    first = values.line
    for number, line in enumerate(raw.splitlines(keepends=True), first):
        if not line.isspace():
            yield number, _object(line, stream.name, number)
    if stream.break_reason:
        number = first + raw.count(b"\n") + 1
        yield number, _break_reject(stream, number)


def _object(raw: bytes, file: str, line: int) -> Mapping[str, Any] | RejectedRow:
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        text = raw.decode(errors="replace")
        problem = (
            f"not UTF-8 (byte 0x{raw[error.start]:02x} at place {error.start + 1} of the line)"
        )
        return _reject(file, line, text, problem, "save the file as UTF-8")
    if len(text) > MIN_MEASURED_LENGTH and value_memory(text) > MAX_VALUE_MEMORY:
        problem, remedy = "a line with too many values", "write a row a line, or leave some out"
        return _reject(file, line, text[:200], problem, remedy)
    try:
        value = read_line(text)
    except (ValueError, RecursionError) as error:
        cut_hint = "" if text.endswith("\n") else ", and the file ends here as if cut off"
        return _reject(
            file,
            line,
            text,
            f"not JSON ({_error_text(error)}){cut_hint}",
            "write one object a line",
        )
    if not isinstance(value, dict):
        return _reject(file, line, text, "not a JSON object", 'write {"column": value, …}')
    return plain_object(value)


def _array(stream: Stream) -> Rows:
    """The elements of an array, one after the other, so that what precedes a break still comes."""
    values = JsonValues(stream.text_chunks())
    values.next_letter()
    values.skip_letter()
    yield from _elements(stream, values)


def _elements(stream: Stream, values: JsonValues) -> Rows:
    """Those of an array, from within it."""
    while values.next_letter() != "]":
        line = values.line
        try:
            value, text = values.next_value(MAX_LINE_BYTES)
        except TooLargeValue:
            yield line, _too_large_reject(stream, values)
            return
        except (ValueError, RecursionError) as error:
            if stream.break_reason:
                yield line, _break_reject(stream, line)
            else:
                problem = f"not JSON from here on ({_error_text(error)})"
                remedy = "copy or write the file again; the rows before it are in"
                yield (
                    line,
                    _reject(stream.name, line, values.waiting_text()[:200], problem, remedy),
                )
            return
        yield line, _element(value, text, stream.name, line)


def _too_large_reject(stream: Stream, values: JsonValues) -> RejectedRow:
    problem = f"a value has more than {MAX_LINE_BYTES:,} bytes, or too many parts"
    remedy = (
        "the rest of its line was not read: write one object a line (JSON Lines), or a list of "
        "them, [{…}, {…}]"
    )
    return _reject(stream.name, values.line, values.waiting_text()[:200], problem, remedy)


def _element(value: Any, text: str, file: str, line: int) -> Mapping[str, Any] | RejectedRow:
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as error:
            byte = ord(text[error.start]) & 0xFF
            return _reject(file, line, text, f"not UTF-8 (byte 0x{byte:02x})", "save it as UTF-8")
    if not isinstance(value, dict):
        return _reject(file, line, text, "not a JSON object", 'write {"column": value, …}')
    return plain_object(value)


def _error_text(error: BaseException) -> str:
    return "too deep" if isinstance(error, RecursionError) else str(error)


def _break_reject(stream: Stream, line: int) -> RejectedRow:
    reason = stream.break_reason or ""
    return RejectedRow(
        stream.name, line, "", "", reason, "copy the file again; the rows before it are in"
    )


def _reject(file: str, line: int, text: str, problem: str, remedy: str) -> RejectedRow:
    value = display_text(text.strip())
    return RejectedRow(file, line, "", value, problem, remedy, {"": value})
