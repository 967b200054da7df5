"""What is no picture ends with a reason, in bounded time and memory, and the next one is read."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from foretaste.domain.ports import Bytes
from foretaste.language.media import decode_picture, decode_process
from foretaste.language.media.decode_picture import LONG_SIDE
from foretaste.language.media.decode_process import UnusableMedia
from foretaste.language.media.decoder import TOO_SLOW, PictureDecoder
from foretaste.language.media.settings import ImageSettings
from language.media.pictures import as_bytes, hostile_files, long_gif, picture

MAX_PEAK_BYTES = 300_000_000


@pytest.fixture(scope="module")
def decoder() -> Iterator[PictureDecoder]:
    opened = PictureDecoder(ImageSettings().max_pixels)
    yield opened
    opened.close()


def decode(decoder: PictureDecoder, content: bytes) -> Bytes:
    """The pixels."""
    pixels, note = decoder.decode(content)
    assert note == ""
    return pixels


REASONS = {
    "huge.png": "50,000 × 50,000 pixels",
    "zip.jpg": "no picture that is read here",
    "script.svg": "drawing (SVG)",
    "cut.jpg": "cut off or damaged",
    "empty.jpg": "no picture that is read here",
    "line.png": "a line, not a picture",
}


@pytest.mark.parametrize("name", REASONS)
def test_what_is_no_picture_is_told_with_the_reason(decoder: PictureDecoder, name: str) -> None:
    with pytest.raises(UnusableMedia) as error:
        decoder.decode(hostile_files()[name])
    assert REASONS[name] in str(error.value)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "AVIF"])
def test_forms_that_shops_have_are_read(decoder: PictureDecoder, form: str) -> None:
    pixels = decode(decoder, as_bytes(picture(1), form))
    assert pixels.shape == (144, 96, 3)
    assert abs(pixels.astype(float) - np.asarray(picture(1), float)).mean() < 8


def test_only_the_first_frame_of_a_long_moving_picture_is_read(decoder: PictureDecoder) -> None:
    start = time.process_time()
    assert decode(decoder, long_gif()).shape == (64, 64, 3)
    assert time.process_time() - start < 1  # of this process; the other has its limit


def test_what_is_see_through_is_read_on_white(decoder: PictureDecoder) -> None:
    clear = Image.new("RGBA", (20, 20), (0, 0, 0, 0))
    assert (decode(decoder, as_bytes(clear, "PNG")) == 255).all()


def test_a_photo_that_lies_on_its_side_is_turned(decoder: PictureDecoder) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    pixels = decode(decoder, as_bytes(picture(1), "JPEG", exif=exif))
    assert pixels.shape == (96, 144, 3)


def test_a_large_picture_is_made_small_in_little_memory(decoder: PictureDecoder) -> None:
    photo = Image.new("RGBA", (5_000, 5_000), (9, 8, 7, 255))
    assert max(decode(decoder, as_bytes(photo, "PNG", compress_level=1)).shape) == LONG_SIDE
    assert peak_bytes(decoder) < MAX_PEAK_BYTES


def test_what_takes_more_memory_than_it_may_is_told() -> None:
    decoder = PictureDecoder(max_pixels=200_000_000)
    photo = Image.new("RGBA", (12_000, 12_000), (9, 8, 7, 255))
    with pytest.raises(UnusableMedia, match="more memory than it may"):
        decoder.decode(as_bytes(photo, "PNG", compress_level=1))
    assert peak_bytes(decoder) < MAX_PEAK_BYTES
    assert decode(decoder, as_bytes(picture(1))).shape == (144, 96, 3)
    decoder.close()


def peak_bytes(decoder: PictureDecoder) -> int:
    """The most memory that the process that decodes has had."""
    assert decoder._process._process is not None
    status = Path(f"/proc/{decoder._process._process.pid}/status").read_text()
    (peak,) = re.findall(r"VmHWM:\s+(\d+) kB", status)
    return int(peak) * 1024


def test_a_process_that_was_ended_says_so_and_another_reads_on(decoder: PictureDecoder) -> None:
    decoder.decode(as_bytes(picture(1)))
    process = decoder._process._process
    assert process is not None
    process.kill()
    process.wait()
    with pytest.raises(UnusableMedia, match="longer than") as error:
        decoder._process._ask(
            process, as_bytes(picture(1)), 9, 9
        )  # as if it had ended while it decodes
    assert str(error.value) == TOO_SLOW
    assert decode(decoder, as_bytes(picture(1))).shape == (144, 96, 3)


def test_answers_are_framed() -> None:
    response = decode_process.response_bytes(decode_picture.decode, as_bytes(picture(1)), 10_000, 0)
    assert response[decode_process.RESPONSE.size :].decode().startswith("it has 96 × 144 pixels")
