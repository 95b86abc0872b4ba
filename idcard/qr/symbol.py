"""From an image to the bytes of the symbols in it: bytes first, never guessed text.

Theory of operation. A ladder: QR codes in the image as it is (2 to 7 ms for a camera frame); QR codes in the image
enlarged twice, which recovers small and noisy ones; then Data Matrix, Aztec and PDF417. The first rung that finds
anything gives the answer. Decoders that return text guess its encoding, and guess wrong for Vietnamese names and for
anything binary: so only their bytes are used, and whoever reads the bytes decodes them strictly.

zxing-cpp does the work. Only where it is missing, zbar does, in its binary mode: see :mod:`idcard.qr.zbar`.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from idcard.errors import BoundExceeded, MalformedData, MissingExtra
from idcard.qr.picture_guard import check_scans

if TYPE_CHECKING:
    from PIL import Image

MAX_IMAGE_BYTES = 32 << 20
MAX_PIXELS = 40_000_000
_MAX_SIDE = 20_000
# Enlarging pays for camera frames; the modules of a photo with more pixels than this are large enough.
_MAX_PIXELS_TO_ENLARGE = 4_000_000
_MAX_SYMBOLS = 32
_IMAGE_FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF", "PPM")
_NAMES = {"QRCode": "QR", "DataMatrix": "Data Matrix", "Aztec": "Aztec", "PDF417": "PDF417"}


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Symbol:
    """One symbol: its kind (``QR``, ``Data Matrix``, ``Aztec`` or ``PDF417``) and its bytes, exactly."""

    format: str
    data: bytes

    def __repr__(self) -> str:
        return f"Symbol({self.format}, {len(self.data)} bytes)"


def scan(image: bytes | Image.Image) -> tuple[Symbol, ...]:
    """The symbols in ``image``, each once; none where there is none to be read.

    :param image: an image file (PNG, JPEG, WebP, BMP, GIF, TIFF, PPM; at most 32 MiB) or a Pillow image; at most
        40 million pixels.
    :raises MalformedData: if the bytes are no such image, or cut short.
    :raises BoundExceeded: if the image is larger, or a JPEG of so many scans that decoding it would take for ever.
    :raises MissingExtra: if Pillow, or any decoder, is not installed.
    """
    grey = _grey(image)
    try:
        rungs = _zxing_rungs(grey)
    except ImportError as missing:
        rungs = _zbar_rungs(grey, missing)
    for symbols in rungs:
        if symbols:
            return tuple(dict.fromkeys(symbols))[:_MAX_SYMBOLS]
    return ()


def _grey(image: bytes | Image.Image) -> Image.Image:
    try:
        from PIL import Image
    except ImportError as missing:
        raise MissingExtra("qr", "reading QR codes from images") from missing
    if not isinstance(image, bytes):
        return _flattened(image)
    if len(image) > MAX_IMAGE_BYTES:
        raise BoundExceeded("image: too many bytes", where="image", length=len(image))
    try:
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
    if not image.has_transparency_data:
        return image.convert("L")
    from PIL import Image

    with_alpha = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), with_alpha).convert("L")


def _enlarged(grey: Image.Image) -> Image.Image | None:
    if grey.width * grey.height > _MAX_PIXELS_TO_ENLARGE:
        return None
    from PIL import Image

    return grey.resize((grey.width * 2, grey.height * 2), Image.Resampling.BICUBIC)


def _zxing_rungs(grey: Image.Image) -> Iterator[tuple[Symbol, ...]]:
    import zxingcpp

    kinds = zxingcpp.BarcodeFormat

    def read(image: Image.Image | None, *formats: zxingcpp.BarcodeFormat) -> tuple[Symbol, ...]:
        if image is None:
            return ()
        view = memoryview(image.tobytes()).cast("B", shape=(image.height, image.width))
        found = zxingcpp.read_barcodes(view, formats=zxingcpp.BarcodeFormats(formats))
        return tuple(
            Symbol(format=_NAMES.get(code.symbology.name, code.symbology.name), data=code.bytes)
            for code in found
            if code.valid and code.bytes
        )

    def rungs() -> Iterator[tuple[Symbol, ...]]:
        yield read(grey, kinds.QRCode)
        yield read(_enlarged(grey), kinds.QRCode)
        yield read(grey, kinds.DataMatrix, kinds.Aztec, kinds.PDF417)

    return rungs()


def _zbar_rungs(grey: Image.Image, missing: ImportError) -> Iterator[tuple[Symbol, ...]]:
    try:
        from idcard.qr import zbar
    except ImportError:
        # pyzbar itself may be there without the system's libzbar.
        raise MissingExtra("qr", "reading QR codes from images") from missing

    def read(image: Image.Image | None) -> tuple[Symbol, ...]:
        if image is None:
            return ()
        found = zbar.read_qr_codes(image.tobytes(), image.width, image.height)
        return tuple(Symbol(format="QR", data=data) for data in found)

    return map(read, (grey, _enlarged(grey)))
