"""In: a text file, perhaps packed, damaged or not in UTF-8. Out: its lines as bytes of UTF-8, and
where it breaks.
"""

import codecs
import gzip
import lzma
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from foretaste.behaviour.files.encoding import UTF8, TextEncoding, check_encoding, detect_encoding
from foretaste.behaviour.files.packing import READ_ERRORS, PackedFile, open_packed
from foretaste.behaviour.files.size_limits import MAX_LINE_BYTES
from foretaste.domain.data import RejectedRow

Row = Mapping[Any, Any]
"""Column → raw value. The key None is never there: it stands for a field without a column."""
Rows = Iterator[tuple[int, Row | RejectedRow]]
"""(number of its first line, row), or what is wrong with it."""


DISPLAYED_BYTES = 200
"""Of a line that is too long, to show."""


class LongLine(bytes):
    """The beginning of a line that is too long to be read."""

    size: int
    """Bytes of all of it."""


class _PartialLine:
    """A line that is put together from chunks; of one that is too long only the beginning."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self.size = 0

    def add(self, piece: bytes) -> None:
        self.size += len(piece)
        if self.size <= MAX_LINE_BYTES:
            self._pieces.append(piece)
        elif len(self._pieces) > 1 or len(self._pieces[0]) > DISPLAYED_BYTES:
            self._pieces = [b"".join(self._pieces)[:DISPLAYED_BYTES]]

    def take(self) -> bytes:
        line: bytes = b"".join(self._pieces)
        if self.size > MAX_LINE_BYTES:
            line = LongLine(line)
            line.size = self.size
        self._pieces, self.size = [], 0
        return line


class Stream:
    """The bytes of a file. What can be had before a break in a packed file is had."""

    def __init__(
        self,
        path: Path,
        name: str,
        *,
        encoding: str | None = None,
        packed: PackedFile | None = None,
    ) -> None:
        """encoding: what the settings say; None finds out. packed: the file, if it is open."""
        self.name = name
        self.break_reason: str | None = None
        """Why the file ends too early, once that has been found."""
        self.unpacked_bytes = 0
        """Bytes read so far, as they are unpacked."""
        self._packed = packed or open_packed(path)
        self.size = self._packed.size
        self.packing = self._packed.packing
        try:
            self.encoding = (
                detect_encoding(_chunks(path))
                if encoding is None
                else TextEncoding(check_encoding(encoding, f'[behaviour.files."{name}"] encoding'))
            )
            self._decoder = _decoder(self.encoding.name)
            self._first_bytes = self._read_chunk().removeprefix(codecs.BOM_UTF8)
        except BaseException:
            self.close()
            raise

    def first_bytes(self) -> bytes:
        """The first bytes, to look at; they come again."""
        return self._first_bytes

    def bytes_read(self) -> int:
        """Bytes of the file read so far."""
        return self.size if self._packed.raw.closed else self._packed.raw.tell()

    def close(self) -> None:
        """Close the file."""
        self._packed.close()

    def lines(self) -> Iterator[bytes]:
        """Every line with its end. The part of a line before a break is left out.

        Of a line that is too long its beginning comes, as a `LongLine`.
        """
        line_end = self._line_end()
        doubled = b"\r\r\n" in self._first_bytes  # written in text mode by a program that had \r\n
        partial_line = _PartialLine()
        chunk = self._first_bytes
        while chunk:
            first, *others = chunk.split(line_end)
            partial_line.add(first)
            if others:
                *complete_lines, last = others
                for line in (partial_line.take(), *complete_lines):
                    if line.__class__ is LongLine:
                        yield line
                    else:
                        yield (line.rstrip(b"\r") if doubled else line) + b"\n"
                partial_line.add(last)
            chunk = self._read_chunk()
        if partial_line.size and self.break_reason is None:
            yield partial_line.take()

    def _line_end(self) -> bytes:
        """A line feed, unless most lines end in a bare carriage return."""
        head = self._first_bytes
        bare_returns = head.count(b"\r") - head.count(b"\r\n")
        return b"\r" if bare_returns > head.count(b"\n") else b"\n"

    def text_chunks(self) -> Iterator[str]:
        """Everything up to the end or the break; what is not UTF-8 as half surrogates."""
        decoder = codecs.getincrementaldecoder(UTF8)(errors="surrogateescape")
        chunk = self._first_bytes
        while chunk:
            yield decoder.decode(chunk)
            chunk = self._read_chunk()
        yield decoder.decode(b"", final=True)

    def _read_chunk(self) -> bytes:
        while True:
            raw = self._read_raw_chunk()
            self.unpacked_bytes += len(raw)
            if self._decoder is None:
                return raw
            text: str = self._decoder.decode(raw, final=not raw)
            if text or not raw:  # a chunk may end within the first letter
                # what the encoding has no letter for stays the byte it was, and is rejected
                return text.encode(errors="surrogateescape")

    def _read_raw_chunk(self) -> bytes:
        if self.break_reason is not None:
            return b""
        try:
            return self._packed.read_chunk()
        except EOFError:
            self.break_reason = "the compressed file is cut off here"
        except (zlib.error, lzma.LZMAError, gzip.BadGzipFile, zipfile.BadZipFile) as error:
            self.break_reason = f"the compressed file is damaged here ({error})"
        except OSError as error:
            self.break_reason = f"the file cannot be read from here on ({error})"
        return b""


def _decoder(encoding: str) -> codecs.IncrementalDecoder | None:
    """None for UTF-8, which the readers decode line by line."""
    if encoding == UTF8:
        return None
    single_bytes = not encoding.lower().startswith(("utf-16", "utf-32", "utf_16", "utf_32"))
    errors = "surrogateescape" if single_bytes else "replace"
    return codecs.getincrementaldecoder(encoding)(errors=errors)


def _chunks(path: Path) -> Iterator[bytes]:
    """The chunks of a file up to its end or its break."""
    packed = open_packed(path)
    try:
        while chunk := packed.read_chunk():
            yield chunk
    except READ_ERRORS:
        return
    finally:
        packed.close()
