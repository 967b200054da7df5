"""Pictures that tests make, harmless and not."""

import io
import struct
import zipfile
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

POSTERS = 6


def picture(seed: int, size: tuple[int, int] = (96, 144)) -> Image.Image:
    """Of coarse coloured patches, another for each seed."""
    patches = np.random.default_rng(seed).integers(0, 255, (4, 3, 3), np.uint8)
    return Image.fromarray(patches).resize(size, Image.Resampling.BICUBIC)


def as_bytes(image: Image.Image, form: str = "JPEG", **options: object) -> bytes:
    """The file that it is."""
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def huge_png(side: int = 50_000) -> bytes:
    """A PNG of a few bytes that says it has side × side pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack("!I", len(body)) + kind + body + struct.pack("!I", zlib.crc32(kind + body))
        )

    header = struct.pack("!IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 100_000))
        + chunk(b"IEND", b"")
    )


def zip_bytes() -> bytes:
    """An archive."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.txt", "a")
    return file.getvalue()


def long_gif(frames: int = 10_000) -> bytes:
    """A moving picture of so many frames."""
    first = as_bytes(picture(1, (64, 64)).convert("P"), "GIF")
    frame = first[first.index(b"\x2c\0\0\0\0") : -1]
    return first[:-1] + frame * (frames - 1) + b"\x3b"


SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"


def hostile_files() -> dict[str, bytes]:
    """What somebody may call a picture, by name."""
    return {
        "huge.png": huge_png(),
        "zip.jpg": zip_bytes(),
        "script.svg": SVG,
        "cut.jpg": as_bytes(picture(2))[:600],
        "empty.jpg": b"",
        "line.png": as_bytes(Image.new("L", (30_000, 2)), "PNG"),
    }


def write_all(folder: Path, files: dict[str, bytes]) -> None:
    """Into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
