"""Images as shades of grey, within bounds, and the preparations that help a decoder."""

from __future__ import annotations

import io
import math
from typing import TYPE_CHECKING

from idcard.errors import BoundExceeded, MalformedData, MissingExtra
from idcard.qr.picture_guard import check_canvas, check_scans

if TYPE_CHECKING:
    from PIL import Image

MAX_IMAGE_BYTES = 32 << 20
MAX_PIXELS = 40_000_000
_MAX_SIDE = 20_000
_DEEP = ("I", "F")
_IMAGE_FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF", "PPM")


def grey(image: bytes | Image.Image) -> Image.Image:
    """The image in shades of grey, on white where it is transparent; of several frames, the first.

    :param image: an image file of at most 32 MiB, or a Pillow image; at most 40 million pixels.
    :raises MalformedData: if it is no image, or cut short.
    :raises BoundExceeded: if the image is larger, or a JPEG of so many scans that decoding it would take for ever.
    :raises MissingExtra: if Pillow is not installed.
    """
    try:
        from PIL import Image
    except ImportError as missing:
        raise MissingExtra("qr", "reading QR codes from images") from missing
    if isinstance(image, bytes) and len(image) > MAX_IMAGE_BYTES:
        raise BoundExceeded("image: too many bytes", where="image", length=len(image))
    try:
        if not isinstance(image, bytes):
            # Its pixels may still be in a file that is cut short.
            return _flattened(image)
        check_canvas(image, most=MAX_PIXELS)
        with Image.open(io.BytesIO(image), formats=_IMAGE_FORMATS) as opened:
            check_scans(image, width=opened.width, height=opened.height)
            return _flattened(opened)
    except BoundExceeded:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as bomb:
        raise BoundExceeded("image: too many pixels", where="image") from bomb
    except Exception as error:
        # Pillow's readers raise whatever a broken file leads them to: OSError, SyntaxError, struct.error, and others.
        raise MalformedData("is no image that can be read", where="image") from error


def _flattened(image: Image.Image) -> Image.Image:
    """The image in shades of grey on white; its size is checked before its pixels are decoded."""
    width, height = image.size
    if not (0 < width <= _MAX_SIDE and 0 < height <= _MAX_SIDE and width * height <= MAX_PIXELS):
        raise BoundExceeded("image: too many pixels, or none", where="image", width=width, height=height)
    if image.mode in _DEEP or image.mode.startswith("I;16"):
        return _scaled(image)
    if not image.has_transparency_data:
        return image.convert("L")
    from PIL import Image

    with_alpha = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), with_alpha).convert("L")


def _scaled(image: Image.Image) -> Image.Image:
    """A picture of more than 8 bits, from its own darkest to its own lightest: no file says what is white."""
    image = image if image.mode in _DEEP else image.convert("I")
    dark, light = map(float, image.getextrema())  # type: ignore[arg-type]
    if not (math.isfinite(dark) and math.isfinite(light) and dark < light):
        return image.convert("L")
    by = 255 / (light - dark)
    # As floating point numbers: in whole ones, a narrow range would be one step.
    return image.convert("F").point(lambda value: value * by + (0.5 - dark * by)).convert("L")


def resized(image: Image.Image, by: float) -> Image.Image:
    """The image enlarged, or reduced, so many times (bicubic)."""
    from PIL import Image

    size = (max(1, round(image.width * by)), max(1, round(image.height * by)))
    return image.resize(size, Image.Resampling.BICUBIC)


def sharpened(image: Image.Image, *, sigma: float = 2.5, amount: float = 4) -> Image.Image:
    """The image with an unsharp mask: what a blur of ``sigma`` pixels takes away, added ``amount`` times.

    It recovers modules that are blurred by six tenths of their size.
    """
    from PIL import Image, ImageFilter

    # The same as Pillow's UnsharpMask, in two thirds of its time: extrapolation away from the blurred image.
    return Image.blend(image.filter(ImageFilter.GaussianBlur(sigma)), image, 1 + amount)
