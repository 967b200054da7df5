"""In: the bytes of pictures on stdin. Out: on stdout each as red, green and blue, made small.

Run as a program, so that a picture made to harm takes nobody else's memory or time: it is given
`MAX_MEMORY`, and `MAX_SECONDS` of the processor a picture, and ends beyond them. Imports nothing of
the package, to start at once.

A request is a header (length, most pixels) and the bytes; an answer is a header (length, height,
width) and the pixels, or with a height of 0 the reason why there are none.
"""

import io
import struct
import sys
import time
from contextlib import suppress
from typing import BinaryIO

MAX_MEMORY = 285 << 20
"""Bytes of address space, of which Python and Pillow take about 100 MB before any picture."""
MAX_SECONDS = 2
"""Of the processor, for one picture."""
LONG_SIDE = 384
"""Pixels of the longer side of what comes out: encoders look at about 224."""
MAX_ASPECT = 64
"""Times that a picture may be longer than wide."""
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "AVIF")
REQUEST, RESPONSE = struct.Struct("!QQ"), struct.Struct("!QII")
BROKEN = "its data are cut off or damaged"
NO_PICTURE = f"it is no picture that is read here ({', '.join(FORMATS)})"
TOO_LARGE = "decoding it takes more memory than a picture may"


def limit_memory() -> None:
    """Where the system can."""
    with suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def limit_seconds() -> None:
    """From now on; past them the process is ended."""
    with suppress(ImportError, OSError, ValueError):
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (int(time.process_time()) + MAX_SECONDS, hard))


class UnusablePicture(Exception):
    """Its text says why, to follow on the picture's name."""


def decode(content: bytes, max_pixels: int) -> tuple[int, int, bytes]:
    """→ (height, width, [height, width, 3] bytes); of a moving picture the first frame."""
    from PIL import Image, ImageOps, UnidentifiedImageError

    Image.MAX_IMAGE_PIXELS = None  # it warns; `max_pixels` refuses
    try:
        image: Image.Image = Image.open(io.BytesIO(content), formats=FORMATS)
    except UnidentifiedImageError:
        raise UnusablePicture(NO_PICTURE) from None
    width, height = image.size
    if width * height > max_pixels:
        raise UnusablePicture(
            f"it has {width:,} × {height:,} pixels, more than images.max_pixels = {max_pixels}"
        )
    if max(width, height) > MAX_ASPECT * max(min(width, height), 1):
        raise UnusablePicture(f"it has {width:,} × {height:,} pixels: a line, not a picture")
    image.draft("RGB", (LONG_SIDE, LONG_SIDE))  # a JPEG is decoded at an eighth at once
    if image.mode in ("P", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        image = image.convert("RGBA")
    elif image.mode not in ("RGB", "RGBA", "L", "CMYK"):
        image = image.convert("RGB")
    image.thumbnail((LONG_SIDE, LONG_SIDE), Image.Resampling.BICUBIC)
    image = ImageOps.exif_transpose(image)
    if image.mode == "RGBA":
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image)
    image = image.convert("RGB")
    return image.height, image.width, image.tobytes()


def response_bytes(content: bytes, max_pixels: int) -> bytes:
    """What is written for one request."""
    try:
        height, width, pixels = decode(content, max_pixels)
    except UnusablePicture as reason:
        height, width, pixels = 0, 0, str(reason).encode()
    except MemoryError:
        height, width, pixels = 0, 0, TOO_LARGE.encode()
    except Exception:  # Pillow's decoders raise many kinds at damaged data
        height, width, pixels = 0, 0, BROKEN.encode()
    return RESPONSE.pack(len(pixels), height, width) + pixels


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Until there are no more."""
    while len(header := requests.read(REQUEST.size)) == REQUEST.size:
        length, max_pixels = REQUEST.unpack(header)
        content = requests.read(length)
        limit_seconds()
        answers.write(response_bytes(content, max_pixels))
        answers.flush()


if __name__ == "__main__":
    limit_memory()
    serve(sys.stdin.buffer, sys.stdout.buffer)
