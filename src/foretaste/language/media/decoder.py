"""In: the bytes of a picture or clip, from anywhere. Out: what it holds, as numbers; or why there
are none.

Another process decodes, see `decode_process`: what is made to harm ends that process alone.
"""

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from foretaste.domain.data import Floats
from foretaste.domain.ports import Bytes
from foretaste.errors import MissingExtra
from foretaste.language.media.decode_process import (
    MAX_SECONDS,
    REQUEST,
    RESPONSE,
    Decoded,
    UnusableMedia,
)

MAX_WAIT_SECONDS = 30.0
"""On a busy machine the seconds of the processor that a file may take last longer; past this the
process is ended all the same."""
TOO_SLOW = f"decoding it takes longer than {MAX_SECONDS} s, or more memory than it may"
SVG_STARTS = (b"<svg", b"<?xml", b"<!doctype svg")
SVG = "it is a drawing (SVG), which is not read; give it as PNG or JPEG"
PACKAGE_ROOT = str(Path(__file__).parents[3])
"""The folder that the package is in, for the process that decodes."""
FULL_SCALE = 32_768.0
"""Of samples of 16 bits."""


class DecodingProcess:
    """Decodes one file at a time, in a process that is started when first needed. Safe to share
    between threads.
    """

    def __init__(self, kind: str) -> None:
        """kind: as `decode_process.DECODERS` calls it."""
        self._kind = kind
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def decode(self, content: bytes, *options: int) -> Decoded:
        """options: two numbers, see `decode_process.Decode`. Raises UnusableMedia."""
        with self._lock:
            process = self._running()
            timer = threading.Timer(MAX_WAIT_SECONDS, process.kill)
            timer.start()
            try:
                decoded = self._ask(process, content, *options)
            finally:
                timer.cancel()
        if not decoded.numbers:
            raise UnusableMedia(decoded.note)
        return decoded

    def _ask(self, process: subprocess.Popen[bytes], content: bytes, *options: int) -> Decoded:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(REQUEST.pack(len(content), *options))
            process.stdin.write(content)
            process.stdin.flush()
            header = process.stdout.read(RESPONSE.size)
            if len(header) == RESPONSE.size:
                length, note_length, height, width = RESPONSE.unpack(header)
                numbers = process.stdout.read(length)
                note = process.stdout.read(note_length)
                if len(numbers) == length and len(note) == note_length:
                    return Decoded(numbers, height, width, note.decode())
        except (BrokenPipeError, OSError):
            pass  # it has ended, which is told below
        self._end()
        raise UnusableMedia(TOO_SLOW)

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self._end()
            path = os.pathsep.join(filter(None, (PACKAGE_ROOT, os.environ.get("PYTHONPATH"))))
            program = f"from {__package__}.decode_process import main; main({self._kind!r})"
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", program],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**os.environ, "PYTHONPATH": path},
            )
        return self._process

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._end()


class PictureDecoder:
    """Decodes pictures. Safe to share between threads."""

    def __init__(self, max_pixels: int) -> None:
        """max_pixels: width times height at most."""
        self._max_pixels, self._process = max_pixels, DecodingProcess("picture")

    @property
    def limits(self) -> str:
        """What decides whether a file can be decoded."""
        return str(self._max_pixels)

    @property
    def extent(self) -> str:
        """All of it is decoded."""
        return ""

    def decode(self, content: bytes) -> tuple[Bytes, str]:
        """→ ([height, width, 3], red, green and blue; "").

        Raises:
            UnusableMedia: it is none, is damaged, or takes too much.
            MissingExtra: without Pillow.

        """
        require_pillow()
        if content[:256].lstrip().lower().startswith(SVG_STARTS):
            raise UnusableMedia(SVG)
        decoded = self._process.decode(content, self._max_pixels, 0)
        pixels = np.frombuffer(decoded.numbers, np.uint8)
        return pixels.reshape(decoded.height, decoded.width, 3), decoded.note

    def close(self) -> None:
        """End the process."""
        self._process.close()


class ClipDecoder:
    """Decodes clips of sound. Safe to share between threads."""

    def __init__(self, max_windows: int, sample_rate: Callable[[], int]) -> None:
        """max_windows: of a clip at most. sample_rate: of what listens, asked when first needed."""
        self._max_windows, self._sample_rate = max_windows, sample_rate
        self._process = DecodingProcess("clip")

    @property
    def limits(self) -> str:
        """What decides whether a file can be decoded."""
        return self.extent

    @property
    def extent(self) -> str:
        """How much of it is decoded."""
        return str(self._max_windows)

    def decode(self, content: bytes) -> tuple[Floats, str]:
        """→ ([samples], -1 to 1, in windows of `WINDOW_SECONDS` one after another; what is to be
        said about it, such as that it is a part).

        Raises:
            UnusableMedia: it is none, is damaged, silent, or takes too much.
            MissingExtra: without PyAV.

        """
        require_av()
        decoded = self._process.decode(content, self._max_windows, self._sample_rate())
        samples = np.frombuffer(decoded.numbers, "<i2").astype(np.float32) / FULL_SCALE
        return samples, decoded.note

    def close(self) -> None:
        """End the process."""
        self._process.close()


def require_pillow() -> None:
    """Raises MissingExtra without Pillow."""
    if find_spec("PIL") is None:
        raise MissingExtra("Pillow, which opens pictures,", "vision")


def require_av() -> None:
    """Raises MissingExtra without PyAV."""
    if find_spec("av") is None:
        raise MissingExtra("PyAV, which opens clips of sound,", "audio")
