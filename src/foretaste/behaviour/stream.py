"""In: a text file, perhaps gzipped or damaged. Out: its lines as bytes, and where it breaks."""

import gzip
import zlib
from collections.abc import Iterator, Mapping
from io import BufferedReader
from pathlib import Path
from typing import Any

from foretaste.domain.data import RejectedRow
from foretaste.errors import InputError

Row = Mapping[Any, Any]
"""Column → raw value. The key None is never there: it stands for a field without a column."""
Rows = Iterator[tuple[int, Row | RejectedRow]]
"""(number of its first line, row), or what is wrong with it."""

BYTES_PER_CHUNK = 1 << 18


class Stream:
    """The bytes of a file. What can be had before a break in a gzip file is had."""

    def __init__(self, path: Path, name: str, *, zipped: bool) -> None:
        self.name = name
        self.size = path.stat().st_size
        self.break_reason: str | None = None
        """Why the file ends too early, once that has been found."""
        self._raw = path.open("rb")
        self._bytes: BufferedReader | gzip.GzipFile = (
            gzip.GzipFile(fileobj=self._raw, mode="rb") if zipped else self._raw
        )
        self._first_bytes = self._read_chunk()
        if self._first_bytes.startswith((b"\xff\xfe", b"\xfe\xff")):
            self.close()
            raise InputError(f"{name} is UTF-16; save it as UTF-8")
        self._first_bytes = self._first_bytes.removeprefix(b"\xef\xbb\xbf")

    def first_bytes(self) -> bytes:
        """The first bytes, to look at; they come again."""
        return self._first_bytes

    def bytes_read(self) -> int:
        """Bytes of the file read so far."""
        return self.size if self._raw.closed else self._raw.tell()

    def close(self) -> None:
        """Close the file."""
        self._bytes.close()
        self._raw.close()

    def lines(self) -> Iterator[bytes]:
        """Every line with its end. The part of a line before a break is left out."""
        line_end = b"\n" if b"\n" in self._first_bytes or b"\r" not in self._first_bytes else b"\r"
        pieces: list[bytes] = []
        chunk = self._first_bytes
        while chunk:
            if line_end in chunk:
                pieces.append(chunk)
                *complete_lines, partial_line = b"".join(pieces).split(line_end)
                for line in complete_lines:
                    yield line + b"\n"
                pieces = [partial_line] if partial_line else []
            else:
                pieces.append(chunk)
            chunk = self._read_chunk()
        if pieces and self.break_reason is None:
            yield b"".join(pieces)

    def read_all(self) -> bytes:
        """Everything up to the end or the break."""
        pieces = [self._first_bytes]
        while chunk := self._read_chunk():
            pieces.append(chunk)
        return b"".join(pieces)

    def _read_chunk(self) -> bytes:
        # read1 and not read: read throws away what came before the break
        try:
            return self._bytes.read1(BYTES_PER_CHUNK)
        except EOFError:
            self.break_reason = "the compressed file is cut off here"
        except (zlib.error, gzip.BadGzipFile) as error:
            self.break_reason = f"the compressed file is damaged here ({error})"
        except OSError as error:
            self.break_reason = f"the file cannot be read from here on ({error})"
        return b""
