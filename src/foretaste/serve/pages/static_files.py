"""In: the folder `static`. Out: each file at an address that names the state of all of them.

A browser may keep such a file for a year: when any file changes, all addresses do. What is text is
kept in memory as gzip too, so that nothing is packed while somebody waits.
"""

import gzip
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable

from starlette.responses import Response

from foretaste.serve.pages.languages import LANGUAGE_NAMES, page_texts

MEDIA_TYPES = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "woff2": "font/woff2",
    "json": "application/json",
    "txt": "text/plain; charset=utf-8",
    "png": "image/png",
}
COMPRESSED_TYPES = frozenset(("css", "js", "svg", "json", "txt"))
SECURITY_HEADERS = {"X-Content-Type-Options": "nosniff"}


@dataclass(frozen=True)
class StaticFile:
    """One file, as it is sent."""

    content: bytes
    compressed: bytes | None
    """As gzip, where that is worth it."""
    media_type: str


@cache
def static_files() -> dict[str, StaticFile]:
    """Path below `static` → the file; with the messages of each language for the scripts."""
    contents = dict(_contents_below(files("foretaste.serve.pages") / "static", ""))
    for language in LANGUAGE_NAMES:
        script = f"globalThis.foretasteMessages = {page_texts(language).script_messages};\n"
        contents[f"messages/{language}.js"] = script.encode()
    return {path: _static_file(path, content) for path, content in sorted(contents.items())}


def _contents_below(folder: Traversable, prefix: str) -> list[tuple[str, bytes]]:
    contents = []
    for entry in folder.iterdir():
        if entry.is_dir():
            contents += _contents_below(entry, f"{prefix}{entry.name}/")
        elif _suffix(entry.name) in MEDIA_TYPES:
            contents.append((prefix + entry.name, entry.read_bytes()))
    return contents


def _static_file(path: str, content: bytes) -> StaticFile:
    suffix = _suffix(path)
    compressed = gzip.compress(content, 9, mtime=0) if suffix in COMPRESSED_TYPES else None
    return StaticFile(content, compressed, MEDIA_TYPES[suffix])


def _suffix(name: str) -> str:
    return name.rpartition(".")[2]


@cache
def static_version() -> str:
    """A hash of all the files: a part of their addresses."""
    digest = sha256()
    for path, file in static_files().items():
        digest.update(f"{path}\0{len(file.content)}\0".encode())
        digest.update(file.content)
    return digest.hexdigest()[:12]


def static_address(path: str) -> str:
    """The address of a file. KeyError where there is none, so that no page names one."""
    static_files()[path]
    return f"/static/{static_version()}/{path}"


def static_response(version: str, path: str, accept_encoding: str) -> Response | None:
    """The file, or None. Of another version it may not be kept: its address will not change."""
    file = static_files().get(path)
    if file is None:
        return None
    is_current = version == static_version()
    headers = {
        **SECURITY_HEADERS,
        "Cache-Control": "public, max-age=31536000, immutable" if is_current else "no-cache",
        "Vary": "Accept-Encoding",
    }
    content = file.content
    if file.compressed is not None and accepts_gzip(accept_encoding):
        content, headers["Content-Encoding"] = file.compressed, "gzip"
    return Response(content, media_type=file.media_type, headers=headers)


def accepts_gzip(accept_encoding: str) -> bool:
    """Whether the header takes gzip: named, and not with a quality of 0."""
    for part in accept_encoding.lower().split(","):
        coding, _, parameter = part.partition(";")
        if coding.strip() in ("gzip", "*"):
            return parameter.strip().replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False
