"""In: pixels. Out: a JPEG made anew, so that nothing of a file is sent on but its looks."""

import io

from foretaste.domain.ports import Bytes

QUALITY = 85


def as_jpeg(pixels: Bytes, max_side: int | None = None) -> bytes:
    """pixels: [height, width, 3]. max_side: pixels of the longer side at most."""
    from PIL import Image

    image = Image.fromarray(pixels)
    if max_side is not None:
        image.thumbnail((max_side, max_side))
    file = io.BytesIO()
    image.save(file, "JPEG", quality=QUALITY)
    return file.getvalue()
