"""What an image in a data group is, told by its first bytes, and its pixels where somebody wants them.

Theory of operation. JPEG 2000 comes as a file (a signature box first) and as a bare codestream: programs that take the
one often refuse the other, so they are told apart. Some documents put filling before or behind a JPEG 2000 file.

Source: ISO/IEC 10918-1, 15444-1 (JPEG 2000, "JP2 file format" and "codestream"); FBI IAFIS-IC-0110 (WSQ).
"""

import warnings
from io import BytesIO
from typing import TYPE_CHECKING

from idcard.errors import BoundExceeded, MalformedData, MissingExtra

if TYPE_CHECKING:
    from PIL import Image

JPEG, JP2, J2K, WSQ, PNG, RAW = "image/jpeg", "image/jp2", "image/j2k", "image/x-wsq", "image/png", "image/raw"
MAX_PIXELS = 40_000_000
_MAGIC = (
    (b"\xff\xd8\xff", JPEG),
    (b"\x00\x00\x00\x0cjP  \r\n\x87\n", JP2),
    (b"\xff\x4f\xff\x51", J2K),
    (b"\xff\xa0\xff", WSQ),
    (b"\x89PNG\r\n\x1a\n", PNG),
)
_FORMATS = {JPEG: "JPEG", JP2: "JPEG2000", J2K: "JPEG2000", PNG: "PNG"}


def media_type(image: bytes) -> str | None:
    """The media type of ``image``: JPEG, a JPEG 2000 file or codestream, WSQ or PNG; None for anything else."""
    return next((kind for magic, kind in _MAGIC if image.startswith(magic)), None)


def decoded(image: bytes, *, max_pixels: int = MAX_PIXELS) -> "Image.Image":
    """The pixels of a portrait, as a Pillow image; JPEG 2000 takes a Pillow with OpenJPEG.

    :raises MissingExtra: if Pillow is not installed.
    :raises MalformedData: if the image cannot be read.
    :raises BoundExceeded: if it has more than ``max_pixels``.
    """
    try:
        from PIL import Image
    except ImportError as error:
        raise MissingExtra("qr", "decoding a portrait") from error
    name = _FORMATS.get(media_type(image) or "")
    if name is None:
        raise MalformedData("neither JPEG nor JPEG 2000 nor PNG", where="portrait", offset=0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with Image.open(BytesIO(image), formats=(name,)) as opened:
                if opened.width * opened.height > max_pixels:
                    raise BoundExceeded("a portrait with too many pixels", width=opened.width, height=opened.height)
                opened.load()
                return opened.copy()
    except (OSError, ValueError, SyntaxError, MemoryError, Warning, Image.DecompressionBombError) as error:
        raise MalformedData("cannot be decoded", where="portrait") from error
