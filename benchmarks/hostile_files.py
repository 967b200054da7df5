"""Pictures and clips that somebody made to harm, read among harmless ones.

    nice -n 10 python -m benchmarks.modalities --parts hostile

Each is opened alone first, for what is said of it, how long that takes by the clock and on the
processor, and the most memory that the process which opens it has had. Then all of them lie in one
catalogue with harmless files, which must all be read.
"""

import io
import os
import re
import struct
import tempfile
import threading
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks import clips
from benchmarks.cold import Row
from foretaste.domain.data import Item
from foretaste.language.media.decode_process import MAX_MEMORY, MAX_SECONDS, UnusableMedia
from foretaste.language.media.decoder import ClipDecoder, PictureDecoder
from foretaste.language.media.fetch import fetch_media
from foretaste.language.media.kinds import PICTURE
from foretaste.loop import Foretaste

MAX_PIXELS, MAX_WINDOWS = 25_000_000, 12
MAX_BYTES, TIMEOUT_SECONDS = 2_000_000, 2.0
SETTINGS = '[images]\nfolder = "."\n[audio]\nfolder = "."\n[language]\nthreads = 1\n'
STREAM_LABEL = "stream that never ends"


def harmless_picture() -> Image.Image:
    """A gradient of colours."""
    ramp = np.linspace(0, 255, 96 * 64 * 3).reshape(96, 64, 3)
    return Image.fromarray(ramp.astype(np.uint8))


def as_file(image: Image.Image, form: str) -> bytes:
    """The picture's file."""
    file = io.BytesIO()
    image.save(file, form)
    return file.getvalue()


def vast_png(side: int = 50_000) -> bytes:
    """A PNG of side × side pixels, all black, of which each row is really there."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        checksum = struct.pack("!I", zlib.crc32(kind + body))
        return struct.pack("!I", len(body)) + kind + body + checksum

    packer = zlib.compressobj(1)
    row = bytes(1 + side // 8)  # one bit a pixel
    body = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    header = struct.pack("!IIBBBBB", side, side, 1, 0, 0, 0, 0)
    signature = b"\x89PNG\r\n\x1a\n"
    return signature + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def zip_archive() -> bytes:
    """An archive that unpacks to a hundred megabytes."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(100_000_000))
    return file.getvalue()


def long_gif(frames: int = 10_000) -> bytes:
    """A moving picture of so many frames."""
    first = as_file(harmless_picture().convert("P"), "GIF")
    frame = first[first.index(b"\x2c\0\0\0\0") : -1]
    return first[:-1] + frame * (frames - 1) + b"\x3b"


def hour_of_silence() -> bytes:
    """An mp3 of an hour in which nothing is heard."""
    return clips.as_mp3(np.zeros(3600 * clips.RATE, np.float32), 8_000)


def pictures() -> Mapping[str, bytes]:
    """By what they are."""
    poster = as_file(harmless_picture(), "JPEG")
    script = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
    return {
        "50,000 x 50,000 pixels.png": vast_png(),
        "zip.jpg": zip_archive(),
        "script.svg": script,
        "10,000 frames.gif": long_gif(),
        "cut off.jpg": poster[: len(poster) // 2],
    }


def sounds() -> Mapping[str, bytes]:
    """By what they are."""
    tune = clips.Tune(np.random.default_rng(0)).play(20)
    song = clips.as_mp3(tune, clips.USUAL_BIT_RATE)
    hour = clips.as_mp3(np.tile(tune, 180), 32_000)
    return {
        "an hour of silence.mp3": hour_of_silence(),
        "an hour of a tune.mp3": hour,
        "cut off.mp3": song[: len(song) // 2 + 100],
        "zip.mp3": zip_archive(),
        "playlist.mp3": b"#EXTM3U\n#EXTINF:1\n/etc/passwd\n",
    }


class EndlessHandler(BaseHTTPRequestHandler):
    """Sends a picture that has no end."""

    def do_GET(self) -> None:
        """A megabyte a time, until the other side goes."""
        self.send_response(200)
        self.send_header("Content-Type", "image/jpeg")
        self.end_headers()
        try:
            while True:
                self.wfile.write(bytes(1 << 20))
        except OSError:
            return

    def log_message(self, *args: object) -> None:
        """Nothing."""


def opened_alone(open_file: Callable[[bytes], str], content: bytes) -> Row:
    """What is said of a file, and how long that takes."""
    start = time.monotonic()
    try:
        said = open_file(content)
    except UnusableMedia as reason:
        said = str(reason)
    return {"seconds": round(time.monotonic() - start, 2), "said": said or "read"}


def peak_megabytes(decoder: PictureDecoder | ClipDecoder) -> float:
    """The most memory that the process that decodes has had; of one that was ended its limit."""
    process = decoder._process._process
    if process is None:
        return round(MAX_MEMORY / 1e6)
    status = Path(f"/proc/{process.pid}/status").read_text()
    (peak,) = re.findall(r"VmHWM:\s+(\d+) kB", status)
    return round(int(peak) / 1000)


def child_cpu_seconds(decoder: PictureDecoder | ClipDecoder) -> float:
    """Of the process that decodes; of one that was ended its limit."""
    process = decoder._process._process
    if process is None:
        return float(MAX_SECONDS)
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def alone(
    decoder: PictureDecoder | ClipDecoder, files: Mapping[str, bytes], harmless: bytes
) -> Iterator[Row]:
    """Each with a process of its own that has started."""
    for name, content in files.items():
        decoder.decode(harmless)
        start = child_cpu_seconds(decoder)
        row = opened_alone(lambda content: decoder.decode(content)[1], content)
        spent = round(child_cpu_seconds(decoder) - start, 2)
        yield {"file": name, **row, "CPU seconds": spent, "MB": peak_megabytes(decoder)}
        decoder.close()


def endless() -> Row:
    """A picture at an address that never ends."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), EndlessHandler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()

    def fetched(address: bytes) -> str:
        fetch_media(
            address.decode(),
            PICTURE,
            timeout=TIMEOUT_SECONDS,
            max_bytes=MAX_BYTES,
            is_allowed=lambda _: True,
        )
        return ""

    address = f"http://127.0.0.1:{server.server_port}/a.jpg".encode()
    start = time.process_time()
    row = opened_alone(fetched, address)
    spent = round(time.process_time() - start, 2)
    server.shutdown()
    server.server_close()
    return {"file": STREAM_LABEL, **row, "CPU seconds": spent, "MB": round(MAX_BYTES / 1e6)}


def hostile_files() -> tuple[str, list[Row]]:
    """Each alone, then all in one import with harmless ones."""
    harmless = {
        "picture.jpg": as_file(harmless_picture(), "JPEG"),
        "clip.mp3": clips.as_mp3(clips.Tune(np.random.default_rng(1)).play(6), 64_000),
    }
    bad_pictures, bad_sounds = pictures(), sounds()
    picture_decoder = PictureDecoder(MAX_PIXELS)
    clip_decoder = ClipDecoder(MAX_WINDOWS, lambda: clips.RATE)
    rows = [*alone(picture_decoder, bad_pictures, harmless["picture.jpg"])]
    rows += [*alone(clip_decoder, bad_sounds, harmless["clip.mp3"]), endless()]
    with tempfile.TemporaryDirectory() as folder:
        for name, content in {**harmless, **bad_pictures, **bad_sounds}.items():
            Path(folder, name).write_bytes(content)
        Path(folder, "foretaste.toml").write_text(SETTINGS)
        items = [Item(name, image=name) for name in [*bad_pictures, "picture.jpg"]]
        items += [Item(name, audio=name) for name in [*bad_sounds, "clip.mp3"]]
        loop = Foretaste.open(folder)
        start = time.monotonic()
        media = loop.data_encoder.media.read(items)
        seconds = time.monotonic() - start
        loop.close()
    unread = {failure.item for failure in media.failures if not failure.is_partial}
    said = {failure.item for failure in media.failures}
    both_read = not unread & harmless.keys()
    told = f"one import of {len(items)} files takes {seconds:.1f} s: {len(unread)} not read, "
    told += f"{len(said - unread)} read in part, each with its reason; "
    return told + f"the two harmless ones {'read' if both_read else 'NOT read'}", rows
