"""In: the bytes of pictures or clips on stdin. Out: on stdout each as numbers, made small.

Run in a process of its own, so that a file made to harm takes nobody else's memory or time: it is
given `MAX_MEMORY`, and `MAX_SECONDS` of the processor a file, and ends beyond them. Imports next to
nothing of the package, to start at once.

A request is a header (length, two numbers that say how to decode) and the bytes; an answer is a
header (lengths of both parts that follow, height, width), the numbers as bytes, and a text: where
there are no numbers why, else what is to be said about them.
"""

import sys
import time
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from struct import Struct
from typing import BinaryIO, NamedTuple

MAX_MEMORY = 285 << 20
"""Bytes of address space, of which Python and its decoders take 100 to 140 MB before any file."""
MAX_SECONDS = 2
"""Of the processor, for one file."""
REQUEST, RESPONSE = Struct("!QQQ"), Struct("!QIII")
DECODERS = {"picture": "decode_picture", "clip": "decode_clip"}
"""What is decoded → the module of this package whose `decode` does it."""
BROKEN = "its data are cut off or damaged"
TOO_LARGE = "decoding it takes more memory than it may"


class UnusableMedia(Exception):
    """Its text says why, to follow on the name of the picture or clip."""


class Decoded(NamedTuple):
    """What a file holds."""

    numbers: bytes
    height: int
    """Rows of a picture; samples of a clip."""
    width: int
    """Pixels of a row; 1 of a clip."""
    note: str = ""
    """What was left out, and why."""


Decode = Callable[[bytes, int, int], Decoded]
"""(content, two numbers that say how) → what it holds. Raises UnusableMedia."""


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


def response_bytes(decode: Decode, content: bytes, *options: int) -> bytes:
    """What is written for one request."""
    try:
        decoded = decode(content, *options)
    except UnusableMedia as reason:
        decoded = Decoded(b"", 0, 0, str(reason))
    except MemoryError:
        decoded = Decoded(b"", 0, 0, TOO_LARGE)
    except Exception:  # decoders raise many kinds at damaged data
        decoded = Decoded(b"", 0, 0, BROKEN)
    note = decoded.note.encode()
    header = RESPONSE.pack(len(decoded.numbers), len(note), decoded.height, decoded.width)
    return header + decoded.numbers + note


def serve(decode: Decode, requests: BinaryIO, answers: BinaryIO) -> None:
    """Until there are no more."""
    while len(header := requests.read(REQUEST.size)) == REQUEST.size:
        length, *options = REQUEST.unpack(header)
        content = requests.read(length)
        limit_seconds()
        answers.write(response_bytes(decode, content, *options))
        answers.flush()


def main(kind: str) -> None:
    """Decode pictures or clips, as `DECODERS` calls them."""
    limit_memory()
    module = import_module(f"{__package__}.{DECODERS[kind]}")
    serve(module.decode, sys.stdin.buffer, sys.stdout.buffer)
