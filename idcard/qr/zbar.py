"""QR codes by zbar in its binary mode: the stand-in where zxing-cpp cannot be installed.

By default zbar guesses the encoding of a code's text and gives it back in UTF-8: "Trần" alone comes out in Chinese
characters, and binary codes come out broken. Its configuration 4, "binary", gives the bytes. ``pyzbar.decode`` cannot
set it, so this goes through pyzbar's own wrapper of the C functions. (The wrapper's list of configurations has another
name for the number 4.)

Importing this module raises :class:`ImportError` where pyzbar or the system's libzbar is missing, or where that library
is so old (before 0.23.1, as in pyzbar's wheels for Windows) that it has no binary mode: guessed text is no stand-in.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import c_char_p, c_void_p, cast, string_at
from typing import Any

from pyzbar import wrapper

_QR_CODE = 64
_ENABLE = 0
_BINARY = 4
_Y800 = int.from_bytes(b"Y800", "little")


def read_qr_codes(pixels: bytes, width: int, height: int) -> tuple[bytes, ...]:
    """The bytes of each QR code in an image of ``width`` times ``height`` shades of grey, one byte each.

    :raises ValueError: if there are not that many pixels.
    """
    if len(pixels) != width * height:
        raise ValueError("as many bytes as the image has pixels")
    with _scanner() as scanner, _image(pixels, width, height) as image:
        if wrapper.zbar_scan_image(scanner, image) < 0:
            return ()
        return tuple(_symbols(image))


@contextmanager
def _scanner() -> Iterator[Any]:
    scanner = wrapper.zbar_image_scanner_create()
    if not scanner:
        raise MemoryError("zbar has no memory for a scanner")
    try:
        wrapper.zbar_image_scanner_set_config(scanner, 0, _ENABLE, 0)
        wrapper.zbar_image_scanner_set_config(scanner, _QR_CODE, _ENABLE, 1)
        wrapper.zbar_image_scanner_set_config(scanner, _QR_CODE, _BINARY, 1)
        yield scanner
    finally:
        wrapper.zbar_image_scanner_destroy(scanner)


def _require_binary_mode() -> None:
    scanner = wrapper.zbar_image_scanner_create()
    try:
        refused = not scanner or wrapper.zbar_image_scanner_set_config(scanner, _QR_CODE, _BINARY, 1)
    finally:
        wrapper.zbar_image_scanner_destroy(scanner)
    if refused:
        raise ImportError("this libzbar has no binary mode")


@contextmanager
def _image(pixels: bytes, width: int, height: int) -> Iterator[Any]:
    image = wrapper.zbar_image_create()
    if not image:
        raise MemoryError("zbar has no memory for an image")
    try:
        wrapper.zbar_image_set_format(image, _Y800)
        wrapper.zbar_image_set_size(image, width, height)
        # zbar keeps the pointer: ``pixels`` is held by the caller's frame until the image is destroyed.
        wrapper.zbar_image_set_data(image, cast(c_char_p(pixels), c_void_p), len(pixels), None)
        yield image
    finally:
        wrapper.zbar_image_destroy(image)


def _symbols(image: Any) -> Iterator[bytes]:
    symbol = wrapper.zbar_image_first_symbol(image)
    while symbol:
        data = string_at(wrapper.zbar_symbol_get_data(symbol), wrapper.zbar_symbol_get_data_length(symbol))
        if data:
            yield data
        symbol = wrapper.zbar_symbol_next(symbol)


_require_binary_mode()
