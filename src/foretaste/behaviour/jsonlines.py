"""In: a stream of JSON Lines, or of one JSON value. Out: each object with its line.

A line that is not a JSON object comes out as a `RejectedRow`, and so does the point where a file
breaks.
"""

import json
from collections.abc import Mapping
from typing import Any

from foretaste.behaviour.files.json_forms import read_line, read_values, rows_of_value
from foretaste.behaviour.stream import Rows, Stream
from foretaste.behaviour.values import display_text
from foretaste.domain.data import RejectedRow


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
        if not raw.isspace():
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
    raw = stream.read_all()
    try:
        values = read_values(raw.decode())
    except (ValueError, RecursionError):  # then it is at least told line by line
        for number, line in enumerate(raw.splitlines(keepends=True), 1):
            if not line.isspace():
                yield number, _object(line, stream.name, number)
        if stream.break_reason:
            yield raw.count(b"\n") + 2, _break_reject(stream, raw.count(b"\n") + 2)
        return
    records = rows_of_value(values[0]) if len(values) == 1 else values
    for number, value in enumerate(records, 1):
        yield number, _element(value, "", stream.name, number)


def _object(raw: bytes, file: str, line: int) -> Mapping[str, Any] | RejectedRow:
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        text = raw.decode(errors="replace")
        problem = (
            f"not UTF-8 (byte 0x{raw[error.start]:02x} at place {error.start + 1} of the line)"
        )
        return _reject(file, line, text, problem, "save the file as UTF-8")
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
    return value


def _array(stream: Stream) -> Rows:
    """The elements of an array, one after the other, so that what precedes a break still comes."""
    text = stream.read_all().decode(errors="surrogateescape")
    decoder = json.JSONDecoder()
    line, at = 1, 0
    while True:
        step = at
        at = _skip_separators(text, at)
        line += text.count("\n", step, at)
        if text[at : at + 1] == "]":
            return
        try:
            value, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            if stream.break_reason:
                yield line, _break_reject(stream, line)
            else:
                yield (
                    line,
                    _reject(
                        stream.name,
                        line,
                        text[at : at + 200],
                        f"not JSON from here on ({_error_text(error)})",
                        "copy or write the file again; the rows before it are in",
                    ),
                )
            return
        yield line, _element(value, text[at:end], stream.name, line)
        line += text.count("\n", at, end)
        at = end


def _skip_separators(text: str, at: int) -> int:
    """Past white space, the opening bracket and commas."""
    opening = "[" if at == 0 else ","
    while at < len(text) and (text[at].isspace() or text[at] == opening):
        if text[at] == "[":
            opening = ""
        at += 1
    return at


def _element(value: Any, text: str, file: str, line: int) -> Mapping[str, Any] | RejectedRow:
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as error:
            byte = ord(text[error.start]) & 0xFF
            return _reject(file, line, text, f"not UTF-8 (byte 0x{byte:02x})", "save it as UTF-8")
    if not isinstance(value, dict):
        return _reject(file, line, text, "not a JSON object", 'write {"column": value, …}')
    return value


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
