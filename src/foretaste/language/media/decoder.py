"""In: the bytes of a picture, from anywhere. Out: its pixels, made small; or why there are none.

Another process decodes, see `decode_process`: what is made to harm ends that process alone.
"""

import subprocess
import sys
import threading

import numpy as np

from foretaste.domain.ports import Bytes
from foretaste.errors import MissingExtra
from foretaste.language.media import decode_process
from foretaste.language.media.decode_process import MAX_SECONDS, REQUEST, RESPONSE, UnusablePicture

MAX_WAIT_SECONDS = 30.0
"""On a busy machine the seconds of the processor that a picture may take last longer; past this the
process is ended all the same."""
TOO_SLOW = f"decoding it takes longer than {MAX_SECONDS} s, or more memory than a picture may"
SVG_STARTS = (b"<svg", b"<?xml", b"<!doctype svg")
SVG = "it is a drawing (SVG), which is not read; give it as PNG or JPEG"


class PictureDecoder:
    """Decodes one picture at a time, in a process that is started when first needed. Safe to share
    between threads.
    """

    def __init__(self, max_pixels: int) -> None:
        """max_pixels: width times height at most."""
        self._max_pixels = max_pixels
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def decode(self, content: bytes) -> Bytes:
        """→ [height, width, 3], red, green and blue.

        Raises:
            UnusablePicture: it is none, is damaged, or takes too much.
            MissingExtra: without Pillow.

        """
        if content[:256].lstrip().lower().startswith(SVG_STARTS):
            raise UnusablePicture(SVG)
        with self._lock:
            process = self._running()
            timer = threading.Timer(MAX_WAIT_SECONDS, process.kill)
            timer.start()
            try:
                height, width, response = self._ask(process, content)
            finally:
                timer.cancel()
        if height == 0:
            raise UnusablePicture(response.decode())
        return np.frombuffer(response, np.uint8).reshape(height, width, 3)

    def _ask(self, process: subprocess.Popen[bytes], content: bytes) -> tuple[int, int, bytes]:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(REQUEST.pack(len(content), self._max_pixels))
            process.stdin.write(content)
            process.stdin.flush()
            header = process.stdout.read(RESPONSE.size)
            if len(header) == RESPONSE.size:
                length, height, width = RESPONSE.unpack(header)
                response = process.stdout.read(length)
                if len(response) == length:
                    return height, width, response
        except (BrokenPipeError, OSError):
            pass  # it has ended, which is told below
        self._end()
        raise UnusablePicture(TOO_SLOW)

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            require_pillow()
            self._end()
            self._process = subprocess.Popen(
                [sys.executable, "-P", decode_process.__file__],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
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


def require_pillow() -> None:
    """Raises MissingExtra without Pillow."""
    try:
        import PIL  # noqa: F401
    except ImportError:
        raise MissingExtra("Pillow, which opens pictures,", "vision") from None
