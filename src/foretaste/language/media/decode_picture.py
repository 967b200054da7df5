"""In: the bytes of a picture. Out: red, green and blue, made small. Run in the process that
decodes, see `decode_process`.
"""

import io

from foretaste.language.media.decode_process import Decoded, UnusableMedia

LONG_SIDE = 384
"""Pixels of the longer side of what comes out: encoders look at about 224."""
MAX_ASPECT = 64
"""Times that a picture may be longer than wide."""
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "AVIF")
NO_PICTURE = f"it is no picture that is read here ({', '.join(FORMATS)})"


def decode(content: bytes, max_pixels: int, _: int = 0) -> Decoded:
    """→ [height, width, 3] bytes; of a moving picture the first frame."""
    from PIL import Image, ImageOps, UnidentifiedImageError

    Image.MAX_IMAGE_PIXELS = None  # it warns; `max_pixels` refuses
    try:
        image: Image.Image = Image.open(io.BytesIO(content), formats=FORMATS)
    except UnidentifiedImageError:
        raise UnusableMedia(NO_PICTURE) from None
    width, height = image.size
    if width * height > max_pixels:
        raise UnusableMedia(
            f"it has {width:,} × {height:,} pixels, more than images.max_pixels = {max_pixels}"
        )
    if max(width, height) > MAX_ASPECT * max(min(width, height), 1):
        raise UnusableMedia(f"it has {width:,} × {height:,} pixels: a line, not a picture")
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
    return Decoded(image.tobytes(), image.height, image.width)
