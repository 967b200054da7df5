"""In: a path, perhaps of a packed file or of a part of one. Out: its bytes as they were packed.

How a file is packed is told by its first bytes and not by its name. A part of a zip or tar archive,
or a sheet of a spreadsheet, is named as if the archive were a folder: `shop.zip/items.csv`.
"""

import bz2
import gzip
import lzma
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol

import pyarrow as pa

from foretaste.behaviour.files.size_limits import MAX_UNPACKED_BYTES
from foretaste.errors import InputError

BYTES_PER_CHUNK = 1 << 18
READ_ERRORS = (EOFError, zlib.error, lzma.LZMAError, gzip.BadGzipFile, zipfile.BadZipFile, OSError)
"""What readers raise where a packed file breaks."""
FIRST_BYTES = 4096
"""How many first bytes tell what a file is."""
ZSTD_CHUNK_BYTES = 1 << 15
"""Of a zstd file that is cut off, this much before the cut is lost at most."""
COMPRESSION_BY_MAGIC = {
    b"\x1f\x8b": "gzip",
    b"BZh": "bz2",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"\xfd7zXZ": "xz",
}
COMPRESSED_EXTENSIONS = (".gz", ".bz2", ".zst", ".zstd", ".xz", ".zip", ".brotli")
ZIP_MAGIC, TAR_MAGIC_PLACE = b"PK\x03\x04", slice(257, 262)
SPREADSHEET_MAGIC = b"\xd0\xcf\x11\xe0"
"""Of .xls files, which are no zip archives."""


class ByteReader(Protocol):
    """What is read from: as much of the bytes as is there, at once."""

    def read1(self, size: int = -1, /) -> bytes: ...
    def close(self) -> None: ...


@dataclass
class PackedFile:
    """A file, unpacked while it is read."""

    name: str
    """Its own name, without what says how it is packed: `items.csv` of `items.csv.gz`."""
    packing: str | None
    reader: ByteReader
    raw: IO[bytes]
    """The file on the disk."""
    size: int
    """Bytes on the disk."""
    sheet: str | None = None
    """Of a spreadsheet, what was named of it."""
    _first_chunk: bytes | Exception = b""

    def head(self) -> bytes:
        """The first bytes, to look at; they come again. Nothing where they cannot be read."""
        if not self._first_chunk:
            try:
                self._first_chunk = self.reader.read1(BYTES_PER_CHUNK)
            except READ_ERRORS as error:
                self._first_chunk = error
        return self._first_chunk if isinstance(self._first_chunk, bytes) else b""

    def read_chunk(self) -> bytes:
        """The next bytes, nothing at the end. Raises one of `READ_ERRORS` at a break."""
        chunk, self._first_chunk = self._first_chunk, b""
        if isinstance(chunk, Exception):
            raise chunk
        # read1 and not read: read throws away what came before a break
        return chunk or self.reader.read1(BYTES_PER_CHUNK)

    def seekable(self) -> IO[bytes]:
        """The whole file for readers that jump about in it; on the disk where it was packed.

        Raises InputError where it unpacks to very much.
        """
        if self.packing is None:
            self.raw.seek(0)
            return self.raw
        unpacked = tempfile.TemporaryFile()  # noqa: SIM115  # it is gone when its reader is
        while chunk := self.read_chunk():
            unpacked.write(chunk)
            if unpacked.tell() > MAX_UNPACKED_BYTES:
                unpacked.close()
                raise InputError(
                    f"{self.name} unpacks to more than {MAX_UNPACKED_BYTES >> 30} GB; if that is "
                    "right, unpack it yourself and name what was in it"
                )
        unpacked.seek(0)
        return unpacked

    def close(self) -> None:
        self.reader.close()
        self.raw.close()


def locate(path: Path) -> tuple[Path, str | None]:
    """(the file on the disk, what of it is meant): `shop.zip/items.csv` is a part of `shop.zip`."""
    if path.exists():
        return path, None
    for parent in path.parents:
        if parent.is_file():
            return parent, path.relative_to(parent).as_posix()
    raise InputError(f"{path} is not there; check the name")


def open_packed(path: Path) -> PackedFile:
    """Open a file, whatever it is packed with. Raises InputError, OSError."""
    file, part = locate(path)
    if file.is_dir():
        raise InputError(f"{path} is a folder; name the file in it")
    raw = file.open("rb")
    try:
        return _unpack(file, part, raw)
    except BaseException:
        raw.close()
        raise


def _unpack(file: Path, part: str | None, raw: IO[bytes]) -> PackedFile:
    head = raw.read(FIRST_BYTES)
    raw.seek(0)
    size = file.stat().st_size
    if head.startswith(ZIP_MAGIC):
        return _zip_member(file, part, raw, size)
    compression = compression_of(head)
    reader: ByteReader = raw if compression is None else _decompressed(raw, compression)  # type: ignore[assignment]  # a BufferedReader
    own_name = file.stem if file.suffix.lower() in COMPRESSED_EXTENSIONS else file.name
    if _is_tar(file, head, own_name, compression):
        return _tar_member(file, part, raw, size)
    if part is not None and not head.startswith(SPREADSHEET_MAGIC):
        raise InputError(f"{file}/{part} is not there: {file.name} is no archive; check the name")
    return PackedFile(own_name if compression else file.name, compression, reader, raw, size, part)


def is_spreadsheet(head: bytes) -> bool:
    """Whether a file that was opened is one: other zip files are unpacked by then."""
    return head.startswith((ZIP_MAGIC, SPREADSHEET_MAGIC))


def compression_of(head: bytes) -> str | None:
    """What the first bytes say the rest is compressed with."""
    return next(
        (name for magic, name in COMPRESSION_BY_MAGIC.items() if head.startswith(magic)), None
    )


def _decompressed(raw: IO[bytes], compression: str) -> ByteReader:
    if compression == "zstd":
        return _ZstdReader(raw)
    openers: dict[str, Callable[[Any], Any]] = {
        "gzip": lambda file: gzip.GzipFile(fileobj=file, mode="rb"),
        "bz2": bz2.BZ2File,
        "xz": lzma.LZMAFile,
    }
    reader: ByteReader = openers[compression](raw)
    return reader


class _ZstdReader:
    """Arrow's own, so that no package is needed beside it."""

    def __init__(self, raw: IO[bytes]) -> None:
        self._stream = pa.CompressedInputStream(pa.PythonFile(raw, mode="r"), "zstd")

    def read1(self, size: int = -1, /) -> bytes:
        try:
            return bytes(
                self._stream.read(ZSTD_CHUNK_BYTES if size < 0 else min(size, ZSTD_CHUNK_BYTES))
            )
        except OSError as error:
            if "runcated" in str(error):
                raise EOFError from error
            raise

    def close(self) -> None:
        self._stream.close()


def _is_tar(file: Path, head: bytes, own_name: str, compression: str | None) -> bool:
    if compression is None:
        return head[TAR_MAGIC_PLACE] == b"ustar"
    return own_name.lower().endswith(".tar") or file.suffix.lower() == ".tgz"


def _zip_member(file: Path, part: str | None, raw: IO[bytes], size: int) -> PackedFile:
    try:
        archive = zipfile.ZipFile(raw)
    except (zipfile.BadZipFile, OSError) as error:
        raise InputError(f"{file} is not a whole zip file ({error}); copy it again") from error
    names = archive.namelist()
    if {"[Content_Types].xml", "content.xml"} & set(names):  # a spreadsheet is a zip of its own
        raw.seek(0)
        return PackedFile(file.name, None, raw, raw, size, part)  # type: ignore[arg-type]  # a BufferedReader
    member = choose_part(file, part, names)
    if archive.getinfo(member).flag_bits & 1:
        raise InputError(f"{file}/{member} has a password; unpack it and name what was in it")
    return PackedFile(Path(member).name, "zip", _unpacked(archive.open(member)), raw, size)


def _tar_member(file: Path, part: str | None, raw: IO[bytes], size: int) -> PackedFile:
    try:
        archive = tarfile.open(fileobj=raw)  # noqa: SIM115  # closed with what is read of it
        names = [member.name for member in archive.getmembers() if member.isfile()]
        member = choose_part(file, part, names)
        reader = archive.extractfile(member)
    except (tarfile.TarError, EOFError, OSError) as error:
        raise InputError(f"{file} is not a whole tar file ({error}); copy it again") from error
    if reader is None:
        raise InputError(f"{file}/{member} is no file; name another")
    return PackedFile(Path(member).name, "tar", _unpacked(reader), raw, size)


def _unpacked(member: Any) -> ByteReader:
    """A member that is compressed itself, such as `items.csv.gz` in a tar file."""
    compression = compression_of(member.peek(FIRST_BYTES)[:8])
    reader: ByteReader = member if compression is None else _decompressed(member, compression)
    return reader


def choose_part(file: Path, part: str | None, names: list[str]) -> str:
    """The member that is meant: the named one, or the only one that may hold a table."""
    tables = table_parts(names)
    if part is not None:
        if part in names:
            return part
        matches = [name for name in tables if Path(name).name == part]
        if len(matches) == 1:
            return matches[0]
        raise InputError(f"{file} has no '{part}' in it; it has {_listed(tables)}")
    if len(tables) == 1:
        return tables[0]
    if not tables:
        raise InputError(f"{file} has no file with rows in it; name another")
    raise InputError(
        f"{file} has {_listed(tables)} in it; name the part that is meant, e.g. {file}/{tables[0]}"
    )


def table_parts(names: list[str]) -> list[str]:
    """The members of an archive that may hold a table: no folders, readmes, pictures, programs."""
    return [
        name
        for name in names
        if not name.endswith("/")
        and not any(part.startswith((".", "__")) for part in Path(name).parts)
        and Path(name).stem.lower() not in _NAMES_OF_NOTES
        and "readme" not in Path(name).name.lower()
        and Path(name).suffix.lower() not in _OTHER_EXTENSIONS
    ]


_NAMES_OF_NOTES = ("license", "licence", "copying", "changelog", "citation", "checksums")
_OTHER_EXTENSION_NAMES = (
    ".md .pdf .html .htm .png .jpg .jpeg .gif .svg .py .pl .sh .docx .doc .license .sql .ipynb "
    ".mp3 .ogg .wav"
)
_OTHER_EXTENSIONS = frozenset(_OTHER_EXTENSION_NAMES.split())


def _listed(names: list[str]) -> str:
    names_text = ", ".join(names[:10])
    return (
        f"{names_text} and {len(names) - 10} more" if len(names) > 10 else names_text or "nothing"
    )


def own_stem(name: str) -> str:
    """A file's name without its extensions: `events` of `events.csv.gz`."""
    path = Path(name)
    return path.with_suffix("").stem if path.suffix.lower() in COMPRESSED_EXTENSIONS else path.stem


def parts_of(path: Path) -> list[Path]:
    """Each table of an archive as a path of its own; the path itself where it is no archive."""
    file, part = locate(path)
    if part is not None or file.is_dir():
        return [path]
    with file.open("rb") as raw:
        head = raw.read(FIRST_BYTES)
    if not head.startswith(ZIP_MAGIC):
        return [path]
    try:
        with zipfile.ZipFile(file) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError):
        return [path]
    if {"[Content_Types].xml", "content.xml"} & set(names):
        return [path]
    return [path / name for name in table_parts(names)]
