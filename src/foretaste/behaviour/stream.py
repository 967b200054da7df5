"""In: a text file, perhaps gzipped or damaged. Out: its lines as bytes, and where it breaks."""

import gzip
import zlib
from collections.abc import Iterator, Mapping
from io import BufferedReader
from pathlib import Path
from typing import Any

from foretaste.domain.data import Reject
from foretaste.errors import InputError

Row = Mapping[Any, Any]
"""Column → value, of one row of a table."""
Rows = Iterator[tuple[int, Row | Reject]]
"""(number of its first line, row), or what is wrong with it."""

CHUNK = 1 << 18


class Stream:
    """The bytes of a file. What can be had before a break in a gzip file is had."""

    def __init__(self, path: Path, name: str, *, zipped: bool) -> None:
        self.name = name
        self.size = path.stat().st_size
        self.broken: str | None = None
        """Why the file ends too early, once that has been found."""
        self._raw = path.open("rb")
        self._bytes: BufferedReader | gzip.GzipFile = (
            gzip.GzipFile(fileobj=self._raw, mode="rb") if zipped else self._raw
        )
        self._start = self._chunk()
        if self._start.startswith((b"\xff\xfe", b"\xfe\xff")):
            self.close()
            raise InputError(f"{name} is UTF-16; save it as UTF-8")
        self._start = self._start.removeprefix(b"\xef\xbb\xbf")

    def start(self) -> bytes:
        """The first bytes, to look at; they come again."""
        return self._start

    def done(self) -> int:
        """Bytes of the file read so far."""
        return self.size if self._raw.closed else self._raw.tell()

    def close(self) -> None:
        """Close the file."""
        self._bytes.close()
        self._raw.close()

    def lines(self) -> Iterator[bytes]:
        """Every line with its end. The part of a line before a break is left out."""
        ends = b"\n" if b"\n" in self._start or b"\r" not in self._start else b"\r"
        pieces: list[bytes] = []
        chunk = self._start
        while chunk:
            if ends in chunk:
                pieces.append(chunk)
                *whole, rest = b"".join(pieces).split(ends)
                for line in whole:
                    yield line + b"\n"
                pieces = [rest] if rest else []
            else:
                pieces.append(chunk)
            chunk = self._chunk()
        if pieces and self.broken is None:
            yield b"".join(pieces)

    def whole(self) -> bytes:
        """Everything up to the end or the break."""
        pieces = [self._start]
        while chunk := self._chunk():
            pieces.append(chunk)
        return b"".join(pieces)

    def _chunk(self) -> bytes:
        # read1 and not read: read throws away what came before the break
        try:
            return self._bytes.read1(CHUNK)
        except EOFError:
            self.broken = "the compressed file is cut off here"
        except (zlib.error, gzip.BadGzipFile) as error:
            self.broken = f"the compressed file is damaged here ({error})"
        except OSError as error:
            self.broken = f"the file cannot be read from here on ({error})"
        return b""
